"""Writes keras_fit.lua: histories of Keras 3's fit from given weights, without
shuffling.

    pip install keras==3.15.1 tensorflow==2.21.0
    KERAS_BACKEND=tensorflow python3 tests/golden/keras_fit.py \
        > tests/golden/keras_fit.lua

Each case has the text of the model in both languages: labels count from 0 in
Keras and from 1 here.
"""
import keras
import numpy as np
from keras import layers as L, optimizers as O

rng = np.random.default_rng(3)
X = np.round(rng.normal(size=(24, 4)) * 8) / 8
LABELS = rng.integers(0, 3, size=24)
TARGETS = np.round(X.sum(axis=1, keepdims=True) * 4) / 8
BITS = (X[:, :1] > 0).astype("float32")
WEIGHTS = np.round(rng.uniform(0, 2, size=24) * 4) / 4
IMAGES = np.round(rng.normal(size=(24, 6, 6, 1)) * 8) / 8

CASES = [
    # name, our layers, Keras's layers, data, compile, fit
    ("dense sgd mse", "L.Dense(3, { activation = 'relu' }), L.Dense(1)",
     lambda: [L.Dense(3, activation="relu"), L.Dense(1)], "targets",
     "optimizer = nd.optimizers.SGD(0.05), loss = 'mse', metrics = { 'mae' }",
     lambda: dict(optimizer=O.SGD(0.05), loss="mse", metrics=["mae"]),
     "validation_split = 0.25", dict(validation_split=0.25)),
    ("classes adam", "L.Dense(5, { activation = 'tanh' }), "
     "L.Dense(3, { activation = 'softmax' })",
     lambda: [L.Dense(5, activation="tanh"), L.Dense(3, activation="softmax")],
     "labels",
     "optimizer = nd.optimizers.Adam(0.02), "
     "loss = 'sparse_categorical_crossentropy', metrics = { 'accuracy' }",
     lambda: dict(optimizer=O.Adam(0.02),
                  loss="sparse_categorical_crossentropy",
                  metrics=["accuracy"]),
     "class_weight = { 1, 2, 0.5 }",
     dict(class_weight={0: 1., 1: 2., 2: .5})),
    ("bits with weights", "L.Dense(4, { activation = 'relu', "
     "kernel_regularizer = nd.regularizers.L2(0.1) }), "
     "L.Dense(1, { activation = 'sigmoid' })",
     lambda: [L.Dense(4, activation="relu",
                      kernel_regularizer=keras.regularizers.L2(0.1)),
              L.Dense(1, activation="sigmoid")], "bits",
     "optimizer = nd.optimizers.RMSprop(0.01), loss = 'binary_crossentropy', "
     "metrics = { 'acc' }, weighted_metrics = { 'mse' }",
     lambda: dict(optimizer=O.RMSprop(0.01), loss="binary_crossentropy",
                  metrics=["acc"], weighted_metrics=["mse"]),
     "sample_weight = data.weights", dict(sample_weight=WEIGHTS)),
    ("batch normalization", "L.Dense(4), L.BatchNormalization(), L.Dense(1)",
     lambda: [L.Dense(4), L.BatchNormalization(), L.Dense(1)], "targets",
     "optimizer = nd.optimizers.SGD(0.05, 0.9), loss = 'mae'",
     lambda: dict(optimizer=O.SGD(0.05, 0.9), loss="mae"),
     "validation_data = { x, y }", "validation"),
    ("images", "L.Conv2D(2, 3, { activation = 'relu' }), L.MaxPooling2D(2), "
     "L.Flatten(), L.Dense(3)",
     lambda: [L.Conv2D(2, 3, activation="relu"), L.MaxPooling2D(2),
              L.Flatten(), L.Dense(3)], "images",
     "optimizer = 'adam', loss = nd.losses.SparseCategoricalCrossentropy { "
     "from_logits = true }, metrics = { 'accuracy' }",
     lambda: dict(optimizer="adam",
                  loss=keras.losses.SparseCategoricalCrossentropy(
                      from_logits=True), metrics=["accuracy"]), "", {}),
    ("sequences", "L.Reshape { 4, 1 }, L.LSTM(3), L.Dense(1)",
     lambda: [L.Reshape((4, 1)), L.LSTM(3), L.Dense(1)], "targets",
     "optimizer = nd.optimizers.Adam(0.05), loss = 'huber'",
     lambda: dict(optimizer=O.Adam(0.05), loss="huber"),
     "batch_size = 10", dict(batch_size=10)),
]

# Running means, which the model has at the end.
for name, ours, theirs in [
        ("running means", "", []),
        ("running means, evaluated", "callbacks = { "
         "nd.callbacks.SwapEMAWeights() }", [keras.callbacks.SwapEMAWeights()]),
        ("running means between epochs", "callbacks = { "
         "nd.callbacks.SwapEMAWeights(true) }",
         [keras.callbacks.SwapEMAWeights(True)])]:
    CASES.append((
        name, "L.Dense(3, { activation = 'tanh' }), L.Dense(1)",
        lambda: [L.Dense(3, activation="tanh"), L.Dense(1)], "targets",
        "optimizer = nd.optimizers.SGD(0.05, { use_ema = true, "
        "ema_momentum = 0.6 }), loss = 'mse'",
        lambda: dict(optimizer=O.SGD(0.05, use_ema=True, ema_momentum=0.6),
                     loss="mse"),
        "validation_split = 0.25, " + ours,
        dict(validation_split=0.25, callbacks=theirs)))


def numbers(x):
    """Nested lists as Lua, with nine digits."""
    if np.ndim(x):
        return "{" + ", ".join(map(numbers, x)) + "}"
    return f"{float(x):.9g}"


def write(text, indent="  "):
    """Text broken at blanks."""
    line = indent
    for word in text.split(" "):
        if len(line) + 1 + len(word) > 80:
            print(line.rstrip())
            line = indent + "  "
        line += word + " "
    print(line.rstrip())


def data_of(kind):
    x = IMAGES if kind == "images" else X
    y = {"targets": TARGETS, "bits": BITS}.get(kind, LABELS)
    return x.astype("float32"), y


print(f"""--- golden/keras_fit.lua: made by golden/keras_fit.py, with Keras
-- {keras.__version__} on TensorFlow.
return {{""")
for name, value in [("x", X), ("labels", LABELS + 1), ("targets", TARGETS),
                    ("bits", BITS), ("weights", WEIGHTS),
                    ("images", IMAGES)]:
    write(f"{name} = {numbers(value)},")
write("cases = {")
for name, ours, make, kind, our_compile, compiled, our_fit, fitted in CASES:
    x, y = data_of(kind)
    model = keras.Sequential([keras.Input(x.shape[1:])] + make())
    weights = [np.round(rng.normal(size=w.shape) * 16) / 32 + 0.25
               for w in model.get_weights()]
    model.set_weights(weights)
    model.compile(**compiled())
    if fitted == "validation":
        fitted = dict(validation_data=(x, y))
    fitted = {"batch_size": 8, **fitted}
    history = model.fit(x, y, epochs=3, shuffle=False, verbose=0,
                        **fitted).history
    write(f'{{ name = "{name}", data = "{kind}", layers = [[{ours}]],', "    ")
    write(f"compile = [[{our_compile}]], fit = [[{our_fit}]],", "    ")
    write("weights = {" + ", ".join(map(numbers, weights)) + "},", "    ")
    write("history = { " + ", ".join(
        f"{key} = {numbers(value)}" for key, value in sorted(history.items()))
        + " },", "    ")
    write("after = {" + ", ".join(map(numbers, model.get_weights())) + "} },",
          "    ")
print("  },\n}")
