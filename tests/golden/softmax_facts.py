"""Prints the numbers of tests/facts/softmax.txt and cross_entropy.txt.

python3 softmax_facts.py, with mpmath 1.4.1: softmax and what is like it, and
derivatives by differences, all in 60 digits.
"""
from mpmath import mp, mpf, exp, log, diff

mp.dps = 60


def logsumexp(x):
    return log(sum(exp(v) for v in x))


def softmax(x):
    total = sum(exp(v) for v in x)
    return [exp(v) / total for v in x]


def log_softmax(x):
    total = logsumexp(x)
    return [v - total for v in x]


def derivative(f, x, orders):
    """Of f at x, `orders` times by each element."""
    return diff(lambda *v: f(v), tuple(x), orders)


def along(f, x, start):
    """The gradient of the derivative of f by the elements `start`."""
    n = len(x)
    rows = []
    for i in range(n):
        orders = [start.count(j) + (i == j) for j in range(n)]
        rows.append(derivative(f, x, tuple(orders)))
    return rows


def show(name, values):
    values = values if isinstance(values, list) else [values]
    print(name, " ".join(mp.nstr(v, 17) for v in values))


steep = [mpf(20), mpf(1), mpf(0)]
show("reduce_logsumexp [20 0]", logsumexp([mpf(20), 0]))
show("reduce_logsumexp [0 -40]", logsumexp([0, mpf(-40)]))
show("reduce_logsumexp [0 -10 -10]", logsumexp([0, mpf(-10), mpf(-10)]))
show("log_softmax [20 1 0]", log_softmax(steep))
show("softmax [20 1 0]", softmax(steep))
pick = [lambda x, k=k: log_softmax(x)[k] for k in range(3)]
share = [lambda x, k=k: softmax(x)[k] for k in range(3)]
mixed = lambda x: -(.75 * pick[0](x) + .25 * pick[1](x))
show("d log_softmax along [1 0 0]", along(pick[0], steep, []))
show("d log_softmax along [1 2 0]",
     along(lambda x: pick[0](x) + 2 * pick[1](x), steep, []))
show("dd logsumexp along [1 0 0]", along(logsumexp, steep, [0]))
show("dd logsumexp along [0 1 0]", along(logsumexp, steep, [1]))
show("ddd logsumexp by 1 1", along(logsumexp, steep, [0, 0]))
show("d softmax along [1 0 0]", along(share[0], steep, []))
show("d softmax along [0 1 0]", along(share[1], steep, []))
show("loss .75 .25", mixed(steep))
show("d loss .75 .25", along(mixed, steep, []))
show("loss [1 0 0]", -pick[0](steep))
show("d loss [1 0 0]", along(lambda x: -pick[0](x), steep, []))
hess = lambda k: along(lambda x: -pick[0](x), steep, [k])
show("dd loss by 1", hess(0))
show("dd loss by 2", hess(1))
second = lambda x: derivative(share[0], x, (1, 0, 0))
show("dd softmax[0] by 1", along(share[0], steep, [0]))
show("[20 0]: -log p", -log_softmax([mpf(20), 0])[0])
show("[20 0]: d", [derivative(lambda x: -log_softmax(x)[0], [mpf(20), mpf(0)],
                              o) for o in ((1, 0), (0, 1))])
show("[20 0]: dd by 1", [derivative(lambda x: -log_softmax(x)[0],
                                    [mpf(20), mpf(0)], o)
                         for o in ((2, 0), (1, 1))])
show("[0 -40]: d logsumexp", [derivative(logsumexp, [mpf(0), mpf(-40)], o)
                              for o in ((1, 0), (0, 1))])
