// tape/slices.h: gradients that are sums of rows.

#ifndef ND_TAPE_SLICES_H
#define ND_TAPE_SLICES_H

#include "op/slices.h"

// The sum of two tensors of one shape that have rows: those of both, or, where
// they would be more than twice the rows of the sum, the sum. A new reference.
nd_tensor *nd_slices_join(nd_context *c, nd_tensor *x, nd_tensor *y);

#endif
