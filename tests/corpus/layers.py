"""Small layers: some of which tracing, the program or the engine gets something wrong, some not.

Each is a ``paddle.nn.Layer`` whose ``forward`` takes ``x``, float32 of shape [batch, 4], unless
``INPUTS`` says otherwise. What becomes of each with Paddle 3.3.1 was seen, not guessed.
"""

from __future__ import annotations

import time

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
    "ConvTranspose": [("x", (None, 3, 8, 8), "float32")],
    "Bicubic": [("x", (None, 3, 8, 8), "float32")],
    "GridSample": [("x", (None, 3, 8, 8), "float32")],
    "PixelShuffle": [("x", (None, 4, 4, 4), "float32")],
    "GroupNorm": [("x", (None, 4, 4, 4), "float32")],
    "Dropout2D": [("x", (None, 3, 8, 8), "float32")],
    "FixedBatch": [("x", (2, 4), "float32")],
    "ScalarInput": [("x", (None, 4), "float32"), ("s", (), "float32")],
    "BooleanInput": [("x", (None, 4), "float32"), ("m", (None, 4), "bool")],
    "IntegerInput": [("i", (None, 4), "int32")],
    "Float64": [("x", (None, 4), "float64")],
    "Float16In": [("x", (None, 4), "float16")],
    "Gru": [("x", (None, 5, 4), "float32")],
    "NamedStates": [("x", (None, 5, 4), "float32")],
    "BatchSecond": [("x", (None, 5, 4), "float32")],
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


# Of more kinds of inputs, outputs and operators, which agree.


class GroupNorm(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.g = paddle.nn.GroupNorm(2, 4)

    def forward(self, x):
        return F.silu(self.g(x))


class ConvTranspose(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.c = paddle.nn.Conv2DTranspose(3, 4, 3, stride=2, output_padding=1)

    def forward(self, x):
        return self.c(x)


class Bicubic(paddle.nn.Layer):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2, mode="bicubic")


class GridSample(paddle.nn.Layer):
    def forward(self, x):
        g = paddle.ones([x.shape[0], 4, 4, 2]) * 0.3
        return F.grid_sample(x, g)


class PixelShuffle(paddle.nn.Layer):
    def forward(self, x):
        return F.pixel_shuffle(x, 2)


class Dropout2D(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.d = paddle.nn.Dropout2D(0.5)

    def forward(self, x):
        return self.d(x) * 2


class FixedBatch(Base):
    def forward(self, x):
        return self.fc(x).reshape([2, 2, 2])


class ScalarInput(Base):
    def forward(self, x, s):
        return self.fc(x) * s


class BooleanInput(Base):
    def forward(self, x, m):
        return paddle.where(m, self.fc(x), x)


class IntegerInput(paddle.nn.Layer):
    def forward(self, i):
        return i * 2 + 1, (i % 3).astype("int64")


class Float64(paddle.nn.Layer):
    def forward(self, x):
        return paddle.sin(x) * 2


class Float16In(paddle.nn.Layer):
    def forward(self, x):
        return x.astype("float32") * 2


class Gru(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.g = paddle.nn.GRU(4, 6, 2, direction="bidirect")

    def forward(self, x):
        return self.g(x)


class NamedStates(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.g = paddle.nn.LSTM(4, 6)

    def forward(self, x):
        y, (h, c) = self.g(x)
        return {"y": y, "state": {"h": h, "c": c}}


class BatchSecond(Base):
    def forward(self, x):
        return self.fc(x).transpose([1, 0, 2])


class ParameterOutput(Base):
    def forward(self, x):
        return self.fc(x), self.fc.weight


class ConstantOutput(Base):
    def forward(self, x):
        return self.fc(x), paddle.ones([3])


class NumberOutput(Base):
    def forward(self, x):
        return self.fc(x), 3, None


class NestedTuples(Base):
    def forward(self, x):
        return ((self.fc(x),), [x * 2, [x * 3]])


class NonZero(Base):
    def forward(self, x):
        return paddle.nonzero(x > 0)


class MaskedSelect(Base):
    def forward(self, x):
        return paddle.masked_select(x, x > 0)


class Sort(Base):
    def forward(self, x):
        return paddle.sort(self.fc(x)), paddle.argsort(x)


class SetColumn(Base):
    def forward(self, x):
        y = self.fc(x)
        y[:, 0] = 1.0
        return y


class SetByMask(Base):
    def forward(self, x):
        y = self.fc(x)
        y[y > 0] = 0.0
        return y


class SetInput(Base):
    def forward(self, x):
        x[:, 0] = 1.0
        return self.fc(x)


class TensorConstant(Base):
    def forward(self, x):
        return self.fc(x) + paddle.to_tensor([1.0, 2.0, 3.0, 4.0])


class DropoutInBranch(Base):
    def __init__(self) -> None:
        super().__init__()
        self.d = paddle.nn.Dropout(0.5)

    def forward(self, x):
        y = self.fc(x)
        if y.mean() > -1e9:
            y = self.d(y)
        return y


class BatchMean(Base):
    def forward(self, x):
        return x - x.mean(0, keepdim=True)


class TinyVariance(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.b = paddle.nn.BatchNorm1D(4)
        self.b._variance.set_value(paddle.to_tensor([1e-12, 1e-6, 1.0, 1e6]))

    def forward(self, x):
        return self.b(x)


class LogOfNegative(Base):
    def forward(self, x):
        return paddle.log(x)


class DividedByZero(Base):
    def forward(self, x):
        return x / paddle.zeros([4])


class Linear1D(Base):
    def forward(self, x):
        return F.interpolate(x.unsqueeze(1), size=[8], mode="linear", data_format="NCW")


class Round(Base):
    def forward(self, x):
        return paddle.round(self.fc(x) * 10), paddle.floor(x)


class Hooked(Base):
    def __init__(self) -> None:
        super().__init__()
        self.fc.register_forward_post_hook(lambda _layer, _given, found: found * 2)

    def forward(self, x):
        return self.fc(x)


class BufferNotSaved(Base):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("t", paddle.arange(4, dtype="float32"), persistable=False)

    def forward(self, x):
        return self.fc(x) + self.t


class TensorAttribute(Base):
    def __init__(self) -> None:
        super().__init__()
        self.t = paddle.arange(4, dtype="float32")

    def forward(self, x):
        return self.fc(x) + self.t


class Float16Out(Base):
    def forward(self, x):
        return self.fc(x).astype("float16")


# Weights that a hook makes, and a cast that is lost.


class SpectralNorm(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.fc = paddle.nn.utils.spectral_norm(paddle.nn.Linear(4, 4))

    def forward(self, x):
        return self.fc(x)


class WeightNorm(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.fc = paddle.nn.utils.weight_norm(paddle.nn.Linear(4, 4))

    def forward(self, x):
        return self.fc(x)


class UniqueCast(Base):
    def forward(self, x):
        return paddle.unique((x > 0).astype("int64")).astype("float32")


# What a predictor cannot do, or does otherwise than the program says.


class EqualOutputs(Base):
    def forward(self, x):
        return self.fc(x) + 1, self.fc(x) + 1


class Identity(Base):
    def forward(self, x):
        return x


class Complex(Base):
    def forward(self, x):
        return paddle.fft.fft(self.fc(x))


class Bfloat16Out(Base):
    def forward(self, x):
        return self.fc(x).astype("bfloat16")


class EmptyOutput(Base):
    def forward(self, x):
        return x[:0] * 2, self.fc(x)


class Overflows(Base):
    def forward(self, x):
        return paddle.exp(x * 200)


class Denormals(Base):
    def forward(self, x):
        return (x * 1e-39) * 1e30


# More that depends on its calls, and more that cannot be exported.


class Alternates(Base):
    n = 0

    def forward(self, x):
        self.n += 1
        return self.fc(x) * (1 if self.n % 2 else 2)


class DependsOnTime(Base):
    def forward(self, x):
        return self.fc(x) * (time.time() % 1 + 1)


class ScatterOfUnknownBatch(Base):
    def forward(self, x):
        return paddle.scatter_nd_add(self.fc(x), paddle.to_tensor([[0]]), x[:1])


class ViewOfProduct(Base):
    def forward(self, x):
        y = self.fc(x)[:1].matmul(x[:1].t())
        v = y.reshape([-1])
        y.add_(paddle.ones_like(y))
        return v


class SublayersInList(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.ls = [paddle.nn.Linear(4, 4)]

    def forward(self, x):
        return self.ls[0](x)
