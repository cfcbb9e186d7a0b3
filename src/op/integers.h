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

// Both are also false after an interrupt, which is then the context's error.

// Reads elements from..from+n-1 in row-major order; n <= ND_INTEGERS_READ.
enum { ND_INTEGERS_READ = 256 };
void nd_integers_read(const nd_tensor *x, int64_t from, int64_t n,
                      int64_t *out);

#endif
