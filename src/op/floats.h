// op/floats.h: a check on the values of float tensors: parameters.

#ifndef ND_OP_FLOATS_H
#define ND_OP_FLOATS_H

#include "tensor/tensor.h"

// True if every element is within low..high, or nan where that is let through;
// else `*bad` is one that is not. Also false after an error or an interrupt,
// which is then the context's: nd_error_code tells.
bool nd_floats_within(nd_tensor *x, double low, double high, bool nan,
                      double *bad);

#endif
