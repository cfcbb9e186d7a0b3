"""Prints tests/golden/draws.txt.

python3 draws.py > draws.txt, with mpmath 1.3, jax 0.10, tensorflow 2.21 and
torch 2.15: what a plain model of src/base/rejection.c draws of gamma and
Poisson distributions, and derivatives of gamma draws in 40 digits. The first
derivative is -(dF/dalpha) / (dF/dz) of the distribution function F; what the
other programs have for it at the same draws is only compared.
"""
import math

import jax
import mpmath as mp
import numpy as np
import tensorflow as tf
import torch

from facts import text, write

jax.config.update("jax_enable_x64", True)
mp.mp.dps = 40
LANE = 2**32 - 1
WHOLE = 2**64 - 1


def scatter(x):
    x = x + 0x9e3779b97f4a7c15 & WHOLE
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & WHOLE
    x = (x ^ x >> 27) * 0x94d049bb133111eb & WHOLE
    return x ^ x >> 31


def block(seed, index, attempt):
    """Four words of an element's own counter (Philox4x32-10)."""
    place, key, stream = attempt << 48 | index, *map(scatter, seed)
    c = [place & LANE, place >> 32, stream & LANE, stream >> 32]
    k0, k1 = key & LANE, key >> 32
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [b >> 32 ^ c[1] ^ k0, b & LANE, a >> 32 ^ c[3] ^ k1, a & LANE]
        k0, k1 = k0 + 0x9E3779B9 & LANE, k1 + 0xBB67AE85 & LANE
    return c


def unit(high, low):
    return ((high >> 5) * 2**26 + (low >> 6)) / mp.mpf(2)**53


def open_unit(high, low):
    return ((high >> 1) * 2**31 + (low >> 1) + mp.mpf(1) / 2) / 2**62


def normal(a, b, c, d):
    turns = ((c << 31) + (d >> 1)) / mp.mpf(2)**63
    return mp.sqrt(-2 * mp.log(open_unit(a, b))) * mp.cos(2 * mp.pi * turns)


def gamma(alpha, seed, index):
    """Marsaglia and Tsang (2000), without their squeeze."""
    d = mp.mpf(alpha) + (alpha < 1) - mp.mpf(1) / 3
    for trial in range(1000):
        x = normal(*block(seed, index, 2 * trial))
        w = block(seed, index, 2 * trial + 1)
        v = (1 + x / mp.sqrt(9 * d))**3
        if v > 0 and (mp.log(open_unit(*w[:2])) <
                      x * x / 2 + d - d * v + d * mp.log(v)):
            break
    return d * v * (open_unit(*w[2:])**(1 / mp.mpf(alpha)) if alpha < 1 else 1)


def poisson(mean, seed, index):
    """By inversion, and from 10 on by Hoermann's PTRS (1993)."""
    u, v = unit(*block(seed, index, 0)[:2]), 0
    if mean < 10:
        k, total = 0, mp.exp(-mean)
        while u >= total:
            k += 1
            total += mp.exp(-mean) * mp.mpf(mean)**k / mp.factorial(k)
        return k
    b = mp.mpf("0.931") + mp.mpf("2.53") * mp.sqrt(mean)
    a = mp.mpf("-0.059") + mp.mpf("0.02483") * b
    for trial in range(1000):
        w = block(seed, index, trial)
        u, v = unit(*w[:2]) - mp.mpf(1) / 2, open_unit(*w[2:])
        room = mp.mpf(1) / 2 - abs(u)
        k = int(mp.floor((2 * a / room + b) * u + mean + mp.mpf("0.43")))
        if room >= .07 and v <= mp.mpf("0.9277") - mp.mpf("3.6224") / (b - 2):
            return k
        hat = (mp.mpf("1.1239") + mp.mpf("1.1328") / (b - mp.mpf("3.4")))
        if k >= 0 and not (room < .013 and v > room) and (
                mp.log(v * hat / (a / room**2 + b)) <=
                k * mp.log(mean) - mean - mp.loggamma(k + 1)):
            return k


def slope(alpha, z):
    """How the quantile z moves with alpha."""
    below = mp.diff(lambda a: mp.gammainc(a, 0, z, regularized=True), alpha)
    return -below / (z**(alpha - 1) * mp.exp(-z) / mp.gamma(alpha))


def second(alpha, z):
    return (mp.diff(lambda a: slope(a, z), alpha) +
            mp.diff(lambda t: slope(alpha, z * mp.exp(t)), 0) / z *
            slope(alpha, z))


def digits(x):
    return float(mp.nstr(x, 12))


def show(values):
    return "[" + " ".join(f"{digits(v):.12g}" for v in values) + "]"


def compare(alphas, draws, want):
    a, z = np.array(alphas, float), np.array([float(z) for z in draws])
    peers = {
        f"jax {jax.__version__}": jax.lax.random_gamma_grad(a, z),
        f"tensorflow {tf.__version__}":
            tf.raw_ops.RandomGammaGrad(alpha=a, sample=z),
        f"torch {torch.__version__.split('+')[0]}":
            torch._standard_gamma_grad(torch.tensor(a), torch.tensor(z)),
    }
    for name, got in peers.items():
        off = max(abs(float(g) / float(w) - 1)
                  for g, w in zip(np.asarray(got), want))
        print(f"# {name} differs by {off:.0e} at most.")


print("# mpmath: draws of a plain model, and their derivatives.\n")
alphas = [.03125, .25, .5, .5, .75, 1, 1, 1.5, 2, 3, 3, 5, 8, 10, 30,
          100, 100, 1000, 1e6]
draws = [gamma(a, [3, 4], i) for i, a in enumerate(alphas)]
firsts = [slope(a, z) for a, z in zip(alphas, draws)]
call = f"gamma {text(alphas)} shape=[] seed=[3 4]"
write(f"{call} -> {show(draws)}")
print("\n# Of the first derivative, in float64,")
compare(alphas, draws, firsts)
write(f"d {call} -> {show(firsts)}")
few = [i for i, a in enumerate(alphas) if a <= 100]
write(f"dd gamma {text([alphas[i] for i in few])} shape=[] seed=[3 4] -> "
      f"{show(second(alphas[i], draws[i]) for i in few)} within 1e-6")

print("\n# In float64 a number may be smaller.")
z = gamma(.0078125, [3, 4], 0)
write(f"float64: gamma .0078125 shape=[] seed=[3 4] -> {digits(z):.12g}")
write(f"float64: d gamma .0078125 shape=[] seed=[3 4] -> "
      f"{digits(slope(mp.mpf(.0078125), z)):.12g}")

print("\n# A rate divides, and so it does with the derivative.")
z = [gamma(3, [5, 6], i) for i in range(2)]
write(f"gamma 3 [.5 4] shape=[] seed=[5 6] -> {show([z[0] * 2, z[1] / 4])}")
write(f"d gamma 3 [.5 4] shape=[] seed=[5 6] -> "
      f"{digits(slope(3, z[0]) * 2 + slope(3, z[1]) / 4):.12g} | "
      f"{show([-z[0] * 4, -z[1] / 16])}")

print("\n# Each element has its own place in the stream, whatever the shape.")
many = [gamma(.5, [7, 8], i) for i in range(41)]
write(f"gamma .5 shape=[41] seed=[7 8] -> {show(many)}")
write(f"gamma .5 shape=[3] seed=[7 8] -> {show(many[:3])}")
write(f"stateless_gamma [.5 .5] shape=[2 2] seed=[7 8] -> "
      f"[{show(many[:2])} {show(many[2:4])}]")

for mean in (.125, 1, 9.875, 10, 100, 1e6):
    print(f"\n# Whole numbers of mean {mean:g}.")
    k = [poisson(mean, [9, 1], i) for i in range(40)]
    write(f"poisson {text(mean)} shape=[40] dtype=int64 seed=[9 1] -> int64[" +
          " ".join(map(str, k)) + "]")
