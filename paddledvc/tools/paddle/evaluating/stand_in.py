"""The exported files in the place of the network: a layer that can only be called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.errors import UserCodeFailed
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.evaluating.fed import flatten_call, order_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.forward import Forward
    from paddledvc.tools.paddle.evaluating.fed import Fed

LEAF = "tensor"
"""What stands for a tensor in the description of a result."""


def describe_structure(result: Any) -> Any:
    """Describe how a network's result is nested, without what is in it.

    >>> describe_structure({"boxes": [1, 2]})
    {'boxes': [None, None]}
    """
    if isinstance(result, dict):
        return {key: describe_structure(one) for key, one in result.items()}
    if isinstance(result, list | tuple):
        parts = [describe_structure(one) for one in result]
        return tuple(parts) if isinstance(result, tuple) else parts
    return LEAF if hasattr(result, "numpy") else None  # only tensors have it


def restore_structure(structure: Any, outputs: Sequence[Any]) -> Any:
    """Nest the outputs of a program as the network's own result is.

    >>> restore_structure({"b": "tensor", "a": ("tensor", None)}, [1, 2])
    {'b': 2, 'a': (1, None)}
    """
    wanted = list(_places(structure, ()))
    if len(wanted) != len(outputs):
        raise UserCodeFailed(
            f"the exported program gives {len(outputs)} outputs, and the network {len(wanted)}; "
            "paddle.jit.save writes a tensor that is returned twice only once"
        )
    return _filled(structure, (), dict(zip(wanted, outputs, strict=True)))


def _places(structure: Any, at: tuple[Any, ...]) -> Any:
    """Yield where tensors are, in the order of the exported program: mappings by sorted key."""
    if structure == LEAF:
        yield at
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from _places(structure[key], (*at, key))
    elif isinstance(structure, list | tuple):
        for index, one in enumerate(structure):
            yield from _places(one, (*at, index))


def _filled(structure: Any, at: tuple[Any, ...], places: dict[tuple[Any, ...], Any]) -> Any:
    if isinstance(structure, dict):
        return {key: _filled(one, (*at, key), places) for key, one in structure.items()}
    if isinstance(structure, list | tuple):
        parts = [_filled(one, (*at, index), places) for index, one in enumerate(structure)]
        return tuple(parts) if isinstance(structure, tuple) else parts
    return places.get(at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """How a network is called, for files that stand in for it.

    Attributes:
        inputs: names of its inputs.
        parameters: names of the parameters of its ``forward``, in order.
        forward: how these take the inputs, where somebody states it.
        result: how its result is nested.
    """

    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    forward: Forward | None
    result: Any


def make_stand_in(run: Callable[[Case], list[Array]], signature: Signature, fed: Fed) -> Any:
    """Make a layer of the exported files.

    Args:
        run: runs them on arrays by name.
        signature: how the network is called.
        fed: what to tell of every call.
    """
    module = runtime.import_paddle()
    layer = module.nn.Layer

    class ExportedModel(layer):  # type: ignore[misc, valid-type]
        """The exported files: they can be called, and nothing else."""

        def forward(self, *given: Any, **named: Any) -> Any:
            values = order_arguments(signature.parameters, given, named)
            case = name_inputs(signature, values)
            fed.add(flatten_call(values.values()))  # in the order in which the network counts
            outputs = [module.to_tensor(one) for one in run(case)]
            return restore_structure(signature.result, outputs)

        def eval(self) -> Any:
            return self

        def train(self) -> Any:
            raise _no_parameters("train")

        def parameters(self, *_: Any, **__: Any) -> Any:
            raise _no_parameters("parameters")

        def named_parameters(self, *_: Any, **__: Any) -> Any:
            raise _no_parameters("named_parameters")

        def state_dict(self, *_: Any, **__: Any) -> Any:
            raise _no_parameters("state_dict")

        def set_state_dict(self, *_: Any, **__: Any) -> Any:
            raise _no_parameters("set_state_dict")

    model = ExportedModel()
    model.training = False
    return model


def _no_parameters(asked: str) -> UserCodeFailed:
    return UserCodeFailed(
        f"{asked}() was called, but the exported program has no parameters; it can only be called"
    )


def name_inputs(signature: Signature, values: Mapping[str, Any]) -> Case:
    """Say which array of a call is which input.

    What is named as an input is that, also in a dict; the others are the rest, in order.

    >>> import numpy as np
    >>> two = Signature(inputs=("x", "m"), parameters=("inputs",), forward=None, result=None)
    >>> list(name_inputs(two, {"inputs": {"m": np.ones(1), "x": np.ones(2)}}))
    ['x', 'm']
    """
    told = signature.forward
    if isinstance(told, list):
        told = dict(zip(signature.parameters, told, strict=False))
    leaves = [
        leaf
        for name, value in values.items()
        for leaf in _leaves(name, value, None if told is None else told.get(name))
    ]
    names = list(signature.inputs)
    if len(leaves) != len(names):
        raise UserCodeFailed(
            f"the model was called with {len(leaves)} inputs, expected {len(names)}: "
            f"{', '.join(names)}"
        )
    found = {name: array for name, array in leaves if name in names}
    rest = iter([name for name in names if name not in found])
    found |= {next(rest): array for name, array in leaves if name not in names}
    return {name: found[name] for name in names}


def _leaves(name: str, value: Any, told: Any) -> Iterator[tuple[str, Array]]:
    """List the arrays of an argument, each with what it is called."""
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            inside = told.get(key) if isinstance(told, dict) else None
            yield from _leaves(str(key), value[key], inside)
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            inside = told[at] if isinstance(told, list) and at < len(told) else None
            yield from _leaves("", one, inside)
    else:
        found = flatten_call([value])
        yield from ((told if isinstance(told, str) else name, one) for one in found)
