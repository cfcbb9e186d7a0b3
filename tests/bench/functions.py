#!/usr/bin/env python3
"""Times the elementary functions beside PyTorch's, in one process, by turns.

    build/venv-peers/bin/python tests/bench/functions.py [OP...]

Both have one thread, compute at once, and are called from Python, which takes
a microsecond or two of each of Nadir's calls. A ratio is PyTorch's time by
Nadir's: of the least times, and the median over the rounds.
"""
import sys

import torch
import torch.nn.functional as F

from beside import Nadir, compare, ratios

SIZES = 4096, 1000000
TYPES = ("float32", torch.float32), ("float64", torch.float64)

# Nadir's op, PyTorch's function, and where each argument is drawn from.
OPS = [
    ("exp", torch.exp, (-10, 10)),
    ("expm1", torch.expm1, (-3, 3)),
    ("log", torch.log, (0, 10)),
    ("log1p", torch.log1p, (-0.9, 10)),
    ("sin", torch.sin, (-10, 10)),
    ("cos", torch.cos, (-10, 10)),
    ("tan", torch.tan, (-10, 10)),
    ("asin", torch.asin, (-1, 1)),
    ("acos", torch.acos, (-1, 1)),
    ("atan", torch.atan, (-5, 5)),
    ("sinh", torch.sinh, (-5, 5)),
    ("cosh", torch.cosh, (-5, 5)),
    ("tanh", torch.tanh, (-5, 5)),
    ("sigmoid", torch.sigmoid, (-8, 8)),
    ("softplus", F.softplus, (-8, 8)),
    ("log_sigmoid", F.logsigmoid, (-8, 8)),
    ("erf", torch.erf, (-3, 3)),
    ("sqrt", torch.sqrt, (0, 9)),
    ("rsqrt", torch.rsqrt, (0.1, 9)),
    ("reciprocal", torch.reciprocal, (0.1, 9)),
    ("floor", torch.floor, (-9, 9)),
    ("round", torch.round, (-9, 9)),
    ("softsign", F.softsign, (-9, 9)),
    ("pow", torch.pow, (0.1, 5), (-3, 3)),
    ("atan2", torch.atan2, (-5, 5), (-5, 5)),
    ("mod", torch.remainder, (-50, 50), (0.5, 5)),
    ("floordiv", torch.floor_divide, (-50, 50), (0.5, 5)),
]

def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    nadir, words = Nadir(), sys.argv[1:]
    print(f"{'ns an element':22} {'size':>8} {'Nadir':>7} {'PyTorch':>7} "
          f"{'ratio':>6} {'median':>6}")
    for op, function, *ranges in OPS:
        for name, dtype in TYPES if not words or op in words else ():
            for n in SIZES:
                x = [torch.empty(n, dtype=dtype).uniform_(*r) for r in ranges]
                tensors = [nadir.tensor(each.numpy()) for each in x]
                rounds = compare(nadir.apply(op, tensors),
                                 lambda: function(*x))
                a, b = (min(t) / n * 1e9 for t in zip(*rounds))
                best, middle = ratios(rounds, 1)
                print(f"{op:13} {name:8} {n:8} {a:7.3f} {b:7.3f} {best:6.2f} "
                      f"{middle:6.2f}", flush=True)
                for each in tensors:
                    nadir.release(each)


main()
