"""Training with a user's function."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.core.answers import Ended
from paddledvc.errors import UserCodeFailed
from paddledvc.tools import references
from paddledvc.tools.paddle import runtime
from paddledvc.tools.paddle.run import Run

if TYPE_CHECKING:
    from paddledvc.core.jobs import TrainJob


def do(job: TrainJob) -> Ended:
    """Call the function, and see that it wrote the weights.

    Raises:
        UserCodeFailed: it raised, or wrote no weights.
    """
    processes = int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))
    _choose_device(job.device, processes)
    runtime.seed_all(job.seed)
    function = references.load(job.function, Path(job.root))
    run = Run.of(job, world_size=processes)
    with references.user_code(f"{job.function}"):
        function(run)
    if run.rank == 0 and not run.weights.is_file():
        raise UserCodeFailed(
            f"{job.function} ended without weights; end it with run.save(layer), "
            "or write the state dict to run.weights"
        )
    return Ended(here=run.rank == 0, runtime=runtime.describe(job.device))


def _choose_device(device: str, processes: int) -> None:
    """Select the device; of several processes on GPUs, each takes the one it was launched for."""
    if processes == 1:
        runtime.use_device(device)
        return
    if device == "cpu":
        runtime.use_device("cpu")
    else:
        runtime.require_gpu("gpu")
    runtime.paddle().distributed.init_parallel_env()
