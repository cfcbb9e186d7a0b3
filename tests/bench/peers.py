#!/usr/bin/env python3
"""The peers of `make bench`: PyTorch eager, TensorFlow 2 eager, NumPy by hand.

One process runs one peer. Every row is the same algorithm as in bench.lua:
the same data, the same draws (NumPy's legacy generator, seed 0), float32, and
what the library's own users would write for it. Usage:

    peers.py PEER               answers requests on standard input
    peers.py PEER memory STEPS  trains STEPS steps, prints its memory in KiB

The requests and answers are those of worker.lua.
"""
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# One thread each, like ours: with more, a busy neighbour on one core makes
# OpenMP's barriers stall for milliseconds. 0 leaves each library its default.
THREADS = int(os.environ.get("BENCH_THREADS", "1"))
if THREADS:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(THREADS)

try:
    import numpy as np  # noqa: E402  (it reads the thread counts set above)
except ImportError as missing:
    sys.exit(print("!", missing))

POINTS = 1_000_000
POOL = 64  # index sets drawn ahead for the rows that do not time the draw
RATE = 1e-3


class Data:
    """The tutorial's points, and the generator that drew their noise."""

    def __init__(self):
        self.random = np.random.RandomState(0)
        x = np.linspace(0, 10, POINTS)
        y = 2.5 * x + 15 + self.random.randn(POINTS)
        self.x = x.astype(np.float32)
        self.y = y.astype(np.float32)

    def indices(self, batch):
        return self.random.randint(POINTS, size=batch)


class Digits:
    """784-128-10 network: random images, labels and first weights."""

    def __init__(self):
        self.random = random = np.random.RandomState(1)
        self.x = random.randn(1000, 784).astype(np.float32)
        self.labels = random.randint(10, size=1000)
        self.w1 = (random.randn(784, 128) * 0.05).astype(np.float32)
        self.w2 = (random.randn(128, 10) * 0.05).astype(np.float32)
        self.b1 = np.zeros(128, np.float32)
        self.b2 = np.zeros(10, np.float32)

    def indices(self):
        return self.random.randint(1000, size=32)


class NumPy:
    """What one writes without a library: derivatives worked out by hand."""

    version = np.__version__

    def constant(self, array):
        return array

    def index(self, array):
        return array

    def gradient(self):
        x = np.float32(3)

        def step():
            return np.square(x), 2 * x

        return step

    def fit(self, next_batch):
        w = b = np.float32(0)
        rate = np.float32(RATE)

        def step():
            nonlocal w, b
            x, y = next_batch()
            batch = np.float32(x.size)
            r = w * x + b - y
            loss = np.dot(r, r) / batch
            w -= rate * (2 * np.dot(r, x) / batch)
            b -= rate * (2 * r.sum() / batch)
            return loss

        return step, lambda: (float(w), float(b))

    def take(self, x, indices):
        return x[indices]

    def network(self, digits):
        weights = [digits.w1, digits.b1, digits.w2, digits.b2]
        m = [np.zeros_like(w) for w in weights]
        v = [np.zeros_like(w) for w in weights]
        rows = np.arange(32)
        count = 0

        def step():
            nonlocal count
            at = digits.indices()
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
            dz /= 32
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

    def chain(self, count):
        raise NotImplementedError("nothing records")


class Torch:
    """PyTorch, eager."""

    def __init__(self):
        import torch
        self.torch = torch
        if THREADS:
            torch.set_num_threads(THREADS)
        self.version = torch.__version__

    def constant(self, array):
        return self.torch.from_numpy(array)

    index = constant

    def gradient(self):
        torch = self.torch
        x = torch.tensor(3.0, requires_grad=True)

        def step():
            return torch.autograd.grad(x.square(), x)

        return step

    def fit(self, next_batch):
        torch = self.torch
        w = torch.zeros((), requires_grad=True)
        b = torch.zeros((), requires_grad=True)
        sgd = torch.optim.SGD([w, b], lr=RATE)

        def step():
            x, y = next_batch()
            loss = torch.square(w * x + b - y).sum() / x.shape[0]
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            return loss

        return step, lambda: (w.item(), b.item())

    def take(self, x, indices):
        return self.torch.index_select(x, 0, indices)

    def network(self, digits):
        torch = self.torch
        functional = torch.nn.functional
        model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(),
                                    torch.nn.Linear(128, 10))
        with torch.no_grad():
            model[0].weight.copy_(torch.from_numpy(digits.w1.T))
            model[0].bias.zero_()
            model[2].weight.copy_(torch.from_numpy(digits.w2.T))
            model[2].bias.zero_()
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
        x, labels = map(torch.from_numpy, (digits.x, digits.labels))

        def step():
            at = torch.from_numpy(digits.indices())
            loss = functional.cross_entropy(model(x[at]), labels[at])
            adam.zero_grad()
            loss.backward()
            adam.step()
            return loss

        return step

    def chain(self, count):
        x = self.torch.tensor(1.0, requires_grad=True)

        def record():
            y = x
            for _ in range(count // 2):
                y = y * 1.0001 + 0.0001
            return y

        def sweep(y):
            x.grad = None
            y.backward()

        return record, sweep


class TensorFlow:
    """TensorFlow 2, eager."""

    def __init__(self):
        import tensorflow as tf
        self.tf = tf
        if THREADS:
            tf.config.threading.set_intra_op_parallelism_threads(THREADS)
            tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        self.version = tf.__version__

    def constant(self, array):
        return self.tf.constant(array)

    index = constant

    def gradient(self):
        tf = self.tf
        x = tf.Variable(3.0)

        def step():
            with tf.GradientTape() as tape:
                y = tf.square(x)
            return tape.gradient(y, x)

        return step

    def fit(self, next_batch):
        tf = self.tf
        w, b = tf.Variable(0.0), tf.Variable(0.0)
        sgd = tf.keras.optimizers.SGD(learning_rate=RATE)

        def step():
            x, y = next_batch()
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(w * x + b - y)) / x.shape[0]
            grads = tape.gradient(loss, [w, b])
            sgd.apply_gradients(zip(grads, [w, b]))
            return loss

        return step, lambda: (float(w.numpy()), float(b.numpy()))

    def take(self, x, indices):
        return self.tf.gather(x, indices)

    def network(self, digits):
        tf = self.tf
        arrays = (digits.w1, digits.b1, digits.w2, digits.b2)
        weights = w1, b1, w2, b2 = [tf.Variable(a) for a in arrays]
        adam = tf.keras.optimizers.Adam(learning_rate=1e-3)
        data, targets = tf.constant(digits.x), tf.constant(digits.labels)

        def step():
            at = digits.indices()
            x, labels = tf.gather(data, at), tf.gather(targets, at)
            with tf.GradientTape() as tape:
                h = tf.nn.relu(tf.matmul(x, w1) + b1)
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(
                        labels=labels, logits=tf.matmul(h, w2) + b2))
            grads = tape.gradient(loss, weights)
            adam.apply_gradients(zip(grads, weights))
            return loss

        return step

    def chain(self, count):
        tf = self.tf
        x = tf.Variable(1.0)

        def record():
            with tf.GradientTape() as tape:
                y = x
                for _ in range(count // 2):
                    y = y * 1.0001 + 0.0001
            return tape, y

        def sweep(recorded):
            tape, y = recorded
            return tape.gradient(y, x)

        return record, sweep


PEERS = {"torch": Torch, "tensorflow": TensorFlow, "numpy": NumPy}


def batches(peer, data, batch, draw):
    """A function that gives the next x and y; `batch` 0 is every point."""
    x, y = peer.constant(data.x), peer.constant(data.y)
    if batch == 0:
        return lambda: (x, y)
    if draw:
        def next_batch():
            at = peer.index(data.indices(batch))
            return peer.take(x, at), peer.take(y, at)
        return next_batch
    pool = [peer.index(data.indices(batch)) for _ in range(POOL)]
    count = 0

    def next_batch():
        nonlocal count
        count += 1
        at = pool[count % POOL]
        return peer.take(x, at), peer.take(y, at)

    return next_batch


def timed(step, seconds, known):
    """Seconds per call, from a block that lasts `seconds` or half of it."""
    start = time.perf_counter()
    while time.perf_counter() - start < seconds / 4:
        step()  # first steps make slots, fill caches, wake threads
    count = known.get("count", 1)
    while True:
        start = time.perf_counter()
        for _ in range(count):
            step()
        spent = time.perf_counter() - start
        if spent >= seconds / 2:
            known["count"] = max(1, int(count * seconds / spent))
            return {"total": spent / count}
        count *= 2


def timed_chain(chain, count, seconds):
    record, sweep = chain
    runs, recording, sweeping = 0, 0.0, 0.0
    while recording + sweeping < seconds:
        start = time.perf_counter()
        recorded = record()
        middle = time.perf_counter()
        sweep(recorded)
        end = time.perf_counter()
        del recorded
        runs += 1
        recording += middle - start
        sweeping += end - middle
    ops = runs * count
    return {"total": (recording + sweeping) / ops,
            "record": recording / ops, "sweep": sweeping / ops}


def check_fit(peer):
    """Loss, w and b after 100 steps at batch 1000: the same everywhere."""
    step, state = peer.fit(batches(peer, Data(), 1000, True))
    for _ in range(100):
        loss = float(step())
    w, b = state()
    return {"loss": loss, "w": w, "b": b}


def check_network(peer):
    step = peer.network(Digits())
    for _ in range(100):
        loss = float(step())
    return {"loss": loss}


class Worker:
    def __init__(self, peer):
        self.peer = peer
        self.data = Data()
        self.known = {}

    def answer(self, row, seconds):
        known = self.known.setdefault(row, {})
        kind, *args = row.split(":")
        if kind == "check":
            return {"fit": check_fit, "mlp": check_network}[args[0]](self.peer)
        if kind == "chain":
            count = int(args[0])
            return timed_chain(self.peer.chain(count), count, seconds)
        if kind == "gradient":
            return timed(self.peer.gradient(), seconds, known)
        if kind == "mlp":
            return timed(self.peer.network(Digits()), seconds, known)
        batch, draw = int(args[0]), args[1] == "draw"
        next_batch = batches(self.peer, self.data, batch, draw)
        return timed(self.peer.fit(next_batch)[0], seconds, known)

    def serve(self):
        print(f"= version={self.peer.version}", flush=True)
        for line in sys.stdin:
            row, seconds = line.split()
            try:
                answer = self.answer(row, float(seconds))
                words = [f"{key}={value}" for key, value in answer.items()]
                print("=", *words, flush=True)
            except Exception as problem:
                text = str(problem).splitlines() or [type(problem).__name__]
                print("!", text[0], flush=True)


def peak():
    """The most memory this process ever had, in KiB."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def show_memory(peer, steps):
    print("=", f"start={peak()}", end=" ")
    data = Data()
    step, _ = peer.fit(batches(peer, data, 1000, True))
    for _ in range(steps):
        step()
    print(f"fit={peak()}", end=" ")
    step, _ = peer.fit(batches(peer, data, 0, False))
    for _ in range(20):
        step()
    print(f"full={peak()}")


def main(args):
    try:
        peer = PEERS[args[0]]()
    except ImportError as problem:
        print("!", str(problem).splitlines()[0], flush=True)
        return
    if args[1:2] == ["memory"]:
        show_memory(peer, int(args[2]))
    else:
        Worker(peer).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
