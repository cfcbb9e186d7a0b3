// op/args.c: arguments of ops that are no tensors: their initial values, and
// reading them from text, for C hosts and for the tests' cases.

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "op/op.h"

int nd_op_attr(const nd_op *op, const char *name, const nd_param **param)
{
  int i = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind == ND_TENSOR || p->kind == ND_TENSORS)
      continue;
    if (strcmp(p->name, name) == 0) {
      *param = p;
      return i;
    }
    i++;
  }
  return -1;
}

// Sets `v` from the text that the table gives as initial value.
static void set_initial(const nd_param *p, nd_attr *v)
{
  const char *end;
  v->given = false;
  v->n = 0;
  v->integer = 0;
  if (p->initial == NULL || strcmp(p->initial, "nil") == 0)
    return;
  v->given = true;
  nd_dtype dtype;
  if (p->kind == ND_FLAG)
    v->integer = p->initial[0] == 't';
  else if (p->kind == ND_NUMBER)
    v->number = nd_number_read(p->initial, &end);
  else if (p->kind == ND_WORD_DTYPE && nd_dtype_find(p->initial, &dtype))
    v->integer = dtype;
  else
    v->integer = strtoll(p->initial, NULL, 10);
}

void nd_args_start(const nd_op *op, nd_args *a)
{
  nd_attr *v = a->attr;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind != ND_TENSOR && p->kind != ND_TENSORS)
      set_initial(p, v++);
  }
}

// ------------------------------------------------------------------- text --

static const char *skip_space(const char *s)
{
  while (isspace((unsigned char)*s) || *s == ',')
    s++;
  return s;
}

// Copies the word at `s` and returns what follows it; NULL if it is too long.
static const char *read_word(const char *s, char word[32])
{
  size_t n = 0;
  while (isalnum((unsigned char)s[n]) || s[n] == '_')
    n++;
  if (n == 0 || n >= 32)
    return NULL;
  memcpy(word, s, n);
  word[n] = '\0';
  return s + n;
}

// Reads "3", which drops its axis, "first:last" or "first:last:step".
static const char *read_range(const char *s, nd_attr *v)
{
  int64_t *range = v->v + v->n;
  int n = 0;
  range[2] = 1;
  for (bool more = true; more; s += more) {
    char *end;
    range[n++] = strtoll(s, &end, 10);
    if (end == s)
      return NULL;
    s = end;
    more = *s == ':' && n < 3;
  }
  if (n == 1) {
    v->dropped |= (uint8_t)(1 << v->n / 3);
    range[1] = range[0];
  }
  v->n += 3;
  return s;
}

static const char *read_element(const char *s, nd_attr *v)
{
  char *end;
  v->v[v->n++] = strtoll(s, &end, 10);
  return end == s ? NULL : end;
}

// Reads "3", "[1 2]" or, for ranges, "[1:2:1 3]" into v->v.
static const char *read_list(const char *s, const nd_param *p, nd_attr *v)
{
  const bool ranges = p->kind == ND_RANGES;
  const int most = ranges ? 3 * ND_MAX_RANK : ND_MAX_RANK;
  v->dropped = 0;
  if (*s != '[')
    return ranges ? read_range(s, v) : read_element(s, v);
  s = skip_space(s + 1);
  while (*s != '\0' && *s != ']' && v->n < most) {
    s = ranges ? read_range(s, v) : read_element(s, v);
    if (s == NULL)
      return NULL;
    s = skip_space(s);
  }
  return *s == ']' ? s + 1 : NULL;
}

static const char *read_number(const char *s, nd_attr *v)
{
  const char *end;
  v->number = nd_number_read(s, &end);
  return end == s ? NULL : end;
}

static const char *read_whole(const char *s, nd_attr *v)
{
  char *end;
  v->integer = strtoll(s, &end, 10);
  return end == s ? NULL : end;
}

static const char *read_flag(const char *s, nd_attr *v)
{
  char word[32];
  s = read_word(s, word);
  if (s == NULL || (strcmp(word, "true") != 0 && strcmp(word, "false") != 0))
    return NULL;
  v->integer = word[0] == 't';
  return s;
}

static const char *read_dtype(const char *s, nd_attr *v)
{
  char word[32];
  nd_dtype dtype;
  s = read_word(s, word);
  if (s == NULL || !nd_dtype_find(word, &dtype))
    return NULL;
  v->integer = dtype;
  return s;
}

static const char *read_value(const char *s, const nd_param *p, nd_attr *v)
{
  v->given = true;
  v->n = 0;
  switch (p->kind) {
  case ND_FLAG: return read_flag(s, v);
  case ND_NUMBER: return read_number(s, v);
  case ND_WORD_DTYPE: return read_dtype(s, v);
  case ND_AXES:
  case ND_SIZES:
  case ND_RANGES: return read_list(s, p, v);
  default: return read_whole(s, v);
  }
}

bool nd_args_parse(nd_context *c, const nd_op *op, nd_args *a, const char *text)
{
  for (const char *s = skip_space(text); *s != '\0'; s = skip_space(s)) {
    char word[32];
    const nd_param *p;
    const char *value = read_word(s, word);
    if (value == NULL || *value != '=')
      return nd_fail(c, ND_BAD_ARGUMENT, "options are name=value, got '%.40s'",
                     s);
    const int i = nd_op_attr(op, word, &p);
    if (i < 0)
      return nd_fail(c, ND_BAD_ARGUMENT, "unknown option '%s'", word);
    s = read_value(value + 1, p, &a->attr[i]);
    if (s == NULL)
      return nd_fail(c, ND_BAD_ARGUMENT, "bad value for option '%s': '%.40s'",
                     word, value + 1);
  }
  return true;
}
