// op/derive.h: derivatives of one op, whatever its kind. Reverse mode, forward
// mode and the tests all come through here.

#ifndef ND_OP_DERIVE_H
#define ND_OP_DERIVE_H

#include "op/op.h"

// True if a gradient flows through input `i`, whose dtype is that of `x`.
static inline bool nd_op_flows(const nd_op *op, const nd_tensor *x)
{
  return op->derivative != ND_NO_GRAD &&
         nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS);
}

// The gradient of input i, with its shape, given `g` of the output. `fused`
// allows the one-pass kernel, which no tape can see. Returns a reference.
nd_tensor *nd_op_vjp(nd_context *c, const nd_op *op, int i, const nd_args *a,
                     nd_tensor *out, nd_tensor *g, bool fused);

// The tangent of the output, with its shape; t[i] may be NULL for zero, but not
// all of them. Returns a reference.
nd_tensor *nd_op_jvp(nd_context *c, const nd_op *op, const nd_args *a,
                     nd_tensor *out, nd_tensor *const *t);

#endif
