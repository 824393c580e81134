"""The exported files in the place of the network: a layer that can only be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc.errors import UserCodeFailed
from paddledvc.names import suggest_name
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.evaluating.fed import flatten_call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.model import Input
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
    left = iter(outputs)
    places = {at: next(left) for at in _places(structure, ())}
    return _filled(structure, (), places)


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


def make_stand_in(
    run: Callable[[Case], list[Array]], inputs: Sequence[Input], structure: Any, fed: Fed
) -> Any:
    """Make a layer of the exported files.

    Args:
        run: runs them on arrays by name.
        inputs: what they take.
        structure: how the network's own result is nested.
        fed: what to tell of every call.
    """
    module = runtime.import_paddle()
    names = [item.name for item in inputs]
    layer = module.nn.Layer

    class ExportedModel(layer):  # type: ignore[misc, valid-type]
        """The exported files: they can be called, and nothing else."""

        def forward(self, *given: Any, **named: Any) -> Any:
            case = _name_inputs(names, given, named)
            arrays = flatten_call(list(case.values()), {}, names)
            fed.add(arrays)
            outputs = [module.to_tensor(one) for one in run(dict(zip(names, arrays, strict=True)))]
            return restore_structure(structure, outputs)

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


def _name_inputs(
    names: Sequence[str], given: Sequence[Any], named: dict[str, Any]
) -> dict[str, Any]:
    """Say which input is what, as Python would.

    >>> _name_inputs(["x", "mask"], [1], {"mask": 2})
    {'x': 1, 'mask': 2}
    """
    for name in named:
        if name not in names:
            hint = suggest_name(name, names) or f"; it takes {', '.join(names)}"
            raise UserCodeFailed(
                f"the model was called with {name!r}, which it does not take{hint}"
            )
    if len(given) > len(names):
        raise UserCodeFailed(
            f"the model was called with {len(given)} inputs, expected {len(names)}: "
            f"{', '.join(names)}"
        )
    by_position = dict(zip(names, given, strict=False))
    if twice := by_position.keys() & named.keys():
        raise UserCodeFailed(f"the model was called with {min(twice)!r} twice")
    found = {**by_position, **named}
    if missing := [name for name in names if name not in found]:
        raise UserCodeFailed(f"the model was called without its input {missing[0]!r}")
    return {name: found[name] for name in names}
