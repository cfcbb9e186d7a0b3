"""Prints tests/golden/recurrent.txt.

KERAS_BACKEND=tensorflow python3 recurrent.py > recurrent.txt, with Keras 3: the
layers LSTM and GRU with given weights, in float64, and the gradients of the
sum of all they give, the outputs weighted.
"""
import keras
import numpy as np
import tensorflow as tf

from facts import text, write

keras.config.set_floatx("float64")
rng = np.random.default_rng(30)
CLASSES = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def draw(*shape):
    return rng.integers(-8, 9, size=shape) / 8


def flags(mask):
    rows = [" ".join(str(bool(x)).lower() for x in row) for row in mask]
    return "bool[" + " ".join(f"[{row}]" for row in rows) + "]"


def run(layer, x, weights, states, mask):
    layer.build(x.shape)
    layer.set_weights(weights)
    given = [tf.constant(v) for v in [x, *states]]
    with tf.GradientTape() as tape:
        tape.watch(given)
        out = layer(given[0], initial_state=given[1:] or None, mask=mask)
    return given, out, tape


def facts(op, batch, time, width, units, states=False, mask=None, **options):
    gates = 4 if op == "lstm" else 3
    flat = op == "lstm" or not options.get("reset_after", True)
    bias = draw(gates * units) if flat else draw(2, gates * units)
    weights = [draw(width, gates * units), draw(units, gates * units), bias]
    count = 2 if op == "lstm" else 1
    first = [draw(batch, units) for _ in range(count)] if states else []
    layer = CLASSES[op](units, return_sequences=True, return_state=True,
                        **options)
    given, out, tape = run(layer, draw(batch, time, width), weights, first,
                           mask)
    call = f"{op} " + " ".join(map(text, [given[0], *weights, *first]))
    if mask is not None:
        call += " none" * (0 if states else count) + " " + flags(mask)
    for name, value in options.items():
        call += f" {name}={str(value).lower()}"
    write(f"{call} -> {' | '.join(map(text, out))} within 1e-6")
    weight = draw(*out[0].shape)
    with tape:
        loss = tf.reduce_sum(out[0] * weight) + sum(map(tf.reduce_sum, out[1:]))
    sources = [given[0], *layer.trainable_variables, *given[1:]]
    pulled = " | ".join(map(text, tape.gradient(loss, sources)))
    write(f"d {call} along {text(weight)} -> {pulled} within 1e-5")


print(f"# Keras {keras.__version__} on TensorFlow {tf.__version__}, float64:")
print("# LSTM and GRU.\n")
some = np.array([[False, True, False], [True, False, True]])
for op, options in (("lstm", {}), ("gru", {}), ("gru", {"reset_after": False})):
    facts(op, 1, 2, 2, 1, **options)
    facts(op, 2, 3, 1, 2, states=True, **options)
    facts(op, 2, 3, 1, 1, mask=some, **options)
    facts(op, 2, 3, 1, 1, states=True, mask=some, **options)
    facts(op, 2, 3, 1, 1, states=True, mask=some, zero_output_for_mask=True,
          **options)
