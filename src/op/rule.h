// op/rule.h: what derivative rules are written with: apply an op, and leave the
// result to the pool. NULL goes through, so rules are plain expressions. Their
// words are in ops/rules.h.

#ifndef ND_OP_RULE_H
#define ND_OP_RULE_H

#include "op/op.h"
#include "tensor/pool.h"

// NULL for `attr` stands for the initial values.
nd_tensor *nd_rule_apply(nd_context *c, const nd_op *op, int n,
                         nd_tensor *const *in, const nd_value *attr);

// The same of an op with several outputs, for which `out` has room; false after
// an error.
bool nd_rule_all(nd_context *c, const nd_op *op, int n, nd_tensor *const *in,
                 const nd_value *attr, nd_tensor **out);
nd_tensor *nd_rule1(nd_context *c, const nd_op *op, nd_tensor *x);
nd_tensor *nd_rule2(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y);
nd_tensor *nd_rule3(nd_context *c, const nd_op *op, nd_tensor *x, nd_tensor *y,
                    nd_tensor *z);

// A number with the dtype of `like`.
nd_tensor *nd_rule_number(nd_context *c, const nd_tensor *like, double value);

// Whether somebody would miss what a kernel without a derivative makes of the
// gradients `g` of a job's outputs.
bool nd_rule_heard(const nd_context *c, const nd_job *j, nd_tensor *const *g);

// The transpose of ops that repeat or rename their first input: the gradient as
// it is. The caller sums it back to the input's shape.
nd_vjp nd_rule_pass;

#endif
