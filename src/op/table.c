// op/table.c: finds ops, and calls them by name for C.

#include <pthread.h>
#include <string.h>

#include "op/op.h"

const nd_op *nd_op_at(int i)
{
  for (int f = 0; nd_families[f] != NULL; f++) {
    for (int j = 0; nd_families[f][j] != NULL; j++) {
      if (i-- == 0)
        return nd_families[f][j];
    }
  }
  return NULL;
}

// ----------------------------------------------------------------- by name --

// A hash table of all ops with open addressing, filled by whoever asks first.
// It is at most half full: nd_op_find needs a free place behind each name.
enum { PLACES = 1024 };

static const nd_op *places[PLACES];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static unsigned hash(const char *name)
{
  unsigned h = 2166136261U;
  for (; *name != '\0'; name++)
    h = (h ^ (unsigned char)*name) * 16777619U;
  return h ^ h >> 15;
}

static void fill(void)
{
  const nd_op *op;
  for (int i = 0; i < PLACES / 2 && (op = nd_op_at(i)) != NULL; i++) {
    unsigned at = hash(op->name);
    while (places[at % PLACES] != NULL)
      at++;
    places[at % PLACES] = op;
  }
}

const nd_op *nd_op_find(const char *name)
{
  pthread_once(&filled, fill);
  for (unsigned at = hash(name);; at++) {
    const nd_op *op = places[at % PLACES];
    if (op == NULL || strcmp(op->name, name) == 0)
      return op;
  }
}

// ------------------------------------------------------------ calling by C --

// True if no argument is missing that has no initial value.
static bool check_given(nd_context *c, const nd_op *op, const nd_args *a)
{
  const nd_attr *v = a->attr;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind == ND_TENSOR || p->kind == ND_TENSORS)
      continue;
    if (!v->given && p->initial == NULL)
      return nd_fail(c, ND_BAD_ARGUMENT, "%s is missing", p->name);
    v++;
  }
  return true;
}

static bool fill_args(nd_context *c, const nd_op *op, nd_args *a, int n,
                      nd_tensor *const *inputs, const char *options)
{
  const bool list = op->params[0].kind == ND_TENSORS;
  int arity = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++)
    arity += p->kind == ND_TENSOR;
  if (list ? n < 0 : n != arity)
    return nd_fail(c, ND_BAD_ARGUMENT, "takes %d tensors, got %d", arity, n);
  a->n = n;
  a->in = a->few;
  if (n <= ND_FEW) {
    for (int i = 0; i < n; i++)
      a->few[i] = inputs[i];
  } else {
    a->in = (nd_tensor **)(uintptr_t)inputs;
  }
  nd_args_start(op, a);
  return (options == NULL || nd_args_parse(c, op, a, options)) &&
         check_given(c, op, a);
}

nd_tensor *nd_call(nd_context *c, const char *name, int n,
                   nd_tensor *const *inputs, const char *options)
{
  if (c == NULL || name == NULL || (inputs == NULL && n > 0))
    return NULL;
  const nd_op *op = nd_op_find(name);
  if (op == NULL || op->hidden) {
    const char *outside = nd_context_enter(c, name);
    nd_fail(c, ND_BAD_ARGUMENT, "no such op");
    nd_context_leave(c, outside);
    return NULL;
  }
  nd_args a;
  const char *before = nd_context_enter(c, name);
  const bool ok = fill_args(c, op, &a, n, inputs, options);
  nd_context_leave(c, before);
  return ok ? nd_apply(c, op, &a) : NULL;
}
