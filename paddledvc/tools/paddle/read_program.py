"""What the files of an export say of themselves, read without Paddle."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
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
