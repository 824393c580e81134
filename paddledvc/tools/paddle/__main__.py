"""Do the job in one file and write the answer to another."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import sys
from pathlib import Path
from typing import Any

from paddledvc.errors import PaddleDVCError
from paddledvc.tools.paddle import flags
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.core import jobs
from paddledvc.tools.paddle.core.jobs import FAILURE, Failure
from paddledvc.tools.system import streams

DOERS = {
    jobs.ExportJob: "building.exporting:export_network",
    jobs.DescribeJob: "building.exporting:describe_exported_program",
    jobs.DiagnoseJob: "diagnosing.diagnose:diagnose_path",
    jobs.CauseJob: "diagnosing.try_causes:try_causes",
    jobs.EvaluateJob: "evaluating.measure:measure_model",
    jobs.ReferenceJob: "running.reference_run:run_reference",
    jobs.NoiseJob: "running.noise_run:run_noise",
    jobs.PathJob: "running.run_exported:run_exported_path",
    jobs.TrainJob: "building.training:run_training",
    jobs.WideJob: "running.reference_run:run_wide_reference",
}
"""Module and function that do a kind of job."""
INTERRUPTED = 130
LAUNCHED = ("PADDLE_TRAINER", "PADDLE_LOCAL_RANK", "PADDLE_RANK_IN_NODE")
"""Variables by which a launched process knows its rank."""


def main(job_file: str, answer_file: str) -> int:
    """Do a job; of launched processes the first of each machine answers; one that fails says so."""
    streams.prepare_streams()  # what a user's code prints is no reason to end a training
    job = pickle.loads(Path(job_file).read_bytes())
    flags.prepare_flags(job)  # before the import, which is when Paddle reads them
    try:
        _import_paddle()
        module, _, name = DOERS[type(job)].partition(":")
        doer = getattr(importlib.import_module(f"paddledvc.tools.paddle.{module}"), name)
        answer: Any = doer(job)
    except PaddleDVCError as error:
        rank = os.environ.get("PADDLE_TRAINER_ID")
        message = str(error) if rank is None else f"process {rank}: {error}"
        answer = Failure(error=type(error).__name__, message=message, details=_details(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        answer = Failure(error="OutsideFailure", message=f"{where}{error.strerror or error}")
    except UnicodeEncodeError as error:
        answer = Failure(error="OutsideFailure", message=streams.explain_stream_encoding(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    if isinstance(answer, Failure):
        _give(answer, Path(answer_file).with_name(FAILURE))
        return 1
    if os.environ.get("PADDLE_LOCAL_RANK", "0") == "0":
        _give(answer, Path(answer_file))
    return 0


def _details(error: BaseException | None) -> str:
    """Find what an error, or one that it follows from, has left out."""
    while error is not None:
        if found := getattr(error, "details", ""):
            return str(found)
        error = error.__cause__
    return ""


def _import_paddle() -> None:
    """Import Paddle in three quarters of its time.

    What it makes stays until the end, so the collector would go through it for nothing: again and
    again while it is made, and once more when the process ends.
    """
    gc.disable()
    runtime.import_paddle()
    gc.freeze()
    gc.enable()


def _give(answer: Any, file: Path) -> None:
    """Write an answer, unless another process has: the first failure is the cause of the rest."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_bytes(pickle.dumps(answer))
    # Unlike a rename, a link never replaces what is there.
    with contextlib.suppress(FileExistsError):
        os.link(part, file)


if __name__ == "__main__":
    # Clusters set these for a whole container; a process that was not launched is no rank of any.
    for variable in [name for name in os.environ if name.startswith(LAUNCHED)]:
        del os.environ[variable]
    sys.exit(main(sys.argv[1], sys.argv[2]))
