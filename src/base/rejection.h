// base/rejection.h: random numbers that are proposed until one is accepted:
// those of gamma and Poisson distributions.
//
// Element i of a stream has trials of its own, and so depends on the seed, the
// stream, i and its parameter alone, with the same bits on every CPU, as all of
// base/philox.h. All is computed in double.
#ifndef ND_BASE_REJECTION_H
#define ND_BASE_REJECTION_H

#include "base/philox.h"

// Both write elements first .. first+n-1 of stream `s` to `out`, for parameters
// that are 0 or more; they must end before 2^48. 0, inf and nan give
// themselves.

// Of density x^(alpha - 1) e^(-x) / gamma(alpha). A number that is too small
// for a double is 0.
void nd_rejection_gamma(nd_philox s, uint64_t first, size_t n,
                        const double *alpha, double *out);

// Whole numbers k, each with probability mean^k e^(-mean) / k!.
void nd_rejection_poisson(nd_philox s, uint64_t first, size_t n,
                          const double *mean, double *out);

#endif
