// op/rule.c: applies ops for derivative rules.

#include "op/rule.h"

nd_tensor *nd_rule_apply(nd_context *c, const nd_op *op, int n,
                         nd_tensor *const *in, const nd_value *attr)
{
  return nd_pool_add(c, nd_apply(c, op, n, in, attr));
}

bool nd_rule_all(nd_context *c, const nd_op *op, int n, nd_tensor *const *in,
                 const nd_value *attr, nd_tensor **out)
{
  nd_job j = { .op = op, .n = n, .in = in, .out = out, .attr = attr };
  if (!nd_job_count(c, &j))
    return false;
  for (int i = 0; i < j.outs; i++)
    out[i] = NULL;
  bool ok = nd_job_apply(c, &j);
  for (int i = 0; i < j.outs; i++)
    ok = nd_pool_add(c, out[i]) != NULL && ok;
  return ok;
}

nd_tensor *nd_rule1(nd_context *c, const nd_op *op, nd_tensor *x)
{
  return nd_rule_apply(c, op, 1, &x, NULL);
}

nd_tensor *nd_rule2(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y)
{
  return nd_rule_apply(c, op, 2, (nd_tensor *[]){ x, y }, NULL);
}

nd_tensor *nd_rule3(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y,
                    nd_tensor *z)
{
  return nd_rule_apply(c, op, 3, (nd_tensor *[]){ x, y, z }, NULL);
}

nd_tensor *nd_rule_number(nd_context *c, const nd_tensor *like, double value)
{
  if (like == NULL)
    return NULL;
  nd_tensor x;
  nd_scalar_set(c, &x, (nd_dtype)like->dtype, value);
  return nd_pool_add(c, nd_tensor_keep(&x));
}

static bool any_is_watched(const nd_context *c, int n, nd_tensor *const *x)
{
  for (int i = 0; i < n; i++) {
    if (x[i] != NULL && nd_recorders_watch(c, x[i]))
      return true;
  }
  return false;
}

bool nd_rule_heard(const nd_context *c, const nd_job *j, nd_tensor *const *g)
{
  return nd_recorders_hear(c) &&
         (any_is_watched(c, j->outs, g) || any_is_watched(c, j->outs, j->out) ||
          any_is_watched(c, j->n, j->in));
}

void nd_rule_pass(nd_context *c, const nd_job *j, nd_tensor *const *g,
                  const bool *wanted, nd_tensor **gx)
{
  gx[0] = g[0];
}
