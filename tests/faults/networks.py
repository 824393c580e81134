"""Five architectures as they are deployed, small enough to be compared often."""

from __future__ import annotations

import paddle
from paddle import nn
from paddle.vision import models


def with_epsilon(layer, epsilon):
    """Give every norm another epsilon; None keeps each as its author set it."""
    for part in layer.sublayers() if epsilon is not None else ():
        if isinstance(part, nn.BatchNorm2D | nn.LayerNorm):
            part._epsilon = epsilon
    return layer


def resnet18(epsilon=None):
    """Its batch norms have an epsilon of 1e-5."""
    return with_epsilon(models.resnet18(num_classes=10), epsilon)


def mobilenet_v3_small(epsilon=None):
    """Its batch norms have an epsilon of 1e-3."""
    return with_epsilon(models.mobilenet_v3_small(num_classes=10), epsilon)


def transformer(epsilon=None):
    """A classifier of sequences of features; its layer norms have an epsilon of 1e-5."""
    return with_epsilon(Transformer(), epsilon)


def tagger():
    """A tagger of words that classifies their sentence too."""
    return Tagger()


def crnn(epsilon=None):
    """A reader of lines of text; its batch norms have an epsilon of 1e-5."""
    return with_epsilon(Crnn(), epsilon)


def wide():
    """One layer whose sums are long enough to be cut in two by a second thread."""
    return nn.Sequential(nn.Conv2D(512, 64, 3), nn.Flatten())


class Transformer(nn.Layer):
    def __init__(self, features=8, width=32, classes=10, steps=16):
        super().__init__()
        self.project = nn.Linear(features, width)
        self.places = self.create_parameter([1, steps, width])
        layer = nn.TransformerEncoderLayer(width, nhead=4, dim_feedforward=64, dropout=0.1)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.classify = nn.Linear(width, classes)

    def forward(self, x):
        return self.classify(self.encoder(self.project(x) + self.places).mean(axis=1))


class Tagger(nn.Layer):
    def __init__(self, words=100, width=16, hidden=32, tags=9, kinds=3):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, hidden, direction="bidirect")
        self.tags = nn.Linear(2 * hidden, tags)
        self.kind = nn.Linear(2 * hidden, kinds)

    def forward(self, ids):
        states, _ = self.lstm(self.words(ids))
        return {"tags": self.tags(states), "kind": self.kind(states.mean(axis=1))}


class Crnn(nn.Layer):
    """The seven convolutions and two bidirectional LSTMs of CRNN, an eighth as wide.

    A line of 32 x 100 pixels becomes 24 steps of logits over the characters and the blank.
    """

    def __init__(self, characters=37):
        super().__init__()
        self.features = nn.Sequential(
            *block(3, 16, pool=2),
            *block(16, 32, pool=2),
            *block(32, 32),
            *block(32, 32, pool=(2, 1)),
            *block(32, 64),
            *block(64, 64, pool=(2, 1)),
            *block(64, 64, kernel=2, padding=0),
        )
        self.sequence = nn.LSTM(64, 32, num_layers=2, direction="bidirect")
        self.classify = nn.Linear(64, characters)

    def forward(self, x):
        steps = self.features(x).squeeze(axis=2).transpose([0, 2, 1])
        return self.classify(self.sequence(steps)[0])


def block(given, made, kernel=3, padding=1, pool=None):
    """Convolution, batch norm, ReLU, and pooling if asked for."""
    conv = nn.Conv2D(given, made, kernel, padding=padding, bias_attr=False)
    parts = [conv, nn.BatchNorm2D(made), nn.ReLU()]
    return [*parts, nn.MaxPool2D(pool, stride=pool)] if pool else parts


def draw_norms(layer):
    """Draw what batch norms hold as if they had been trained: as they come they do nothing."""
    for part in layer.sublayers():
        if isinstance(part, nn.BatchNorm2D):
            size = part._mean.shape
            part._mean.set_value(paddle.randn(size) * 0.2)
            part._variance.set_value(paddle.uniform(size, min=0.5, max=1.5))
            part.weight.set_value(paddle.uniform(size, min=0.5, max=1.5))
            part.bias.set_value(paddle.randn(size) * 0.2)


def random_weights(name, seed):
    """Draw the weights of a network, those of batch norms too, as arrays by structured name."""
    paddle.seed(seed)
    layer = globals()[name]()
    draw_norms(layer)
    return {key: value.numpy() for key, value in layer.state_dict().items()}
