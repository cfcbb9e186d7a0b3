#!/usr/bin/env python3
"""Times the elementary functions beside PyTorch's, in one process, by turns.

    build/venv-peers/bin/python tests/bench/functions.py [OP...]

Both have one thread, compute at once, and are called from Python, which takes
a microsecond or two of each of Nadir's calls. A ratio is PyTorch's time by
Nadir's: of the least times, and the median over the rounds.
"""
import ctypes
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F

ROUNDS, SLICE = 15, 0.004
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

POINTER = ctypes.c_void_p


def declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


class Nadir:
    """As much of src/nadir.h as one call takes."""

    def __init__(self):
        path = os.path.join(os.environ.get("BUILD", "build"), "libnadir.so")
        lib = ctypes.CDLL(os.path.abspath(path))
        self.new = declare(lib, "nd_tensor_new", POINTER, POINTER, ctypes.c_int,
                           ctypes.c_int, POINTER, POINTER)
        self.call = declare(lib, "nd_call", POINTER, POINTER, ctypes.c_char_p,
                            ctypes.c_int, POINTER, POINTER)
        self.release = declare(lib, "nd_tensor_release", None, POINTER)
        self.context = declare(lib, "nd_context_new", POINTER, POINTER)(None)
        declare(lib, "nd_context_set_eager", None, POINTER,
                ctypes.c_bool)(self.context, True)
        declare(lib, "nd_context_set_threads", ctypes.c_bool, POINTER,
                ctypes.c_int64)(self.context, 1)

    def apply(self, op, inputs):
        """A function that applies the op once to copies of the inputs."""
        dtype = [t for _, t in TYPES].index(inputs[0].dtype)
        shape = (ctypes.c_int64 * 1)(len(inputs[0]))
        tensors = (POINTER * len(inputs))(*[
            self.new(self.context, dtype, 1, shape, x.data_ptr())
            for x in inputs])
        word = op.encode()

        def once():
            self.release(self.call(self.context, word, len(tensors), tensors,
                                   None))
        return once


def seconds(function, times):
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times


def compare(ours, theirs):
    """The times of each round, after a warm-up."""
    times = max(1, int(SLICE / seconds(theirs, 3)))
    seconds(ours, 3)
    return [(seconds(ours, times), seconds(theirs, times))
            for _ in range(ROUNDS)]


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
                rounds = compare(nadir.apply(op, x), lambda: function(*x))
                a, b = (min(t) / n * 1e9 for t in zip(*rounds))
                middle = statistics.median(q / p for p, q in rounds)
                print(f"{op:13} {name:8} {n:8} {a:7.3f} {b:7.3f} {b / a:6.2f} "
                      f"{middle:6.2f}", flush=True)


main()
