// op/axes.h: axes and sizes as users give them, for ops that fold or choose
// along some, and for those that make a shape.

#ifndef ND_OP_AXES_H
#define ND_OP_AXES_H

#include "op/op.h"

// Position 0..rank-1 of an axis counted from 1 or -1; -1 after an error.
int nd_axis_resolve(nd_context *c, int64_t axis, int rank);

// The set of axes of an ND_AXES attribute as bits; all of them when it was not
// given; -1 after an error.
int nd_axes_resolve(nd_context *c, const nd_attr *axes, int rank);

// Sets the shape to an ND_SIZES attribute; an error if a size is negative.
bool nd_sizes_infer(nd_context *c, const nd_attr *sizes, nd_type *out);

// The inference of ops whose attributes are `axis` and `keepdims`: the input's
// shape without the axes, or with 1 in their places.
bool nd_axes_infer(nd_context *c, const nd_args *a, nd_type *out);

// For their rules: `y`, which has the result's shape, with those axes as 1.
nd_tensor *nd_axes_keep(nd_context *c, const nd_args *a, nd_tensor *y);

// For their rules: `x`, which has the input's shape, as [kept, folded]; and
// back from there.
nd_tensor *nd_axes_to_rows(nd_context *c, const nd_args *a, nd_tensor *x);
nd_tensor *nd_axes_from_rows(nd_context *c, const nd_args *a, nd_tensor *rows);

#endif
