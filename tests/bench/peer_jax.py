"""JAX: the step under jit, as its guide writes it; Adam is ten lines there."""
import itertools
import os

THREADS = int(os.environ.get("BENCH_THREADS", "1"))
if THREADS:
    # Its pool has a thread for each core that it may use, and whoever calls it
    # is one more, unless calls wait for their results.
    cores = sorted(os.sched_getaffinity(0))[:THREADS]
    os.sched_setaffinity(0, cores)
if THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

jax.config.update("jax_cpu_enable_async_dispatch", THREADS != 1)


class Jax:
    version = jax.__version__

    def __init__(self, threads):
        pass

    def constant(self, array):
        return jnp.asarray(array)

    index = constant

    def wait(self, result):
        jax.block_until_ready(result)

    def gradient(self):
        slope = jax.jit(jax.grad(jnp.square))
        x = jnp.float32(3)
        return lambda: slope(x)

    def fit(self, x, y, next_at, rate):
        def loss_of(weights, x, y):
            w, b = weights
            return jnp.sum(jnp.square(w * x + b - y)) / x.shape[0]

        def move(weights, x, y):
            loss, grads = jax.value_and_grad(loss_of)(weights, x, y)
            return loss, [w - rate * g for w, g in zip(weights, grads)]

        every = jax.jit(move)
        some = jax.jit(lambda weights, x, y, at: move(weights, x[at], y[at]))
        weights = [jnp.float32(0), jnp.float32(0)]

        def step():
            nonlocal weights
            at = next_at()
            if at is None:
                loss, weights = every(weights, x, y)
            else:
                loss, weights = some(weights, x, y, at)
            return loss

        return step, lambda: tuple(map(float, weights))

    def wave(self, x):
        def value_of(a, b, x):
            return jnp.mean(jnp.tanh(a * x + b) * jnp.exp(-x * x) + x / 2)

        both = jax.jit(jax.value_and_grad(value_of, (0, 1)))
        a, b = jnp.float32(0.5), jnp.float32(-0.25)
        return lambda: both(a, b, x)

    # By rows, as its users write it: the gradient by a table is dense.
    def embed(self, table, next_at, rate):
        def move(table, at):
            loss, g = jax.value_and_grad(lambda x: jnp.sum(x * x))(table[at])
            return loss, table.at[at].add(-rate * g)

        move = jax.jit(move, donate_argnums=0)
        table = jnp.asarray(table)

        def step():
            nonlocal table
            loss, table = move(table, next_at())
            return loss

        return step

    # The steps of a model on rows of x, by Adam.
    def train(self, logits_of, weights, x, labels, indices):
        def loss_of(weights, x, labels, at):
            logs = jax.nn.log_softmax(logits_of(weights, x[at]))
            return -jnp.mean(jnp.take_along_axis(logs, labels[at][:, None], 1))

        return self.descend(loss_of, weights, jnp.asarray(x),
                            jnp.asarray(labels), indices)

    # The same of all there is.
    def regress(self, model, weights, data):
        def loss_of(weights, x, target, _):
            return jnp.mean(jnp.square(model(weights, x) - target))

        return self.descend(loss_of, weights, jnp.asarray(data.x),
                            jnp.asarray(data.target), lambda: None)

    def descend(self, loss_of, weights, x, target, next_at):
        def update(state, x, target, at):
            weights, m, v, count = state
            loss, grads = jax.value_and_grad(loss_of)(weights, x, target, at)
            count += 1
            rate = 1e-3 * jnp.sqrt(1 - 0.999 ** count) / (1 - 0.9 ** count)
            tree = jax.tree.map
            m = tree(lambda m, g: m + 0.1 * (g - m), m, grads)
            v = tree(lambda v, g: v + 0.001 * (g * g - v), v, grads)
            weights = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7),
                           weights, m, v)
            return loss, (weights, m, v, count)

        update = jax.jit(update, donate_argnums=0)
        zeros = jax.tree.map(jnp.zeros_like, weights)
        state = (weights, zeros, jax.tree.map(jnp.zeros_like, weights),
                 jnp.float32(0))

        def step():
            nonlocal state
            loss, state = update(state, x, target, next_at())
            return loss

        return step

    def network(self, digits, batch):
        weights = [jnp.array(a) for a in (digits.w1, digits.b1, digits.w2,
                                          digits.b2)]

        def logits_of(weights, x):
            w1, b1, w2, b2 = weights
            return jax.nn.relu(x @ w1 + b1) @ w2 + b2

        return self.train(logits_of, weights, digits.x, digits.labels,
                          lambda: digits.indices(batch))

    def images(self, images, batch):
        weights = [jnp.array(images.f1), jnp.zeros(32), jnp.array(images.f2),
                   jnp.zeros(64), jnp.array(images.w), jnp.zeros(10)]

        def block(x, filters, bias):
            y = jax.lax.conv_general_dilated(
                x, filters, (1, 1), "SAME",
                dimension_numbers=("NHWC", "HWIO", "NHWC"))
            return jax.lax.reduce_window(
                jax.nn.relu(y + bias), -jnp.inf, jax.lax.max, (1, 2, 2, 1),
                (1, 2, 2, 1), "VALID")

        def logits_of(weights, x):
            f1, c1, f2, c2, w, b = weights
            h = block(block(x, f1, c1), f2, c2)
            return h.reshape(batch, -1) @ w + b

        return self.train(logits_of, weights, images.x, images.labels,
                          lambda: images.indices(batch))

    def lstm(self, data):
        weights = [jnp.array(data.kernel), jnp.array(data.recurrent),
                   jnp.zeros(512)]

        def model(weights, x):
            kernel, recurrent, bias = weights

            def move(state, sums):
                h, c = state
                i, f, g, o = jnp.split(sums + h @ recurrent, 4, 1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                h = jax.nn.sigmoid(o) * jnp.tanh(c)
                return (h, c), h

            zeros = jnp.zeros((x.shape[0], 128))
            sums = jnp.swapaxes(x @ kernel + bias, 0, 1)
            return jnp.swapaxes(jax.lax.scan(move, (zeros, zeros), sums)[1], 0,
                                1)

        return self.regress(model, weights, data)

    def attention(self, data):
        def dense(w):
            return jnp.array(w), jnp.zeros(w.shape[1])

        def norm():
            return jnp.ones(256), jnp.zeros(256)

        weights = [*map(dense, (data.query, data.key, data.value, data.merge,
                                data.wide, data.narrow)), norm(), norm()]

        def normalize(x, gamma, beta):
            mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
            return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * gamma + beta

        def model(weights, x):
            *mix, merge, wide, narrow, first, second = weights
            q, k, v = ((x @ w + b).reshape(4, 128, data.HEADS, -1)
                       for w, b in mix)
            seen = jax.nn.dot_product_attention(q, k, v).reshape(x.shape)
            h = normalize(x + seen @ merge[0] + merge[1], *first)
            y = jax.nn.relu(h @ wide[0] + wide[1]) @ narrow[0] + narrow[1]
            return normalize(h + y, *second)

        return self.regress(model, weights, data)

    def epoch_by_hand(self, data):
        random = np.random.RandomState(1)
        weights = [jnp.array(random.randn(*shape) * 0.1, jnp.float32)
                   for shape in ((8, 32), (32,), (32, 1), (1,))]
        x, y = jnp.asarray(data.x), jnp.asarray(data.y)
        starts = itertools.cycle(range(0, len(x), 10))

        def loss_of(weights, x, y, at):
            w1, b1, w2, b2 = weights
            some = [jax.lax.dynamic_slice_in_dim(a, at, 10) for a in (x, y)]
            h = jax.nn.relu(some[0] @ w1 + b1) @ w2 + b2
            return jnp.mean(jnp.square(h - some[1]))

        step = self.descend(loss_of, weights, x, y, starts.__next__)

        def epoch():
            for _ in range(data.STEPS):
                loss = step()
            return loss

        return epoch

    def epoch_by_fit(self, data):
        raise NotImplementedError("it has no fit")

    def checkpoint(self, path):
        raise NotImplementedError("it has no files")

    # A loop of its own: unrolled, it would compile for minutes.
    def chain(self, count):
        def value_of(x):
            def body(y, _):
                return y * 1.0001 + 0.0001, None
            return jax.lax.scan(body, x, None, length=count // 2)[0]

        slope = jax.jit(jax.grad(value_of))
        x = jnp.float32(1)
        return lambda: slope(x)
