"""Small networks that are exported wrongly, each with the line that does it, or with none.

The line that is to be named ends in ``# cause: NAME``; a network without such a line has no cause
that anybody could change in it. Lines that look suspicious and do no harm stand beside many.
Seen with Paddle 3.3.1.
"""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - as everybody calls it


class Base(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)


class Good(Base):
    def forward(self, x):
        return F.relu(self.fc(x))


# Written in place.


class ReshapedView(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        flat = y.reshape([-1])
        flat[0] = 100.0  # cause: ReshapedView
        return y


class SlicedBase(Base):
    def forward(self, x):
        y = self.fc(x) + 1.0
        part = y[:, 1:3]
        y[0, 1] = 50.0  # cause: SlicedBase
        return part * 1.0


class FlattenedView(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        y.flatten()[0] = 9.0  # cause: FlattenedView
        return y


class AddedToColumn(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        kept = y.reshape([-1])
        y[:, 0] += 1.0  # cause: AddedToColumn
        return kept * 1.0


class InPlaceInput(Base):
    def forward(self, x):
        y = self.fc(x)
        x.add_(paddle.ones_like(x))  # cause: InPlaceInput
        return y + x


def mark(y):
    flat = y.reshape([-1])
    flat[0] = 100.0  # cause: FreeFunction
    return y


class FreeFunction(Base):
    def forward(self, x):
        return mark(self.fc(x) * 1.0)


class StaticHelper(Base):
    @staticmethod
    def scale():
        return 2.0 if paddle.in_dynamic_mode() else 3.0  # cause: StaticHelper

    def forward(self, x):
        return self.fc(x) * self.scale()


# What is another while it is traced.


class InDynamicMode(Base):
    def forward(self, x):
        return self.fc(x) * (2.0 if paddle.in_dynamic_mode() else 3.0)  # cause: InDynamicMode


class HasGradient(Base):
    def forward(self, x):
        return self.fc(x) * (4.0 if hasattr(x, "_grad_ivar") else 5.0)  # cause: HasGradient


class AutoCast(Base):
    def forward(self, x):
        with paddle.amp.auto_cast(dtype="bfloat16"):  # cause: AutoCast
            return self.fc(x)


# Both sides are run.


class ShortCircuit(Base):
    def forward(self, x):
        y = self.fc(x)
        seen = paddle.zeros([1])

        def write():
            seen[0] = 1.0
            return paddle.ones([1]).sum() > 0

        if (x.sum() * 0 > 1) and write():  # cause: ShortCircuit
            y = y * 2
        return y + seen


class ValueOfOr(Base):
    def forward(self, x):
        return self.fc(x) * (x.sum() or 1.0)  # cause: ValueOfOr


# Added to what is returned as it is.


class AddedToInput(Base):
    def forward(self, x):
        return self.fc(x), x + 0.5  # cause: AddedToInput


class AddedAttribute(Base):
    def __init__(self) -> None:
        super().__init__()
        self.offset = 0.5

    def forward(self, x):
        shifted = x + self.offset  # cause: AddedAttribute
        return self.fc(x), shifted


# The same, far inside.


class InList(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = paddle.nn.LayerList([Good(), Good(), ReshapedView()])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class InDict(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = paddle.nn.LayerDict({"a": Good(), "b": ReshapedView()})

    def forward(self, x):
        return self.blocks["b"](self.blocks["a"](x))


class ListOfLists(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        lists = [[Good(), Good()], [Good(), InList()]]
        self.stages = paddle.nn.LayerList([paddle.nn.LayerList(one) for one in lists])

    def forward(self, x):
        for stage in self.stages:
            for block in stage:
                x = block(x)
        return x


class Encoder(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        layer = Block()
        self.encoder = paddle.nn.TransformerEncoder(layer, 2)

    def forward(self, x):
        return self.encoder(x.unsqueeze(1)).squeeze(1)


class Block(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.norm = paddle.nn.LayerNorm(4)
        self._config = {}

    def forward(self, src, src_mask=None):  # noqa: ARG002 - as the encoder calls it
        y = self.norm(src)
        y.flatten()[0] = 3.0  # cause: Encoder
        return y


class Two(Base):
    def forward(self, x, y=None, *, scale=1.0):
        z = self.fc(x) * scale
        z = z if y is None else z + y
        flat = z.reshape([-1])
        flat[0] = 100.0  # cause: ByKeyword, WithNone
        return z


class ByKeyword(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Good(), Two()

    def forward(self, x):
        return self.b(x, y=self.a(x), scale=2.0)


class WithNone(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Good(), Two()

    def forward(self, x):
        return self.b(self.a(x), None)


class Sum(Base):
    def forward(self, given):
        values = list(given.values()) if isinstance(given, dict) else given
        z = self.fc(values[0]) + values[1]
        flat = z.reshape([-1])
        flat[0] = 100.0  # cause: ListArgument, DictArgument
        return z


class ListArgument(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Good(), Sum()

    def forward(self, x):
        return self.b([x, self.a(x)])


class DictArgument(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Good(), Sum()

    def forward(self, x):
        return self.b({"x": x, "y": self.a(x)})


# Beside what does no harm.


class DropoutAndView(Base):
    def __init__(self) -> None:
        super().__init__()
        self.dropout = paddle.nn.Dropout(0.5)

    def forward(self, x):
        y = self.dropout(self.fc(x)) * 1.0
        flat = y.reshape([-1])
        flat[0] = 100.0  # cause: DropoutAndView
        return y


class NumpyAndView(Base):
    def forward(self, x):
        y = self.fc(x) / float(np.sqrt(64))
        flat = y.reshape([-1])
        flat[0] = 100.0  # cause: NumpyAndView
        return y


class ViewAndMode(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        y[:, 0] = 1.0
        return y * (2.0 if paddle.in_dynamic_mode() else 3.0)  # cause: ViewAndMode


class ModeBeforeWrite(Base):
    def forward(self, x):
        y = self.fc(x) * (2.0 if paddle.in_dynamic_mode() else 3.0)  # cause: ModeBeforeWrite
        y[:, 0] = 1.0
        return y


class WriteBeforeWrite(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        y[:, 1] = 2.0
        flat = y.reshape([-1])
        flat[0] = 100.0  # cause: WriteBeforeWrite
        y[:, 2] = 3.0
        return flat * 1.0, y


class IsTensorAndAdded(Base):
    def forward(self, x):
        y = self.fc(x) * (1.0 if isinstance(x, paddle.Tensor) else 2.0 / 2)
        return y + 0.5, x + 0.5  # cause: IsTensorAndAdded


class CastAndWrite(Base):
    def forward(self, x):
        with paddle.amp.auto_cast(dtype="bfloat16"):  # cause: CastAndWrite
            y = self.fc(x)
        y[:, 0] = 1.0
        return y


class MaskAndMode(Base):
    def forward(self, x):
        y = self.fc(x)
        y[y > 0] = 0.0
        z = F.dropout(y, 0.5, training=self.training)
        return z * (2.0 if paddle.in_dynamic_mode() else 3.0)  # cause: MaskAndMode


# Two causes, of which each alone changes nothing.


class TwoCauses(Base):
    def forward(self, x):
        y = self.fc(x) * (2.0 if paddle.in_dynamic_mode() else 3.0)  # cause: TwoCauses
        flat = y.reshape([-1])
        flat[0] = 100.0  # cause: TwoCauses
        return y


# Without a cause in their code.


class SpectralNorm(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.fc = paddle.nn.utils.spectral_norm(paddle.nn.Linear(4, 4))

    def forward(self, x):
        y = self.fc(x)
        y[:, 0] = 1.0
        return y


class UniqueCast(Base):
    def forward(self, x):
        return paddle.unique((x > 0).astype("int64")).astype("float32") + 0.0


class Seeded(Base):
    def forward(self, x):
        paddle.seed(3)
        y = self.fc(x) * float(np.sqrt(4.0))
        y[:, 0] = 1.0
        return y + paddle.rand([4])


class EqualOutputs(Base):
    def forward(self, x):
        return self.fc(x) + 1, self.fc(x) + 1


class Complex(Base):
    def forward(self, x):
        y = self.fc(x)
        y[:, 0] = 1.0
        return paddle.fft.fft(y)


# What only an engine gets wrong.


class EngineInList(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        parts = [paddle.nn.Conv2D(1, 2, 3, padding=1), paddle.nn.Upsample(scale_factor=2)]
        self.parts = paddle.nn.LayerList(parts)

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


# Right, but exported otherwise.


class TrainingBranch(Base):
    def forward(self, x):
        y = self.fc(x)
        if self.training:
            y = y * 2.0
        return y


class Normed(Base):
    def __init__(self) -> None:
        super().__init__()
        self.norm = paddle.nn.BatchNorm1D(4)

    def forward(self, x):
        return self.norm(self.fc(x))


class DropsChannels(Base):
    def __init__(self) -> None:
        super().__init__()
        self.drop = paddle.nn.Dropout2D(0.5)

    def forward(self, x):
        return self.drop(self.fc(x).unsqueeze(-1).unsqueeze(-1)).flatten(1)


class Versioned(Base):
    factor = 1.0

    def forward(self, x):
        y = self.fc(x) * self.factor
        y[:, 0] = 1.0
        return y


class VersionedOlder(Versioned):
    factor = 1.5


# Healthy, whatever it looks like.


class HealthyList(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = paddle.nn.LayerList([Good(), Good()])
        self.named = paddle.nn.LayerDict({"a": Good()})

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.named["a"](x)


class HealthyWrites(Base):
    def forward(self, x):
        y = self.fc(x) * 1.0
        y[:, 0] = 1.0
        y[y > 0] = 0.0
        return y + 0.5


class HealthyMode(Base):
    def forward(self, x):
        y = self.fc(x) * (2.0 if paddle.in_dynamic_mode() else 4.0 / 2)
        return y / float(np.sqrt(64)) if isinstance(y, paddle.Tensor) else y / 8.0


class HealthyArguments(paddle.nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Good(), Taking()

    def forward(self, x):
        return self.b([x, self.a(x)], y=None, z={"z": x})


class Taking(Base):
    def forward(self, values, y=None, *, z=None):
        found = self.fc(values[0]) + values[1] * z["z"]
        return found if y is None else found + y
