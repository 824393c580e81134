"""The parameters and buffers of a network, as what exported files are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc.comparison.parameters import Parameter, digest_values
from paddledvc.tools.paddle.building import network

if TYPE_CHECKING:
    from collections.abc import Sequence


WIDE = ("float32", "float64")
"""Types that are rounded to narrower ones."""


def describe_parameters(
    layer: Any, roundings: Sequence[str] = (), *, saved: bool = True
) -> tuple[Parameter, ...]:
    """Describe what ``jit.save`` may write of a layer, each tensor once.

    Args:
        layer: the ``paddle.nn.Layer``.
        roundings: types that exported files may have rounded floats to.
        saved: whether what the state dict holds is meant too, or only the other buffers.
    """
    state = {id(tensor): key for key, tensor in reversed(layer.state_dict().items())}
    found = {id(tensor): (key, tensor) for key, tensor in layer.to_static_state_dict().items()}
    return tuple(
        Parameter(
            name=tensor.name,
            key=state.get(number, key),
            shape=(*map(int, tensor.shape),),
            dtype=network.name_tensor_type(tensor),
            digests={
                network.name_tensor_type(one): digest_values(one.numpy())
                for one in (tensor, *_rounded(tensor, roundings))
            },
            saved=number in state,
        )
        for number, (key, tensor) in found.items()
        if saved or number not in state
    )


def _rounded(tensor: Any, roundings: Sequence[str]) -> list[Any]:
    # By Paddle, which cuts to bfloat16 where others round.
    is_float = network.name_tensor_type(tensor) in WIDE
    return [tensor.astype(one) for one in roundings] if is_float else []
