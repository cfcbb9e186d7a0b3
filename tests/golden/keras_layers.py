"""Writes keras_layers.records: what Keras's layers give for given weights.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0
    KERAS_BACKEND=tensorflow python3 tests/golden/keras_layers.py \
      > tests/golden/keras_layers.records

Element i of input or weight k, both from 0, is ((7i + 5k) % 23 - 11) / 8, with
k from 1 for inputs and from 10 for weights; of a variance it is the absolute
value of that, + 1/2; of an integer (3i + k) % n + 1. Gradients are those of the
outputs' sum of products with the numbers for k = 5, 6... A record is

    Dense(2)            how the layer is made, as nd.layers has it
    x 2 3               the shape of an input; "i 5 2 3": integers from 1 to 5
    training            if the call trains
    mask 110 111        by example; of several inputs "110 111 | 10 11"
    options ...         further options of the call
    y 2 2 : ...         outputs
    dx 1 : ...          gradients by inputs,
    dw 1 : ...          by trainable weights,
    w 1 : ...           other weights afterwards
"""
import textwrap

import keras
import numpy as np
import tensorflow as tf

L = keras.layers


def numbers(shape, k):
    n = np.prod(shape, dtype=int)
    return (((7 * np.arange(n) + 5 * k) % 23 - 11) / 8).reshape(shape).astype(
        "float32")


def integers(shape, k, n):
    count = np.prod(shape, dtype=int)
    return ((3 * np.arange(count) + k) % n + 1).reshape(shape).astype("int32")


def show(key, values, shape=None):
    head = key + ("" if shape is None else "".join(f" {n}" for n in shape))
    text = " ".join(f"{v + 0:.6g}" for v in np.ravel(values))
    print(textwrap.fill(f"{head} : {text}", 78, subsequent_indent="  ",
                        break_long_words=False))


def set_weights(layer):
    values = []
    for j, w in enumerate(layer.weights):
        value = numbers(w.shape, 10 + j)
        values.append(abs(value) + .5 if "variance" in w.path else value)
    layer.set_weights(values)


def mask_of(text):
    return np.array([[c == "1" for c in row] for row in text.split()])


def call(layer, inputs, lists, **options):
    if lists and len(inputs) > 1:
        return layer(inputs, **options)
    return layer(*inputs, **options)


def case(lua, layer, *shapes, training=False, mask=None, vocabulary=None,
         options=None, lua_options=None, lists=True, less=0,
         more=0):
    """`less` and `more` are what Keras's integers lack of ours; unless `lists`, inputs are
    arguments of Keras's call."""
    print(lua)
    inputs = []
    for k, shape in enumerate(shapes):
        kind = "x" if vocabulary is None else f"i {vocabulary}"
        print(kind, *shape)
        inputs.append(numbers(shape, k + 1) if vocabulary is None
                      else integers(shape, k + 1, vocabulary) - less)
    options = dict(options or {})
    if training:
        print("training")
        options["training"] = True
    if mask:
        print("mask", mask)
        parts = [mask_of(m) if m.strip() != "-" else None
                 for m in mask.split("|")]
        options["mask"] = parts if len(parts) > 1 else parts[0]
    if lua_options:
        print("options", lua_options)
    if not layer.built:
        call(layer, inputs, lists)
    set_weights(layer)
    tensors = [tf.constant(x) for x in inputs]
    floats = [t for t in tensors if t.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floats)
        y = call(layer, tensors, lists, **options)
        outputs = tf.nest.flatten(y)
        loss = sum(tf.reduce_sum(tf.cast(one, "float32")
                                 * numbers(one.shape, 5 + k))
                   for k, one in enumerate(outputs))
    for one in outputs:
        show("y", one.numpy() + more, one.shape)
    trainable = [w.value for w in layer.trainable_variables]
    gradients = tape.gradient(loss, floats + trainable)
    for k, g in enumerate(gradients if more == 0 else []):
        key, at = ("dx", k) if k < len(floats) else ("dw", k - len(floats))
        if g is not None:
            show(key, tf.convert_to_tensor(g).numpy(), [at + 1])
    for k, w in enumerate(layer.non_trainable_variables):
        if training and "seed" not in w.path:
            show("w", w.numpy(), [k + 1])
    print()


def core():
    case("Dense(2)", L.Dense(2), (2, 3))
    case('Dense(2, "tanh", false)', L.Dense(2, "tanh", use_bias=False),
         (2, 2, 3))
    case("Embedding(5, 2)", L.Embedding(5, 2), (2, 3), vocabulary=5, less=1)
    case("Reshape { -1, 2 }", L.Reshape((-1, 2)), (2, 2, 3))
    case("Flatten()", L.Flatten(), (2, 2, 3))
    case("Permute { 2, 1 }", L.Permute((2, 1)), (2, 2, 3))
    case("RepeatVector(2)", L.RepeatVector(2), (2, 3))
    case('Activation "softplus"', L.Activation("softplus"), (2, 3))
    case("Rescaling(0.5, 1)", L.Rescaling(.5, 1), (2, 3))
    case('Lambda "square"', L.Lambda(tf.square), (2, 3))
    case("Normalization { mean = { 1, 2 }, variance = { 4, 0.25 } }",
         L.Normalization(mean=[1, 2], variance=[4, .25]), (2, 2))
    case("Normalization { mean = 1, variance = 4, invert = true }",
         L.Normalization(mean=1, variance=4, invert=True), (2, 2))


def activations():
    case("ReLU(1, 0.25, 0.5)", L.ReLU(1, .25, .5), (2, 6))
    case("ReLU()", L.ReLU(), (2, 6))
    case("LeakyReLU()", L.LeakyReLU(), (2, 6))
    case("ELU(0.5)", L.ELU(.5), (2, 6))
    case("PReLU()", L.PReLU(), (2, 2, 3))
    case("PReLU { shared_axes = { 2 } }", L.PReLU(shared_axes=[1]),
         (2, 2, 3))
    case("Softmax()", L.Softmax(), (2, 3))
    case("Softmax { axis = { 2, 3 } }", L.Softmax(axis=[1, 2]), (2, 2, 3))
    case("Softmax()", L.Softmax(), (2, 3), mask="110 011")


def merging():
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum",
                 "Minimum"):
        case(f"{name}()", getattr(L, name)(), (2, 3), (2, 3))
    case("Add()", L.Add(), (2, 3), (2, 2, 3), (2, 3))
    case("Concatenate()", L.Concatenate(), (2, 1), (2, 2))
    case("Concatenate(2)", L.Concatenate(1), (2, 1, 2), (2, 2, 2))
    case("Dot(2)", L.Dot(1), (2, 3), (2, 3))
    case("Dot({ 3, 2 }, true)", L.Dot((2, 1), True), (2, 2, 3), (2, 3, 2))
    case("Dot(-1)", L.Dot(-1), (2, 2, 3), (2, 3))


def convolutions():
    case("Conv1D(2, 3)", L.Conv1D(2, 3), (1, 5, 2))
    case('Conv1D(2, 2, { padding = "causal", dilation_rate = 2 })',
         L.Conv1D(2, 2, padding="causal", dilation_rate=2), (1, 5, 1))
    case('Conv1D(2, 2, 2, { padding = "same", groups = 2 })',
         L.Conv1D(2, 2, 2, padding="same", groups=2), (1, 5, 2))
    case('Conv2D(2, { 2, 3 }, { activation = "relu" })',
         L.Conv2D(2, (2, 3), activation="relu"), (1, 3, 4, 1))
    case('Conv2D(1, 2, 2, "same", { use_bias = false })',
         L.Conv2D(1, 2, 2, "same", use_bias=False), (1, 3, 4, 2))
    case("Conv3D(2, 2)", L.Conv3D(2, 2), (1, 3, 2, 2, 1))
    case("Conv1DTranspose(2, 3, 2)", L.Conv1DTranspose(2, 3, 2), (1, 3, 2))
    case("Conv1DTranspose(1, 2, 3)", L.Conv1DTranspose(1, 2, 3), (1, 2, 2))
    case('Conv2DTranspose(2, 3, 2, "same")',
         L.Conv2DTranspose(2, 3, 2, "same"), (1, 2, 2, 1))
    case('Conv2DTranspose(1, 3, 2, "same", { output_padding = 1 })',
         L.Conv2DTranspose(1, 3, 2, "same", output_padding=1), (1, 2, 2, 2))
    case("Conv3DTranspose(1, 2, 2)", L.Conv3DTranspose(1, 2, 2),
         (1, 1, 2, 1, 2))
    case("DepthwiseConv1D(2, { depth_multiplier = 2 })",
         L.DepthwiseConv1D(2, depth_multiplier=2), (1, 3, 2))
    case('DepthwiseConv2D(2, 2, "same")', L.DepthwiseConv2D(2, 2, "same"),
         (1, 3, 3, 2))
    case("DepthwiseConv2D { kernel_size = { 1, 2 }, depth_multiplier = 2 }",
         L.DepthwiseConv2D((1, 2), depth_multiplier=2), (1, 2, 3, 2))
    case("SeparableConv1D(2, 2)", L.SeparableConv1D(2, 2), (1, 4, 2))
    case('SeparableConv2D(2, 2, { depth_multiplier = 2, activation = "relu" })',
         L.SeparableConv2D(2, 2, depth_multiplier=2, activation="relu"),
         (1, 3, 3, 2))


def pools():
    case("MaxPooling1D()", L.MaxPooling1D(), (1, 5, 2))
    case('MaxPooling2D(2, 1, "same")', L.MaxPooling2D(2, 1, "same"),
         (1, 3, 3, 1))
    case("MaxPooling3D()", L.MaxPooling3D(), (1, 2, 2, 4, 1))
    case('AveragePooling1D(3, 2, "same")', L.AveragePooling1D(3, 2, "same"),
         (1, 4, 2))
    case("AveragePooling2D { 2, 1 }", L.AveragePooling2D((2, 1)),
         (1, 4, 2, 1))
    case("AveragePooling3D()", L.AveragePooling3D(2), (1, 2, 2, 4, 1))
    for n, shape in (1, (2, 3, 2)), (2, (2, 2, 3, 2)), (3, (1, 2, 2, 2, 2)):
        for what in "Average", "Max":
            name = f"Global{what}Pooling{n}D"
            case(f"{name}()", getattr(L, name)(), shape)
    case("GlobalAveragePooling1D { keepdims = true }",
         L.GlobalAveragePooling1D(keepdims=True), (2, 3, 2), mask="110 101")


def normalizations():
    case("BatchNormalization()", L.BatchNormalization(), (3, 2))
    case("BatchNormalization { momentum = 0.75 }",
         L.BatchNormalization(momentum=.75), (3, 2), training=True)
    case("BatchNormalization { axis = 2, epsilon = 0.1, scale = false }",
         L.BatchNormalization(axis=1, epsilon=.1, scale=False), (2, 3, 2),
         training=True)
    case("BatchNormalization { center = false }",
         L.BatchNormalization(center=False), (2, 3, 2), training=True,
         mask="110 101")


def more_normalizations():
    case("LayerNormalization()", L.LayerNormalization(), (2, 3))
    case("LayerNormalization { axis = { 2, 3 }, center = false }",
         L.LayerNormalization(axis=[1, 2], center=False), (2, 2, 3))
    case("LayerNormalization { axis = 2, epsilon = 0.1 }",
         L.LayerNormalization(axis=1, epsilon=.1), (2, 2, 3))
    case("RMSNormalization()", L.RMSNormalization(), (2, 3))
    case("UnitNormalization()", L.UnitNormalization(), (2, 3))
    case("UnitNormalization { axis = { 2, 3 } }",
         L.UnitNormalization(axis=[1, 2]), (2, 2, 3))
    case("GroupNormalization(2)", L.GroupNormalization(2), (2, 3, 4))
    case("GroupNormalization(-1, { axis = 2 })",
         L.GroupNormalization(-1, axis=1), (2, 2, 3))
    case("SpectralNormalization(nd.layers.Dense(2), 2)",
         L.SpectralNormalization(L.Dense(2), 2), (2, 3), training=True)


def spaces():
    case("ZeroPadding1D { 1, 2 }", L.ZeroPadding1D((1, 2)), (1, 2, 2))
    case("ZeroPadding2D { 1, 0 }", L.ZeroPadding2D((1, 0)), (1, 2, 2, 1))
    case("ZeroPadding2D { { 0, 1 }, { 1, 2 } }",
         L.ZeroPadding2D(((0, 1), (1, 2))), (1, 1, 2, 1))
    case("ZeroPadding3D()", L.ZeroPadding3D(), (1, 1, 1, 1, 2))
    case("Cropping1D { 0, 2 }", L.Cropping1D((0, 2)), (1, 4, 2))
    case("Cropping2D { { 1, 0 }, { 0, 1 } }",
         L.Cropping2D(((1, 0), (0, 1))), (1, 3, 3, 1))
    case("Cropping3D()", L.Cropping3D(), (1, 3, 3, 3, 2))
    case("UpSampling1D(3)", L.UpSampling1D(3), (1, 2, 2))
    case("UpSampling2D { 1, 2 }", L.UpSampling2D((1, 2)), (1, 2, 2, 1))
    case('UpSampling2D(2, { interpolation = "bilinear" })',
         L.UpSampling2D(2, interpolation="bilinear"), (1, 2, 3, 1))
    case("UpSampling3D()", L.UpSampling3D(), (1, 1, 2, 1, 2))
    case("Masking(0.25)", L.Masking(.25), (2, 2, 3))


def recurrent():
    x = (2, 3, 2)
    case("SimpleRNN(2)", L.SimpleRNN(2), x)
    case("SimpleRNN(2, { go_backwards = true, return_sequences = true })",
         L.SimpleRNN(2, go_backwards=True, return_sequences=True), x,
         mask="110 011")
    case('SimpleRNN(2, "relu", { use_bias = false, return_state = true })',
         L.SimpleRNN(2, "relu", use_bias=False, return_state=True), x)
    case("LSTM(2)", L.LSTM(2), x)
    case("LSTM(2, { return_sequences = true, return_state = true })",
         L.LSTM(2, return_sequences=True, return_state=True), x,
         mask="110 011")
    case('LSTM(2, { recurrent_activation = "hard_sigmoid", '
         'return_sequences = true })',
         L.LSTM(2, recurrent_activation="hard_sigmoid",
                return_sequences=True), x, mask="110 011")
    case("LSTM(2, { go_backwards = true, use_bias = false })",
         L.LSTM(2, go_backwards=True, use_bias=False), x)
    case("LSTM(2, { return_sequences = true, zero_output_for_mask = true })",
         L.LSTM(2, return_sequences=True, zero_output_for_mask=True), x,
         mask="110 011")
    case("GRU(2)", L.GRU(2), x)
    case("GRU(2, { return_sequences = true, return_state = true })",
         L.GRU(2, return_sequences=True, return_state=True), x,
         mask="110 011")
    case("GRU(2, { reset_after = false })", L.GRU(2, reset_after=False), x)
    case('GRU(2, "softsign", { return_sequences = true })',
         L.GRU(2, "softsign", return_sequences=True), x, mask="110 011")
    case('GRU(2, "softsign", { reset_after = false })',
         L.GRU(2, "softsign", reset_after=False), x)
    case("RNN { nd.layers.LSTMCell(2), nd.layers.GRUCell(3) }",
         L.RNN([L.LSTMCell(2), L.GRUCell(3)]), x)
    case("RNN { cell = nd.layers.SimpleRNNCell(2), return_sequences = true }",
         L.RNN(L.SimpleRNNCell(2), return_sequences=True), x)
    case("Bidirectional(nd.layers.LSTM(2))", L.Bidirectional(L.LSTM(2)), x)
    case("Bidirectional(nd.layers.GRU { units = 2, return_sequences = true, "
         "return_state = true }, \"sum\")",
         L.Bidirectional(L.GRU(2, return_sequences=True, return_state=True),
                         "sum"), x, mask="110 111")
    case("TimeDistributed(nd.layers.Dense(2))", L.TimeDistributed(L.Dense(2)),
         (2, 2, 3))


# No heads of size 1: Keras adds the bias of these along a wrong axis.
def attentions():
    q, v = (2, 2, 3), (2, 4, 3)
    case('EinsumDense("abc,cd->abd", { false, 2 }, { bias_axes = "d" })',
         L.EinsumDense("abc,cd->abd", (None, 2), bias_axes="d"), (2, 2, 3))
    case('EinsumDense("abc,cde->abde", { false, 2, 2 }, "relu", "e")',
         L.EinsumDense("abc,cde->abde", (None, 2, 2), "relu", "e"),
         (2, 2, 3))
    case('EinsumDense("...x,xy->...y", 2)', L.EinsumDense("...x,xy->...y", 2),
         (2, 2, 3))
    case("Attention()", L.Attention(), q, v)
    case("Attention { use_scale = true }", L.Attention(use_scale=True), q, v,
         (2, 4, 3), mask="10 11 | 1110 1100")
    case('Attention { use_scale = true, score_mode = "concat" }',
         L.Attention(use_scale=True, score_mode="concat"), q, v,
         options={"use_causal_mask": True, "return_attention_scores": True},
         lua_options="{ use_causal_mask = true, "
         "return_attention_scores = true }")
    case("AdditiveAttention()", L.AdditiveAttention(), q, v)
    case("AdditiveAttention { use_scale = false }",
         L.AdditiveAttention(use_scale=False), q, v, mask="10 11 | 1110 1100")
    scores = {"options": {"return_attention_scores": True},
              "lua_options": "{ return_attention_scores = true }"}
    causal = {"options": {"use_causal_mask": True},
              "lua_options": "{ use_causal_mask = true }"}
    case("MultiHeadAttention(2, 2)", L.MultiHeadAttention(2, 2), q, v,
         lists=False)
    case("MultiHeadAttention(2, 2, 1, { use_bias = false, output_shape = 2 })",
         L.MultiHeadAttention(2, 2, 1, use_bias=False, output_shape=2), q, v,
         (2, 4, 2), lists=False, **scores)
    case("MultiHeadAttention(1, 2)", L.MultiHeadAttention(1, 2), q, q,
         lists=False, **causal)
    masks = np.array([[[1, 1, 0, 0], [1, 0, 1, 1]]] * 2, bool)
    case("MultiHeadAttention(2, 2)", L.MultiHeadAttention(2, 2), q, v,
         lists=False, options={"attention_mask": masks},
         lua_options="{ attention_mask = nd.constant { "
         "{ { 1, 1, 0, 0 }, { 1, 0, 1, 1 } }, "
         "{ { 1, 1, 0, 0 }, { 1, 0, 1, 1 } } } }")
    wide = (2, 2, 3, 2)
    case("MultiHeadAttention(2, 2)", L.MultiHeadAttention(2, 2), wide, wide,
         lists=False, **scores)
    case("MultiHeadAttention(2, 2, { attention_axes = 2 })",
         L.MultiHeadAttention(2, 2, attention_axes=1), wide, wide,
         lists=False, **scores)
    case("MultiHeadAttention(2, 2, { attention_axes = 3 })",
         L.MultiHeadAttention(2, 2, attention_axes=2), wide, (2, 2, 4, 2),
         lists=False, **scores)
    case("GroupQueryAttention(2, 4, 2)", L.GroupQueryAttention(2, 4, 2), q, v,
         lists=False)
    case("GroupQueryAttention(2, 2, 1)", L.GroupQueryAttention(2, 2, 1), q, q,
         lists=False, options={"use_causal_mask": True,
                               "return_attention_scores": True},
         lua_options="{ use_causal_mask = true, "
         "return_attention_scores = true }")


def images():
    case("Resizing(3, 2)", L.Resizing(3, 2), (1, 2, 3, 1))
    case('Resizing(2, 4, { interpolation = "nearest" })',
         L.Resizing(2, 4, interpolation="nearest"), (1, 3, 2, 1))
    case("CenterCrop(2, 3)", L.CenterCrop(2, 3), (1, 5, 4, 1))
    case("CenterCrop(4, 2)", L.CenterCrop(4, 2), (1, 3, 4, 1))
    case("Discretization { -0.5, 0.5 }", L.Discretization([-.5, .5]), (2, 3),
         more=1)
    case("CategoryEncoding(5)", L.CategoryEncoding(5), (2, 3), vocabulary=5,
         less=1)
    case('CategoryEncoding(5, "count")',
         L.CategoryEncoding(5, output_mode="count"), (2, 3), vocabulary=5,
         less=1)


def main():
    for part in PARTS:
        part()


PARTS = [core, activations, merging, convolutions, pools, normalizations,
         more_normalizations, spaces, recurrent, attentions, images]

if __name__ == "__main__":
    main()
