"""Prints tests/golden/attention.txt.

python3 attention.py > attention.txt, with jax 0.10: dot_product_attention and
its gradients, in float64.
"""
import jax
import jax.numpy as jnp
import numpy as np

from facts import text, write

jax.config.update("jax_enable_x64", True)
rng = np.random.default_rng(20)


def draw(*shape):
    return rng.integers(-8, 9, size=shape) / 4


def flags(x):
    if np.ndim(x):
        return "[" + " ".join(map(flags, x)) + "]"
    return "true" if x else "false"


def facts(q, k, v, bias=None, mask=None, **options):
    def attend(*given):
        more = given[3] if bias is not None else None
        return jax.nn.dot_product_attention(*given[:3], bias=more, mask=mask,
                                            **options)

    given = [q, k, v] + ([] if bias is None else [bias])
    call = "dot_product_attention " + " ".join(map(text, given))
    if mask is not None:
        call += " none" * (bias is None) + " bool" + flags(mask)
    for name, value in options.items():
        call += f" {name}={str(value).lower()}"
    y, pull = jax.vjp(attend, *given)
    g = draw(*y.shape)
    write(f"{call} -> {text(y)} within 1e-5")
    parts = " | ".join(map(text, pull(jnp.asarray(g))))
    write(f"d {call} along {text(g)} -> {parts} within 1e-5")


print(f"# jax {jax.__version__}: jax.nn.dot_product_attention, float64.\n")
facts(draw(1, 2, 1, 2), draw(1, 3, 1, 2), draw(1, 3, 1, 2))
facts(draw(2, 2, 2, 1), draw(2, 2, 2, 1), draw(2, 2, 2, 1), scale=.5)
facts(draw(1, 3, 1, 2), draw(1, 3, 1, 2), draw(1, 3, 1, 2), is_causal=True)
facts(draw(1, 2, 4, 1), draw(1, 2, 2, 1), draw(1, 2, 2, 1))
facts(draw(1, 2, 2, 1), draw(1, 3, 2, 1), draw(1, 3, 2, 1),
      bias=draw(1, 2, 2, 3))
facts(draw(1, 2, 2, 1), draw(1, 3, 2, 1), draw(1, 3, 2, 1),
      bias=draw(1, 1, 2, 3), mask=rng.random((1, 2, 1, 3)) < .6)
print("\n# A query that sees nothing sees all alike, and has no gradient.")
facts(draw(1, 2, 1, 1), draw(1, 2, 1, 1), draw(1, 2, 1, 1),
      mask=np.array([[[[False, False], [True, True]]]]))
facts(draw(1, 2, 1, 1), draw(1, 2, 1, 1), draw(1, 2, 1, 1),
      mask=np.array([[[[False, True], [True, True]]]]), is_causal=True)
