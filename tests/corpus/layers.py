"""Small layers: some of which tracing, the program or the engine gets something wrong, some not.

Each is a ``paddle.nn.Layer`` whose ``forward`` takes ``x``, float32 of shape [batch, 4], unless
``INPUTS`` says otherwise. What becomes of each with Paddle 3.3.1 was seen, not guessed.
"""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - as everybody calls it

INPUTS = {
    "Nearest": [("x", (None, 1, 4, 4), "float32")],
    "Bilinear": [("x", (None, 1, 4, 4), "float32")],
    "PadChannelsLast": [("x", (None, 4, 3), "float32")],
    "ConvBatchNorm": [("x", (None, 1, 6, 6), "float32")],
    "Embedding": [("ids", (None, 5), "int64")],
    "ShiftedIds": [("ids", (None, 5), "int64")],
    "Lstm": [("x", (None, 3, 4), "float32")],
    "Attention": [("x", (None, 3, 4), "float32")],
    "TwoInputs": [("x", (None, 4), "float32"), ("y", (None, 4), "float32")],
    "DynamicLength": [("x", (None, None), "float32")],
}


class Base(paddle.nn.Layer):
    """A layer with weights of its own, whatever its forward does with them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)


# What agrees, to the last bit or nearly so.


class Plain(Base):
    def forward(self, x):
        return self.fc(x)


class Classifier(Base):
    def forward(self, x):
        return F.softmax(self.fc(F.relu(x)))


class NestedOutputs(Base):
    def forward(self, x):
        return {"b": self.fc(x), "a": [x * 2.0, (x.sum(1), None)]}


class Integers(Base):
    def forward(self, x):
        return self.fc(x).argmax(axis=1), (x > 0).astype("int32"), x > 0


class TwoInputs(Base):
    def forward(self, x, y):
        return self.fc(x) * y


class TensorIf(Base):
    def forward(self, x):
        if x.sum() > 0:
            return self.fc(x)
        return self.fc(-x)


class TensorWhile(Base):
    def forward(self, x):
        y = self.fc(x)
        count = paddle.zeros([1])
        while count < 3:
            y = y * 0.5 + x
            count = count + 1
        return y


class BreakInLoop(Base):
    def forward(self, x):
        y = x
        for number in range(4):
            if number == 2:
                break
            y = self.fc(y)
        return y


class ShapeIf(Base):
    def forward(self, x):
        return self.fc(x) if x.shape[0] > 1 else self.fc(x) * 2.0


class BatchLoop(Base):
    def forward(self, x):
        rows = [self.fc(x[number : number + 1]) for number in range(x.shape[1])]
        return paddle.concat([self.fc(x), rows[0].expand_as(x)], axis=1)


class ZerosOfBatch(Base):
    def forward(self, x):
        return self.fc(x) + paddle.zeros([x.shape[0], 4])


class Constant(Base):
    def forward(self, x):
        return self.fc(x) + 1.0


class Lstm(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = paddle.nn.LSTM(4, 5)

    def forward(self, x):
        return self.lstm(x)


class Attention(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.attention = paddle.nn.MultiHeadAttention(4, 2)

    def forward(self, x):
        return self.attention(x, x, x)


class ConvBatchNorm(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = paddle.nn.Conv2D(1, 8, 3), paddle.nn.BatchNorm2D(8)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Embedding(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.words = paddle.nn.Embedding(10, 4)

    def forward(self, ids):
        return self.words(ids).mean(axis=1)


class DynamicLength(Base):
    def forward(self, x):
        return x.cumsum(axis=1) / (x.shape[1] + 1)


class DropoutLayer(Base):
    def __init__(self) -> None:
        super().__init__()
        self.dropout = paddle.nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(self.fc(x))


class LogSumExp(Base):
    def forward(self, x):
        return paddle.logsumexp(self.fc(x) * 30, axis=1)


class Gather(Base):
    def forward(self, x):
        return paddle.gather(self.fc(x), paddle.to_tensor([2, 0]), axis=1)


class TopK(Base):
    def forward(self, x):
        return paddle.topk(self.fc(x), 2)


class Einsum(Base):
    def forward(self, x):
        return paddle.einsum("bi,bj->bij", x, self.fc(x))


# What is wrong without a word.


class AddedToInput(Base):
    def forward(self, x):
        return self.fc(x), x + 0.5


class AddedToParameter(Base):
    def forward(self, x):
        return self.fc(x), self.fc.bias + 1.0


class ShiftedIds(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.words = paddle.nn.Embedding(10, 4)

    def forward(self, ids):
        return self.words(ids), ids - 1


class ReshapedView(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        flat = y.reshape([-1])
        flat[0] = 100.0
        return y


class SlicedBase(Base):
    def forward(self, x):
        y = self.fc(x) + 1.0
        part = y[:, 1:3]
        y[0, 1] = 50.0
        return part * 1.0


class TransposedBase(Base):
    def forward(self, x):
        y = self.fc(x) + 1.0
        turned = y.transpose([1, 0])
        y[0, 0] = 50.0
        return turned * 1.0


class FlattenedView(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        y.flatten()[0] = 9.0
        return y


class InDynamicMode(Base):
    def forward(self, x):
        return self.fc(x) * (2.0 if paddle.in_dynamic_mode() else 3.0)


class IsTensor(Base):
    def forward(self, x):
        return self.fc(x) * (4.0 if isinstance(x, paddle.Tensor) else 5.0)


class InPlaceInput(Base):
    def forward(self, x):
        y = self.fc(x)
        x.add_(paddle.ones_like(x))
        return y + x


class InPlaceIntermediate(Base):
    def forward(self, x):
        y = self.fc(x)
        kept = y.reshape([-1, 2, 2])
        y.add_(paddle.ones_like(y))
        return kept.sum(axis=2)


class AutoCast(Base):
    def forward(self, x):
        with paddle.amp.auto_cast(dtype="bfloat16"):
            return self.fc(x)


class ShortCircuit(Base):
    def forward(self, x):
        y = self.fc(x)
        seen = paddle.zeros([1])

        def write():
            seen[0] = 1.0
            return paddle.ones([1]).sum() > 0

        if (x.sum() * 0 > 1) and write():
            y = y * 2
        return y + seen


# What depends on more than its inputs.


class RandomInEval(Base):
    def forward(self, x):
        return self.fc(x) + paddle.rand([4])


class DropoutInEval(Base):
    def forward(self, x):
        return F.dropout(self.fc(x), 0.5)


class CountsItsCalls(Base):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.fc(x) * self.calls


class BufferUpdated(Base):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", paddle.zeros([1]))

    def forward(self, x):
        self.seen = self.seen + 1
        return self.fc(x) * self.seen


class RandomNumpy(Base):
    def forward(self, x):
        return self.fc(x) + float(np.random.rand())  # noqa: NPY002 - as people do


# What only the engine gets wrong, or cannot run.


class Nearest(paddle.nn.Layer):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2, mode="nearest")


class Bilinear(paddle.nn.Layer):
    def forward(self, x):
        return F.interpolate(x, size=[7, 7], mode="bilinear")


class PadChannelsLast(paddle.nn.Layer):
    def forward(self, x):
        return F.pad(x, [1, 1], data_format="NLC").sum(axis=1)


# What cannot be exported.


class HistogramEdges(Base):
    def forward(self, x):
        return paddle.histogram_bin_edges(self.fc(x), bins=3)


class IsInOfBooleans(Base):
    def forward(self, x):
        return paddle.isin(self.fc(x) > 0, paddle.to_tensor([True]))


class EarlyReturnOfOtherType(Base):
    def forward(self, x):
        if x.sum() > 0:
            return self.fc(x)
        return (x > 0).astype("int64")
