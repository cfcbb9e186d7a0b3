// op/derive.c: reads the derivative that an op's entry declares.

#include "op/derive.h"

#include "op/vocab_tensor.h"

// --------------------------------------------------------------- backward --

static nd_tensor *apply_rule(nd_context *c, const nd_op *op, int i,
                             const nd_args *a, nd_tensor *out, nd_tensor *g)
{
  switch (op->derivative) {
  case ND_SLOPE: return CHAIN(g, op->slope(c, i, a, out));
  case ND_LINEAR:
  case ND_BILINEAR: return op->transpose(c, i, a, out, g);
  case ND_VJP: return op->vjp(c, i, a, out, g);
  default: return NULL;
  }
}

nd_tensor *nd_op_vjp(nd_context *c, const nd_op *op, int i, const nd_args *a,
                     nd_tensor *out, nd_tensor *g, bool fused)
{
  if (fused && op->derivative == ND_SLOPE && nd_same_shape(out, a->in[i]))
    return nd_apply_slope(c, op, i, a, out, g);
  const size_t mark = nd_pool_mark(c);
  nd_tensor *gi;
  if (fused && op->derivative == ND_SLOPE)
    gi = nd_pool_add(c, nd_apply_slope(c, op, i, a, out, g));
  else
    gi = apply_rule(c, op, i, a, out, g);
  gi = nd_tensor_keep(nd_rule_sum_to(c, gi, a->in[i]));
  nd_pool_drain(c, mark);
  return gi;
}

// ---------------------------------------------------------------- forward --

static nd_tensor *slope_jvp(nd_context *c, const nd_op *op, const nd_args *a,
                            nd_tensor *out, nd_tensor *const *t)
{
  nd_tensor *sum = NULL;
  for (int i = 0; i < a->n; i++) {
    if (t[i] == NULL)
      continue;
    nd_tensor *part = CHAIN(t[i], op->slope(c, i, a, out));
    sum = sum == NULL ? part : ADD(sum, part);
  }
  return sum;
}

// The op of the tangents; inputs that no gradient flows through stay.
static nd_tensor *linear_jvp(nd_context *c, const nd_op *op, const nd_args *a,
                             nd_tensor *const *t)
{
  nd_args b = *a;
  const size_t bytes = (size_t)a->n * sizeof *b.in;
  b.in = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (b.in == NULL)
    return NULL;
  for (int i = 0; i < a->n; i++) {
    b.in[i] = a->in[i];
    if (nd_op_flows(op, a->in[i]))
      b.in[i] = t[i] != NULL ? t[i] : nd_rule_zeros(c, a->in[i]);
  }
  nd_tensor *y = nd_rule_args(c, op, &b);
  nd_memory_free(c, b.in, bytes, ND_MEMORY_OBJECT);
  return y;
}

static nd_tensor *bilinear_jvp(nd_context *c, const nd_op *op, const nd_args *a,
                               nd_tensor *const *t)
{
  nd_tensor *sum = NULL;
  for (int i = 0; i < a->n; i++) {
    if (t[i] == NULL)
      continue;
    nd_args b = *a;
    b.in = b.few;
    for (int j = 0; j < a->n; j++)
      b.few[j] = j == i ? t[i] : a->in[j];
    nd_tensor *part = nd_rule_args(c, op, &b);
    sum = sum == NULL ? part : ADD(sum, part);
  }
  return sum;
}

nd_tensor *nd_op_jvp(nd_context *c, const nd_op *op, const nd_args *a,
                     nd_tensor *out, nd_tensor *const *t)
{
  const size_t mark = nd_pool_mark(c);
  nd_tensor *y = NULL;
  switch (op->derivative) {
  case ND_SLOPE: y = slope_jvp(c, op, a, out, t); break;
  case ND_LINEAR: y = linear_jvp(c, op, a, t); break;
  case ND_BILINEAR: y = bilinear_jvp(c, op, a, t); break;
  case ND_VJP: y = op->jvp(c, a, out, t); break;
  default: break;
  }
  y = nd_tensor_keep(nd_rule_broadcast(c, y, out->rank, out->dims));
  nd_pool_drain(c, mark);
  return y;
}
