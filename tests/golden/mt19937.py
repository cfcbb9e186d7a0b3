"""Writes mt19937.h, the draws that NumPy's legacy RandomState makes.

    pip install numpy==2.4.6
    python3 tests/golden/mt19937.py > tests/golden/mt19937.h

A float is written as its bits. A long result is written as its digest, the
sum over k of (2 k + 1) value[k] modulo 2^64, with value[k] the bits of a float
or a whole number in two's complement.
"""
import numpy as np

SEEDS = [0, 1, 42, 2**32 - 1]
BOUNDS = [(0, 1), (0, 10), (0, 600), (0, 1000000), (-5, 5), (-2**31, 2**31),
          (0, 2**32), (0, 2**32 + 1), (-2**62, 2**62 + 12345),
          (-2**63, 2**63), (7, 2**63)]


def bits(x):
    x = np.ascontiguousarray(x)
    if x.dtype == np.float32:
        return x.view(np.uint32).astype(np.uint64)
    return x.view(np.uint64) if x.dtype.itemsize == 8 else \
        x.astype(np.int64).view(np.uint64)


def digest(x):
    v = bits(np.atleast_1d(x)).ravel()
    return int((v * (2 * np.arange(v.size, dtype=np.uint64) + 1)).sum())


def calls(r):
    """Every kind of draw, on one stream, with sizes that leave the block of
    624 words at odd places and a normal waiting."""
    yield "uniform 5", r.random_sample(5)
    yield "normal 3", r.randn(3)
    yield "normal 1000", r.randn(1000)
    yield "randint(10) word", r.randint(0, 10)
    yield "uniform 1001", r.uniform(-1.5, 2.25, 1001)
    yield "normal 777", r.normal(2, 3, 777)
    for low, high in BOUNDS:
        yield f"randint({low}, {high})", r.randint(low, high, 1500,
                                                   dtype=np.int64)
    yield "randint int32", r.randint(-3, 99, 1500, dtype=np.int32)
    yield "randint int32 all", r.randint(-2**31, 2**31, 701, dtype=np.int32)
    yield "uniform float32", r.rand(1300).astype(np.float32)
    yield "normal float32", r.randn(1301).astype(np.float32)
    yield "permutation 0", r.permutation(0)
    yield "permutation 1", r.permutation(1)
    yield "permutation 2", r.permutation(2)
    yield "permutation 1025", r.permutation(1025)
    x = np.arange(5000) * 3 + 1
    r.shuffle(x)
    yield "shuffle", x
    yield "choice", r.choice(50, 700)
    yield "choice without", r.choice(1000, 40, replace=False)
    yield "uniform one", r.uniform(-1, 1)
    yield "normal one", r.normal(2, 3)


def state_values(r):
    _, key, position, has_gauss, gauss = r.get_state()
    return [digest(key), position, has_gauss, int(bits(np.array([gauss]))[0])]


def row(values):
    lines, line = [], " "
    for v in values:
        word = f" 0x{v:x}u,"
        if len(line) + len(word) > 78:
            lines.append(line)
            line = " "
        line += word
    return "\n".join(lines + [line])


print(f"""\
// golden/mt19937.h: made by golden/mt19937.py, with NumPy {np.__version__}
//
// One row per seed; the columns are calls() of that file, in order, then the
// state: digest of the key, position, has_gauss, bits of gauss.
// clang-format off
#include <stdint.h>
""")
print("static const uint32_t golden_seeds[] = {")
print(row(SEEDS))
print("};\n")
rows = []
for seed in SEEDS:
    r = np.random.RandomState(seed)
    rows.append([digest(x) for _, x in calls(r)] + state_values(r))
print(f"static const uint64_t golden_draws[{len(SEEDS)}][{len(rows[0])}] = {{")
for values in rows:
    print("  {")
    print(row(values))
    print("  },")
print("};\n")
print("// Digest of randn(100000) for each seed.")
print(f"static const uint64_t golden_normals[{len(SEEDS)}] = {{")
print(row(digest(np.random.RandomState(s).randn(100000)) for s in SEEDS))
print("};")
