// op/slices.h: tensors that are sums of rows. What an op with `rows` gives
// keeps the rows and the positions that came in, and waits with them until its
// values are asked for; then it has both. Whoever knows only tensors sees one.
// The quota is charged for the rows, and for the values when they are there.

#ifndef ND_OP_SLICES_H
#define ND_OP_SLICES_H

#include "op/op.h"

// Each row of the tensor is the sum of the `values` whose position it is.
typedef struct nd_slices {
  nd_pending pending;
  const nd_op *op;       // that adds them up
  nd_tensor *values;     // [n.., row..]
  nd_tensor *positions;  // [n..], each in 1..rows or -rows..-1; have values
} nd_slices;

// NULL: it has none.
static inline nd_slices *nd_slices_of(const nd_tensor *x)
{
  return nd_is_sliced(x) ? (nd_slices *)(void *)x->slices : NULL;
}

// Lets the result of a job with rows and positions wait. False without memory.
bool nd_slices_wait(const nd_job *j, nd_tensor *out);

// The rows of `x` added at other positions, of `size`. Nobody is told.
nd_tensor *nd_slices_sum(const nd_tensor *x, nd_tensor *positions,
                         int64_t size);

// nd_force of those that wait with rows.
bool nd_slices_force(int n, nd_tensor *const *x);

#endif
