// op/values.c: arguments of ops that are no tensors: their initial values, and
// reading them from text, for C hosts and for the tests' cases.

#include <string.h>

#include "base/number.h"
#include "base/options.h"
#include "op/op.h"

int nd_op_attr(const nd_op *op, const char *name, const nd_param **param)
{
  int i = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (nd_param_is_tensor(p))
      continue;
    if (strcmp(p->name, name) == 0) {
      *param = p;
      return i;
    }
    i++;
  }
  return -1;
}

void nd_values_start(const nd_op *op, nd_value *values)
{
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (!nd_param_is_tensor(p))
      *values++ = nd_param_initial(p);
  }
}

// ------------------------------------------------------------------- text --

// A list that is being read.
typedef struct list {
  int64_t *at;
  int n, most;
  uint8_t dropped, added;
} list;

// Reads "3" or "before:after".
static const char *read_pair(const char *s, list *l)
{
  int64_t *pair = l->at + l->n;
  l->n += 2;
  s = nd_option_whole(s, &pair[0]);
  pair[1] = pair[0];
  return s != NULL && *s == ':' ? nd_option_whole(s + 1, &pair[1]) : s;
}

// Reads one of nd_range_words; NULL if there is none.
static const char *read_range_word(const char *s, list *l)
{
  for (int i = ND_NEW_AXIS; nd_range_words[i] != NULL; i++) {
    const size_t n = strlen(nd_range_words[i]);
    if (strncmp(s, nd_range_words[i], n) != 0)
      continue;
    const uint8_t bit = (uint8_t)(1 << l->n / 3);
    l->added |= bit;
    l->dropped |= i == ND_OTHER_AXES ? bit : 0;
    memset(l->at + l->n, 0, 3 * sizeof *l->at);
    l->n += 3;
    return s + n;
  }
  return NULL;
}

// Reads "3", which drops its axis, "first:last" or "first:last:step".
static const char *read_range(const char *s, list *l)
{
  int64_t *range = l->at + l->n;
  const char *end = read_range_word(s, l);
  int n = 0;
  if (end != NULL)
    return end;
  range[2] = 1;
  for (bool more = true; more; s += more) {
    s = nd_option_whole(s, &range[n++]);
    if (s == NULL)
      return NULL;
    more = *s == ':' && n < 3;
  }
  if (n == 1) {
    l->dropped |= (uint8_t)(1 << l->n / 3);
    range[1] = range[0];
  }
  l->n += 3;
  return s;
}

static const char *read_element(const char *s, nd_kind kind, list *l)
{
  switch (kind) {
  case ND_RANGES: return read_range(s, l);
  case ND_PAIRS:
  case ND_AXIS_PAIRS:
  case ND_PADDING: return read_pair(s, l);
  default: return nd_option_whole(s, &l->at[l->n++]);
  }
}

// Reads "3", "[1 2]", for ranges "[1:2:1 3]", for paddings "[1:2 3]".
static const char *read_elements(const char *s, nd_kind kind, list *l)
{
  if (*s != '[') {
    l->dropped = kind != ND_RANGES;
    return read_element(s, kind, l);
  }
  const char *next = nd_option_skip(s + 1);
  while (*next != ']') {
    if (l->n == l->most || next == s)
      return NULL;
    s = read_element(next, kind, l);
    if (s == NULL)
      return NULL;
    next = nd_option_skip(s);
  }
  return next + 1;
}

static int most_numbers(nd_kind kind)
{
  switch (kind) {
  case ND_INTEGERS: return INT32_MAX;
  case ND_RANGES: return 3 * ND_MAX_RANK;
  case ND_PAIRS:
  case ND_AXIS_PAIRS:
  case ND_PADDING: return 2 * ND_MAX_RANK;
  default: return ND_MAX_RANK;
  }
}

static const char *read_list(const char *s, const nd_param *p, int64_t **room,
                             nd_value *v)
{
  list l = { .at = *room, .most = most_numbers(p->kind) };
  s = read_elements(s, p->kind, &l);
  *v = nd_value_list(l.n, l.at);
  v->dropped = l.dropped;
  v->added = l.added;
  *room += l.n;
  return s;
}

static const char *read_flag(const char *s, nd_value *v)
{
  bool flag = false;
  s = nd_option_flag(s, &flag);
  v->integer = flag;
  return s;
}

static const char *read_dtype(const char *s, nd_value *v)
{
  char word[32];
  nd_dtype dtype;
  s = nd_option_word(s, word);
  if (s == NULL || !nd_dtype_find(word, &dtype))
    return NULL;
  v->integer = dtype;
  return s;
}

static const char *read_word(const char *s, const nd_param *p, nd_value *v)
{
  char word[32];
  s = nd_option_word(s, word);
  if (s == NULL)
    return NULL;
  v->integer = nd_param_word(p, word);
  return v->integer < 0 ? NULL : s;
}

// A word, or a list.
static const char *read_padding(const char *s, const nd_param *p,
                                int64_t **room, nd_value *v)
{
  const char *end = read_word(s, p, v);
  return end != NULL ? end : read_list(s, p, room, v);
}

static const char *read_number_or_word(const char *s, const nd_param *p,
                                       nd_value *v)
{
  const char *end = nd_option_number(s, &v->number);
  if (end != NULL)
    return end;
  nd_value word = *v;
  end = read_word(s, p, &word);
  v->number = 0;
  v->dropped = (uint8_t)(1 + word.integer);
  return end;
}

// Up to the next space, put at the room for lists.
static const char *read_text(const char *s, int64_t **room, nd_value *v)
{
  const size_t n = strcspn(s, " ");
  char *text = (char *)*room;
  memcpy(text, s, n);
  text[n] = '\0';
  v->text = text;
  *room += n / sizeof **room + 1;
  return s + n;
}

static const char *read_value(const char *s, const nd_param *p, int64_t **room,
                              nd_value *v)
{
  *v = (nd_value){ .given = true };
  switch (p->kind) {
  case ND_FLAG: return read_flag(s, v);
  case ND_NUMBER: return nd_option_number(s, &v->number);
  case ND_WORD: return read_word(s, p, v);
  case ND_WORD_DTYPE: return read_dtype(s, v);
  case ND_AXES:
  case ND_SIZES:
  case ND_INTEGERS:
  case ND_RANGES:
  case ND_PAIRS:
  case ND_AXIS_PAIRS: return read_list(s, p, room, v);
  case ND_NUMBER_OR_WORD: return read_number_or_word(s, p, v);
  case ND_TEXT: return read_text(s, room, v);
  case ND_PADDING: return read_padding(s, p, room, v);
  default: return nd_option_whole(s, &v->integer);
  }
}

static bool fail_unknown(nd_context *c, const nd_op *op, const char *name)
{
  const char *names[ND_MAX_ATTRS];
  int n = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (!nd_param_is_tensor(p))
      names[n++] = p->name;
  }
  return nd_option_unknown(c, name, n, names);
}

// A range of one character becomes three numbers.
size_t nd_values_room(const char *text)
{
  return 3 * (strlen(text) / 2 + 1);
}

bool nd_values_parse(nd_context *c, const nd_op *op, nd_value *values,
                     int64_t *lists, const char *text)
{
  nd_options o = { .context = c, .at = text };
  while (nd_options_next(&o)) {
    const nd_param *p = op->params;
    const int i = nd_op_attr(op, o.name, &p);
    if (i < 0)
      return fail_unknown(c, op, o.name);
    if (!nd_options_place(&o, i) ||
        !nd_options_take(&o, read_value(o.at, p, &lists, &values[i])))
      return false;
  }
  return o.at != NULL;
}
