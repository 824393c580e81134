"""Paddle's flags for a job, set before Paddle is imported: it reads the environment once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.tools.paddle.core.jobs import (
    FLAG,
    DescribeJob,
    DiagnoseJob,
    EvaluateJob,
    ExportJob,
    PathJob,
)

if TYPE_CHECKING:
    from pathlib import PurePath

FORMAT = "FLAGS_enable_pir_api"
"""The flag of Paddle 3 by which it writes, and reads, Paddle 3's programs or Paddle 2's."""
_OLD, _NEW = "0", "1"


def prepare_flags(job: Any) -> None:
    """Set the flags that a job needs, and drop those that nobody may choose for it.

    What an export is must not depend on who makes it, so it heeds no flag of the environment. Of a
    program that is there, the flag that decides whether Paddle reads it follows from its format.
    """
    match job:
        case ExportJob():
            for name in [name for name in os.environ if name.startswith(FLAG)]:
                del os.environ[name]
            if job.format == "pdmodel":
                os.environ[FORMAT] = _OLD
        # jit.load reads only the format that the flag says, a predictor both whatever it says.
        case PathJob() if job.path == "jit":
            _read_program(job.program)
        case EvaluateJob() if job.program is not None and job.program.path == "jit":
            _read_program(job.program.program)
        case DescribeJob():
            _read_program(job.program)
        case DiagnoseJob():
            _read_program(job.path_job.program)


def _read_program(program: PurePath) -> None:
    if Path(f"{program}.json").is_file():
        os.environ[FORMAT] = _NEW
    elif Path(f"{program}.pdmodel").is_file():
        os.environ[FORMAT] = _OLD
