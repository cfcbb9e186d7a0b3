"""Writes matmul.txt: products of matrices and their gradients, as facts.

    pip install numpy==2.4.6
    python3 tests/golden/matmul.py > tests/golden/matmul.txt

Computed by NumPy's einsum, of quarters between -3 and 3, so that all is exact.
"""
import numpy as np

from facts import text, write


def quarters(shape, step):
    n = np.prod(shape, dtype=int)
    return ((np.arange(n) * step % 25 - 12) / 4).reshape(shape)


# Adds up the axes that broadcasting made.
def sum_to(x, shape):
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return x.sum(axis=ones, keepdims=True)


def fact(a_shape, b_shape, flip_a=False, flip_b=False):
    a, b = quarters(a_shape, 7), quarters(b_shape, 11)
    options = (" transpose_a=true" * flip_a + " transpose_b=true" * flip_b)
    of = "...ki" if flip_a else "...ik", "...jk" if flip_b else "...kj"
    y = np.einsum(f"{of[0]},{of[1]}->...ij", a, b)
    g = quarters(y.shape, 13)
    ga = sum_to(np.einsum(f"...ij,{of[1]}->{of[0]}", g, b), a_shape)
    gb = sum_to(np.einsum(f"{of[0]},...ij->{of[1]}", a, g), b_shape)
    call = f"matmul {text(a)} {text(b)}{options}"
    write(f"{call} -> {text(y)} exactly")
    write(f"d {call} along {text(g)} -> {text(ga)} | {text(gb)} exactly")


print(f"# golden/matmul.py with NumPy {np.__version__}.")
a, b = np.arange(24) % 5, np.arange(40) % 3
y = np.einsum("bxik,ckj->bcij", a.reshape(2, 1, 3, 4), b.reshape(5, 4, 2))
write("numbers: matmul (reshape (mod (range 0 23 1) 5) shape=[2 1 3 4]) "
      f"(reshape (mod (range 0 39 1) 3) shape=[5 4 2]) -> {text(y)}")
fact([2, 3], [3, 4])
fact([3, 2], [3, 4], flip_a=True)
fact([2, 3], [4, 3], flip_b=True)
fact([3, 2], [4, 3], flip_a=True, flip_b=True)
fact([5, 2, 3], [3, 4])
fact([5, 2, 3], [4, 3], flip_b=True)
fact([5, 3, 2], [3, 4], flip_a=True)
fact([2, 3], [5, 3, 4])
fact([2, 1, 2, 3], [3, 3, 2])
fact([2, 1, 3, 2], [3, 4, 3], flip_a=True, flip_b=True)
