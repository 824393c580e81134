"""What the files of an export say of themselves, read without Paddle."""

from __future__ import annotations

import glob
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import Finding, InvalidInput
from paddledvc.tools.paddle.core.program_operators import (
    list_outside_operators,
    operators_of_json,
    operators_of_protobuf,
)
from paddledvc.tools.paddle.core.program_outputs import (
    explain_layer_order,
    outputs_of_json,
    outputs_of_protobuf,
    parameters_of_json,
    parameters_of_protobuf,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePath

    from paddledvc.models.model import Output

logger = logging.getLogger(__name__)
READERS = {".json": outputs_of_json, ".pdmodel": outputs_of_protobuf}
"""Who reads what is written how, by the end of the name; the first file that is there counts."""
PARAMETERS = {".json": parameters_of_json, ".pdmodel": parameters_of_protobuf}
"""The same, of the parameters."""
WEIGHTS = ".pdiparams"
"""The end of the name of the file that holds them."""
OPERATORS = {".json": operators_of_json, ".pdmodel": operators_of_protobuf}
"""Who names the operators of what is written how."""


def require_computing_program(program: PurePath) -> None:
    """Refuse a program of somebody else's that does more than compute.

    ``paddle.jit.load`` also makes methods of programs beside it, ``<program>.<method>.json``, and
    calls ``eval`` if one has that name.

    Args:
        program: path of the exported files without their suffix.

    Raises:
        Finding: an operator of it touches files, calls back or talks to other machines, or nobody
            can tell what its operators are.
    """
    name = glob.escape(program.name)
    for suffix, reader in OPERATORS.items():
        files = {*Path(program.parent).glob(f"{name}{suffix}")}
        methods = {*Path(program.parent).glob(f"{name}*.*{suffix}")}
        for file in sorted(files | methods):
            _require_computing(file, reader, is_program=file in files or suffix == ".pdmodel")


def _require_computing(
    file: Path, reader: Callable[[bytes], frozenset[str]], *, is_program: bool
) -> None:
    try:
        outside = list_outside_operators(reader(file.read_bytes()))
    except ValueError as error:
        if not is_program:  # Paddle cannot load it either
            return
        raise Finding(f"{file} is not run, because it is {error}; export it again") from error
    if outside:
        raise Finding(
            f"{file} is not run, because it does more than compute: {', '.join(outside)}. "
            "Export the network again without that"
        )


def read_program_outputs(program: PurePath) -> tuple[Output, ...]:
    """Read the outputs of an exported program; nothing where it cannot be read, which is logged.

    Args:
        program: path of the exported files without their suffix.
    """
    for suffix, reader in READERS.items():
        file = Path(f"{program}{suffix}")
        if file.is_file():
            try:
                return reader(file.read_bytes())
            except (OSError, ValueError) as error:
                logger.warning("the outputs of %s are unknown: %s", file.name, error)
                return ()
    return ()


def find_program_file(program: PurePath) -> Path:
    """Find the file of an exported program whose weights, if it has some, are there too.

    Of a program whose weights are not there Paddle computes with whatever the memory holds, or
    fails with words about an operation that nobody wrote. Without parameters there is no such file.

    Args:
        program: path of the exported files without their suffix.

    Raises:
        InvalidInput: there is no program, or its weights are not there.
    """
    for suffix, reader in PARAMETERS.items():
        file = Path(f"{program}{suffix}")
        if file.is_file():
            if not Path(f"{program}{WEIGHTS}").is_file():
                _require_no_parameters(file, reader)
            return file
    raise InvalidInput(f"there is no exported program {program}.json")


def _require_no_parameters(file: Path, reader: Callable[[bytes], tuple[str, ...]]) -> None:
    try:
        names = reader(file.read_bytes())
    except ValueError:  # Paddle says better what is wrong with it
        return
    if names:
        many = f"{len(names)} parameters, such as " if len(names) > 1 else "the parameter "
        raise InvalidInput(
            f"{file.name} has {many}{names[0]}, and {file.stem}{WEIGHTS} is not beside it; copy it "
            "there, or export again"
        )


def explain_program_order(file: Path) -> str | None:
    """Say where ``jit.load`` returns the outputs of a program in another order than it has.

    Raises:
        ValueError: it is no program.
    """
    return explain_layer_order(file.read_bytes()) if file.suffix == ".pdmodel" else None
