// op/table.c: the families, one file each, that make up the table of ops.

#include <string.h>

#include "op/op.h"

extern const nd_op *const nd_ops_unary[],
  *const nd_ops_binary[], *const nd_ops_select[],
                            *const nd_ops_reduce[],
                              *const nd_ops_argmax[],
                                *const nd_ops_matmul[],
                                  *const nd_ops_shape[],
                                    *const nd_ops_slice[],
                                      *const nd_ops_gather[],
                                        *const nd_ops_join[],
                                          *const nd_ops_cast[],
                                            *const nd_ops_create[],
                                              *const nd_ops_random[],
                                                *const nd_ops_softmax[];

// Each ends with NULL.
static const nd_op *const *const families[] = {
  nd_ops_unary,  nd_ops_binary, nd_ops_select, nd_ops_reduce,  nd_ops_argmax,
  nd_ops_matmul, nd_ops_shape,  nd_ops_slice,  nd_ops_gather,  nd_ops_join,
  nd_ops_cast,   nd_ops_create, nd_ops_random, nd_ops_softmax,
};

enum { FAMILIES = sizeof families / sizeof *families };

const nd_op *nd_op_at(int i)
{
  for (int f = 0; f < FAMILIES; f++) {
    for (int j = 0; families[f][j] != NULL; j++) {
      if (i-- == 0)
        return families[f][j];
    }
  }
  return NULL;
}

const nd_op *nd_op_find(const char *name)
{
  for (int f = 0; f < FAMILIES; f++) {
    for (int j = 0; families[f][j] != NULL; j++) {
      if (strcmp(families[f][j]->name, name) == 0)
        return families[f][j];
    }
  }
  return NULL;
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
  if (op == NULL) {
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
