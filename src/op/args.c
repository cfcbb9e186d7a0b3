// op/args.c: arguments of ops that are no tensors: their initial values, and
// reading them from text, for C hosts and for the tests' cases.

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/options.h"
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

// Reads "3", which drops its axis, "first:last" or "first:last:step".
static const char *read_range(const char *s, nd_attr *v)
{
  int64_t *range = v->v + v->n;
  int n = 0;
  range[2] = 1;
  for (bool more = true; more; s += more) {
    s = nd_option_whole(s, &range[n++]);
    if (s == NULL)
      return NULL;
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
  return nd_option_whole(s, &v->v[v->n++]);
}

// Reads "3", "[1 2]" or, for ranges, "[1:2:1 3]" into v->v.
static const char *read_list(const char *s, const nd_param *p, nd_attr *v)
{
  const bool ranges = p->kind == ND_RANGES;
  const int most = ranges ? 3 * ND_MAX_RANK : ND_MAX_RANK;
  v->dropped = 0;
  if (*s != '[')
    return ranges ? read_range(s, v) : read_element(s, v);
  const char *next = nd_option_skip(s + 1);
  while (*next != ']') {
    if (v->n == most || next == s)
      return NULL;
    s = ranges ? read_range(next, v) : read_element(next, v);
    if (s == NULL)
      return NULL;
    next = nd_option_skip(s);
  }
  return next + 1;
}

static const char *read_flag(const char *s, nd_attr *v)
{
  bool flag = false;
  s = nd_option_flag(s, &flag);
  v->integer = flag;
  return s;
}

static const char *read_dtype(const char *s, nd_attr *v)
{
  char word[32];
  nd_dtype dtype;
  s = nd_option_word(s, word);
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
  case ND_NUMBER: return nd_option_number(s, &v->number);
  case ND_WORD_DTYPE: return read_dtype(s, v);
  case ND_AXES:
  case ND_SIZES:
  case ND_RANGES: return read_list(s, p, v);
  default: return nd_option_whole(s, &v->integer);
  }
}

static bool fail_unknown(nd_context *c, const nd_op *op, const char *name)
{
  const char *names[ND_MAX_ATTRS];
  int n = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind != ND_TENSOR && p->kind != ND_TENSORS)
      names[n++] = p->name;
  }
  return nd_option_unknown(c, name, n, names);
}

bool nd_args_parse(nd_context *c, const nd_op *op, nd_args *a, const char *text)
{
  nd_options o = { .context = c, .at = text };
  while (nd_options_next(&o)) {
    const nd_param *p = op->params;
    const int i = nd_op_attr(op, o.name, &p);
    if (i < 0)
      return fail_unknown(c, op, o.name);
    if (!nd_options_place(&o, i) ||
        !nd_options_take(&o, read_value(o.at, p, &a->attr[i])))
      return false;
  }
  return o.at != NULL;
}
