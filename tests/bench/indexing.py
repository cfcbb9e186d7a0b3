#!/usr/bin/env python3
"""Times what moves and orders elements beside PyTorch and NumPy, in one
process, by turns.

    build/venv-peers/bin/python tests/bench/indexing.py [WORD...]

takes the rows whose name has one of the words. All have one thread. GB/s is
what has to be read and written by Nadir's least time. A ratio is the other's
time by Nadir's: of the least times, and the median over the rounds.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

from beside import Nadir, compare, ratios

torch.set_num_threads(1)
random = np.random.default_rng(0)


def floats(*shape, dtype="float32"):
    return random.standard_normal(shape).astype(dtype)


def places(n, most):
    """From 1, as Nadir counts them; the others get one less."""
    return random.integers(1, most + 1, n).astype("int32")


class Row:
    """An op of Nadir's, and what does the same to arrays and tensors."""

    def __init__(self, name, op, inputs, options, torch_way, numpy_way,
                 moved=None, shaped=None):
        self.name, self.op, self.inputs = name, op, inputs
        self.options, self.moved, self.shaped = options, moved, shaped
        self.torch_way, self.numpy_way = torch_way, numpy_way

    def run(self, nadir):
        tensors = [nadir.tensor(x) for x in self.inputs]
        if self.shaped is not None:
            tensors = nadir.call("transpose", tensors, self.shaped)
        arrays = [x - 1 if x.dtype == np.int32 else x for x in self.inputs]
        t = [torch.from_numpy(x) for x in arrays]
        t = [x.long() if x.dtype == torch.int32 else x for x in t]
        rounds = compare(nadir.apply(self.op, tensors, self.options),
                         lambda: self.torch_way(*t),
                         lambda: self.numpy_way(*arrays))
        self.show(rounds)
        for x in tensors:
            nadir.release(x)

    def show(self, rounds):
        best = min(r[0] for r in rounds)
        rate = f"{self.moved / best / 1e9:5.1f}" if self.moved else ""
        print(f"{self.name:34} {best * 1e6:9.1f} {rate:>5} "
              "%6.2f %6.2f %6.2f %6.2f" %
              (ratios(rounds, 1) + ratios(rounds, 2)), flush=True)


def transposed(*shape, dtype="float32", perm=None):
    x = floats(*shape, dtype=dtype)
    axes = [a - 1 for a in perm] if perm else list(range(len(shape)))[::-1]
    order = f"perm=[{' '.join(map(str, perm))}]" if perm else None
    size = "x".join(map(str, shape))
    return Row(f"transpose {size} {dtype} {perm or ''}", "reshape", [x],
               "shape=[-1]", lambda t: t.permute(axes).contiguous(),
               lambda a: np.ascontiguousarray(a.transpose(axes)),
               2 * x.nbytes, order or "")


def gathered(rows, width, n):
    x = floats(rows, width) if width else floats(rows)
    moved = n * (8 * (width or 1) + 4)
    return Row(f"gather {n} of {rows} x {width or 1}", "gather",
               [x, places(n, rows)], None,
               lambda t, i: t.index_select(0, i),
               lambda a, i: a.take(i, 0), moved)


def scattered(rows, width, n):
    x = floats(n, width) if width else floats(n)

    def add(t, i):
        shape = (rows, width) if width else (rows,)
        return torch.zeros(shape).index_add_(0, i, t)

    def add_at(a, i):
        y = np.zeros((rows, width) if width else (rows,), "float32")
        np.add.at(y, i, a)
        return y
    return Row(f"add {n} to {rows} x {width or 1}", "unsorted_segment_sum",
               [x, places(n, rows)], f"num_segments={rows}", add, add_at,
               n * (8 * (width or 1) + 4))


def hot(n, depth):
    def by_hand(i):
        y = np.zeros((n, depth), "float32")
        y[np.arange(n), i] = 1
        return y
    return Row(f"one_hot {n} of {depth}", "one_hot", [places(n, depth)],
               f"depth={depth}", lambda i: F.one_hot(i, depth).float(),
               by_hand, n * (4 * depth + 4))


def joined(op, axis, *shapes):
    x = [floats(*s) for s in shapes]
    torch_op, numpy_op = ((torch.cat, np.concatenate) if op == "concat" else
                          (torch.stack, np.stack))
    text = " ".join("x".join(map(str, s)) for s in shapes[:2])
    return Row(f"{op} {len(x)}: {text}, axis {axis}", op, x, f"axis={axis}",
               lambda *t: torch_op(t, axis - 1),
               lambda *a: numpy_op(a, axis - 1), 2 * sum(a.nbytes for a in x))


def ordered(op, *shape, axis=-1, dtype="float32"):
    x = floats(*shape, dtype="float64")
    x = (x * 1e6).astype(dtype) if dtype != "float64" else x
    at = axis - 1 if axis > 0 else axis
    size = "x".join(map(str, shape))
    numpy_op = np.sort if op == "sort" else np.argsort
    return Row(f"{op} {size} {dtype}, axis {axis}", op, [x], f"axis={axis}",
               lambda t: torch.sort(t, at), lambda a: numpy_op(a, at))


def best_of(k, *shape):
    size = "x".join(map(str, shape))
    return Row(f"top_k {k} of {size}", "top_k", [floats(*shape)], f"k={k}",
               lambda t: torch.topk(t, k),
               lambda a: np.argpartition(-a, k - 1 if k else 0)[..., :k])


ROWS = [
    lambda: transposed(64, 64),
    lambda: transposed(128, 784),
    lambda: transposed(1000, 1000),
    lambda: transposed(1024, 1024),
    lambda: transposed(1000, 1000, dtype="float64"),
    lambda: transposed(1024, 1024, dtype="float64"),
    lambda: transposed(1000000, 3),
    lambda: transposed(3, 1000000),
    lambda: transposed(4000, 4000),
    lambda: transposed(32, 28, 28, 16, perm=[1, 4, 2, 3]),
    lambda: transposed(32, 16, 28, 28, perm=[1, 3, 4, 2]),
    lambda: transposed(32, 128, 8, 64, perm=[1, 3, 2, 4]),
    lambda: transposed(100, 100, 100, perm=[3, 2, 1]),
    lambda: transposed(1000, 1000, 3, perm=[2, 1, 3]),
    lambda: joined("stack", 2, (1000000,), (1000000,)),
    lambda: joined("stack", 2, *[(10000,)] * 16),
    lambda: joined("stack", 3, (1000, 1000), (1000, 1000)),
    lambda: joined("stack", 1, *[(10000,)] * 16),
    lambda: joined("stack", 1, *[(10,)] * 1000),
    lambda: joined("concat", 2, (100000, 3), (100000, 5)),
    lambda: joined("concat", 2, (100000, 1), (100000, 1)),
    lambda: joined("concat", 2, (10000, 100), (10000, 100)),
    lambda: joined("concat", 1, (1000000,), (1000000,)),
    lambda: joined("concat", 2, (1000, 3), (1000, 5)),
    lambda: gathered(1000000, 0, 1000),
    lambda: gathered(1000000, 0, 100000),
    lambda: gathered(100000, 1, 100000),
    lambda: gathered(100000, 2, 100000),
    lambda: gathered(100000, 3, 100000),
    lambda: gathered(100000, 4, 100000),
    lambda: gathered(100000, 8, 100000),
    lambda: gathered(10000, 64, 10000),
    lambda: gathered(1000, 784, 1000),
    lambda: scattered(1000, 0, 100000),
    lambda: scattered(100000, 0, 100000),
    lambda: scattered(100000, 2, 100000),
    lambda: scattered(100000, 4, 100000),
    lambda: scattered(100000, 8, 100000),
    lambda: scattered(10000, 64, 10000),
    lambda: scattered(100, 64, 10000),
    lambda: hot(1000, 10),
    lambda: hot(100000, 10),
    lambda: hot(10000, 1000),
    lambda: ordered("sort", 100),
    lambda: ordered("sort", 1000),
    lambda: ordered("sort", 10000),
    lambda: ordered("sort", 100000),
    lambda: ordered("sort", 1000000),
    lambda: ordered("sort", 1000000, dtype="float64"),
    lambda: ordered("sort", 1000000, dtype="int32"),
    lambda: ordered("sort", 1000000, dtype="int64"),
    lambda: ordered("sort", 10000, 100),
    lambda: ordered("sort", 100, 10000, axis=1),
    lambda: ordered("argsort", 1000),
    lambda: ordered("argsort", 1000000),
    lambda: best_of(1, 1000, 1000),
    lambda: best_of(5, 10000, 100),
    lambda: best_of(5, 1000, 1000),
    lambda: best_of(100, 1000, 1000),
    lambda: best_of(10, 1000000),
    lambda: best_of(1000, 1000000),
    lambda: best_of(100000, 1000000),
]


def main():
    nadir, words = Nadir(), sys.argv[1:]
    print(f"{'':34} {'us':>9} {'GB/s':>5} {'PyTorch':>13} {'NumPy':>13}")
    for make in ROWS:
        row = make()
        if not words or any(w in row.name for w in words):
            row.run(nadir)


main()
