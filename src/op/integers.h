// op/integers.h: checks on the values of integer tensors: indices, divisors.

#ifndef ND_OP_INTEGERS_H
#define ND_OP_INTEGERS_H

#include "tensor/tensor.h"

// True if no element is within low..high; also true for floats and bools.
bool nd_integers_avoid(nd_tensor *x, int64_t low, int64_t high);

// True if every element is within low..high and, unless `zero`, not 0; else
// `*bad` is the first that is not.
bool nd_integers_within(nd_tensor *x, int64_t low, int64_t high, bool zero,
                        int64_t *bad);

// True if every element is a position in 1..size or -size..-1; else an error.
bool nd_integers_check_positions(nd_context *c, nd_tensor *x, int64_t size);

// All are also false after an interrupt, which is then the context's error.

#endif
