// tape/custom.h: values whose derivative is a function of somebody's own.

#ifndef ND_TAPE_CUSTOM_H
#define ND_TAPE_CUSTOM_H

#include "op/op.h"

// The derivative of one call, held by the records of the tapes that heard it.
// A script's function lives elsewhere: here is what finds it.
typedef struct nd_custom_rule nd_custom_rule;
struct nd_custom_rule {
  nd_closure closure;

  // Leaves in gx the gradients of the inputs in `wanted`, new references or
  // NULL for zero, given those of all outputs.
  bool (*backward)(nd_custom_rule *f, nd_context *c, const nd_job *j,
                   nd_tensor *const *g, const bool *wanted, nd_tensor **gx);
};

// Gives `out` tensors with the values of `values`, `outs` of them, whose
// derivative by the `n` inputs is the rule's, and tells the recorders.
bool nd_custom_apply(nd_context *c, nd_custom_rule *f, int n,
                     nd_tensor *const *in, int outs, nd_tensor *const *values,
                     nd_tensor **out);

#endif
