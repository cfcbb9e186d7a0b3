"""Writes pool.txt: pools and their gradients, as facts.

    pip install numpy==2.4.6 tensorflow-cpu==2.21.0
    python3 tests/golden/pool.py > tests/golden/pool.txt

Computed by TensorFlow, of halves of which many are equal; but those of
max_pool3d are not, whose gradient there goes to all of them.
"""
import numpy as np
import tensorflow as tf

from facts import text, write


def halves(shape, step, count=9):
    n = np.prod(shape, dtype=int)
    return ((np.arange(n) * step % count - count // 2) / 2).reshape(shape)


def listed(values):
    return f"[{' '.join(map(str, values))}]"


def pool(name, shape, ksize, strides, padding):
    dtype = tf.float32 if "3d" in name else tf.float64
    x = tf.constant(halves(shape, 7, 41 if name == "max_pool3d" else 9), dtype)
    pads = padding
    written = padding
    if not isinstance(padding, str):
        pads = [[0, 0], *padding, [0, 0]]
        written = listed(f"{a}:{b}" for a, b in padding)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = getattr(tf.nn, name)(x, ksize, strides, pads)
    g = halves(y.shape, 5)
    call = (f"{name} {text(x.numpy())} ksize={listed(ksize)} "
            f"strides={listed(strides)} padding={written}")
    write(f"{call} -> {text(y.numpy())} within 1e-6")
    dx = tape.gradient(y, x, tf.constant(g, dtype)).numpy()
    write(f"d {call} along {text(g)} -> {text(dx)} within 1e-6")


print(f"# golden/pool.py with TensorFlow {tf.__version__}.")
for name in "max_pool", "avg_pool":
    pool(name + "1d", [1, 6, 2], [2], [2], "VALID")
    pool(name + "1d", [2, 5, 1], [3], [2], "SAME")
    pool(name + "2d", [1, 4, 4, 1], [2, 2], [2, 2], "VALID")
    pool(name + "2d", [1, 3, 4, 2], [2, 3], [1, 2], "SAME")
    pool(name + "2d", [1, 5, 5, 1], [3, 3], [1, 1], "VALID")
    pool(name + "2d", [1, 5, 4, 1], [2, 1], [3, 2], "SAME")
    pool(name + "3d", [1, 2, 3, 3, 1], [2, 2, 2], [1, 1, 1], "VALID")
    pool(name + "3d", [1, 3, 3, 2, 1], [2, 3, 2], [2, 2, 2], "SAME")
pool("max_pool2d", [1, 3, 4, 1], [2, 3], [2, 2], [(1, 0), (2, 1)])
