// kernel/gamma_slope.h: how draws of a gamma distribution change with its
// parameter.

#ifndef ND_KERNEL_GAMMA_SLOPE_H
#define ND_KERNEL_GAMMA_SLOPE_H

#include "kernel/level.h"

// Number n of a family that derivation leads around in. With s = log(z) -
// digamma(a), whole n >= 0,
//   z times the integral of e^(a t - z (e^t - 1)) (s + t)^n over t from 0
// to inf where z > max(a, 2), else to -inf. Number 1, which is the same either
// way, is dz/da where z moves with a so that the share of the distribution
// below z stays. Good to about 1e-14 relative, and 1e-12 for a below 0.01. At z
// = 0 it is 0; nan unless z and a are positive.
double ND_LEVELLED(nd_gamma_slope)(double n, double a, double z);

#endif
