"""Writes print.h, the text that NumPy gives for arrays.

    pip install numpy==2.4.6
    python3 tests/golden/print.py > tests/golden/print.h

An array is described by a few values, repeated until it is full, and a step:
element k is values[k % count] + k step, or without the sum where step is 0.
True and False are written as ours.
"""
import numpy as np

INF, NAN = float("inf"), float("nan")
CASES = []


def case(shape, values, dtypes="float32", step=0, **options):
    for dtype in dtypes.split():
        CASES.append((dtype, shape, values, step, options))


def text(dtype, shape, values, step, options):
    kind = float if dtype.startswith("float") else np.int64
    n = int(np.prod(shape))
    x = np.resize(np.array(values, kind), n)
    if step != 0:
        x = x + np.arange(n) * kind(step)
    with np.printoptions(**options):
        s = str(x.astype(dtype).reshape(shape))
    return s.replace("True", "true").replace("False", "false")


BOTH = "float32 float64"
HALF = "float16"
DRAWS = np.random.RandomState(0).randn(64).tolist()

# Rank 0 is written in full.
for value in [6.0, 0.1, -0.0, 1 / 3, 1e-4, 1.5e-5, 999999.0, 1e6, 123456789.0,
              1e15, 1e16, 2.0**-44, 1e-45, NAN, INF, -INF]:
    case((), [value], BOTH)
for value in [6.0, 0.1, 1 / 3, 1e-4, 1e-5, 999.5, 1000.0, 65504.0, 6e-8, NAN]:
    case((), [value], HALF)
case((), [-5], "int32 int64 uint8")
case((), [1], "bool")

# Fixed point: alignment, trimming, precision.
case((3,), [1.0, 2.0, 3.0], BOTH)
case((3,), [1.0, -2.5, 33.125], BOTH)
case((4,), [0.1, 0.2, 0.3, 1 / 3], BOTH)
case((2,), [0.0, -0.0], BOTH)
case((2, 2), [1.0, 2.0, 3.0, 4.0])
case((6,), [1.0, -2.5, 33.125, 0.1, 1 / 3, 900.0], HALF)
case((4,), [0.1, 0.2, 0.3, 1 / 3], HALF)
case((3,), [0.1], HALF, step=0.05, precision=2)
case((3,), [0.99999999999, 1.00000000001, 0.5], "float64")
case((4,), [0.5, 1.5, 2.5, 3.5], precision=0)
case((3,), [1.23456789, 12.3456789, 123.456789], BOTH, precision=3)
case((3,), [0.1], BOTH, step=0.05, precision=20)

# Exponents: large, small, far apart, three digits.
case((2,), [1e-4, 1e-2], BOTH)
case((2,), [9e-5, 1e-2], BOTH)
case((2,), [1.0, 1000.0], BOTH)
case((2,), [1.0, 1000.5], BOTH)
case((2,), [999999.0, 123456.0], BOTH)
case((2,), [1e6, 123456.0], BOTH)
case((2,), [99999999.0, 1e5], "float64")
case((2,), [1e8, 1e7], "float64")
case((3,), [1e-10, -1.23456784e5, 7.0], BOTH)
case((2,), [1e-45, 1.2345e-40])
case((3,), [1e100, 1.5, -1e-300], "float64")
case((3,), [3.4e38, 1e-38, 0.0])
case((3,), [1e8, 1e9, 1e10], BOTH)
case((6,), [2.0**-40, 2.0**-44, 2.0**60, 1.0, 3.0, 2.0**-13], BOTH)
case((2,), [1.0, 1000.0], HALF)
case((2,), [1.0, 999.5], HALF)
case((2,), [1.0, 1000.5], HALF)
case((2,), [1e-4, 9e-2], HALF)
case((2,), [9.9e-5, 9e-2], HALF)
case((4,), [65504.0, -6e-8, 1e-4, 0.0], HALF)
case((4,), [1e-10, -1e-12, 1e5, 0.25], BOTH, suppress=True)
case((2,), [0.0006, 1.0], precision=3, suppress=True)

# Not finite.
case((3,), [NAN, INF, -INF], BOTH)
case((2,), [NAN, 1.0])
case((3,), [1.5, NAN, -INF])
case((3,), [1.5, NAN, -INF], HALF)
case((3,), [INF, -1e-9, 2.0], BOTH)
case((4,), [-INF, 123.456, NAN, 0.0], "float64")

# Whole numbers and booleans.
case((5,), [-1, 10, 200, -3000, 0], "int32 int64")
case((2,), [2**63 - 1, -2**63], "int64")
case((2, 3), [0, 255, 7, 12, 99, 100], "uint8")
case((2, 2), [1, 0, 0, 0], "bool")
case((2,), [1], "bool")

# Rows that are wrapped.
case((30,), DRAWS, BOTH)
case((30,), [0], "int32", step=1)
case((3, 20), DRAWS)
case((40,), [1.0, 2.5])
case((20,), [1, 0, 0], "bool")
case((2, 2, 9), [1e-7, 12.0], "float64", step=1.5)
case((2, 6), [123.5], step=1, linewidth=20)
case((2, 3), [123.5], step=1, linewidth=1)

# More axes.
case((2, 3, 4), [0], "int32", step=1)
case((2, 1, 2, 2), DRAWS)
case((1,) * 8, [1.0])

# Summaries.
case((1000,), [0], "int32", step=1)
case((1001,), [0], "int32", step=1)
case((1001,), DRAWS, BOTH)
case((1001,), DRAWS, HALF)
case((2000,), [1.0], step=1e-3)
case((100, 100), DRAWS, BOTH)
case((100, 11), [0], "int64", step=1)
case((10, 11, 12), [0.0], step=0.5)
case((2, 3, 400), [0], "int32", step=-1)
case((400, 3, 2), DRAWS)
case((6, 6, 40), [1, 0, 0], "bool")
case((20, 50, 2), [NAN, 1e-5, INF], "float64")
case((9,), [0], "int32", step=1, threshold=5, edgeitems=2)
case((4, 5), [0.0], step=0.1, threshold=0, edgeitems=1)
case((2000,), DRAWS, linewidth=40)

# Nothing in them.
case((0,), [0.0])
case((2, 0, 3), [0], "int32")


def literal(value):
    if isinstance(value, int):
        return "INT64_MIN" if value == -2**63 else f"{value}"
    if value != value or abs(value) == INF:
        return {"nan": "NAN", "inf": "INFINITY", "-inf": "-INFINITY"}[
            str(value)]
    return repr(value)


def quoted(s):
    return "\n   ".join(f'"{line}"' for line in s.replace(
        "\n", "\\n\n").split("\n"))


print("// golden/print.h: made by golden/print.py, with NumPy", np.__version__)
print("// clang-format off")
print("#include <math.h>\n#include <stdint.h>\n")
print("#define REALS(...) (const double[]){ __VA_ARGS__ }, 0")
print("#define WHOLES(...) 0, (const int64_t[]){ __VA_ARGS__ }\n")
lists = {id(DRAWS): "DRAWS"}
print("#define DRAWS \\\n  " + ", \\\n  ".join(
    ", ".join(map(repr, DRAWS[k:k + 3])) for k in range(0, 64, 3)) + "\n")
print("static const struct golden_print {")
print("  const char *dtype;\n  int rank;\n  int64_t shape[8];")
print("  const double *reals;\n  const int64_t *wholes;")
print("  int count;\n  double step;")
print("  int precision, threshold, edge_items, line_width, suppress;")
print("  const char *text;\n} golden_prints[] = {")
for dtype, shape, values, step, options in CASES:
    kind = "REALS" if dtype.startswith("float") else "WHOLES"
    o = dict(precision=8, threshold=1000, edgeitems=3, linewidth=75,
             suppress=False) | options
    row = lists.get(id(values)) or ", ".join(map(literal, values))
    sizes = ", ".join(map(str, shape)) or "0"
    print(f'  {{"{dtype}", {len(shape)}, {{ {sizes} }}, {kind}({row}),')
    print(f"   {len(values)}, {step},", ", ".join(
        str(int(v)) for v in o.values()) + ",")
    print("   " + quoted(text(dtype, shape, values, step, options)) + "},")
print("};")
