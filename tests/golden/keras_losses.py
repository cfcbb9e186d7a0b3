"""Writes keras_losses.lua: what losses, metrics, activations, regularizers and
constraints of Keras 3 give.

    pip install keras==3.15.1 tensorflow==2.21.0
    KERAS_BACKEND=tensorflow python3 tests/golden/keras_losses.py \
        > tests/golden/keras_losses.lua

Classes and axes are written as they count here, from 1. Gradients are those of
the sum of the result by y_pred.
"""
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(7)


# ------------------------------------------------------------------- writing --

def lua(x):
    """Python values as Lua; arrays as nested tables, scalars as numbers."""
    if isinstance(x, dict):
        return "{ %s }" % ", ".join(f"{k} = {lua(v)}" for k, v in x.items())
    if isinstance(x, (str, bool)):
        return f'"{x}"' if isinstance(x, str) else str(x).lower()
    if np.ndim(x):
        return "{%s}" % ", ".join(map(lua, x))
    if isinstance(x, (int, np.integer)):
        return str(x)
    if np.isnan(x):
        return "0/0"
    text = f"{float(x):.9g}"
    return text if set(text) & set(".en") else text + "."


def write(text):
    """A line, broken where lists go on."""
    line = " "
    for word in text.split(" "):
        if len(line) + 1 + len(word) > 80:
            print(line)
            line = "   "
        line += " " + word
    print(line)


AXES = {"axis"}
CLASSES = {"class_id", "target_class_ids"}
NONE = {"average": "none", "class_aggregation": "none", "reduction": "none"}


def ours(settings):
    """Settings with positions from 1, and words for None."""
    made = {}
    for key, value in settings.items():
        if value is None:
            value = NONE[key]
        elif key in AXES and np.ndim(value) == 0:
            value = value + 1 if value >= 0 else value
        elif key in AXES or key in CLASSES:
            value = (np.asarray(value) + 1).tolist()
        elif key == "ignore_class" and value >= 0:
            value = value + 1
        made[key] = value
    return made


# --------------------------------------------------------------------- losses --

def loss(name, y_true, y_pred, weight=None, labels=False, **settings):
    made = getattr(keras.losses, name)(**settings)
    p = tf.constant(np.asarray(y_pred, "float32"))
    with tf.GradientTape() as tape:
        tape.watch(p)
        y = made(np.asarray(y_true), p, weight)
        total = tf.reduce_sum(y)
    case = {"class": name, "settings": ours(settings)}
    if not settings:
        del case["settings"]
    case["y_true"] = np.asarray(y_true) + (1 if labels else 0)
    case["y_pred"] = p.numpy()
    if weight is not None:
        case["weight"] = weight
    case["result"] = y.numpy()
    case["gradient"] = tape.gradient(total, p).numpy()
    write(lua(case) + ",")


def draw(*shape):
    return rng.integers(-20, 21, size=shape) / 8


def probabilities(*shape):
    return np.round(rng.uniform(0.05, 0.95, size=shape), 3)


def shares(*shape):
    p = rng.uniform(0.1, 1, size=shape)
    return np.round(p / p.sum(-1, keepdims=True), 3)


def bits(*shape):
    return rng.integers(0, 2, size=shape)


def one_hot(n, *shape):
    return np.eye(n, dtype="int64")[rng.integers(0, n, size=shape)]


def write_losses():
    print("losses = {")
    for name in ("MeanSquaredError", "MeanAbsoluteError", "LogCosh",
                 "MeanAbsolutePercentageError"):
        loss(name, draw(3, 2), draw(3, 2))
        loss(name, draw(2, 2, 2), draw(2, 2, 2), weight=[[.5, 2], [1, 0]])
    loss("MeanSquaredError", draw(3, 1), draw(3))
    loss("MeanSquaredError", draw(3), draw(3, 1), reduction=None)
    loss("MeanSquaredError", draw(3, 2), draw(3, 2), weight=[0., 0, 0],
         reduction="mean_with_sample_weight")
    loss("MeanAbsoluteError", draw(3, 2), draw(3, 2), weight=[1.5, .5, 1],
         reduction="sum")
    loss("MeanSquaredLogarithmicError", abs(draw(3, 2)), abs(draw(3, 2)))
    loss("Huber", draw(3, 2), draw(3, 2), delta=.75)
    loss("Huber", draw(2, 3), draw(2, 3), weight=[2, .5], reduction=None)
    loss("CosineSimilarity", draw(3, 2), draw(3, 2))
    loss("CosineSimilarity", draw(2, 3, 2), draw(2, 3, 2), axis=1)
    for name in ("Hinge", "SquaredHinge"):
        loss(name, bits(3, 2), draw(3, 2))
        loss(name, 2 * bits(3, 2) - 1, draw(3, 2), weight=[1, 2, 3])
    loss("CategoricalHinge", one_hot(3, 4), draw(4, 3))
    loss("KLDivergence", shares(3, 4), shares(3, 4))
    loss("Poisson", abs(draw(3, 2)), abs(draw(3, 2)) + .25)
    loss("BinaryCrossentropy", bits(3, 2), probabilities(3, 2))
    loss("BinaryCrossentropy", bits(3, 2), draw(3, 2), from_logits=True)
    loss("BinaryCrossentropy", bits(3, 1), probabilities(3, 1),
         label_smoothing=.1, weight=[1, 0, 3])
    loss("BinaryCrossentropy", bits(2, 3), 60 * draw(2, 3), from_logits=True,
         label_smoothing=.2, reduction=None)
    loss("BinaryCrossentropy", bits(2, 3), draw(2, 3) > 0)
    loss("BinaryCrossentropy", bits(2, 3, 2), probabilities(2, 3, 2), axis=1,
         reduction=None)
    loss("BinaryFocalCrossentropy", bits(3, 2), probabilities(3, 2))
    loss("BinaryFocalCrossentropy", bits(3, 2), draw(3, 2), from_logits=True,
         gamma=1.5, alpha=.4, apply_class_balancing=True)
    loss("CategoricalCrossentropy", one_hot(3, 4), shares(4, 3))
    loss("CategoricalCrossentropy", one_hot(3, 4), 3 * shares(4, 3),
         label_smoothing=.3, weight=[1, 2, 0, .5])
    loss("CategoricalCrossentropy", one_hot(3, 4), draw(4, 3),
         from_logits=True, label_smoothing=.1)
    loss("CategoricalCrossentropy", one_hot(3, 2, 2), draw(2, 2, 3),
         from_logits=True, weight=[[1, 2], [0, .5]])
    loss("CategoricalCrossentropy",
         np.moveaxis(one_hot(3, 2, 2), -1, 1),
         np.moveaxis(shares(2, 2, 3), -1, 1), axis=1)
    loss("CategoricalFocalCrossentropy", one_hot(3, 4), shares(4, 3))
    loss("CategoricalFocalCrossentropy", one_hot(3, 4), draw(4, 3),
         from_logits=True, gamma=1, alpha=.5, label_smoothing=.1)
    sparse = "SparseCategoricalCrossentropy"
    loss(sparse, [2, 0, 1], shares(3, 3), labels=True)
    loss(sparse, [[2], [0], [1]], shares(3, 3), weight=[2., 1, 0], labels=True)
    loss(sparse, [2, 0, 1], 2 * shares(3, 3), labels=True, reduction=None)
    loss(sparse, [2, 0, 1], 40 * draw(3, 3), from_logits=True, labels=True)
    loss(sparse, [[2, 0], [1, 1]], draw(2, 2, 3), from_logits=True,
         weight=[[1, 2], [3, .5]], labels=True)
    loss(sparse, [[2, 0], [1, 1]], draw(2, 2, 3), from_logits=True,
         ignore_class=1, labels=True)
    loss(sparse, [2, 0, 1, 0], shares(4, 3), ignore_class=0, labels=True,
         weight=[1., 2, 3, 4], reduction="sum")
    loss("CTC", [[1, 2, 0], [2, 2, 1]], draw(2, 6, 4), labels=True)
    loss("CTC", [[1, 2, 1], [3, 0, 0]], draw(2, 5, 4), labels=True,
         reduction=None)
    loss("Dice", bits(2, 3), probabilities(2, 3))
    loss("Dice", bits(2, 2, 2), probabilities(2, 2, 2), axis=(1, 2),
         reduction=None)
    loss("Tversky", bits(2, 3), probabilities(2, 3), alpha=.3, beta=.9)
    unit = draw(5, 3) + .0625
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    loss("Circle", [0, 1, 0, 1, 2], unit, labels=True, gamma=4., margin=.3)
    loss("Circle", [0, 1, 0, 1, 1], unit, labels=True, gamma=2.,
         remove_diagonal=False, reduction=None)
    general = "CategoricalGeneralizedCrossEntropy"
    loss(general, [2, 0, 1], shares(3, 3), labels=True)
    loss(general, [2, 0, 1], shares(3, 3), labels=True, q=.8, reduction="sum")
    print("},")


# -------------------------------------------------------------------- metrics --

def metric(name, *updates, labels=False, both=False, **settings):
    """Updates are (y_true, y_pred) or (y_true, y_pred, weight)."""
    made = getattr(keras.metrics, name)(**settings)
    case = {"class": name}
    if settings:
        case["settings"] = ours(settings)
    case["updates"] = "UPDATES"
    texts = []
    for y_true, y_pred, *weight in updates:
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        if y_pred.dtype == "float64":
            y_pred = y_pred.astype("float32")
        made.update_state(y_true, y_pred, *weight)
        step = {"y_true": y_true + (1 if labels else 0),
                "y_pred": y_pred + (1 if both else 0)}
        if weight:
            step["weight"] = weight[0]
        step["result"] = np.asarray(made.result())
        texts.append(lua(step))
    write(lua(case).replace('"UPDATES"', "{ %s }" % ", ".join(texts)) + ",")


def write_metrics():
    print("metrics = {")
    for name in ("MeanSquaredError", "RootMeanSquaredError", "LogCoshError",
                 "MeanAbsoluteError", "CosineSimilarity",
                 "PearsonCorrelation", "ConcordanceCorrelation"):
        metric(name, (draw(3, 3), draw(3, 3)),
               (draw(2, 3), draw(2, 3), np.array([.5, 2.])))
    metric("MeanSquaredError", (draw(2, 2, 2), draw(2, 2, 2), [[1, 2], [3, 0]]),
           (draw(2, 2, 2), draw(2, 2, 2), [1., 0]))
    metric("MeanSquaredLogarithmicError", (abs(draw(3, 2)), abs(draw(3, 2))))
    metric("MeanAbsolutePercentageError", (draw(3, 2), draw(3, 2)))
    for name in ("Hinge", "SquaredHinge"):
        metric(name, (bits(3, 2), draw(3, 2)), (bits(3, 2), draw(3, 2)))
    metric("CategoricalHinge", (one_hot(3, 4), draw(4, 3)))
    metric("KLDivergence", (shares(3, 4), shares(3, 4)))
    metric("Poisson", (abs(draw(3, 2)), abs(draw(3, 2)) + .25))
    metric("BinaryCrossentropy", (bits(3, 2), probabilities(3, 2)),
           (bits(3, 2), probabilities(3, 2), [1, 0, 2]), label_smoothing=.1)
    metric("CategoricalCrossentropy", (one_hot(3, 4), draw(4, 3)),
           (one_hot(3, 4), draw(4, 3)), from_logits=True)
    metric("SparseCategoricalCrossentropy", ([2, 0, 1], shares(3, 3)),
           ([1, 1], shares(2, 3), [.5, 2]), labels=True)
    metric("Accuracy", ([[1], [2], [3]], [[0], [2], [3]]),
           ([[1], [2]], [[1], [0]], [3., 1]))
    metric("BinaryAccuracy", (bits(4, 1), probabilities(4, 1)),
           (bits(3, 2), probabilities(3, 2), [1, 0, 2]))
    metric("BinaryAccuracy", ([0, 1, 1, 0], [.5, .5, .7, .2]), threshold=.7)
    metric("CategoricalAccuracy", (one_hot(3, 5), shares(5, 3)),
           (one_hot(3, 5), shares(5, 3), [1, 2, 3, 0, 1]))
    metric("SparseCategoricalAccuracy", ([2, 0, 1, 2], shares(4, 3)),
           ([[2], [0]], shares(2, 3), [3, 1]), labels=True)
    metric("SparseCategoricalAccuracy", ([[2, 0], [1, 1]], shares(2, 2, 3)),
           labels=True)
    metric("TopKCategoricalAccuracy", (one_hot(4, 5), shares(5, 4)),
           (one_hot(4, 2), shares(2, 4), [.5, 2]), k=2)
    metric("SparseTopKCategoricalAccuracy", ([2, 0, 1, 3], shares(4, 4)),
           ([1, 1], shares(2, 4), [.5, 2]), labels=True, k=2)
    metric("SparseTopKCategoricalAccuracy",
           ([2, 0], [[1, 2, 0], [3, 2, 0]]), labels=True, both=True, k=2,
           from_sorted_ids=True)
    metric("R2Score", (draw(4, 2), draw(4, 2)),
           (draw(3, 2), draw(3, 2), [1, 0, 2]))
    metric("R2Score", (draw(6, 2), draw(6, 2)), num_regressors=2,
           class_aggregation="variance_weighted_average")
    metric("R2Score", (draw(6, 2), draw(6, 2)), class_aggregation=None)
    for name in ("TruePositives", "FalsePositives", "TrueNegatives",
                 "FalseNegatives", "Precision", "Recall"):
        metric(name, (bits(6), probabilities(6)),
               (bits(4), probabilities(4), [1, .5, 2, 0]))
        metric(name, (bits(6), probabilities(6)), thresholds=[.3, .6])
    metric("Precision", (bits(3, 4), shares(3, 4)), top_k=2)
    metric("Precision", (bits(3, 4), shares(3, 4)), top_k=2, class_id=1)
    metric("Recall", (bits(5, 3), probabilities(5, 3)),
           (bits(2, 3), probabilities(2, 3), [2, .5]), class_id=2)
    for name, key in (("SensitivityAtSpecificity", "specificity"),
                      ("SpecificityAtSensitivity", "sensitivity"),
                      ("PrecisionAtRecall", "recall"),
                      ("RecallAtPrecision", "precision")):
        metric(name, (bits(8), probabilities(8)),
               (bits(5), probabilities(5), [1, .5, 2, 1, 3]), **{key: .6})
        metric(name, (bits(12), probabilities(12)), num_thresholds=5,
               **{key: .5})
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            metric("AUC", (bits(8), probabilities(8)),
                   (bits(5), probabilities(5), [1, .5, 2, 1, 3]), curve=curve,
                   summation_method=method, num_thresholds=21)
    metric("AUC", (bits(8), probabilities(8)), (bits(8), probabilities(8)))
    metric("AUC", (bits(8), probabilities(8)), thresholds=[.7, .2, .4])
    metric("AUC", (bits(8), draw(8)), from_logits=True)
    metric("AUC", (bits(6, 2), probabilities(6, 2)),
           (bits(6, 2), probabilities(6, 2)), multi_label=True, curve="PR")
    metric("AUC", (bits(6, 2), probabilities(6, 2)), multi_label=True,
           num_labels=2, label_weights=[.25, .75], num_thresholds=11)
    metric("AUC", (bits(6, 2), probabilities(6, 2)), label_weights=[.25, .75])
    for average in (None, "micro", "macro", "weighted"):
        metric("F1Score", (one_hot(3, 6), shares(6, 3)),
               (bits(3, 3), shares(3, 3), [1, .5, 2]), average=average)
        metric("FBetaScore", (bits(5, 3), probabilities(5, 3)), beta=2.,
               threshold=.4, average=average)
    metric("IoU", ([0, 1, 2, 2, 1, 0], [0, 1, 1, 2, 1, 2]), labels=True,
           both=True, num_classes=3, target_class_ids=[0, 2])
    metric("MeanIoU", ([[0, 1, 2], [2, 1, 0]], [[0, 1, 1], [2, 1, 2]]),
           ([0, 1, 2], [0, 2, 2], [2, 1, 3]), labels=True, both=True,
           num_classes=3)
    metric("MeanIoU", ([0, 1, 2, 2], [0, 1, 1, 2]), labels=True, both=True,
           num_classes=4, ignore_class=1)
    metric("OneHotIoU", (one_hot(3, 5), shares(5, 3)), num_classes=3,
           target_class_ids=[0, 2])
    metric("OneHotMeanIoU", (one_hot(3, 5), shares(5, 3)), num_classes=3)
    metric("BinaryIoU", ([0, 1, 0, 1], [.1, .2, .5, .7]),
           target_class_ids=[0, 1])
    print("},")


# ---------------------------------------------------------------- of tensors --

def of_tensor(made, x, case):
    """Adds x, what comes of it, and the gradient of the sum of that."""
    x = tf.constant(np.asarray(x, "float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = made(x)
        total = tf.reduce_sum(y)
    case |= {"x": x.numpy(), "result": y.numpy(),
             "gradient": tape.gradient(total, x).numpy()}
    write(lua(case) + ",")


def write_activations():
    """All but sparsemax, whose shares of x do not add up to 1 there."""
    print("activations = {")
    x = [[-7.5, -2, -.75, -.25], [.25, .75, 2, 7.5]]
    for name in ("celu", "elu", "exponential", "gelu", "glu", "hard_shrink",
                 "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu",
                 "linear", "log_sigmoid", "log_softmax", "mish", "relu",
                 "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax",
                 "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
                 "squareplus", "tanh", "tanh_shrink"):
        of_tensor(getattr(keras.activations, name), x, {"name": name})
    for name, settings in (
            ("leaky_relu", {"negative_slope": .1}),
            ("relu", {"negative_slope": .1, "max_value": 2., "threshold": .5}),
            ("relu", {"max_value": 2.}), ("gelu", {"approximate": True}),
            ("elu", {"alpha": .5}), ("celu", {"alpha": .5}),
            ("hard_shrink", {"threshold": 1.}),
            ("soft_shrink", {"threshold": 1.}), ("softmax", {"axis": 0}),
            ("threshold", {"threshold": .5, "default_value": 3.})):
        f = getattr(keras.activations, name)
        of_tensor(lambda x: f(x, **settings), x,
                  {"name": name, "settings": ours(settings)})
    print("},")


def write_others():
    for family, made in (
            ("regularizers", (
                ("L1", {}), ("L2", {}), ("L1L2", {"l1": .1, "l2": .2}),
                ("OrthogonalRegularizer", {}),
                ("OrthogonalRegularizer", {"factor": .3, "mode": "columns"}))),
            ("constraints", (
                ("MaxNorm", {}), ("MaxNorm", {"max_value": 1.5, "axis": 1}),
                ("NonNeg", {}), ("UnitNorm", {}), ("UnitNorm", {"axis": 1}),
                ("MinMaxNorm", {"min_value": 1., "max_value": 2., "rate": .5}),
                ("MinMaxNorm", {"axis": [0, 1]})))):
        print(f"{family} = {{")
        for name, settings in made:
            case = {"class": name}
            if settings:
                case["settings"] = ours(settings)
            of_tensor(getattr(getattr(keras, family), name)(**settings),
                      draw(4, 3) + 1 / 16, case)
        print("},")


print(f"""\
--- golden/keras_losses.lua: made by golden/keras_losses.py, with Keras
-- {keras.__version__} on TensorFlow {tf.__version__}.
return {{""")
write_losses()
write_metrics()
write_activations()
write_others()
print("}")
