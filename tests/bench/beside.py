"""What times Nadir beside other libraries in one process, by turns: its calls
by ctypes, and the clock."""
import ctypes
import os
import statistics
import time

ROUNDS, SLICE = 15, 0.004
DTYPES = "float32", "float64", "int32", "int64", "uint8", "bool"
MOST = 4  # results of a call

POINTER = ctypes.c_void_p


def declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


class Nadir:
    """As much of src/nadir.h as one call takes, at once and in one thread."""

    def __init__(self):
        path = os.path.join(os.environ.get("BUILD", "build"), "libnadir.so")
        lib = ctypes.CDLL(os.path.abspath(path))
        self.new = declare(lib, "nd_tensor_new", POINTER, POINTER, ctypes.c_int,
                           ctypes.c_int, POINTER, POINTER)
        self.call_all = declare(lib, "nd_call_all", ctypes.c_bool, POINTER,
                                ctypes.c_char_p, ctypes.c_int, POINTER,
                                ctypes.c_char_p, POINTER, POINTER)
        self.message = declare(lib, "nd_error_message", ctypes.c_char_p,
                               POINTER)
        self.release = declare(lib, "nd_tensor_release", None, POINTER)
        self.context = declare(lib, "nd_context_new", POINTER, POINTER)(None)
        declare(lib, "nd_context_set_eager", None, POINTER,
                ctypes.c_bool)(self.context, True)
        declare(lib, "nd_context_set_threads", ctypes.c_bool, POINTER,
                ctypes.c_int64)(self.context, 1)

    def tensor(self, x):
        """A copy of an array of NumPy's."""
        shape = (ctypes.c_int64 * x.ndim)(*x.shape)
        return self.new(self.context, DTYPES.index(str(x.dtype)), x.ndim,
                        shape, x.ctypes.data)

    def call(self, op, tensors, options=None):
        """The results of an op."""
        results, n = (POINTER * MOST)(), ctypes.c_int(MOST)
        inputs = (POINTER * len(tensors))(*tensors)
        text = options.encode() if options else None
        if not self.call_all(self.context, op.encode(), len(tensors), inputs,
                             text, ctypes.byref(n), results):
            raise RuntimeError(self.message(self.context).decode())
        return results[:n.value]

    def apply(self, op, tensors, options=None):
        """A function that applies the op once."""
        results, n = (POINTER * MOST)(), ctypes.c_int(MOST)
        inputs = (POINTER * len(tensors))(*tensors)
        word, text = op.encode(), options.encode() if options else None

        def once():
            n.value = MOST
            self.call_all(self.context, word, len(tensors), inputs, text,
                          ctypes.byref(n), results)
            for i in range(n.value):
                self.release(results[i])
        self.call(op, tensors, options)
        return once


def seconds(function, times):
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times


def compare(ours, *theirs):
    """The times of each round, after a warm-up."""
    times = [max(1, int(SLICE / seconds(f, 3))) for f in (ours, *theirs)]
    return [[seconds(f, n) for f, n in zip((ours, *theirs), times)]
            for _ in range(ROUNDS)]


def ratios(rounds, peer):
    """Of the least times, and the median over the rounds."""
    best = min(r[peer] for r in rounds) / min(r[0] for r in rounds)
    return best, statistics.median(r[peer] / r[0] for r in rounds)
