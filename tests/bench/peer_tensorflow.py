"""TensorFlow 2: eager, and with the step in a tf.function."""
import numpy as np
import tensorflow as tf


class TensorFlow:
    version = tf.__version__
    eager = True

    def __init__(self, threads):
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)

    def compiled(self, f):
        return f

    def constant(self, array):
        return tf.constant(array)

    index = constant

    def wait(self, result):
        pass

    def gradient(self):
        x = tf.Variable(3.0)

        def step():
            with tf.GradientTape() as tape:
                y = tf.square(x)
            return tape.gradient(y, x)

        return self.compiled(step)

    def fit(self, x, y, next_at, rate):
        w, b = tf.Variable(0.0), tf.Variable(0.0)
        sgd = tf.keras.optimizers.SGD(learning_rate=rate)
        sgd.build([w, b])

        def update(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(w * x + b - y)) / x.shape[0]
            grads = tape.gradient(loss, [w, b])
            sgd.apply_gradients(zip(grads, [w, b]))
            return loss

        def update_at(at):
            return update(tf.gather(x, at), tf.gather(y, at))

        every, some = self.compiled(update), self.compiled(update_at)

        def step():
            at = next_at()
            return every(x, y) if at is None else some(at)

        return step, lambda: (float(w.numpy()), float(b.numpy()))

    def wave(self, x):
        a, b = tf.Variable(0.5), tf.Variable(-0.25)

        def step():
            with tf.GradientTape() as tape:
                y = tf.reduce_mean(tf.tanh(a * x + b) * tf.exp(-x * x) + x / 2)
            return y, tape.gradient(y, [a, b])

        return self.compiled(step)

    def embed(self, table, next_at, rate):
        v = tf.Variable(table)
        sgd = tf.keras.optimizers.SGD(learning_rate=rate)
        sgd.build([v])

        def update(at):
            with tf.GradientTape() as tape:
                found = tf.nn.embedding_lookup(v, at)
                loss = tf.reduce_sum(tf.square(found))
            sgd.apply_gradients([(tape.gradient(loss, v), v)])
            return loss

        update = self.compiled(update)
        return lambda: update(next_at())

    # The steps of a model on rows of x, by Adam.
    def train(self, logits_of, weights, x, labels, indices):
        adam = tf.keras.optimizers.Adam(learning_rate=1e-3)
        adam.build(weights)
        x, labels = tf.constant(x), tf.constant(labels)

        def update(at):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(
                        labels=tf.gather(labels, at),
                        logits=logits_of(tf.gather(x, at))))
            grads = tape.gradient(loss, weights)
            adam.apply_gradients(zip(grads, weights))
            return loss

        update = self.compiled(update)
        return lambda: update(tf.constant(indices()))

    def network(self, digits, batch):
        arrays = (digits.w1, digits.b1, digits.w2, digits.b2)
        weights = w1, b1, w2, b2 = [tf.Variable(a) for a in arrays]

        def logits_of(x):
            return tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2

        return self.train(logits_of, weights, digits.x, digits.labels,
                          lambda: digits.indices(batch))

    def images(self, images, batch):
        f1, f2, w = map(tf.Variable, (images.f1, images.f2, images.w))
        c1, c2, b = (tf.Variable(tf.zeros(n)) for n in (32, 64, 10))

        def block(x, filters, bias):
            y = tf.nn.relu(tf.nn.conv2d(x, filters, 1, "SAME") + bias)
            return tf.nn.max_pool2d(y, 2, 2, "VALID")

        def logits_of(x):
            h = block(block(x, f1, c1), f2, c2)
            return tf.matmul(tf.reshape(h, (batch, -1)), w) + b

        return self.train(logits_of, [f1, c1, f2, c2, w, b], images.x,
                          images.labels, lambda: images.indices(batch))

    # The steps of a model of all there is, by Adam.
    def regress(self, model, data):
        x, target = tf.constant(data.x), tf.constant(data.target)
        weights = model.trainable_variables
        adam = tf.keras.optimizers.Adam(learning_rate=1e-3)
        adam.build(weights)

        def update():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(x) - target))
            grads = tape.gradient(loss, weights)
            adam.apply_gradients(zip(grads, weights))
            return loss

        return self.compiled(update)

    def small(self):
        layers = tf.keras.layers
        return tf.keras.Sequential([tf.keras.Input((8,)),
                                    layers.Dense(32, "relu"), layers.Dense(1)])

    def epoch_by_hand(self, data):
        model = self.small()
        weights = model.trainable_variables
        adam = tf.keras.optimizers.Adam(learning_rate=1e-3)
        adam.build(weights)
        loss_of = tf.keras.losses.MeanSquaredError()
        x, y = tf.constant(data.x), tf.constant(data.y)

        def update(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(y, model(x))
            grads = tape.gradient(loss, weights)
            adam.apply_gradients(zip(grads, weights))

        update = self.compiled(update)

        def epoch():
            for i in range(0, len(x), 10):
                update(x[i:i + 10], y[i:i + 10])

        return epoch

    def epoch_by_fit(self, data):
        model = self.small()
        model.compile(optimizer="adam", loss="mse", run_eagerly=self.eager)
        return lambda: model.fit(data.x, data.y, batch_size=10, shuffle=False,
                                 verbose=0)

    def checkpoint(self, path):
        layers = tf.keras.layers
        model = tf.keras.Sequential([tf.keras.Input((784,)),
                                     layers.Dense(512, "relu"),
                                     layers.Dense(10)])
        adam = tf.keras.optimizers.Adam()
        adam.build(model.trainable_variables)
        checkpoint = tf.train.Checkpoint(model=model, optimizer=adam)
        return lambda: checkpoint.write(path)

    def lstm(self, data):
        layer = tf.keras.layers.LSTM(128, return_sequences=True)
        layer.build(data.x.shape)
        layer.set_weights([data.kernel, data.recurrent,
                           np.zeros(512, np.float32)])
        return self.regress(layer, data)

    def attention(self, data):
        layers = tf.keras.layers
        x = tf.keras.Input((128, 256))
        seen = layers.MultiHeadAttention(data.HEADS, 256 // data.HEADS)
        wide, narrow = layers.Dense(1024, "relu"), layers.Dense(256)
        h = layers.LayerNormalization(epsilon=1e-5)(x + seen(x, x))
        y = layers.LayerNormalization(epsilon=1e-5)(h + narrow(wide(h)))
        values = []
        for array in (data.query, data.key, data.value):
            values += [array.reshape(256, data.HEADS, -1),
                       np.zeros((data.HEADS, 256 // data.HEADS))]
        values += [data.merge.reshape(data.HEADS, -1, 256), np.zeros(256)]
        seen.set_weights(values)
        wide.set_weights([data.wide, np.zeros(1024)])
        narrow.set_weights([data.narrow, np.zeros(256)])
        return self.regress(tf.keras.Model(x, y), data)

    def chain(self, count):
        x = tf.Variable(1.0)

        def record():
            with tf.GradientTape() as tape:
                y = x
                for _ in range(count // 2):
                    y = y * 1.0001 + 0.0001
            return tape, y

        def sweep(recorded):
            tape, y = recorded
            return tape.gradient(y, x)

        return record, sweep


class Function(TensorFlow):
    eager = False

    def compiled(self, f):
        return tf.function(f)

    def chain(self, count):
        record, sweep = super().chain(count)
        return tf.function(lambda: sweep(record()))
