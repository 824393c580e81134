"""Export: a dynamic network as a static program, byte for byte the same in every fresh process."""

from __future__ import annotations

import inspect
import logging
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import Finding, InvalidInput, UserCodeFailed
from paddledvc.models.model import Input
from paddledvc.names import EXPORT_PREFIX
from paddledvc.tools.paddle.building import calling, network, state_dict, user_objects
from paddledvc.tools.paddle.building.runtime import import_paddle, use_runtime_device
from paddledvc.tools.paddle.core.jobs import Described, Exported
from paddledvc.tools.paddle.read_program import find_program_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.models.forward import Forward
    from paddledvc.tools.paddle.core.jobs import DescribeJob, ExportJob

SIGNS = {
    "in-place": re.compile(r"does not perform inplace operation", re.IGNORECASE),
    "branch-types": re.compile(r"Return results from different branches in cond", re.IGNORECASE),
}
"""How Paddle words the warnings of ``FORETELLING``."""
PLACE = "op_callstack"
"""The attribute of an operation that says where in the code it was made."""
GIVEN_UP = re.compile(
    r"(?:(?P<operation>\w+)\(\): argument[^\n]*)?must be Value, but got|Unknown place type"
)
"""How Paddle 3 fails at what only its own format has."""
UNUSED = re.compile(
    r"is not involved in the target_vars calculation"
    r"|feeded_var_names\[\d+\]: '(?P<name>[^']*)' doesn't exist in pruned"
)
"""How Paddle words that an input has no part in the outputs."""


def export_network(job: ExportJob) -> Exported:
    """Export a network into an empty folder.

    Raises:
        Finding: a warning foretells that the program will not compute what the network does.
        UserCodeFailed: the network cannot be exported.
        InvalidInput: this Paddle cannot write the format.
    """
    module = import_paddle()
    _require_format(module, job)
    use_runtime_device("cpu")
    # Parameter names come from counters of the process, and they order the weights in the file.
    # The one behind struct_name goes on under a guard: only a process's first export is the same.
    with module.utils.unique_name.guard():
        layer = network.prepare_network_for_inference(network.build_network(job.network))
        if (why := _find_misnamed_self(layer, Path(job.network.root))) is not None:
            raise UserCodeFailed(why)
        with _messages() as messages:
            save_network(layer, job)
    passed = _judge(messages, job.allow)
    for file in Path(job.folder).glob("*.pdmodel"):
        file.write_bytes(_without_places(module, file.read_bytes()))
    files = sorted(file.name for file in Path(job.folder).iterdir())
    return Exported(files=tuple(files), warnings=tuple(passed))


def _require_format(module: Any, job: ExportJob) -> None:
    # Not `< 3`: development builds call themselves 0.0.0.
    if job.format == "json" and int(str(module.__version__).split(".")[0]) in (1, 2):
        raise InvalidInput(
            f"export: {{format: json}} needs Paddle 3, but Paddle {module.__version__} is "
            f"installed, which writes pdmodel only; install Paddle 3, or leave the format out"
        )


@contextmanager
def _given_up(module: Any, job: ExportJob) -> Iterator[None]:
    """Say where Paddle 3 fails for it no longer knows how to write Paddle 2's format.

    Raises:
        UserCodeFailed: that is why the network cannot be exported.
    """
    try:
        yield
    except Exception as error:
        if job.format != "pdmodel" or not GIVEN_UP.search(str(error)):
            raise
        where = _operation(str(error))
        raise UserCodeFailed(
            f"{job.network.reference} cannot be exported as pdmodel: Paddle {module.__version__} "
            f"has given up {where} in Paddle 2's format; export it with `format: json`, or with "
            "a Paddle that still writes it, such as 2.6"
        ) from error


@contextmanager
def _used(job: ExportJob) -> Iterator[None]:
    """Say where a network makes no use of an input, which no program can take then.

    Raises:
        UserCodeFailed: that is why the network cannot be exported.
    """
    try:
        yield
    except Exception as error:
        found = UNUSED.search(str(error))
        if found is None:
            raise
        inputs = ", ".join(item.name for item in job.inputs)
        which = found["name"] or ("this one" if len(job.inputs) == 1 else "one of them")
        raise UserCodeFailed(
            f"{job.network.reference} cannot be exported: found the inputs {inputs}, expected that "
            f"what it returns follows from each, and it does not from {which}; leave that out"
        ) from error


def _operation(message: str) -> str:
    """Name the operation that an error of Paddle is about, if it names one."""
    found = GIVEN_UP.search(message)
    name = found["operation"] if found else None
    return "an operation" if name is None else f"the operation {name}"


def _without_places(module: Any, data: bytes) -> bytes:
    """Take out of a program in Paddle 2's format where in the code its operations were made.

    These are paths of this machine, which Paddle itself leaves out of most operations.
    """
    program = module.base.core.ProgramDesc(data)
    for number in range(program.num_blocks()):
        block = program.block(number)
        for operation in map(block.op, range(block.op_size())):
            if operation.has_attr(PLACE):
                operation.remove_attr(PLACE)
    return bytes(program.serialize_to_string())


def _find_misnamed_self(layer: Any, root: Path) -> str | None:
    """Say where a forward calls its layer otherwise: Paddle takes that for one more input."""
    method = layer.forward
    if not inspect.ismethod(method):
        return None
    named = inspect.getfullargspec(method).args[:1]
    if not named or named == ["self"]:
        return None
    code = inspect.unwrap(method).__code__
    file = Path(code.co_filename)
    where = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
    return (
        f"{where}:{code.co_firstlineno}: forward of {type(layer).__name__} calls its layer "
        f"{named[0]!r}, and Paddle exports it only where that is `self`; rename it"
    )


def save_network(layer: Any, job: ExportJob) -> Path:
    """Call jit.save; a forward that was made static by its author knows its inputs already.

    Returns:
        What it was given, the path without a suffix.

    Raises:
        UserCodeFailed: the network cannot be exported.
    """
    module, prefix = import_paddle(), Path(job.folder) / EXPORT_PREFIX
    doing = f"exporting {job.network.reference}"
    if getattr(layer.forward, "_input_spec", None) is not None:
        with user_objects.user_code(doing), _given_up(module, job):
            module.jit.save(layer, str(prefix))
        return prefix
    specs = {
        item.name: module.static.InputSpec(shape=list(item.shape), dtype=item.dtype, name=item.name)
        for item in job.inputs
    }
    chosen = calling.choose_network_call(layer, job.network, job.inputs)

    def save(call: Forward) -> None:
        with _given_up(module, job), _used(job):
            module.jit.save(layer, str(prefix), input_spec=chosen.lay_out_specs(call, specs))

    with calling.explained(chosen), user_objects.user_code(doing):
        chosen.settle(save)
    return prefix


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collect what Paddle says while it exports, by warnings and by its loggers."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Collector()
    # Every one of them, for those of Paddle do not propagate.
    loggers = [
        logger
        for logger in (logging.root, *logging.root.manager.loggerDict.values())
        if isinstance(logger, logging.Logger)
    ]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
            messages += [str(warning.message) for warning in caught]
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def _judge(messages: list[str], allowed: tuple[str, ...]) -> list[str]:
    """Name the foretelling warnings that are allowed; refuse the others."""
    heard = {
        name: message
        for message in messages
        for name, sign in SIGNS.items()
        if sign.search(message)
    }
    for name, message in heard.items():
        if name not in allowed:
            raise Finding(
                f"the export warns ({name}): {message.strip()}\n"
                "  The exported program would not compute what the network computes. Change the "
                f"network, or, if verify passes with it, set export: {{allow: [{name}]}}"
            )
    return sorted(heard)


def describe_exported_program(job: DescribeJob) -> Described:
    """Read the names, shapes and types of the inputs.

    Raises:
        InvalidInput: this Paddle cannot load the files, they do not tell, or one is not there.
        Finding: to load them would run code that is in them.
    """
    find_program_file(job.program)
    state_dict.require_plain_state_dict(job.program)
    try:
        layer = import_paddle().jit.load(str(job.program))
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
