// op/axes.h: axes and shapes as users give them, for ops that fold or choose
// along some, and for those that make a shape.

#ifndef ND_OP_AXES_H
#define ND_OP_AXES_H

#include "op/op.h"

// Position 0..rank-1 of an axis counted from 1 or -1; -1 after an error.
int nd_axis_resolve(nd_context *c, int64_t axis, int rank);

// The same for an axis of the job's first input, which has to have some.
int nd_axis_infer(nd_context *c, const nd_job *j, int64_t axis);

// The same for an axis that was checked.
static inline int nd_axis_place(int64_t axis, int rank)
{
  return (int)axis + (axis > 0 ? -1 : rank);
}

// The set of axes of an ND_AXES attribute as bits; all of them when it was not
// given; -1 after an error.
int nd_axes_resolve(nd_context *c, const nd_value *axes, int rank);

// The same for axes that were checked.
int nd_axes_set(const nd_value *axes, int rank);

// Sets the shape to an ND_SIZES attribute; an error if a size is negative.
bool nd_sizes_infer(nd_context *c, const nd_value *sizes, nd_type *out);

// The parameters of folds: x, axis, keepdims.
extern const nd_param nd_fold_params[];

// What a fold of `x` over an ND_AXES attribute gives: its shape without the
// axes, or with 1 in their places.
bool nd_axes_infer(nd_context *c, const nd_tensor *x, const nd_value *axes,
                   bool keep, nd_type *out);

#endif
