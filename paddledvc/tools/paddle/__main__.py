"""Do the job in one file and write the answer to another."""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import sys
from pathlib import Path
from typing import Any

from paddledvc.core import jobs
from paddledvc.core.jobs import Failure
from paddledvc.errors import PaddleDVCError

DOERS = {
    jobs.ExportJob: "export",
    jobs.ReferenceJob: "reference",
    jobs.PathJob: "program",
    jobs.TrainJob: "train",
}
"""The module whose ``do`` does a kind of job."""
INTERRUPTED = 130


def main(job_file: str, answer_file: str) -> int:
    """Do a job; of launched processes the first gives the answer, or whichever fails first."""
    job = pickle.loads(Path(job_file).read_bytes())
    rank = int(os.environ.get("PADDLE_TRAINER_ID", "0"))
    try:
        answer: Any = importlib.import_module(f"paddledvc.tools.paddle.{DOERS[type(job)]}").do(job)
    except PaddleDVCError as error:
        launched = os.environ.get("PADDLE_TRAINERS_NUM", "1") != "1"
        message = f"process {rank}: {error}" if launched else str(error)
        answer = Failure(error=type(error).__name__, message=message)
    except KeyboardInterrupt:
        return INTERRUPTED
    failed = isinstance(answer, Failure)
    if failed or rank == 0:
        _give(answer, Path(answer_file))
    return 1 if failed else 0


def _give(answer: Any, file: Path) -> None:
    """Write the answer, unless another process has: the first failure is the cause of the rest."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_bytes(pickle.dumps(answer))
    with contextlib.suppress(FileExistsError):
        os.link(part, file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
