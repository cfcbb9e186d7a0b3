"""Writes half.h, what NumPy and ml_dtypes make of numbers as floats of two
bytes, and of all of these as floats of four.

    pip install numpy==2.4.6 ml_dtypes==0.6.0
    python3 tests/golden/half.py > tests/golden/half.h

A digest is the sum over k of (2 k + 1) value[k] modulo 2^64, with value[k] the
bits of the result, or 1 for a nan. The bits of float k of four bytes are
k STEP; those of eight bytes k FACTOR modulo 2^64, but for the exponent, of
which the upper bits are such that numbers lie within 2^-31..2.
"""
import ml_dtypes
import numpy as np

STEP, COUNT = 4099, 2**20
FACTOR = 0x9e3779b97f4a7c15


def digest(bits, is_nan):
    bits = np.where(is_nan, 1, bits).astype(np.uint64)
    weights = 2 * np.arange(bits.size, dtype=np.uint64) + 1
    return int((bits * weights).sum(dtype=np.uint64))


def narrowed(x, dtype):
    y = x.astype(dtype)
    return digest(y.view(np.uint16), np.isnan(x))


def widened(dtype):
    y = np.arange(2**16).astype(np.uint16).view(dtype).astype(np.float32)
    return digest(y.view(np.uint32), np.isnan(y))


np.seterr(all="ignore")
k = np.arange(COUNT, dtype=np.uint64)
singles = (k * np.uint64(STEP)).astype(np.uint32).view(np.float32)
doubles = (k * np.uint64(FACTOR) & np.uint64(0x81ffffffffffffff)
           | np.uint64(0x3e00000000000000)).view(np.float64)
print("// golden/half.h: made by golden/half.py\n// clang-format off")
print("#include <stdint.h>\n")
print(f"enum {{ STEP = {STEP}, COUNT = {COUNT} }};")
print(f"static const uint64_t FACTOR = {FACTOR:#x};\n")
for name, dtype in [("float16", np.float16), ("bfloat16", ml_dtypes.bfloat16)]:
    print(f"static const uint64_t {name}_widened = {widened(dtype):#x};")
    print(f"static const uint64_t {name}_of_singles = "
          f"{narrowed(singles, dtype):#x};")
print("// ml_dtypes rounds doubles twice.")
print("static const uint64_t float16_of_doubles = "
      f"{narrowed(doubles, np.float16):#x};")
