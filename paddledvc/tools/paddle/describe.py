"""What exported files say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc.core.answers import Described
from paddledvc.core.model import Input
from paddledvc.errors import InvalidInput
from paddledvc.tools.paddle import weights
from paddledvc.tools.paddle.runtime import paddle

if TYPE_CHECKING:
    from paddledvc.core.jobs import DescribeJob


def do(job: DescribeJob) -> Described:
    """Read the names, shapes and types of the inputs.

    Raises:
        InvalidInput: this Paddle cannot load the files, or they do not tell.
        Finding: to load them would run code that is in them.
    """
    weights.require_plain(job.program)
    try:
        layer = paddle().jit.load(str(job.program))
        specs = layer._input_spec()  # noqa: SLF001 - a predictor tells the names only
    except (AttributeError, OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(
            f"the inputs of {job.program} cannot be read here ({type(error).__name__}); "
            "describe each with --input NAME:DTYPE[SHAPE]"
        ) from error
    return Described(inputs=tuple(map(_input, specs)))


def _input(spec: Any) -> Input:
    shape = tuple(None if size is None or size < 0 else int(size) for size in spec.shape)
    return Input(name=spec.name, shape=shape, dtype=str(spec.dtype).rpartition(".")[2])
