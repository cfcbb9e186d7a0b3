"""Writes philox.h, the streams of src/base/philox.c as this plain model has
them. Normals are left out: their last bits are philox.c's own.

    python3 tests/golden/philox.py > tests/golden/philox.h

A digest is the sum over k of (2 k + 1) value[k] modulo 2^64, with value[k] the
bits of a float or a whole number in two's complement.
"""
import struct

SEED, STREAM = 0x0123456789abcdef, 0xfedcba9876543210
LANES = 16
WORD = 2**32 - 1


def block(place):
    c = [place & WORD, place >> 32, STREAM & WORD, STREAM >> 32]
    k0, k1 = SEED & WORD, SEED >> 32
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [b >> 32 ^ c[1] ^ k0, b & WORD, a >> 32 ^ c[3] ^ k1, a & WORD]
        k0, k1 = k0 + 0x9E3779B9 & WORD, k1 + 0xBB67AE85 & WORD
    return c


def word(i):
    group, k = divmod(i, 4 * LANES)
    return block(group * LANES + k % LANES)[k // LANES]


def pair(i):
    group, k = divmod(i, 2 * LANES)
    j = k // LANES * 2
    return block(group * LANES + k % LANES)[j:j + 2]


def again(i):
    attempt = 1
    while True:
        yield block(attempt << 48 | i)
        attempt += 1


def narrow(i, size):
    words = [word(i)] + [w for _, b in zip(range(9), again(i)) for w in b]
    return next(w * size >> 32 for w in words
                if w * size % 2**32 >= 2**32 % size)


def wide(i, size):
    pairs = [pair(i)] + [b[j:j + 2] for _, b in zip(range(9), again(i))
                         for j in (0, 2)]
    values = [h << 32 | l for h, l in pairs]
    return next(v % size for v in values if v >= 2**64 % size)


def float_bits(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def double_bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def digest(values):
    return sum((2 * k + 1) * v for k, v in enumerate(values)) % 2**64


def unit_f32(i):
    return float_bits((word(i) >> 8) / 2**24)


def unit_f64(i):
    high, low = pair(i)
    return double_bits(((high >> 5) * 2**26 + (low >> 6)) / 2**53)


def permutation(n):
    x = list(range(n))
    for i in range(n - 1, -1, -1):
        j = narrow(i, i + 1)
        x[i], x[j] = x[j], x[i]
    return x


FIRST = [0, 5, 2**34 - 100]
ROWS = [
    ("uniform f32", unit_f32),
    ("uniform f64", unit_f64),
    ("integers 0..9", lambda i: narrow(i, 10)),
    ("integers of 3 * 2^30 from -2^31", lambda i: narrow(i, 3 << 30) - 2**31),
    ("integers of 2^32 from -2^31", lambda i: narrow(i, 2**32) - 2**31),
    ("integers of 3 * 2^62 from -2^63", lambda i: wide(i, 3 << 62) - 2**63),
    ("integers of 2^64 from -2^63", lambda i: wide(i, 2**64) - 2**63),
]

print("// golden/philox.h: made by golden/philox.py")
print("// clang-format off")
print("#include <stdint.h>\n")
print(f"static const uint64_t golden_seed = 0x{SEED:x}u;")
print(f"static const uint64_t golden_stream = 0x{STREAM:x}u;")
print(f"static const uint64_t golden_first[] = {{ "
      f"{', '.join(str(f) + 'u' for f in FIRST)} }};\n")
print("// Digests of 500 elements, one column per first element.")
print(f"static const uint64_t golden_fills[][{len(FIRST)}] = {{")
for name, value in ROWS:
    columns = [digest(value(f + k) for k in range(500)) for f in FIRST]
    print("  {", ", ".join(f"0x{c:x}u" for c in columns), f"}}, // {name}")
print("};\n")
print("// Digest of the permutation of 1000.")
print("static const uint64_t golden_permutation =",
      f"0x{digest(permutation(1000)):x}u;")
