"""PyTorch: eager, and with torch.compile around what computes the loss."""
import numpy as np
import torch
from torch.nn import functional


class Torch:
    version = torch.__version__

    def __init__(self, threads):
        if threads:
            torch.set_num_threads(threads)

    def compiled(self, f):
        return f

    def constant(self, array):
        return torch.from_numpy(array)

    index = constant

    def wait(self, result):
        pass

    def gradient(self):
        x = torch.tensor(3.0, requires_grad=True)
        square = self.compiled(lambda x: x.square())

        def step():
            return torch.autograd.grad(square(x), x)

        return step

    def fit(self, x, y, next_at, rate):
        w = torch.zeros((), requires_grad=True)
        b = torch.zeros((), requires_grad=True)
        sgd = torch.optim.SGD([w, b], lr=rate)

        def loss_of(w, b, x, y):
            return torch.square(w * x + b - y).sum() / x.shape[0]

        loss_of = self.compiled(loss_of)

        def step():
            at = next_at()
            if at is None:
                loss = loss_of(w, b, x, y)
            else:
                loss = loss_of(w, b, torch.index_select(x, 0, at),
                               torch.index_select(y, 0, at))
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            return loss

        return step, lambda: (w.item(), b.item())

    def wave(self, x):
        a = torch.tensor(0.5, requires_grad=True)
        b = torch.tensor(-0.25, requires_grad=True)

        def value_of(a, b):
            return (torch.tanh(a * x + b) * torch.exp(-x * x) + x / 2).mean()

        value_of = self.compiled(value_of)

        def step():
            y = value_of(a, b)
            return y, torch.autograd.grad(y, (a, b))

        return step

    # The steps of a model on rows of x, by Adam.
    def train(self, model, x, labels, indices):
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
        x, labels = torch.from_numpy(x), torch.from_numpy(labels)

        def loss_of(x, labels):
            return functional.cross_entropy(model(x), labels)

        loss_of = self.compiled(loss_of)

        def step():
            at = torch.from_numpy(indices())
            loss = loss_of(x[at], labels[at])
            adam.zero_grad()
            loss.backward()
            adam.step()
            return loss

        return step

    def network(self, digits, batch):
        model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(),
                                    torch.nn.Linear(128, 10))
        with torch.no_grad():
            model[0].weight.copy_(torch.from_numpy(digits.w1.T))
            model[0].bias.zero_()
            model[2].weight.copy_(torch.from_numpy(digits.w2.T))
            model[2].bias.zero_()
        return self.train(model, digits.x, digits.labels,
                          lambda: digits.indices(batch))

    def images(self, images, batch):
        model = torch.nn.Sequential(
            torch.nn.Conv2d(1, 32, 3, padding=1), torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(32, 64, 3, padding=1), torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(64 * 7 * 7, 10))
        w = images.w.reshape(7, 7, 64, 10).transpose(3, 2, 0, 1)
        with torch.no_grad():
            for layer, value in ((0, images.f1.transpose(3, 2, 0, 1)),
                                 (3, images.f2.transpose(3, 2, 0, 1)),
                                 (7, w.reshape(10, -1).copy())):
                model[layer].weight.copy_(torch.from_numpy(value))
                model[layer].bias.zero_()
        return self.train(model, images.x.transpose(0, 3, 1, 2).copy(),
                          images.labels, lambda: images.indices(batch))

    def embed(self, table, next_at, rate):
        layer = torch.nn.Embedding.from_pretrained(
            torch.from_numpy(table), freeze=False, sparse=True)
        sgd = torch.optim.SGD(layer.parameters(), lr=rate)
        loss_of = self.compiled(lambda at: layer(at).square().sum())

        def step():
            loss = loss_of(next_at())
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            return loss

        return step

    def chain(self, count):
        x = torch.tensor(1.0, requires_grad=True)

        def record():
            y = x
            for _ in range(count // 2):
                y = y * 1.0001 + 0.0001
            return y

        def sweep(y):
            x.grad = None
            y.backward()

        return record, sweep


    # The steps of a model of all there is, by Adam.
    def regress(self, model, data):
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
        x, target = torch.from_numpy(data.x), torch.from_numpy(data.target)
        loss_of = self.compiled(
            lambda x, target: functional.mse_loss(model(x), target))

        def step():
            loss = loss_of(x, target)
            adam.zero_grad()
            loss.backward()
            adam.step()
            return loss

        return step

    def epoch_by_hand(self, data):
        model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(),
                                    torch.nn.Linear(32, 1))
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
        x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
        loss_of = self.compiled(
            lambda x, y: functional.mse_loss(model(x), y))

        def epoch():
            for i in range(0, len(x), 10):
                loss = loss_of(x[i:i + 10], y[i:i + 10])
                adam.zero_grad()
                loss.backward()
                adam.step()

        return epoch

    def epoch_by_fit(self, data):
        raise NotImplementedError("it has no fit")

    def checkpoint(self, path):
        model = torch.nn.Sequential(torch.nn.Linear(784, 512), torch.nn.ReLU(),
                                    torch.nn.Linear(512, 10))
        adam = torch.optim.Adam(model.parameters())
        model(torch.randn(8, 784)).square().mean().backward()
        adam.step()

        def save():
            torch.save({"model": model.state_dict(),
                        "optimizer": adam.state_dict()}, path + ".pt")

        return save

    def lstm(self, data):
        layer = torch.nn.LSTM(128, 128, batch_first=True)
        with torch.no_grad():
            layer.weight_ih_l0.copy_(torch.from_numpy(data.kernel.T))
            layer.weight_hh_l0.copy_(torch.from_numpy(data.recurrent.T))
            layer.bias_ih_l0.zero_()
            layer.bias_hh_l0.zero_()
        return self.regress(Outputs(layer), data)

    def attention(self, data):
        return self.regress(Block(data), data)


class Outputs(torch.nn.Module):
    """What a recurrent layer gives at all times."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Block(torch.nn.Module):
    """Attention, then two layers; each with what came in, normalized."""

    def __init__(self, data):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(256, data.HEADS,
                                                     batch_first=True)
        self.first = torch.nn.LayerNorm(256)
        self.wide = torch.nn.Linear(256, 1024)
        self.narrow = torch.nn.Linear(1024, 256)
        self.second = torch.nn.LayerNorm(256)
        joined = np.concatenate([data.query, data.key, data.value], 1)
        with torch.no_grad():
            for weight, value in (
                    (self.attention.in_proj_weight, joined),
                    (self.attention.out_proj.weight, data.merge),
                    (self.wide.weight, data.wide),
                    (self.narrow.weight, data.narrow)):
                weight.copy_(torch.from_numpy(value.T.copy()))
            for bias in (self.attention.in_proj_bias,
                         self.attention.out_proj.bias, self.wide.bias,
                         self.narrow.bias):
                bias.zero_()

    def forward(self, x):
        seen, _ = self.attention(x, x, x, need_weights=False)
        h = self.first(x + seen)
        return self.second(h + self.narrow(torch.relu(self.wide(h))))


class Compiled(Torch):
    def compiled(self, f):
        return torch.compile(f, dynamic=False)

    def chain(self, count):
        raise NotImplementedError("unrolled, it compiles for hours")
