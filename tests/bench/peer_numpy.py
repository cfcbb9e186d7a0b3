"""What one writes without a library: derivatives worked out by hand."""
import numpy as np


class NumPy:
    version = np.__version__

    def __init__(self, threads):
        pass

    def constant(self, array):
        return array

    index = constant

    def wait(self, result):
        pass

    def gradient(self):
        x = np.float32(3)

        def step():
            return np.square(x), 2 * x

        return step

    def fit(self, x, y, next_at, rate):
        w = b = np.float32(0)
        rate = np.float32(rate)

        def step():
            nonlocal w, b
            at = next_at()
            xs, ys = (x, y) if at is None else (x[at], y[at])
            batch = np.float32(xs.size)
            r = w * xs + b - ys
            loss = np.dot(r, r) / batch
            w -= rate * (2 * np.dot(r, xs) / batch)
            b -= rate * (2 * r.sum() / batch)
            return loss

        return step, lambda: (float(w), float(b))

    def wave(self, x):
        a, b = np.float32(0.5), np.float32(-0.25)
        n = np.float32(x.size)

        def step():
            t, e = np.tanh(a * x + b), np.exp(-x * x)
            y = (t * e + x / 2).sum() / n
            d = (1 - t * t) * e
            return y, np.dot(d, x) / n, d.sum() / n

        return step

    def embed(self, table, next_at, rate):
        rate = np.float32(rate)

        def step():
            at = next_at()
            x = table[at]
            np.subtract.at(table, at, rate * 2 * x)
            return np.square(x).sum()

        return step

    def network(self, digits, batch):
        weights = [digits.w1, digits.b1, digits.w2, digits.b2]
        m = [np.zeros_like(w) for w in weights]
        v = [np.zeros_like(w) for w in weights]
        rows = np.arange(batch)
        count = 0

        def step():
            nonlocal count
            at = digits.indices(batch)
            x, labels = digits.x[at], digits.labels[at]
            w1, b1, w2, b2 = weights
            h = np.maximum(x @ w1 + b1, 0)
            z = h @ w2 + b2
            z -= z.max(axis=1, keepdims=True)
            e = np.exp(z)
            total = e.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - z[rows, labels]).mean()
            dz = e / total
            dz[rows, labels] -= 1
            dz /= batch
            dh = dz @ w2.T
            dh[h <= 0] = 0
            grads = (x.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))
            count += 1
            rate = np.float32(1e-3 * (1 - 0.999 ** count) ** 0.5
                              / (1 - 0.9 ** count))
            for w, g, mi, vi in zip(weights, grads, m, v):
                mi += np.float32(0.1) * (g - mi)
                vi += np.float32(0.001) * (g * g - vi)
                w -= rate * mi / (np.sqrt(vi) + np.float32(1e-7))
            return loss

        return step

    def images(self, images, batch):
        raise NotImplementedError("not by hand")

    lstm = attention = lambda self, data: self.images(data, 0)
    epoch_by_hand = epoch_by_fit = checkpoint = lstm

    def chain(self, count):
        raise NotImplementedError("nothing records")
