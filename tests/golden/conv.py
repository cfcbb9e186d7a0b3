"""Writes conv.txt: convolutions and their gradients, as facts.

    pip install numpy==2.4.6 tensorflow-cpu==2.21.0 jax==0.10.2
    python3 tests/golden/conv.py > tests/golden/conv.txt

Values are those of TensorFlow. Gradients are those of JAX, whose values have to
agree, because TensorFlow has none for groups and dilations on a CPU. All are of
halves between -2 and 2, so that all is exact.
"""
import jax
import numpy as np
import tensorflow as tf

from facts import text, write

jax.config.update("jax_enable_x64", True)
SPATIAL = "DHW"


def halves(shape, step):
    n = np.prod(shape, dtype=int)
    return ((np.arange(n) * step % 9 - 4) / 2).reshape(shape)


def same(shape, taps, strides, gaps):
    pads = []
    for n, k, s, d in zip(shape, taps, strides, gaps):
        lack = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append((lack // 2, lack - lack // 2))
    return pads


def pairs(padding, shape, taps, strides, gaps):
    if padding == "SAME":
        return same(shape, taps, strides, gaps)
    return [(0, 0)] * len(taps) if padding == "VALID" else padding


def by_jax(x, w, strides, padding, gaps):
    axes = SPATIAL[-len(strides):]
    return jax.lax.conv_general_dilated(
        x, w, strides, pairs(padding, x.shape[1:-1], w.shape[:-2], strides,
                             gaps),
        rhs_dilation=gaps, feature_group_count=x.shape[-1] // w.shape[-2],
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"))


def listed(values):
    return f"[{' '.join(map(str, values))}]"


def options(strides, padding, gaps, initial="VALID"):
    out = ""
    if max(strides) > 1:
        out += f" strides={listed(strides)}"
    if padding != initial:
        out += " padding=" + (padding if isinstance(padding, str) else listed(
            f"{a}:{b}" for a, b in padding))
    if max(gaps) > 1:
        out += f" dilations={listed(gaps)}"
    return out


def both(call, f, y, args, seed=5):
    g = halves(y.shape, seed)
    value, back = jax.vjp(f, *args)
    assert np.array_equal(value, y), call
    write(f"{call} -> {text(y)} exactly")
    write(f"d {call} along {text(g)} -> "
          f"{' | '.join(text(np.asarray(v)) for v in back(g))} exactly")


def conv(name, x_shape, w_shape, strides=1, padding="VALID", gaps=1):
    rank = len(x_shape) - 2
    strides = [strides] * rank if isinstance(strides, int) else strides
    gaps = [gaps] * rank if isinstance(gaps, int) else gaps
    x, w = halves(x_shape, 7), halves(w_shape, 4)
    pads = pairs(padding, x_shape[1:-1], w_shape[:-2], strides, gaps)
    y = tf.nn.convolution(np.pad(x, [(0, 0), *pads, (0, 0)]), w, 1, "VALID",
                          dilations=gaps).numpy()
    y = y[(slice(None), *(slice(None, None, s) for s in strides))]
    if isinstance(padding, str) and max(gaps) == 1:
        assert np.array_equal(y, tf.nn.convolution(x, w, strides, padding))
    both(f"{name} {text(x)} {text(w)}{options(strides, padding, gaps)}",
         lambda a, b: by_jax(a, b, strides, padding, gaps), y, (x, w))


def deep(x_shape, w_shape, stride=1, padding="VALID"):
    x, w = halves(x_shape, 7), halves(w_shape, 4)
    y = tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], padding).numpy()
    shape = (*w_shape[:2], 1, w_shape[2] * w_shape[3])
    both(f"depthwise_conv2d {text(x)} {text(w)}"
         f"{options([stride] * 2, padding, [1, 1])}",
         lambda a, b: by_jax(a, b.reshape(shape), [stride] * 2, padding,
                             [1, 1]), y, (x, w))


def transposed(name, y_shape, w_shape, x_shape, stride=1, padding="SAME"):
    rank = len(x_shape) - 2
    strides = [stride] * rank
    y, w = halves(y_shape, 7), halves(w_shape, 4)
    f = getattr(tf.nn, name)
    x = f(y, w, x_shape, strides, padding).numpy()

    def back(a, b):
        _, spread = jax.vjp(
            lambda z: by_jax(z, b, strides, padding, [1] * rank),
            np.zeros(x_shape))
        return spread(a)[0]
    both(f"{name} {text(y)} {text(w)} output_shape={listed(x_shape)}"
         f"{options(strides, padding, [1] * rank, 'SAME')}", back, x, (y, w))


print(f"# golden/conv.py with TensorFlow {tf.__version__}, "
      f"JAX {jax.__version__}.")
conv("conv1d", [1, 5, 2], [3, 2, 2])
conv("conv1d", [2, 6, 1], [2, 1, 2], 2, "SAME")
conv("conv1d", [1, 7, 1], [3, 1, 1], 1, [(3, 1)], 2)
conv("conv1d", [1, 5, 4], [2, 2, 4], 1, "SAME")
conv("conv2d", [1, 3, 3, 1], [2, 2, 1, 2])
conv("conv2d", [1, 3, 4, 2], [2, 3, 2, 1], 1, "SAME")
conv("conv2d", [2, 5, 4, 1], [3, 2, 1, 2], [2, 3], "SAME")
conv("conv2d", [1, 4, 4, 1], [2, 3, 1, 1], 2, [(2, 0), (1, 3)])
conv("conv2d", [1, 5, 5, 1], [3, 2, 1, 1], 1, "SAME", [2, 3])
conv("conv2d", [1, 2, 3, 4], [2, 2, 2, 2], 1, "SAME")
conv("conv2d", [1, 2, 2, 3], [2, 2, 1, 6], 1, "SAME")
conv("conv3d", [1, 2, 3, 3, 1], [2, 2, 2, 1, 2])
conv("conv3d", [1, 3, 3, 2, 1], [2, 3, 2, 1, 1], 2, "SAME")
deep([1, 3, 3, 2], [2, 2, 2, 1])
deep([1, 3, 4, 2], [3, 2, 2, 2], 2, "SAME")
transposed("conv1d_transpose", [1, 3, 2], [3, 1, 2], [1, 6, 1], 2)
transposed("conv1d_transpose", [1, 2, 1], [2, 1, 1], [1, 6, 1], 3, "VALID")
transposed("conv2d_transpose", [1, 2, 2, 2], [2, 2, 1, 2], [1, 3, 3, 1], 1,
           "VALID")
transposed("conv2d_transpose", [1, 2, 3, 1], [3, 3, 2, 1], [1, 3, 6, 2], 2)
transposed("conv3d_transpose", [1, 1, 2, 2, 1], [2, 2, 2, 1, 1],
           [1, 2, 3, 3, 1], 1, "VALID")
