"""Writes softmax.h: values of the softmax family in NumPy's float64.

    python3 tests/golden/softmax.py > tests/golden/softmax.h    (NumPy 2.4.6)

Inputs are numbers that float32 holds exactly, made the same way by the test.
"""
import numpy as np

SAMPLES = 8


def numbers(shape, step, size, scale):
    i = np.arange(np.prod(shape, dtype=int))
    return ((i * step % size - size // 2) / scale).reshape(shape)


def logits(shape):
    return numbers(shape, 7919, 2003, 128)


def labels(shape):
    return numbers(shape, 31, 17, 64) + 0.125


def classes(shape):
    return np.arange(np.prod(shape[:-1], dtype=int)).reshape(
        shape[:-1]) * 3 % shape[-1]


def logsumexp(x, axis, keepdims=False):
    m = x.max(axis=axis, keepdims=True)
    y = m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))
    return y if keepdims else y.squeeze(axis=axis)


def log_softmax(x, axis=-1):
    return x - logsumexp(x, axis, True)


def row(op, shape, options, values):
    values = values.ravel()
    stride = max(1, values.size // SAMPLES)
    some = values[::stride][:SAMPLES]
    text = ", ".join(repr(float(v)) for v in some)
    sizes = ", ".join(map(str, shape))
    print(f'  {{ "{op}", "{options}", {len(shape)}, {{ {sizes} }}, {stride}, '
          f'{len(some)},\n    {{ {text} }} }},')


ALONG = [([5], 1), ([3, 5], 2), ([4, 40], 2), ([2, 3, 4], 1), ([2, 3, 4], 2),
         ([3, 1200], 2), ([1200, 3], 1), ([3, 700, 2], 2), ([2, 3, 600], 2)]
FOLDED = [([2, 3, 4], (1, 3)), ([2, 3, 4], (2, 3)), ([3, 30, 2, 20], (2, 4))]

print("// golden/softmax.h: made by golden/softmax.py with NumPy "
      f"{np.__version__}")
print("// clang-format off\n")
print("// Elements 0, stride, 2 stride, ... of the result.")
print("static const struct golden {")
print("  const char *op, *options;\n  int rank;\n  int64_t shape[4];")
print("  int stride, n;")
print(f"  double values[{SAMPLES}];\n}} golden[] = {{")
for shape, axis in ALONG:
    x = logits(shape)
    row("log_softmax", shape, f"axis={axis}", log_softmax(x, axis - 1))
    row("softmax", shape, f"axis={axis}", np.exp(log_softmax(x, axis - 1)))
    row("reduce_logsumexp", shape, f"axis={axis}", logsumexp(x, axis - 1))
for shape, axes in FOLDED:
    text = " ".join(map(str, axes))
    row("reduce_logsumexp", shape, f"axis=[{text}] keepdims=true",
        logsumexp(logits(shape), tuple(a - 1 for a in axes), True))
for shape in [4], [7, 10], [2, 3, 50], [3, 1200], [600, 1]:
    y = log_softmax(logits(shape))
    row("softmax_cross_entropy_with_logits", shape, "",
        -(labels(shape) * y).sum(-1))
    row("sparse_softmax_cross_entropy_with_logits", shape, "",
        -np.take_along_axis(y, classes(shape)[..., None], -1))
    x = logits(shape)
    row("sigmoid_cross_entropy_with_logits", shape, "",
        np.logaddexp(0, x) - x * labels(shape))
print("};")
