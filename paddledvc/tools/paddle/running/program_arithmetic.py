"""Dynamic operators that compute as the static program does, where Paddle makes two things of one.

``x / 0.7`` divides in a dynamic network; the program that is made of it multiplies by the rounded
reciprocal. ``x ** 2.5`` is another kernel. Of all operators of tensors and numbers these two are
the ones whose last bits differ (seen with Paddle 2.6.2 and 3.3.1).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.tools.paddle.building import runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Operator = Callable[[Any, Any], Any]


@contextmanager
def compute_as_program() -> Iterator[None]:
    """Let tensors be divided by numbers, and raised to them, as the program does it."""
    module = runtime.import_paddle()
    kind = type(module.to_tensor(0.0))
    kept: dict[str, Operator] = {
        name: getattr(kind, name) for name in ("__truediv__", "__div__", "__pow__")
    }
    for name, operator in kept.items():
        setattr(kind, name, _raised(operator) if name == "__pow__" else _divided(operator))
    try:
        yield
    finally:
        for name, operator in kept.items():
            setattr(kind, name, operator)


def _divided(operator: Operator) -> Operator:
    def divide(tensor: Any, number: Any) -> Any:
        module = runtime.import_paddle()
        if isinstance(number, np.generic) and not isinstance(number, float):
            return module.divide(tensor, module.full([], number.item(), tensor.dtype))
        if not isinstance(number, int | float) or not number:
            return operator(tensor, number)
        if not (tensor.is_floating_point() or tensor.is_complex()):
            tensor = tensor.astype("float32")
        return module.scale(tensor, 1.0 / number)

    return divide


def _raised(operator: Operator) -> Operator:
    def power(tensor: Any, number: Any) -> Any:
        if not isinstance(number, int | float):
            return operator(tensor, number)
        module = runtime.import_paddle()
        whole = not (tensor.is_floating_point() or tensor.is_complex())
        if whole and isinstance(number, float):
            tensor = tensor.astype("float32")
        return module.pow(tensor, module.full([], number, tensor.dtype))

    return power
