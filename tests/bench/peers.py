#!/usr/bin/env python3
"""The peers of `make bench`, each in a file of its own beside this one.

One process runs one peer. Every row is the same algorithm as in rows.lua:
the same data, the same draws (NumPy's legacy generator, seed 0), float32, and
what the library's own users would write for it. Usage:

    peers.py PEER               answers requests on standard input
    peers.py PEER memory STEPS  trains STEPS steps, prints its memory in KiB

The requests and answers are those of worker.lua.
"""
import importlib
import itertools
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# How many threads each has; 0 leaves each library its default.
THREADS = int(os.environ.get("BENCH_THREADS", "1"))
if THREADS:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(THREADS)

try:
    import numpy as np  # noqa: E402  (it reads the thread counts set above)
except ImportError as missing:
    sys.exit(print("!", missing))

SCRATCH = os.path.join(os.environ.get("BUILD", "build"), "bench")
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

    def indices(self, batch):
        return self.random.randint(1000, size=batch)


class Images:
    """Network of two convolutions: images, labels and first weights."""

    def __init__(self):
        self.random = random = np.random.RandomState(1)
        self.x = random.randn(256, 28, 28, 1).astype(np.float32)
        self.labels = random.randint(10, size=256)
        self.f1 = (random.randn(3, 3, 1, 32) * 0.1).astype(np.float32)
        self.f2 = (random.randn(3, 3, 32, 64) * 0.1).astype(np.float32)
        self.w = (random.randn(7 * 7 * 64, 10) * 0.02).astype(np.float32)

    def indices(self, batch):
        return self.random.randint(256, size=batch)


class Sequences:
    """What an LSTM reads and is to give, and its first weights."""

    def __init__(self):
        random = np.random.RandomState(1)
        self.x = random.randn(64, 32, 128).astype(np.float32)
        self.target = random.randn(64, 32, 128).astype(np.float32)
        self.kernel = (random.randn(128, 512) * 0.08).astype(np.float32)
        self.recurrent = (random.randn(128, 512) * 0.08).astype(np.float32)


class Tokens:
    """The same for a block of attention by HEADS heads."""

    HEADS = 8

    def __init__(self):
        random = np.random.RandomState(1)
        self.x = random.randn(4, 128, 256).astype(np.float32)
        self.target = random.randn(4, 128, 256).astype(np.float32)
        self.query, self.key, self.value, self.merge, self.wide, self.narrow = (
            (random.randn(*shape) * 0.06).astype(np.float32)
            for shape in [(256, 256)] * 4 + [(256, 1024), (1024, 256)])


class Examples:
    """What a small model learns, ten at a time."""

    STEPS = 100

    def __init__(self):
        random = np.random.RandomState(1)
        self.x = random.randn(10 * self.STEPS, 8).astype(np.float32)
        self.y = random.randn(10 * self.STEPS, 1).astype(np.float32)


class Words:
    """A table with 64 numbers for each word, and the words of batches."""

    def __init__(self, words):
        random = np.random.RandomState(2)
        self.table = (random.randn(words, 64) * 0.1).astype(np.float32)
        self.batches = [random.randint(words, size=32) for _ in range(POOL)]

    def positions(self, peer):
        return itertools.cycle([peer.index(b) for b in self.batches]).__next__


# Each: its module, its class there.
PEERS = {
    "torch": ("peer_torch", "Torch"),
    "compile": ("peer_torch", "Compiled"),
    "tensorflow": ("peer_tensorflow", "TensorFlow"),
    "function": ("peer_tensorflow", "Function"),
    "jax": ("peer_jax", "Jax"),
    "numpy": ("peer_numpy", "NumPy"),
}


def make_peer(name):
    module, kind = PEERS[name]
    return getattr(importlib.import_module(module), kind)(THREADS)


def positions(peer, data, batch, draw):
    """A function that gives those of the next batch; None is every point."""
    if batch == 0:
        return lambda: None
    if draw:
        return lambda: peer.index(data.indices(batch))
    pool = [peer.index(data.indices(batch)) for _ in range(POOL)]
    return itertools.cycle(pool).__next__


def fit(peer, data, batch, draw):
    """Steps of the regression; `batch` 0 is every point."""
    return peer.fit(peer.constant(data.x), peer.constant(data.y),
                    positions(peer, data, batch, draw), RATE)


def timed(peer, step, seconds, known, per=1):
    """Seconds per step, from a block that lasts `seconds` or half of it; a
    call makes as many steps as `per`."""
    peer.wait(step())  # what compiles does it now
    start = time.perf_counter()
    while time.perf_counter() - start < seconds / 4:
        peer.wait(step())  # first steps make slots, fill caches, wake threads
    count = known.get("count", 1)
    while True:
        start = time.perf_counter()
        for _ in range(count):
            result = step()
        peer.wait(result)
        spent = time.perf_counter() - start
        if spent >= seconds / 2:
            known["count"] = max(1, int(count * seconds / spent))
            return {"total": spent / count / per}
        count *= 2


def timed_chain(peer, chain, count, seconds, known):
    """Seconds per op; of what cannot be taken apart the whole alone."""
    if callable(chain):
        return {"total": timed(peer, chain, seconds, known)["total"] / count}
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
    step, state = fit(peer, Data(), 1000, True)
    for _ in range(100):
        loss = float(step())
    w, b = state()
    return {"loss": loss, "w": w, "b": b}


def check_network(step):
    for _ in range(100):
        loss = float(step())
    return {"loss": loss}


class Worker:
    def __init__(self, peer):
        self.peer = peer
        self.data = Data()
        self.known = {}

    def make(self, kind, args):
        """What does one iteration of the row."""
        peer = self.peer
        if kind == "gradient":
            return peer.gradient()
        if kind == "mlp":
            return peer.network(Digits(), int(args[0]))
        if kind == "conv":
            return peer.images(Images(), 32)
        if kind == "lstm":
            return peer.lstm(Sequences())
        if kind == "attention":
            return peer.attention(Tokens())
        if kind == "epoch":
            return getattr(peer, "epoch_by_" + args[0])(Examples())
        if kind == "checkpoint":
            return peer.checkpoint(os.path.join(SCRATCH, peer.__module__))
        if kind == "wave":
            x = np.linspace(-3, 3, int(args[0]), dtype=np.float32)
            return peer.wave(peer.constant(x))
        if kind == "embed":
            words = Words(int(args[0]))
            return peer.embed(words.table, words.positions(peer), RATE)
        if kind == "chain":
            return peer.chain(int(args[0]))
        return fit(peer, self.data, int(args[0]), args[1] == "draw")[0]

    def answer(self, row, seconds):
        kind, *args = row.split(":")
        if row == "check:fit":
            return check_fit(self.peer)
        if kind == "check":
            return check_network(self.make(args[0], args[1:]))
        known = self.known.setdefault(row, {})
        if "step" not in known:  # made once: some compile for seconds
            known["step"] = self.make(kind, args)
        if kind == "chain":
            return timed_chain(self.peer, known["step"], int(args[0]), seconds,
                               known)
        per = Examples.STEPS if kind == "epoch" else 1
        return timed(self.peer, known["step"], seconds, known, per)

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
    step, _ = fit(peer, data, 1000, True)
    for _ in range(steps):
        step()
    print(f"fit={peak()}", end=" ")
    step, _ = fit(peer, data, 0, False)
    for _ in range(20):
        step()
    print(f"full={peak()}")


def main(args):
    try:
        peer = make_peer(args[0])
    except ImportError as problem:
        print("!", str(problem).splitlines()[0], flush=True)
        return
    if args[1:2] == ["memory"]:
        show_memory(peer, int(args[2]))
    else:
        Worker(peer).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
