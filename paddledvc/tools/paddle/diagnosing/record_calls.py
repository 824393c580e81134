"""What each sublayer of a network is called with, and the export of one of them by itself."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.samples import OutputValues
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import calling, network, runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from paddledvc.comparison.samples import Case
    from paddledvc.tools.paddle.core.jobs import DiagnoseJob


@dataclass(frozen=True, slots=True)
class Place:
    """Where among the arguments of a call a tensor stood."""

    number: int


@dataclass(slots=True, eq=False)
class RecordedCall:
    """What a sublayer was given, and what it gave, when it was called first.

    Attributes:
        arguments: a pair of the positional and the named ones, with a ``Place`` for each tensor.
        given: the tensors, by the names of their places.
        found: the outputs; None while it runs, and where it failed.
        functions: file and first line of each function that ran meanwhile.
    """

    arguments: Any
    given: Case
    found: list[OutputValues] | None = None
    functions: set[tuple[str, int]] = field(default_factory=set)


def record_calls(job: DiagnoseJob, layer: Any) -> dict[str, RecordedCall]:
    """Run a network once, and keep the first call of it and of every sublayer, inner ones first."""
    module = runtime.import_paddle()
    way = calling.choose_network_call(layer, job.network, job.inputs)
    case = arrays.load_arrays(job.cases)[job.call]
    whole = {item.name: module.to_tensor(case[item.name]) for item in job.inputs}
    names = {id(part): name for name, part in layer.named_sublayers(include_self=True)}
    calls: dict[str, RecordedCall] = {}
    running: list[RecordedCall] = []
    call_layer = module.nn.Layer.__call__

    def recorded(part: Any, *arguments: Any, **keywords: Any) -> Any:
        name = names.get(id(part))
        if name is None or name in calls or any(one is part for one in busy):
            return call_layer(part, *arguments, **keywords)
        tensors: list[Any] = []
        places = _without_tensors((arguments, keywords), tensors)
        # Copies: the sublayer may write into what it is given.
        values = {f"x{n}": tensor.numpy().copy() for n, tensor in enumerate(tensors)}
        call = RecordedCall(arguments=places, given=values)
        running.append(call)
        busy.append(part)
        try:
            result = call_layer(part, *arguments, **keywords)
        finally:
            running.pop()
            busy.pop()
        call.found = read_result(result)
        calls[name] = call
        return result

    busy: list[Any] = []
    own = _is_user_code(module)

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and running and own(frame.f_code.co_filename):
            for call in running:
                call.functions.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    module.nn.Layer.__call__ = recorded
    sys.setprofile(profile)
    try:
        with runtime.run_dynamically():
            calling.call_network(layer, way.call, whole)
    finally:
        sys.setprofile(None)
        module.nn.Layer.__call__ = call_layer
    return calls


def _is_user_code(module: Any) -> Callable[[str], bool]:
    """Tell the files of a network from those of Paddle, of Python and of this package."""
    paddle, here = Path(module.__file__).parent, Path(__file__).parents[3]
    packages = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]

    @cache
    def own(file: str) -> bool:
        path = Path(file)
        if file.startswith("<") or any(map(path.is_relative_to, (paddle, here))):
            return False
        installed = any(map(path.is_relative_to, packages))
        return installed or not path.is_relative_to(sysconfig.get_path("stdlib"))

    return own


def read_result(result: Any) -> list[OutputValues]:
    """Copy the tensors of a result."""
    pairs = network.list_exported_tensors(result)
    return [OutputValues(name=name, values=one.numpy().copy()) for name, one in pairs]


def call_part(part: Any, call: RecordedCall) -> list[OutputValues]:
    """Call a sublayer again with what it was given."""
    module = runtime.import_paddle()
    with runtime.run_dynamically():
        tensors = [module.to_tensor(array) for array in call.given.values()]
        arguments, keywords = _with_tensors(call.arguments, tensors)
        return read_result(part(*arguments, **keywords))


def export_part(part: Any, call: RecordedCall, prefix: Path) -> bool:
    """Export a sublayer as it was called; False where it cannot be exported by itself."""
    module = runtime.import_paddle()
    free = [[None, *array.shape[1:]] if array.ndim else [] for array in call.given.values()]
    fixed = [[*array.shape] for array in call.given.values()]
    return any(_saved(module, part, call, prefix, shapes) for shapes in (free, fixed))


def _saved(
    module: Any, part: Any, call: RecordedCall, prefix: Path, shapes: Sequence[Sequence[int | None]]
) -> bool:
    specs = [
        module.static.InputSpec(shape=shape, dtype=str(array.dtype), name=name)
        for shape, (name, array) in zip(shapes, call.given.items(), strict=True)
    ]
    try:
        with network.keep_network_methods(part):
            module.jit.save(_caller(module, part, call), str(prefix), input_spec=[specs])
    except Exception:  # noqa: BLE001 - Paddle fails in any way, and the next sublayer may tell
        return False
    return True


def _caller(module: Any, part: Any, call: RecordedCall) -> Any:
    """Make a layer of tensors alone, which calls the sublayer with all that it was given."""

    def with_tensors(tensors: list[Any]) -> Any:
        return _with_tensors(call.arguments, tensors)

    class Caller(module.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.part = part
            # As an attribute, for Paddle 2 loses what a forward closes over.
            self.arguments_of = module.jit.not_to_static(with_tensors)

        def forward(self, tensors: list[Any]) -> Any:
            arguments, keywords = self.arguments_of(tensors)
            return self.part(*arguments, **keywords)

    caller = Caller()
    caller.training = False
    return caller


def _without_tensors(value: Any, tensors: list[Any]) -> Any:
    if isinstance(value, runtime.import_paddle().Tensor):
        tensors.append(value)
        return Place(len(tensors) - 1)
    return _mapped(value, lambda one: _without_tensors(one, tensors))


def _with_tensors(value: Any, tensors: Sequence[Any]) -> Any:
    if isinstance(value, Place):
        return tensors[value.number]
    return _mapped(value, lambda one: _with_tensors(one, tensors))


def _mapped(value: Any, change: Any) -> Any:
    """Copy what holds other values, with each of them changed; what is none of these stays."""
    if type(value) is dict:
        return {key: change(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(change, value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(change, value))
    return value
