"""Writes ops.txt: values and gradients of nearly all ops, as facts.

    pip install numpy==2.4.6 tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.15.0
    python3 tests/golden/ops.py > tests/golden/ops.txt

Of every op some cases at random: shapes, axes, options, what broadcasts, and
what is empty; values and the gradient along random weights, in float64. Where
two of TensorFlow, JAX and PyTorch have an op they must agree. All inputs are
binary fractions, which float32 holds, distinct where order matters. What is
near 0 by itself is left to tests/facts: 1 - y^2 is not tanh's slope.
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import jax
import jax.numpy as jnp
import numpy as np
import tensorflow as tf
import torch

from facts import text, write

jax.config.update("jax_enable_x64", True)
rng = np.random.default_rng(20261127)
TIGHT, GRADIENT = "", "within 64 ulp"


# ------------------------------------------------------------------ inputs --

def sixteenths(shape, low=-3, high=3):
    return rng.integers(np.ceil(low * 16), np.floor(high * 16) + 1,
                        shape) / 16.0


# Distinct, so that there are no ties; none is 0.
def distinct(shape, low=-3, high=3):
    n, grid = int(np.prod(shape)), 16
    while (high - low) * grid < 2 * n:
        grid *= 2
    pool = np.arange(np.ceil(low * grid), np.floor(high * grid) + 1)
    return (rng.permutation(pool[pool != 0])[:n] / grid).reshape(shape)


def some_shape(least=0, most=3, empty=False):
    shape = None
    while shape is None or np.prod(shape) > 24:
        shape = [int(rng.integers(1, 5))
                 for _ in range(rng.integers(least, most + 1))]
    if empty and shape:
        shape[-1] = 0
    return shape


# Shapes that broadcast to `shape`, one of them all of it.
def partner(shape):
    start = int(rng.integers(0, len(shape) + 1))
    return [1 if rng.random() < .3 else n for n in shape[start:]]


# ------------------------------------------------------------------- facts --

class Case:
    """One call: how it is written, and what computes it."""

    def __init__(self, name, inputs, options="", by_tf=None, by_jax=None,
                 form=None, whole=False, by_torch=None):
        self.name, self.options = name, options
        self.inputs = inputs  # arrays with gradients, or text without one
        self.by_tf, self.by_jax, self.by_torch = by_tf, by_jax, by_torch
        self.form, self.whole = form, whole

    def floats(self):
        return [x for x in self.inputs if not isinstance(x, str)]

    def call(self):
        words = [literal(x) for x in self.inputs]
        inside = "{" + " ".join(words) + "}" if self.form else " ".join(words)
        return " ".join(filter(None, [self.name, inside, self.options]))


def literal(x):
    return x if isinstance(x, str) else text(x)


def typed(kind, x):
    values = np.asarray(x)
    if kind == "bool":
        body = re_words(values.tolist(), lambda v: "true" if v else "false")
    else:
        body = re_words(values.tolist(), str)
    return kind + (body if body.startswith("[") else " " + body)


def re_words(x, show):
    if isinstance(x, list):
        return "[" + " ".join(re_words(v, show) for v in x) + "]"
    return show(x)


def result_text(y):
    y = np.asarray(y)
    if y.dtype == bool:
        return typed("bool", y)
    if y.dtype.kind in "iu":
        return typed("int32" if y.dtype.itemsize == 4 else "int64", y)
    return text(y)


def run_tf(case, weights=None):
    xs = [tf.constant(x, tf.float64) for x in case.floats()]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = case.by_tf(*xs)
    if weights is None:
        return y.numpy(), None
    grads = tape.gradient(y, xs, tf.constant(weights),
                          unconnected_gradients="zero")
    return y.numpy(), [tf.convert_to_tensor(g).numpy() for g in grads]


def run_jax(case, weights=None):
    xs = [jnp.asarray(x) for x in case.floats()]
    if weights is None:
        return np.asarray(case.by_jax(*xs)), None
    y, pull = jax.vjp(case.by_jax, *xs)
    return np.asarray(y), [np.asarray(g) for g in pull(jnp.asarray(weights))]


def run_torch(case, weights=None):
    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True)
          for x in case.floats()]
    y = case.by_torch(*xs)
    if weights is not None:
        y.backward(torch.tensor(weights))
    return y.detach().numpy(), [x.grad.numpy() for x in xs
                                if weights is not None]


def near(a, b):
    return a.shape == b.shape and np.allclose(a, b, 1e-11, 1e-12,
                                              equal_nan=True)


def differ(call, a, b):
    sys.exit(f"{call}:\n{a}\nor\n{b}")


# The results of all that have the op, which must agree.
def results(case, weights=None):
    runs = [run(case, weights) for run, of in
            ((run_tf, case.by_tf), (run_jax, case.by_jax),
             (run_torch, case.by_torch)) if of]
    y, grads = runs[0]
    for other, others in runs[1:]:
        if not near(np.asarray(y), np.asarray(other)):
            differ(case.call(), y, other)
        for g, h in zip(grads or [], others or []):
            if not near(g, h):
                differ("d " + case.call(), g, h)
    return np.asarray(y), grads


# What sums of many terms may be off by in each dtype.
def slack(values, dtype):
    size = max([1.0] + [float(np.max(np.abs(v), initial=0,
                                     where=np.isfinite(v))) for v in values])
    unit = 4e-6 if dtype == "float32" else 2e-14
    return f"within {unit * 2.0 ** np.ceil(np.log2(size)):.2g}"


# Brackets show no sizes behind a 0.
def is_legible(x):
    return 0 not in np.shape(x)[:-1]


def emit(case, gradient=True):
    y, _ = results(case)
    if not all(map(is_legible, case.floats() + [y])):
        return
    wide = y.dtype.kind == "f"
    lines = [(case.call(), [y], TIGHT)]
    if gradient and wide and case.floats():
        weights = sixteenths(y.shape)
        _, grads = results(case, weights)
        lines.append((f"d {case.call()} along {text(weights)}", grads,
                      GRADIENT))
    for call, values, tight in lines:
        shown = " | ".join(result_text(v) for v in values)
        if case.whole or not wide:
            write(f"{call} -> {shown} {tight}".rstrip())
            continue
        dtype = ("float32", "float64")[int(rng.integers(2))]
        write(f"{dtype}: {call} -> {shown} {slack(values, dtype)}")


# ------------------------------------------------------------- elementwise --

def unary(name, low, high, by_tf, by_jax, gradient=True, cases=3, options=""):
    for i in range(cases):
        x = distinct(some_shape(empty=i == 2 and rng.random() < .2), low, high)
        emit(Case(name, [x], options, by_tf, by_jax, whole=True), gradient)


def binary(name, by_tf, by_jax, a=(-3, 3), b=(-3, 3), gradient=True, cases=4):
    for i in range(cases):
        shape = some_shape(empty=i == 3 and rng.random() < .2)
        shapes = [shape, partner(shape)]
        if rng.random() < .5:
            shapes.reverse()
        x, y = distinct(shapes[0], *a), distinct(shapes[1], *b)
        emit(Case(name, [x, y], "", by_tf, by_jax), gradient)


# A JAX function of its own that is 0 where y is.
def guarded(f, of):
    return lambda x, y: jnp.where(of(x, y) == 0, 0.0, f(x, y))


# Without TensorFlow where that rounds the constants of an op to float32.
def write_unary():
    m, nn, jn = tf.math, tf.nn, jax.nn
    unary("abs", -3, 3, tf.abs, jnp.abs)
    unary("acos", -.9, .9, tf.acos, jnp.arccos)
    unary("acosh", 1.2, 4, tf.acosh, jnp.arccosh)
    unary("asin", -.9, .9, tf.asin, jnp.arcsin)
    unary("asinh", -3, 3, tf.asinh, jnp.arcsinh)
    unary("atan", -3, 3, tf.atan, jnp.arctan)
    unary("atanh", -.9, .9, tf.atanh, jnp.arctanh)
    unary("ceil", -3, 3, m.ceil, jnp.ceil, False)
    unary("celu", -3, 3, None, jn.celu)
    unary("cos", -1.5, 1.5, tf.cos, jnp.cos)
    unary("cosh", -3, 3, tf.cosh, jnp.cosh)
    unary("elu", -3, 3, nn.elu, jn.elu)
    unary("erf", -3, 3, m.erf, jax.scipy.special.erf)
    unary("exp", -3, 3, tf.exp, jnp.exp)
    unary("expm1", -3, 3, m.expm1, jnp.expm1)
    unary("floor", -3, 3, tf.floor, jnp.floor, False)
    unary("gelu", -.5, 3, None, lambda x: jn.gelu(x, approximate=False))
    unary("gelu", -.5, 3, None, jn.gelu, options="approximate=true")
    unary("hard_sigmoid", -4, 4, None, jn.hard_sigmoid)
    unary("hard_silu", -2.9, 4, None, jn.hard_silu)
    unary("hard_tanh", -.9, 3, None, jn.hard_tanh)
    unary("leaky_relu", -3, 3, None, lambda x: jn.leaky_relu(x, .2))
    unary("log", .1, 4, m.log, jnp.log)
    unary("log1p", -.8, 3, m.log1p, jnp.log1p)
    unary("log_sigmoid", -3, 3, m.log_sigmoid, jn.log_sigmoid)
    unary("mish", -.5, 3, None, jn.mish)
    unary("negative", -3, 3, tf.negative, jnp.negative)
    unary("reciprocal", .2, 3, m.reciprocal, jnp.reciprocal)
    unary("relu", -3, 3, nn.relu, jn.relu)
    unary("relu6", -3, 5, nn.relu6, jn.relu6)
    unary("round", -3, 3, tf.round, jnp.round, False)
    unary("rsqrt", .1, 4, m.rsqrt, jax.lax.rsqrt)
    unary("selu", -3, 3, nn.selu, jn.selu)
    unary("sigmoid", -3, 3, tf.sigmoid, jn.sigmoid)
    unary("sign", -3, 3, tf.sign, jnp.sign)
    unary("silu", -.5, 3, nn.silu, jn.silu)
    unary("sin", .1, 1.5, tf.sin, jnp.sin)
    unary("sinh", -3, 3, tf.sinh, jnp.sinh)
    unary("softplus", -3, 3, nn.softplus, jn.softplus)
    unary("softsign", -3, 3, nn.softsign, jn.soft_sign)
    unary("sparse_plus", -.9, 3, None, jn.sparse_plus)
    unary("sparse_sigmoid", -.9, .9, None, jn.sparse_sigmoid)
    unary("sqrt", .1, 4, tf.sqrt, jnp.sqrt)
    unary("square", -3, 3, tf.square, jnp.square)
    unary("tan", -1.2, 1.2, tf.tan, jnp.tan)
    unary("tanh", -2, 2, tf.tanh, jnp.tanh)
    for name, by_tf in (("is_nan", m.is_nan), ("is_inf", m.is_inf),
                        ("is_finite", m.is_finite)):
        unary(name, -3, 3, by_tf, None, False)


def write_binary():
    m = tf.math
    binary("add", tf.add, jnp.add)
    binary("atan2", m.atan2, jnp.arctan2)
    binary("divide", tf.divide, jnp.divide)
    binary("divide_no_nan", m.divide_no_nan, None)
    binary("floordiv", m.floordiv, jnp.floor_divide, gradient=False)
    binary("maximum", tf.maximum, None, (-3, 0), (.1, 3))
    binary("minimum", tf.minimum, None, (-3, 0), (.1, 3))
    binary("mod", m.mod, jnp.mod, (.2, 9), (1.1, 2), gradient=False)
    binary("multiply", tf.multiply, jnp.multiply)
    binary("multiply_no_nan", m.multiply_no_nan, None)
    binary("pow", tf.pow, jnp.power, (.2, 3))
    binary("squared_difference", m.squared_difference,
           lambda a, b: (a - b) ** 2)
    binary("subtract", tf.subtract, jnp.subtract)
    binary("xdivy", m.xdivy, None)
    binary("xlogy", m.xlogy, None, b=(.2, 3))
    binary("xlog1py", m.xlog1py, None, b=(-.8, 3))
    for name in ("equal", "not_equal", "less", "less_equal", "greater",
                 "greater_equal"):
        binary(name, getattr(tf, name), getattr(jnp, name), gradient=False)
    for _ in range(4):
        shape = some_shape(1)
        x, y = distinct(shape), distinct(partner(shape))
        chosen = rng.random(shape) < .5
        emit(Case("where", [typed("bool", chosen), x, y], "",
                  lambda a, b: tf.where(chosen, a, b),
                  lambda a, b: jnp.where(chosen, a, b)))
        x = distinct(shape)
        low, high = np.float64(-1.03125), np.float64(1.53125)
        emit(Case("clip_by_value", [x, low, high], "", tf.clip_by_value,
                  None))
        emit(Case("lerp", [x, distinct(partner(shape)), distinct([], 0, 1)],
                  "", lambda a, b, w: a + w * (b - a),
                  lambda a, b, w: a + w * (b - a)))


# -------------------------------------------------------------- reductions --

def some_axes(rank):
    if rank == 0 or rng.random() < .25:
        return None
    count = int(rng.integers(1, rank + 1))
    return sorted(rng.permutation(rank)[:count].tolist())


def axis_option(axes):
    if axes is None:
        return ""
    shown = [a + 1 for a in axes]
    return f"axis={shown[0]}" if len(shown) == 1 else (
        "axis=[" + " ".join(map(str, shown)) + "]")


def reduction(name, by_tf, by_jax, low=-3, high=3, empty=True, cases=6):
    for i in range(cases):
        shape = some_shape(0 if i else 1, empty=empty and i == cases - 1)
        axes, keep = some_axes(len(shape)), bool(rng.integers(2))
        options = axis_option(axes) + " keepdims=true" * keep
        x = distinct(shape, low, high)
        along = None if axes is None else tuple(axes)
        emit(Case(name, [x], options.strip(),
                  by_tf and (lambda v: by_tf(v, axes, keep)),
                  by_jax and (lambda v: by_jax(v, axis=along, keepdims=keep))),
             gradient=x.size > 0)


def write_reductions():
    m = tf.math
    reduction("reduce_sum", m.reduce_sum, jnp.sum)
    reduction("reduce_mean", m.reduce_mean, jnp.mean, empty=False)
    reduction("reduce_max", m.reduce_max, jnp.max, empty=False)
    reduction("reduce_min", m.reduce_min, jnp.min, empty=False)
    reduction("reduce_prod", m.reduce_prod, jnp.prod, -1.5, 1.5)
    reduction("reduce_variance", m.reduce_variance, jnp.var, empty=False)
    reduction("reduce_euclidean_norm", m.reduce_euclidean_norm, None)
    reduction("reduce_logsumexp", m.reduce_logsumexp,
              jax.scipy.special.logsumexp, empty=False)
    for _ in range(4):
        x = distinct(some_shape(2, 3))
        axis = int(rng.integers(x.ndim))
        emit(Case("reduce_std", [x + 8.0 * np.arange(x.shape[0]).reshape(
            [-1] + [1] * (x.ndim - 1))], "", m.reduce_std, jnp.std))
        for name, of in (("argmax", tf.argmax), ("argmin", tf.argmin)):
            y = of(x, axis).numpy() + 1
            write(f"{name} {text(x)} axis={axis + 1} -> {result_text(y)}")
        hits = rng.random(x.shape) < .6
        for name, of in (("reduce_all", np.all), ("reduce_any", np.any)):
            write(f"{name} {typed('bool', hits)} axis={axis + 1} -> "
                  + result_text(of(hits, axis)))


def scan_case(name, by_tf, exclusive, reverse, axis, x):
    options = f"axis={axis + 1}" + " exclusive=true" * exclusive + (
        " reverse=true" * reverse)
    emit(Case(name, [x], options,
              lambda v: by_tf(v, axis, exclusive, reverse)))


def write_scans():
    for exclusive in (False, True):
        for reverse in (False, True):
            for _ in range(2):
                x = distinct(some_shape(1, 3), -2, 2)
                axis = int(rng.integers(x.ndim))
                for name in ("cumsum", "cumprod", "cumulative_logsumexp"):
                    scan_case(name, getattr(tf.math, name), exclusive, reverse,
                              axis, x)
    for _ in range(4):
        x = distinct(some_shape(1, 3))
        axis, back = int(rng.integers(x.ndim)), bool(rng.integers(2))
        emit(Case("cummax", [x], f"axis={axis + 1}" + " reverse=true" * back,
                  None, lambda v: jax.lax.cummax(v, axis, back)))


# --------------------------------------------------------- places of elements --

def listed(values):
    return "[" + " ".join(map(str, values)) + "]"


def write_shapes():
    for i in range(4):
        x = sixteenths(some_shape(1, 3, empty=i == 3))
        rank = x.ndim
        perm = rng.permutation(rank).tolist()
        emit(Case("transpose", [x], "perm=" + listed(p + 1 for p in perm),
                  lambda v: tf.transpose(v, perm),
                  lambda v: jnp.transpose(v, perm)))
        axis = int(rng.integers(rank + 1))
        emit(Case("expand_dims", [x], f"axis={axis + 1}",
                  lambda v: tf.expand_dims(v, axis),
                  lambda v: jnp.expand_dims(v, axis)))
        flat = [int(x.size)]
        emit(Case("reshape", [x], "shape=" + listed(flat),
                  lambda v: tf.reshape(v, flat), lambda v: v.reshape(flat)))
        wide = [int(rng.integers(1, 4))] + list(x.shape)
        emit(Case("broadcast_to", [x], "shape=" + listed(wide),
                  lambda v: tf.broadcast_to(v, wide),
                  lambda v: jnp.broadcast_to(v, wide)))
        x = sixteenths(some_shape(1, 3))
        axes = some_axes(x.ndim) or [0]
        emit(Case("reverse", [x], axis_option(axes),
                  lambda v: tf.reverse(v, axes), lambda v: jnp.flip(v, axes)))
        shift, axis = int(rng.integers(-4, 5)), int(rng.integers(x.ndim))
        emit(Case("roll", [x], f"shift={shift} axis={axis + 1}",
                  lambda v: tf.roll(v, shift, axis),
                  lambda v: jnp.roll(v, shift, axis)))
        times = rng.integers(1, 4, x.ndim).tolist()
        emit(Case("tile", [x], "multiples=" + listed(times),
                  lambda v: tf.tile(v, times), lambda v: jnp.tile(v, times)))
        for mode in ("CONSTANT", "REFLECT", "SYMMETRIC"):
            most = [3 if mode == "CONSTANT" else n - (mode == "REFLECT")
                    for n in x.shape]
            widths = [[int(rng.integers(0, n + 1)) for _ in range(2)]
                      for n in most]
            emit(Case("pad", [x], "paddings=" + listed(
                f"{a}:{b}" for a, b in widths) + f" mode={mode}",
                lambda v: tf.pad(v, widths, mode),
                lambda v: jnp.pad(v, widths, mode.lower())))


def some_range(n):
    step = int(rng.choice([1, 2, -1, -2]))
    at = sorted(rng.integers(0, n, 2).tolist())
    return (at if step > 0 else at[::-1]) + [step]


def as_slice(first, last, step):
    end = last + (1 if step > 0 else -1)
    return slice(first, None if end < 0 else end, step)


def write_parts():
    for _ in range(6):
        x = sixteenths(some_shape(1, 3))
        ranges = [some_range(n) for n in x.shape]
        parts = tuple(as_slice(*r) for r in ranges)
        emit(Case("slice", [x], "ranges=" + listed(
            f"{a + 1}:{b + 1}:{s}" for a, b, s in ranges),
            lambda v: v[parts], lambda v: v[parts]))
    for _ in range(4):
        shape = some_shape(1, 3)
        axis = int(rng.integers(len(shape)))
        parts = []
        for _ in range(3):
            shape[axis] = int(rng.integers(0, 4))
            parts.append(sixteenths(shape))
        if sum(p.size for p in parts) and all(p.size for p in parts):
            emit(Case("concat", parts, f"axis={axis + 1}",
                      lambda *v: tf.concat(v, axis),
                      lambda *v: jnp.concatenate(v, axis), form=True))
        same = [sixteenths(parts[0].shape) for _ in range(3)]
        if same[0].size:
            axis = int(rng.integers(same[0].ndim + 1))
            emit(Case("stack", same, f"axis={axis + 1}",
                      lambda *v: tf.stack(v, axis),
                      lambda *v: jnp.stack(v, axis), form=True))
    for _ in range(4):
        x = sixteenths(some_shape(1, 3))
        axis = int(rng.integers(x.ndim))
        picks = rng.integers(0, x.shape[axis], some_shape(0, 2))
        emit(Case("gather", [x, typed("int32", picks + 1)],
                  f"axis={axis + 1}",
                  lambda v: tf.gather(v, picks, axis=axis),
                  lambda v: jnp.take(v, picks, axis)))
        depth = int(rng.integers(1, x.ndim + 1))
        places = np.stack([rng.integers(0, n, 4) for n in x.shape[:depth]], -1)
        emit(Case("gather_nd", [x, typed("int32", places + 1)], "",
                  lambda v: tf.gather_nd(v, places),
                  lambda v: v[tuple(places.T)]))
        updates = sixteenths([4] + list(x.shape[depth:]))
        emit(Case("scatter_nd", [typed("int32", places + 1), updates],
                  "shape=" + listed(x.shape),
                  lambda u: tf.scatter_nd(places, u, x.shape),
                  lambda u: jnp.zeros(x.shape).at[tuple(places.T)].add(u)))
        for word, sign in (("add", 1), ("sub", -1)):
            # The call has the indices between the two that have gradients.
            of = getattr(tf, f"tensor_scatter_nd_{word}")
            emit(Case(f"tensor_scatter_nd_{word}",
                      [x, typed("int32", places + 1), updates], "",
                      lambda v, u: of(v, places, u),
                      lambda v, u: v.at[tuple(places.T)].add(sign * u)))
        mask = rng.random(x.shape[:1]) < .6
        emit(Case("boolean_mask", [x, typed("bool", mask)], "",
                  lambda v: tf.boolean_mask(v, mask), None),
             gradient=bool(mask.any()))


def write_segments():
    for _ in range(3):
        rows = int(rng.integers(2, 7))
        x = distinct([rows] + some_shape(0, 1), -1.5, 1.5)
        ids = np.sort(rng.integers(0, 3, rows))
        mixed = rng.permutation(ids)
        for word in ("sum", "mean", "max", "min", "prod"):
            sorted_ids = np.unique(ids, return_inverse=True)[1]
            of = getattr(tf.math, f"segment_{word}")
            emit(Case(f"segment_{word}",
                      [x, typed("int32", sorted_ids + 1)], "",
                      lambda v: of(v, sorted_ids)))
            unsorted = getattr(tf.math, f"unsorted_segment_{word}")
            # A segment without rows has what each library likes.
            count = int(mixed.max()) + 1
            if len(np.unique(mixed)) < count:
                continue
            emit(Case(f"unsorted_segment_{word}",
                      [x, typed("int32", mixed + 1)], f"num_segments={count}",
                      lambda v: unsorted(v, mixed, count)))


def write_orders():
    for _ in range(4):
        x = distinct(some_shape(1, 3))
        axis, down = int(rng.integers(x.ndim)), bool(rng.integers(2))
        word = "DESCENDING" if down else "ASCENDING"
        options = f"axis={axis + 1} direction={word}"
        emit(Case("sort", [x], options,
                  lambda v: tf.sort(v, axis, word), None))
        places = tf.argsort(x, axis, word).numpy() + 1
        write(f"argsort {text(x)} {options} -> {typed('int32', places)}")
        k = int(rng.integers(1, x.shape[-1] + 1))
        values, at = tf.math.top_k(x, k)
        write(f"top_k {text(x)} k={k} -> {text(values.numpy())} | "
              f"{typed('int32', at.numpy() + 1)}")
        labels = rng.integers(0, 4, some_shape(0, 2))
        write(f"float32: one_hot {typed('int32', labels + 1)} depth=4 -> "
              f"{text(tf.one_hot(labels, 4).numpy())}")


# ---------------------------------------------------------------- matrices --

def matrices(shape, least=1):
    batch = [int(rng.integers(1, 3)) for _ in range(rng.integers(0, 2))]
    return sixteenths(batch + shape)


# Matrices that are far from singular, and symmetric ones.
def regular(n):
    return sixteenths([n, n], -1, 1) + 3 * np.eye(n)


def positive(n):
    a = np.round(sixteenths([n, n], -1, 1))
    return a @ a.T + 2 * np.eye(n)


def write_diagonals():
    for _ in range(4):
        x = matrices([int(rng.integers(2, 5)), int(rng.integers(2, 5))])
        k = int(rng.integers(1 - x.shape[-2], x.shape[-1]))
        emit(Case("diag_part", [x], f"k={k}",
                  lambda v: tf.linalg.diag_part(v, k=k),
                  lambda v: jnp.diagonal(v, k, -2, -1)))
        emit(Case("trace", [x], "", tf.linalg.trace,
                  lambda v: jnp.trace(v, axis1=-2, axis2=-1)))
        d = sixteenths(jnp.diagonal(x, k, -2, -1).shape)
        emit(Case("set_diag", [x, d], f"k={k}",
                  lambda v, u: tf.linalg.set_diag(v, u, k=k)))
        emit(Case("diag", [d], f"k={k}", lambda v: tf.linalg.diag(v, k=k)))
        low, high = int(rng.integers(-1, 3)), int(rng.integers(-1, 3))
        emit(Case("band_part", [x], f"num_lower={low} num_upper={high}",
                  lambda v: tf.linalg.band_part(v, low, high)))
        emit(Case("matrix_transpose", [x], "", tf.linalg.matrix_transpose,
                  lambda v: jnp.swapaxes(v, -1, -2)))


def write_products():
    for _ in range(5):
        m, k, n = rng.integers(1, 5, 3).tolist()
        flip_a, flip_b = rng.integers(2, size=2).astype(bool).tolist()
        a = matrices([k, m] if flip_a else [m, k])
        b = sixteenths([n, k] if flip_b else [k, n])
        options = " transpose_a=true" * flip_a + " transpose_b=true" * flip_b
        emit(Case("matmul", [a, b], options.strip(),
                  lambda p, q: tf.matmul(p, q, flip_a, flip_b),
                  lambda p, q: jnp.matmul(
                      jnp.swapaxes(p, -1, -2) if flip_a else p,
                      q.T if flip_b else q)))
        x = sixteenths([a.shape[-2 if flip_a else -1]])
        emit(Case("matvec", [a, x], "transpose_a=true" if flip_a else "",
                  lambda p, q: tf.linalg.matvec(p, q, flip_a)))
        p, q = sixteenths([2, m, k]), sixteenths([k, m, 3])
        emit(Case("tensordot", [p, q], "axes=[2:2 3:1]",
                  lambda u, v: tf.tensordot(u, v, [[1, 2], [1, 0]]),
                  lambda u, v: jnp.tensordot(u, v, [[1, 2], [1, 0]])))
    for equation, *shapes in (
            ("ij,jk->ik", [2, 3], [3, 4]), ("bij,bjk->bik", [2, 2, 3],
                                            [2, 3, 2]),
            ("ij->ji", [2, 3]), ("ij,ij->", [2, 3], [2, 3]),
            ("i,j->ij", [3], [2]), ("ij,jk,kl->il", [2, 3], [3, 2], [2, 4]),
            ("bhqd,bhkd->bhqk", [1, 2, 3, 2], [1, 2, 2, 2]),
            ("...ij,jk->...ik", [2, 2, 3], [3, 2]),
            ("ijk,k->ij", [2, 2, 3], [3]), ("ij,i->j", [3, 2], [3]),
            ("i,i,i->i", [4], [4], [4]), ("abc,cd,d->ab", [2, 1, 3], [3, 2],
                                          [2])):
        xs = [sixteenths(s) for s in shapes]
        emit(Case("einsum", xs, f"equation={equation}",
                  lambda *v: tf.einsum(equation, *v),
                  lambda *v: jnp.einsum(equation, *v), form=True))


def write_solutions():
    la = tf.linalg
    for n in (1, 2, 3, 4):
        a, spd, b = regular(n), positive(n), sixteenths([n, 2])
        emit(Case("det", [a], "", la.det, jnp.linalg.det))
        emit(Case("inv", [a], "", la.inv, jnp.linalg.inv))
        emit(Case("solve", [a, b], "", la.solve, jnp.linalg.solve))
        emit(Case("logdet", [spd], "", la.logdet, None))
        emit(Case("cholesky", [spd], "", la.cholesky, None))
        lower = np.tril(a)
        emit(Case("triangular_solve", [lower, b], "",
                  lambda p, q: la.triangular_solve(p, q), None))
        emit(Case("eigvalsh", [positive(n) + np.diag(np.arange(n) * 4.0)], "",
                  la.eigvalsh, None), gradient=False)
        tall = sixteenths([n + 2, n]) + 4 * np.eye(n + 2, n)
        emit(Case("lstsq", [tall, sixteenths([n + 2, 1])], "",
                  lambda p, q: la.lstsq(p, q, fast=True),
                  lambda p, q: jnp.linalg.lstsq(p, q)[0]))
        emit(Case("pinv", [tall], "", la.pinv, jnp.linalg.pinv))
    for order, word in (("euclidean", "euclidean"), (1, "1"), (2, "2"),
                        (np.inf, "inf"), (3, "3")):
        for _ in range(2):
            x = distinct(some_shape(1, 3))
            axis = int(rng.integers(x.ndim))
            emit(Case("norm", [x], f"ord={word} axis={axis + 1}",
                      lambda v: tf.norm(v, order, axis)))
    for _ in range(3):
        x = distinct(some_shape(2, 2))
        emit(Case("l2_normalize", [x], "axis=2",
                  lambda v: tf.math.l2_normalize(v, 1)))
        emit(Case("clip_by_norm", [x], "clip_norm=1.5",
                  lambda v: tf.clip_by_norm(v, 1.5)))
        emit(Case("global_norm", [x, distinct([3])], "",
                  lambda *v: la.global_norm(v), form=True))


# ---------------------------------------------------------------- networks --

def write_losses():
    nn = tf.nn
    for _ in range(4):
        shape = some_shape(1, 3)
        x = sixteenths(shape)
        axis = int(rng.integers(len(shape)))
        emit(Case("softmax", [x], f"axis={axis + 1}",
                  lambda v: nn.softmax(v, axis),
                  lambda v: jax.nn.softmax(v, axis)))
        emit(Case("log_softmax", [x], f"axis={axis + 1}",
                  lambda v: nn.log_softmax(v, axis),
                  lambda v: jax.nn.log_softmax(v, axis)))
        rows, classes = some_shape(1, 2), int(rng.integers(2, 5))
        logits = sixteenths(rows + [classes])
        labels = rng.integers(0, classes, rows)
        emit(Case("sparse_softmax_cross_entropy_with_logits",
                  [typed("int32", labels + 1), logits], "",
                  lambda v: nn.sparse_softmax_cross_entropy_with_logits(
                      labels, v)))
        share = rng.multinomial(64, [1 / classes] * classes, rows) / 64
        emit(Case("softmax_cross_entropy_with_logits", [share, logits], "",
                  nn.softmax_cross_entropy_with_logits))
        truth = sixteenths(shape, 0, 1)
        emit(Case("sigmoid_cross_entropy_with_logits", [truth, x], "",
                  nn.sigmoid_cross_entropy_with_logits))


def write_convolutions():
    nn = tf.nn
    for _ in range(5):
        stride, padding = int(rng.integers(1, 3)), str(
            rng.choice(["SAME", "VALID"]))
        options = f"strides={stride} padding={padding}"
        h, w, c, d = rng.integers(3, 6), rng.integers(3, 6), 2, 3
        x, k = sixteenths([1, h, w, c]), sixteenths([2, 3, c, d])
        emit(Case("conv2d", [x, k], options,
                  lambda v, f: nn.conv2d(v, f, stride, padding)))
        emit(Case("depthwise_conv2d", [x, sixteenths([2, 2, c, 2])], options,
                  lambda v, f: nn.depthwise_conv2d(
                      v, f, [1, stride, stride, 1], padding)))
        line, taps = sixteenths([2, h + 2, c]), sixteenths([3, c, d])
        emit(Case("conv1d", [line, taps], options,
                  lambda v, f: nn.conv1d(v, f, stride, padding)))
        x = distinct([1, h, w, 2])
        emit(Case("max_pool", [x], f"ksize=2 {options}",
                  lambda v: nn.max_pool(v, 2, stride, padding)))
        emit(Case("avg_pool", [x], f"ksize=2 {options}",
                  lambda v: nn.avg_pool(v, 2, stride, padding)))


def write_norms():
    def over_last(f):
        return lambda x, g, b: f(x, x.shape[-1:], g, b, 1e-5)

    for _ in range(3):
        x = distinct(some_shape(2, 3))
        n = x.shape[-1]
        offset, scale, mean = (sixteenths([n]) for _ in range(3))
        variance = sixteenths([n], .5, 2)
        emit(Case("batch_normalization", [x, mean, variance, offset, scale],
                  "", lambda *v: tf.nn.batch_normalization(*v, .001)))
        emit(Case("layer_norm", [x, scale, offset], "",
                  by_torch=over_last(torch.nn.functional.layer_norm)))
        emit(Case("rms_norm", [x, scale], "",
                  by_torch=lambda v, g: torch.nn.functional.rms_norm(
                      v, v.shape[-1:], g, 1e-5)))
        x = distinct([2, 2, 4])
        scale, offset = sixteenths([4]), sixteenths([4])
        emit(Case("group_norm", [x, scale, offset], "groups=2",
                  by_torch=lambda v, g, b: torch.movedim(
                      torch.nn.functional.group_norm(
                          torch.movedim(v, -1, 1), 2, g, b, 1e-5), 1, -1)))


def write_activations():
    fn, jn = torch.nn.functional, jax.nn
    for _ in range(3):
        x = distinct(some_shape(1, 3))
        emit(Case("squareplus", [x], "", None, jn.squareplus))
        emit(Case("tanh_shrink", [x], "", by_torch=fn.tanhshrink))
        emit(Case("hard_shrink", [x], "", by_torch=fn.hardshrink))
        emit(Case("soft_shrink", [x], "", by_torch=fn.softshrink))
        emit(Case("threshold", [x], "threshold=.53125 default_value=-2",
                  by_torch=lambda v: fn.threshold(v, .53125, -2)))
        pairs = sixteenths(list(x.shape[:-1]) + [4])
        emit(Case("glu", [pairs], "", None, jn.glu, by_torch=fn.glu))
        bias = sixteenths([x.shape[-1]])
        if x.ndim > 1:
            emit(Case("bias_add", [x, bias], "", tf.nn.bias_add))
        emit(Case("add_n", [x, sixteenths(x.shape), sixteenths(x.shape)], "",
                  lambda *v: tf.add_n(v), form=True))


def write_images():
    for _ in range(3):
        x = sixteenths([1, int(rng.integers(2, 5)), int(rng.integers(2, 5)),
                        2])
        for name in ("flip_left_right", "flip_up_down", "rot90"):
            emit(Case(name, [x], "", getattr(tf.image, name)))
        size = rng.integers(1, 7, 2).tolist()
        words = {"bilinear": "linear", "nearest": "nearest",
                 "bicubic": "cubic"}
        for word, other in words.items():
            emit(Case("resize", [x], f"size={listed(size)} method={word}",
                      None, lambda v: jax.image.resize(
                          v, [1, *size, 2], other, antialias=False)))
        emit(Case("space_to_depth", [sixteenths([1, 4, 2, 2])],
                  "block_size=2", lambda v: tf.nn.space_to_depth(v, 2)))
        emit(Case("depth_to_space", [sixteenths([1, 2, 1, 8])],
                  "block_size=2", lambda v: tf.nn.depth_to_space(v, 2)))


def write_counts():
    for _ in range(4):
        ids = rng.integers(0, 4, int(rng.integers(1, 9)))
        counts = tf.math.bincount(ids.astype("int32")).numpy()
        write(f"bincount {typed('int32', ids + 1)} -> "
              f"{typed('int32', counts)}")
        guesses = rng.integers(0, 4, len(ids))
        matrix = tf.math.confusion_matrix(ids, guesses, 4).numpy()
        write(f"confusion_matrix {typed('int32', ids + 1)} "
              f"{typed('int32', guesses + 1)} num_classes=4 -> "
              f"{typed('int32', matrix)}")
        values, places = tf.unique(ids.astype("int32"))
        write(f"unique {typed('int32', ids)} -> "
              f"{typed('int32', values.numpy())} | "
              f"{typed('int32', places.numpy() + 1)}")
        x = sixteenths([6], -1, 6)
        bins = tf.histogram_fixed_width(x, [0., 5.], 4).numpy()
        write(f"float64: histogram_fixed_width {text(x)} {text([0, 5])} "
              f"nbins=4 -> {typed('int32', bins)}")
        row = np.sort(distinct([5]))
        at = tf.searchsorted(row, x, "right").numpy()
        write(f"searchsorted {text(row)} {text(x)} side=right -> "
              f"{typed('int32', at + 1)}")
        lengths = rng.integers(0, 5, 3)
        write(f"sequence_mask {typed('int32', lengths)} maxlen=4 -> "
              f"{typed('bool', tf.sequence_mask(lengths, 4).numpy())}")
        scores, k = distinct([3, 4]), int(rng.integers(1, 4))
        targets = rng.integers(0, 4, 3)
        hits = tf.math.in_top_k(targets, tf.constant(scores, tf.float32), k)
        write(f"float32: in_top_k {typed('int32', targets + 1)} "
              f"{text(scores)} k={k} -> {typed('bool', hits.numpy())}")
        x, lengths = sixteenths([3, 4, 2]), rng.integers(1, 5, 3)
        emit(Case("reverse_sequence", [x, typed("int32", lengths)],
                  "seq_axis=2 batch_axis=1",
                  lambda v: tf.reverse_sequence(v, lengths, 1, 0)))


# Labels that fit into the times there are; those behind a length say nothing.
def sequences(batch, most, time, classes, blank):
    others = [k for k in range(classes) if k != blank]
    labels, lengths, times = [], [], []
    for _ in range(batch):
        row = rng.choice(others, most)
        n = int(rng.integers(0, most + 1))
        while n + int(np.sum(row[1:n] == row[:max(n - 1, 0)])) > time:
            n -= 1
        least = n + int(np.sum(row[1:n] == row[:max(n - 1, 0)]))
        labels.append(row)
        lengths.append(n)
        times.append(int(rng.integers(max(least, 1), time + 1)))
    return np.array(labels), np.array(lengths), np.array(times)


# TensorFlow has it for float32 alone.
def check_ctc(labels, x, lengths, times, blank, y):
    other = tf.nn.ctc_loss(labels.astype("int32"), tf.constant(x, tf.float32),
                           lengths.astype("int32"), times.astype("int32"),
                           blank_index=blank).numpy()
    if not np.allclose(other, y, 1e-4, 1e-5):
        differ("ctc_loss", other, y)


def write_ctc():
    for _ in range(12):
        batch, time = int(rng.integers(1, 3)), int(rng.integers(2, 7))
        classes, most = int(rng.integers(2, 5)), int(rng.integers(1, 4))
        blank = int(rng.integers(classes))
        labels, lengths, times = sequences(batch, most, time, classes, blank)
        x = sixteenths([time, batch, classes])
        batch_major = bool(rng.integers(2))

        def loss(v):
            rows = v.transpose(0, 1) if batch_major else v
            return torch.nn.functional.ctc_loss(
                rows.log_softmax(-1), torch.tensor(labels),
                torch.tensor(times), torch.tensor(lengths), blank, "none")

        case = Case("ctc_loss",
                    [typed("int32", labels + 1),
                     x.swapaxes(0, 1) if batch_major else x,
                     typed("int32", lengths), typed("int32", times)],
                    f"blank_index={blank + 1}" +
                    " logits_time_major=false" * batch_major, by_torch=loss)
        check_ctc(labels, x, lengths, times, blank, results(case)[0])
        emit(case)


print(f"# golden/ops.py with NumPy {np.__version__}, TensorFlow "
      f"{tf.__version__}, JAX {jax.__version__}, PyTorch {torch.__version__}.")
write_unary()
write_binary()
write_reductions()
write_scans()
write_shapes()
write_parts()
write_segments()
write_orders()
write_diagonals()
write_products()
write_solutions()
write_losses()
write_convolutions()
write_norms()
write_activations()
write_images()
write_counts()
write_ctc()
