"""Recomputes facts of elementwise ops, values and derivatives, in 340 digits.

    pip install mpmath==1.4.1
    python3 tests/golden/elementwise.py

Reads tests/facts/unary.txt and binary.txt. Says what differs by more than a
unit of the last digit that is written, and how many numbers agree. Facts with
what is not finite, and zeros, which are corners or limits, are passed over.
"""
import itertools
import re
import struct

from mpmath import mp, mpf

mp.dps = 340


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(-abs(x))) + (x if x > 0 else 0)


OPS = {
    "sigmoid": sigmoid,
    "softplus": softplus,
    "log_sigmoid": lambda x: -softplus(-x),
    "sigmoid_cross_entropy_with_logits": lambda z, x: softplus(x) - x * z,
    "atan2": mp.atan2,
    "pow": lambda x, y: x ** y,
    "square": lambda x: x * x,
    "log1p": mp.log1p,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "divide_no_nan": lambda x, y: x / y,
    "xdivy": lambda x, y: x / y,
    "xlogy": lambda x, y: x * mp.log(y),
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "digamma": mp.digamma,
    "xlog1py": lambda x, y: x * mp.log1p(y),
} | {name: getattr(mp, name) for name in (
    "tanh expm1 asin acos atan asinh acosh atanh erf erfc sin cos tan exp log"
    " sqrt").split()}

LITERALS = r"[-\d.e |[\]]*?"
FACT = re.compile(rf"(?:(float32|float64): )?(?:(d+) )?(\w+) ({LITERALS})"
                  rf"(?: along ({LITERALS}))? *-> ({LITERALS})(?: within.*)?$")


def facts(path):
    text = re.sub(r"\n +", " ", open(path).read())
    for line in text.split("\n"):
        match = FACT.match(line)
        if match and match[3] in OPS:
            yield line, match


def numbers(text):
    """The literals in a text, each a list; scalars are lists of one."""
    return [word.strip("[]").split()
            for word in re.findall(r"\[[^]]*\]|[^\s|[\]]+", text)]


def rounded(word, single):
    number = float(word)
    return mpf(struct.unpack("f", struct.pack("f", number))[0]
               if single else number)


def derivative(f, x, orders):
    if not any(orders):
        return f(*x)
    if len(x) == 1:
        return mp.diff(f, x[0], orders[0])
    return mp.diff(f, x, orders)


def unit(word, single):
    digits, _, exponent = word.partition("e")
    decimals = len(digits.partition(".")[2])
    written = len(re.sub(r"\D", "", digits).lstrip("0"))
    last = mpf(10) ** (int(exponent or 0) - decimals)
    short = abs(mpf(word)) * mpf(2) ** (-23 if single else -52)
    return last if written >= 7 else short


def results(match):
    """For each result of the fact a list of numbers."""
    inputs = [[rounded(w, match[1] == "float32") for w in row]
              for row in numbers(match[4])]
    f, order = OPS[match[3]], len(match[2] or "")
    n, m = len(inputs), max(map(len, inputs))
    weights = [mpf(w) for w in numbers(match[5])[0]] if match[5] else [1] * m
    grid = [[row[k % len(row)] for row in inputs] for k in range(m)]
    if order == 0:
        return [[derivative(f, x, [0] * n) for x in grid]]
    # Of order k: by each input, after the sum over k - 1 inputs of any kind.
    rows, paths = [], list(itertools.product(range(n), repeat=order - 1))
    for i in range(n):
        row = [w * sum(derivative(f, x, tuple(((i,) + path).count(j)
                                              for j in range(n)))
                       for path in paths)
               for x, w in zip(grid, weights)]
        rows.append(row if len(inputs[i]) == m else [sum(row)])
    return rows


agree = 0
for path in "tests/facts/unary.txt", "tests/facts/binary.txt":
    for line, match in facts(path):
        try:
            got = itertools.chain(*results(match))
            for mine, word in zip(got, itertools.chain(*numbers(match[6]))):
                if mpf(word) == 0 or not mp.isfinite(mine):
                    continue
                if abs(mine - mpf(word)) > unit(word, match[1] == "float32"):
                    print(f"{line}\n  {word} is {mp.nstr(mine, 12)}")
                else:
                    agree += 1
        except (ValueError, ZeroDivisionError, TypeError):
            pass
print(f"{agree} numbers agree")
