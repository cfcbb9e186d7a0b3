"""Prints tests/golden/rejection.h.

python3 rejection.py > rejection.h, with scipy 1.17 and mpmath 1.3: where gamma
and Poisson distributions have so much of themselves below, and slopes of the
quantiles of gamma distributions by alpha, -(dF/dalpha) / (dF/dz) in 60 digits.
"""
import mpmath as mp
import numpy as np
import scipy
from scipy import stats

mp.mp.dps = 60
ALPHAS = (.01, .5, 1, 3, 100)
MEANS = (.1, 1, 9.9, 10, 100, 1e6)
CELLS = 50


def row(values, form):
    return "  { " + ", ".join(form.format(v) for v in values) + " },"


def steps(mean):
    """Numbers below which there is about k / CELLS, none twice."""
    shares = np.arange(1, CELLS) / CELLS
    return sorted({int(k) for k in stats.poisson.ppf(shares, mean)})


def slope(alpha, z):
    alpha, z = mp.mpf(alpha), mp.mpf(z)
    below = mp.diff(lambda a: mp.gammainc(a, 0, z, regularized=True), alpha,
                    h=mp.mpf(10)**-20)
    return mp.re(-below) / (z**(alpha - 1) * mp.exp(-z) / mp.gamma(alpha))


print("// golden/rejection.h: made by golden/rejection.py with scipy "
      f"{scipy.__version__}")
print("// clang-format off\n")
print(f"enum {{ ALPHAS = {len(ALPHAS)}, MEANS = {len(MEANS)}, "
      f"CELLS = {CELLS} }};\n")
print("static const double golden_alphas[ALPHAS] = {",
      ", ".join(map(repr, ALPHAS)), "};\n")
print("// Quantiles of 1/CELLS, 2/CELLS ..")
print("static const double golden_quantiles[ALPHAS][CELLS - 1] = {")
for alpha in ALPHAS:
    shares = np.arange(1, CELLS) / CELLS
    print(row(stats.gamma.ppf(shares, alpha), "{:.16g}"))
print("};\n")
print("static const double golden_means[MEANS] = {",
      ", ".join(map(repr, MEANS)), "};\n")
print("// Whole numbers, and how much of the distribution is at most that.")
print("static const int golden_steps[MEANS] = {",
      ", ".join(str(len(steps(m))) for m in MEANS), "};")
print("static const double golden_ends[MEANS][CELLS] = {")
for mean in MEANS:
    print(row(steps(mean), "{}"))
print("};")
print("static const double golden_shares[MEANS][CELLS] = {")
for mean in MEANS:
    print(row(stats.poisson.cdf(steps(mean), mean), "{:.16g}"))
print("};\n")
print("// alpha, z, slope.")
print("static const double golden_slopes[][3] = {")
for alpha in (1e-3, .01, .1, .5, 1, 1.9, 2.1, 3, 7.9, 8.1, 20, 100, 1e3):
    spread = [-3, -1, -.1, .1, 1, 4] if alpha > 1 else [-3, -1, 0, .5, 1, 2]
    for s in spread:
        z = alpha * np.exp(s / max(alpha, 1)**.5)
        z = z if alpha > 1 else [1e-6, .3, 1, 1.99, 2.01, 9][spread.index(s)]
        print(row((alpha, z, float(slope(alpha, z))), "{!r}".replace(
            "!r", ":.17g")))
print("};")
