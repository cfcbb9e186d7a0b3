// tape/forward.h: forward mode: tangents computed beside the values.

#ifndef ND_TAPE_FORWARD_H
#define ND_TAPE_FORWARD_H

#include "tensor/tensor.h"

// Whether it is entered.
bool nd_accumulator_listens(const nd_accumulator *a);

// The tangent of `x`, borrowed; NULL if it has none.
nd_tensor *nd_accumulator_tangent(const nd_accumulator *a, const nd_tensor *x);

#endif
