#!/usr/bin/env python3
"""Prints the polynomial coefficients of src/kernel/math_*.h.

    python3 tests/golden/math_coefficients.py        (mpmath 1.3, 10 seconds)

Each is the minimax fit of a function under a weight, by Remez exchange in 60
digits, rounded to the type it is used in. Lowest power first.
"""
import struct
from mpmath import (asin, atan, atanh, cos, cot, digamma, erf, erfc, exp, expm1,
                    findroot, log, log1p, loggamma, lu_solve, matrix, mp, mpf,
                    pi, sin, sqrt)

mp.dps = 60


def remez(f, weight, low, high, degree):
    """The p that minimises max |weight (f - p)|, and that maximum."""
    low, high, count = mpf(low), mpf(high), degree + 2
    points = 32 * count
    turns = [pi * (i + mpf(1) / 2) / points for i in range(points)]
    grid = [(low + high - (high - low) * cos(t)) / 2 for t in turns]
    values, weights = [f(t) for t in grid], [weight(t) for t in grid]
    peaks = [i * (points - 1) // (count - 1) for i in range(count)]
    while True:
        system = matrix(count, count)
        for row, i in enumerate(peaks):
            for power in range(count - 1):
                system[row, power] = grid[i] ** power
            system[row, count - 1] = (-1) ** row / weights[i]
        *p, level = lu_solve(system, matrix([values[i] for i in peaks]))
        errors = [w * (v - horner(p, t))
                  for t, v, w in zip(grid, values, weights)]
        largest = max(map(abs, errors))
        if largest < abs(level) * mpf("1.001"):
            return p, largest
        peaks = alternating_peaks(errors, count)


def alternating_peaks(errors, count):
    """The largest error of each run of equal signs; the weakest ends go."""
    peaks = []
    for i, e in enumerate(errors):
        if not peaks or e * errors[peaks[-1]] < 0:
            peaks.append(i)
        elif abs(e) > abs(errors[peaks[-1]]):
            peaks[-1] = i
    while len(peaks) > count:
        first, last = errors[peaks[0]], errors[peaks[-1]]
        peaks.pop(0 if abs(first) < abs(last) else -1)
    return peaks


def horner(p, t):
    total = mpf(0)
    for c in reversed(p):
        total = total * t + c
    return total


def of_root(f):
    """f as a function of z = s^2."""
    return lambda z: f(sqrt(z))


TINY = mpf("1e-15")
HALF_LN2 = log(2) / 2 * mpf("1.01")
EIGHTH_TURN = (pi / 4 * mpf("1.02")) ** 2
LARGER_TURN = (pi / 4 * mpf("1.04")) ** 2
WIDE_M = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2


def exp_tail(r):
    return (expm1(r) - r) / r ** 2


def log_tail(f):
    return (log1p(f) - f + f * f / 2) / f ** 3


LOG_SERIES = of_root(lambda s: (2 * atanh(s) - 2 * s) / s ** 3)
SIN_TAIL = of_root(lambda r: (sin(r) - r) / r ** 3)
COS_TAIL = of_root(lambda r: (cos(r) - 1 + r * r / 2) / r ** 4)
ASIN_TAIL = of_root(lambda s: (asin(s) - s) / s ** 3)
ATAN_TAIL = of_root(lambda s: (atan(s) - s) / s ** 3)
ERF_RATIO = of_root(lambda x: erf(x) / x - 1)


def log_erfc(t):
    return log(erfc(t + mpf(3) / 2))


def exp_weight(r):
    return r * r / exp(r)


def log_weight(f):
    return abs(f ** 3 / log1p(f))


def erfc_weight(t):
    return erfc(t + mpf(3) / 2)


def erfc_scaled(t):
    x = 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * exp(x * x) * erfc(x)


def lgamma_ratio(u):
    return loggamma(2 + u) / u if u else digamma(2)


DIGAMMA_ZERO = findroot(digamma, mpf("1.46163"))


def digamma_ratio(t):
    return digamma(t + mpf(3) / 2) / (t + mpf(3) / 2 - DIGAMMA_ZERO)


def of_inverse(f):
    """f as a function of z = 1 / x^2."""
    return lambda z: f(1 / sqrt(z))


def inverse_weight(f):
    return lambda t: 1 / f(t)


STIRLING_TAIL = of_inverse(lambda x: x * (
    loggamma(x) - ((x - mpf(1) / 2) * log(x) - x + log(2 * pi) / 2)))
DIGAMMA_TAIL = of_inverse(lambda x: x * x * (
    log(x) - 1 / (2 * x) - digamma(x)))
SINC = of_root(lambda r: sin(pi * r) / (pi * r))
COTANGENT = of_root(lambda r: (pi * r * cot(pi * r) - 1) / r ** 2)
NEAR_4 = (mpf(".46") - 4) / (mpf(".46") + 4)
FAR_INVERSE = (2 / mpf(15)) ** 2


def identity(z):
    return z


ERF_WEIGHT = of_root(lambda x: x / erf(x))
ATAN_WEIGHT = of_root(lambda s: s ** 3 / atan(s))

FITS = [
    # used in, function, weight, low, high, degree, type
    ("exp_tail_f64", exp_tail, exp_weight, -HALF_LN2, HALF_LN2, 10, "d"),
    ("reduce_exp_f32", exp_tail, exp_weight, -HALF_LN2, HALF_LN2, 5, "f"),
    ("exp_rough_f64", exp_tail, exp_weight, -HALF_LN2, HALF_LN2, 5, "d"),
    ("log_of_parts_f64", LOG_SERIES, identity, TINY, WIDE_M, 7, "d"),
    ("log_of_parts_f32", log_tail, log_weight,
     sqrt(mpf(1) / 2) - 1, sqrt(2) - 1, 8, "f"),
    ("log_rough_f64", LOG_SERIES, identity, TINY, WIDE_M, 4, "d"),
    ("log_pair_f64", lambda z: (LOG_SERIES(z) - mpf(2) / 3) / z,
     lambda z: z * z, TINY, WIDE_M, 7, "d"),
    ("sin_of_angle_f64", SIN_TAIL, identity, TINY, EIGHTH_TURN, 5, "d"),
    ("cos_of_angle_f64", COS_TAIL, lambda z: z * z, TINY, EIGHTH_TURN, 5, "d"),
    ("sin_of_angle_f32", SIN_TAIL, identity, TINY, LARGER_TURN, 2, "f"),
    ("cos_of_angle_f32", COS_TAIL, lambda z: z * z, TINY, LARGER_TURN, 2, "f"),
    ("tan_f32", SIN_TAIL, identity, TINY, EIGHTH_TURN, 3, "d"),
    ("tan_f32", COS_TAIL, lambda z: z * z, TINY, EIGHTH_TURN, 3, "d"),
    ("asin_tail_f64", ASIN_TAIL, identity, TINY, mpf(1) / 4, 12, "d"),
    ("asin_tail_f32", ASIN_TAIL, identity, TINY, mpf(1) / 4, 4, "f"),
    ("atan_tail_f64", ATAN_TAIL, ATAN_WEIGHT, TINY, 1, 19, "d"),
    ("atan_tail_f32", ATAN_TAIL, ATAN_WEIGHT, TINY, 1, 8, "f"),
    ("erf_ratio_f64", ERF_RATIO, ERF_WEIGHT, TINY, 1, 11, "d"),
    ("erf_ratio_f32", ERF_RATIO, ERF_WEIGHT, TINY, 1, 6, "f"),
    ("log_erfc_f64", log_erfc, erfc_weight, -.5, 4.4375, 17, "d"),
    ("log_erfc_f32", log_erfc, erfc_weight, -.5, 2.5, 7, "f"),
    ("erfc_f64", erfc_scaled, inverse_weight(erfc_scaled), NEAR_4, .75, 22,
     "d"),
    ("sinc_f64", SINC, inverse_weight(SINC), TINY, mpf(1) / 4, 8, "d"),
    ("lgamma_near_f64", lgamma_ratio, inverse_weight(lgamma_ratio),
     -.5, .5, 18, "d"),
    ("stirling_tail_f64", STIRLING_TAIL, lambda z: 12, mpf("1e-12"),
     FAR_INVERSE, 7, "d"),
    ("digamma_near_f64", digamma_ratio, inverse_weight(digamma_ratio),
     -.5, .5, 21, "d"),
    ("digamma_tail_f64", DIGAMMA_TAIL, lambda z: 12, mpf("1e-12"),
     FAR_INVERSE, 8, "d"),
    ("cotangent_f64", COTANGENT, identity, TINY, mpf(1) / 4, 14, "d"),
]

for name, f, weight, low, high, degree, kind in FITS:
    p, error = remez(f, weight, low, high, degree)
    print(f"{name}: error 2^{float(log(error, 2)):.1f}")
    for c in p:
        rounded, = struct.unpack(kind, struct.pack(kind, float(c)))
        print(f"  {rounded:.17g}" if kind == "d" else f"  {rounded:.9g}f")
