"""Writes random_state.lua, the draws that NumPy's legacy RandomState makes.

    pip install numpy==2.4.6
    python3 tests/golden/random_state.py > tests/golden/random_state.lua

The calls of one seed follow each other on one stream. Floats are written in
hexadecimal, so they are exact; those called f32 are rounded from the double.
Whole numbers are as NumPy draws them, positions counted from 0.
"""
import re

import numpy as np

SEEDS = [0, 42, 2**32 - 1]


def f32(x):
    return np.asarray(x).astype(np.float32)


def shuffled(r, n):
    x = np.arange(n)
    r.shuffle(x)
    return x


def calls(r):
    yield "rand", r.rand()
    yield "rand f32", f32(r.rand(2, 3))
    yield "rand f64", r.rand(3)
    yield "randn", r.randn()
    yield "randn f32", f32(r.randn(7, 5))
    yield "randn f64", r.randn(4)
    yield "uniform", r.uniform(-1, 2)
    yield "uniform f32", f32(r.uniform(-1.5, 2.25, 5))
    yield "uniform f64", r.uniform(0, 10, (2, 2))
    yield "normal", r.normal(2, 3)
    yield "normal f32", f32(r.normal(2, 3, 5))
    yield "normal f64", r.normal(-1, 0.5, (2, 2))
    yield "randint", r.randint(10)
    yield "randint n", r.randint(1000000, size=6)
    yield "randint low high", r.randint(-5, 6, size=(2, 4))
    yield "randint wide", r.randint(0, 2**40, size=4, dtype=np.int64)
    yield "randint all", r.randint(-2**63, 2**63, size=3, dtype=np.int64)
    yield "randint one", r.randint(7, 8, size=3)
    yield "choice", r.choice(5)
    yield "choice n", r.choice(50, 6)
    yield "choice shape", r.choice(50, (2, 3))
    yield "choice without", r.choice(20, 6, replace=False)
    yield "choice one without", r.choice(20, replace=False)
    yield "permutation", r.permutation(9)
    yield "permutation rows", r.permutation(np.arange(12).reshape(6, 2))
    yield "permutation flat", r.permutation(np.arange(6) * 10)
    yield "shuffle", shuffled(r, 11)
    yield "rand again", r.rand()


def word(x):
    return str(int(x)) if np.issubdtype(type(x), np.integer) \
        else re.sub(r"\.?0*p", "p", float(x).hex())


def row(name, values):
    line, lines = f'    {{ "{name}",', []
    for x in np.atleast_1d(values).ravel():
        text = word(x) if int(x) != -2**63 else "math.mininteger"
        if len(line) + len(text) > 77:
            lines.append(line)
            line = "     "
        line += f" {text},"
    return "\n".join(lines + [line[:-1] + " },"])


print(f"""\
--- golden/random_state.lua: made by golden/random_state.py, with NumPy
-- {np.__version__}. By seed: the calls of that file in order, each a name and
-- its numbers.
return {{""")
for seed in SEEDS:
    print(f"  [{seed}] = {{")
    for name, values in calls(np.random.RandomState(seed)):
        print(row(name, values))
    print("  },")
print("}")
