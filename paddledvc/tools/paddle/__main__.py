"""Do the job in one file and write the answer to another."""

from __future__ import annotations

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


def main(job_file: str, answer_file: str) -> int:
    """Do a job; a launched process other than the first leaves the answer to the first."""
    job = pickle.loads(Path(job_file).read_bytes())
    try:
        answer: Any = importlib.import_module(f"paddledvc.tools.paddle.{DOERS[type(job)]}").do(job)
    except PaddleDVCError as error:
        answer = Failure(error=type(error).__name__, message=str(error))
    failed = isinstance(answer, Failure)
    if failed or os.environ.get("PADDLE_TRAINER_ID", "0") == "0":
        part = Path(f"{answer_file}.{os.getpid()}")
        part.write_bytes(pickle.dumps(answer))
        part.replace(answer_file)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
