"""Processes that run Paddle and a user's code, so that neither can bring ours down.

Paddle takes a second to import and 300 MB, exports reproducibly only in a fresh process, and can
end the process that uses it; none of that happens in ours.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from paddledvc import errors
from paddledvc.errors import (
    NO_PADDLE,
    MissingTool,
    OutsideFailure,
    PaddleDVCError,
    ToolFailed,
    WorkerDied,
    WorkerStuck,
)
from paddledvc.tools.paddle.core.jobs import FAILURE, WITHOUT_USER_CODE, Failure
from paddledvc.tools.python.command import module_command_line
from paddledvc.tools.system import memory, shell

if TYPE_CHECKING:
    from paddledvc.models.model import Launch

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
DEFAULTS = {
    "GLOG_minloglevel": "2",  # Paddle's own chatter is kept for real errors
    "PYTHONUNBUFFERED": "1",  # else a pipe holds back what a training prints
    # Paddle looks for a compiler cache that only custom operators would use.
    "PYTHONWARNINGS": "ignore:No ccache found",
}
"""Environment of a worker, where the user has not set it otherwise."""
TIMEOUT = 3600.0
"""Seconds that a job may take before it counts as hung, where nobody says."""
PROCESS = 400 * 2**20
"""Bytes that a process with Paddle takes before it loads anything."""
COPIES = 4
"""Times that a process holds a model in memory, of which a fused engine has its own."""
OPTIONS = ("-u", "-W", DEFAULTS["PYTHONWARNINGS"])
"""Options that stand for the variables of DEFAULTS where Python reads none."""
_MODULE = "paddledvc.tools.paddle"
_room = memory.Room()


def run_job_in_process(
    job: Any,
    answer: type[Answer],
    *,
    root: Path,
    timeout: float = TIMEOUT,
    loads: int = 0,
    **variables: str,
) -> Answer:
    """Do a job in a process of its own and return its answer.

    It waits while the processes that other threads of ours wait for leave too little memory.

    Args:
        job: what to do.
        answer: type of the answer.
        root: folder of the project.
        timeout: seconds that it may take.
        loads: bytes of the model that it loads.
        variables: further variables, where the user has not set them otherwise.

    Raises:
        PaddleDVCError: what the job raised.
        WorkerDied: the process died.
        WorkerStuck: it took longer than it may.
    """
    need = PROCESS + COPIES * loads
    with _room.reserve(need), tempfile.TemporaryDirectory(prefix="paddledvc-") as folder:
        command = [*_start(job), *_hand_over(job, Path(folder))]
        try:
            finished = shell.try_program(
                command, cwd=root, env=process_environment(**variables), timeout=timeout
            )
        except ToolFailed as error:
            message = f"the process that was {job} did not end within {timeout:g} s"
            raise WorkerStuck(message, "") from error
        return _answer(Path(folder), answer, job, finished.returncode, finished.errors)


def follow_job_process(
    job: Any, answer: type[Answer], *, root: Path, launch: Launch | None, log: Path
) -> Answer:
    """Do a long job in processes of its own, showing on our terminal what they print.

    Args:
        job: what to do.
        answer: type of the answer.
        root: folder of the project.
        launch: how many processes on how many machines; None for one plain process.
        log: folder for the logs of launched processes.

    Raises:
        PaddleDVCError: what the job raised.
        WorkerDied: a process died.
    """
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as folder:
        handed = _hand_over(job, Path(folder))
        if launch is None:
            command = [*_start(job), *handed]
            returncode = shell.stream_program(command, cwd=root, env=process_environment())
            return _answer(Path(folder), answer, job, returncode, "")
        command = [*_launcher(launch, log), *handed]
        variables = process_environment() | _launch_environment(launch, job.device, root)
        log.mkdir(parents=True, exist_ok=True)
        # What the launcher says of a process that failed, that one says better; where it cannot,
        # because something killed it, the launcher is the one who knows.
        errors_of_launcher = log / "launcher.log"
        returncode = shell.stream_program(
            command, cwd=root, env=variables, errors=errors_of_launcher
        )
        words = errors_of_launcher.read_text(encoding="utf-8", errors="replace").strip()
        hint = f"{words}\nthe logs of its processes are in {log}".strip()
        return _answer(Path(folder), answer, job, returncode, hint)


def _start(job: Any) -> list[str]:
    """Give the command of a worker: one that runs no user's code finds none of the project's."""
    if isinstance(job, WITHOUT_USER_CODE):
        return module_command_line(_MODULE, options=OPTIONS)
    return [sys.executable, "-m", _MODULE]


def process_environment(**more: str) -> dict[str, str]:
    """List the variables of a worker that the user has not set otherwise."""
    return {k: v for k, v in {**DEFAULTS, **more}.items() if k not in os.environ}


def _hand_over(job: Any, folder: Path) -> list[str]:
    """Write a job down; name its file and that of the answer."""
    (folder / "job").write_bytes(pickle.dumps(job))
    return [str(folder / "job"), str(folder / "answer")]


def _launch_environment(launch: Launch, device: str, root: Path) -> dict[str, str]:
    # Not by --backend: an option that the launcher does not know puts it into its legacy mode.
    backend = launch.backend or ("gloo" if device == "cpu" else "nccl")
    # The launcher runs a script, which has its own folder on the path instead of the current one.
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PADDLE_DISTRI_BACKEND": backend, "PYTHONPATH": os.pathsep.join(paths)}


def _launcher(launch: Launch, log: Path) -> list[str]:
    options = ["--nproc_per_node", str(launch.processes), "--nnodes", str(launch.nodes)]
    options += ["--log_dir", str(log), "--log_level", "WARNING"]
    if launch.master is not None:
        options += ["--master", launch.master]
    script = Path(__file__).parent / "launched.py"
    return [sys.executable, "-m", "paddle.distributed.launch", *options, str(script)]


def _answer(folder: Path, answer: type[Answer], job: Any, returncode: int, words: str) -> Answer:
    if (folder / FAILURE).exists():
        raise _error(pickle.loads((folder / FAILURE).read_bytes()))
    try:
        given = pickle.loads((folder / "answer").read_bytes())
    except FileNotFoundError:
        raise _death(job, returncode, words) from None
    if returncode or not isinstance(given, answer):
        raise _death(job, returncode, words)
    return given


def _error(failure: Failure) -> PaddleDVCError:
    """Make the error again that a worker met, from its class and text."""
    if failure.details:
        logger.info("%s", failure.details)
    kind = getattr(errors, failure.error, OutsideFailure)
    # Not by its constructor, which may take the parts that the text was made of.
    error: PaddleDVCError = kind.__new__(kind)
    Exception.__init__(error, failure.message)
    return error


def _death(job: Any, returncode: int, words: str) -> PaddleDVCError:
    """Say how a process ended that gave no answer."""
    # The second is said by the launcher where an uninstalled Paddle has left its folders behind.
    if "No module named 'paddle'" in words or "No module named paddle." in words:
        return MissingTool(NO_PADDLE)
    how = f"ended early, with exit code {returncode}"
    if returncode < 0:
        how = f"was killed by {signal.Signals(-returncode).name}"
    return WorkerDied(f"the process that was {job} {how}", words[-shell.TAIL :])
