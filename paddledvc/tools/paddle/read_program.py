"""What the files of an export say of themselves, read without Paddle."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.tools.paddle.core.program_outputs import outputs_of_json, outputs_of_protobuf

if TYPE_CHECKING:
    from pathlib import PurePath

    from paddledvc.models.model import Output

logger = logging.getLogger(__name__)
READERS = {".json": outputs_of_json, ".pdmodel": outputs_of_protobuf}
"""Who reads what is written how, by the end of the name; the first file that is there counts."""


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
