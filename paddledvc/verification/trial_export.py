"""The export of a network for its comparison only, in a process of its own."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import UserCodeFailed, WorkerDied
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import FORETELLING, Exported, ExportJob
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.models.model import Input
    from paddledvc.tools.paddle.core.jobs import Network

logger = logging.getLogger(__name__)
_ERROR = re.compile(r"\s*[\w.]+(?:Error|Exception|Warning|Exit): ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What came of an export.

    Attributes:
        warnings: sentences about what it was warned of.
        failure: why there is none; empty where there is one.
    """

    warnings: tuple[str, ...] = ()
    failure: str = ""


def try_export(network: Network, inputs: Sequence[Input], folder: Path, timeout: float) -> Attempt:
    """Export a network into a new folder; one that cannot be, or that dies of it, is a result."""
    folder.mkdir()
    job = ExportJob(
        network=network,
        inputs=tuple(inputs),
        allow=tuple(FORETELLING),  # the comparison tells what came of it
        folder=folder,
    )
    try:
        root = Path(network.root)
        size = files.file_size(network.weights)
        exported = process.run_job_in_process(job, Exported, root=root, timeout=timeout, loads=size)
    except (WorkerDied, UserCodeFailed) as error:
        # Paddle 3.3.1 dies of SIGSEGV where a forward adds an array of NumPy.
        logger.warning("export: %s", error)
        why = error.how if isinstance(error, WorkerDied) else _raised(str(error))
        return Attempt(failure=why)
    return Attempt(
        warnings=tuple(f"the export warns: {FORETELLING[one]}" for one in exported.warnings)
    )


def _raised(message: str) -> str:
    """Leave out where in the code it was raised, which differs from machine to machine."""
    first, *rest = message.splitlines()
    told = [line.strip() for line in rest if _ERROR.match(line)]
    return f"{first} {told[-1]}" if told else first
