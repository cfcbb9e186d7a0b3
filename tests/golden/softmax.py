"""Writes softmax.txt: values and gradients of the softmax family, as facts.

    pip install numpy==2.4.6
    python3 tests/golden/softmax.py > tests/golden/softmax.txt

Computed in 64 bits, NumPy's longdouble. Inputs are numbers that float32 holds
exactly, in a formula that facts can say. Of long results every n-th element is
written.
"""
import numpy as np

from facts import text, write

SAMPLES = 8
NEAR = " within 1e-15"


def ramp(shape):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


def logits(shape):
    return (ramp(shape) * 1910 % 2003 - 1001) / np.longdouble(128)


def labels(shape):
    return ramp(shape) % 17 / np.longdouble(64)


def weights(shape):
    return (ramp(shape) * 13 % 7 - 3) / np.longdouble(4)


def classes(shape):
    return ramp(shape[:-1]) % shape[-1]


def logsumexp(x, axis, keepdims=False):
    m = x.max(axis=axis, keepdims=True)
    y = m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))
    return y if keepdims else y.squeeze(axis=axis)


def log_softmax(x, axis=-1):
    return x - logsumexp(x, axis, True)


def softmax(x, axis=-1):
    return np.exp(log_softmax(x, axis))


# ---- facts ------------------------------------------------------------------


def reshaped(formula, shape):
    sizes = " ".join(map(str, shape))
    return f"(reshape ({formula}) shape=[{sizes}])"


def logits_text(shape):
    last = np.prod(shape) - 1
    return reshaped(f"divide (subtract (mod (multiply (range 0 {last} 1) 1910) "
                    "2003) 1001) 128", shape)


def labels_text(shape):
    last = np.prod(shape) - 1
    return reshaped(f"divide (mod (range 0 {last} 1) 17) 64", shape)


def classes_text(shape):
    last = np.prod(shape[:-1], dtype=int) - 1
    return reshaped(f"add (mod (range int32 0 int32 {last} int32 1) int32 "
                    f"{shape[-1]}) int32 1", shape[:-1])


def fact(call, values, end=""):
    stride = max(1, values.size // SAMPLES)
    if values.size > SAMPLES:
        last = (SAMPLES - 1) * stride + 1
        call = (f"slice (reshape ({call}) shape=[-1]) "
                f"ranges=[1:{last}:{stride}]")
        values = values.ravel()[::stride][:SAMPLES]
    write(f"{call} -> {text(values)}{end}")


# Within a unit of the last place of what they are differences of.
def gradient(call, g, *values):
    results = " | ".join(map(text, values))
    for dtype, unit in ("float32", "1e-8"), ("float64", "1e-16"):
        write(f"{dtype}: d {call} along {text(g)} -> {results} within {unit}")


ALONG = [([5], 1), ([3, 5], 2), ([4, 40], 2), ([2, 3, 4], 1), ([2, 3, 4], 2),
         ([3, 1200], 2), ([1200, 3], 1), ([3, 700, 2], 2), ([2, 3, 600], 2)]
FOLDED = [([2, 3, 4], (1, 3)), ([2, 3, 4], (2, 3)), ([3, 30, 2, 20], (2, 4))]
LOSSES = [4], [7, 10], [2, 3, 50], [3, 1200], [600, 1]
GRADIENTS = [1, 1], [3, 4], [2, 3, 4]

print(f"# golden/softmax.py with NumPy {np.__version__}.")
for shape, axis in ALONG:
    x, of = logits(shape), f"{logits_text(shape)} axis={axis}"
    fact(f"log_softmax {of}", log_softmax(x, axis - 1), NEAR)
    fact(f"softmax {of}", softmax(x, axis - 1), NEAR)
    fact(f"reduce_logsumexp {of}", logsumexp(x, axis - 1))
for shape, axes in FOLDED:
    words = " ".join(map(str, axes))
    fact(f"reduce_logsumexp {logits_text(shape)} axis=[{words}] keepdims=true",
         logsumexp(logits(shape), tuple(a - 1 for a in axes), True))
for shape in LOSSES:
    x = logits(shape)
    y = log_softmax(x)
    of = logits_text(shape)
    fact(f"softmax_cross_entropy_with_logits {labels_text(shape)} {of}",
         -(labels(shape) * y).sum(-1))
    fact(f"sparse_softmax_cross_entropy_with_logits {classes_text(shape)} {of}",
         -np.take_along_axis(y, classes(shape)[..., None], -1).squeeze(-1))
    fact(f"sigmoid_cross_entropy_with_logits {labels_text(shape)} {of}",
         np.logaddexp(0, x) - x * labels(shape))
for shape in GRADIENTS:
    x, z, g = logits(shape) / 4, labels(shape), weights(shape)
    p, of = softmax(x, 0), f"{text(x)} axis=1"
    gradient(f"softmax {of}", g, p * (g - (g * p).sum(0)))
    gradient(f"log_softmax {of}", g, g - p * g.sum(0))
    gradient(f"reduce_logsumexp {of}", g[0], p * g[0])
    gradient(f"reduce_logsumexp {text(x)}", g.ravel()[0],
             np.exp(x - logsumexp(x, None)) * g.ravel()[0])
    p, row = softmax(x), g[..., 0]
    g_row = row[..., None]
    one_hot = np.arange(shape[-1]) == classes(shape)[..., None]
    gradient(f"softmax_cross_entropy_with_logits {text(z)} {text(x)}", row,
             -g_row * log_softmax(x),
             g_row * (p * z.sum(-1, keepdims=True) - z))
    gradient("sparse_softmax_cross_entropy_with_logits "
             f"int32{text(classes(shape) + 1)} {text(x)}", row,
             g_row * (p - one_hot))
    gradient(f"sigmoid_cross_entropy_with_logits {text(z)} {text(x)}", g,
             -g * x, g * (1 / (1 + np.exp(-x)) - z))
