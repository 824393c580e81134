"""Other programs: the only place that starts processes."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.errors import MissingTool, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

GRACE = 5.0
"""Seconds that a program gets to end itself."""
TAIL = 4000
"""Characters of a failed program's last words that are worth showing."""

# git exports these while it runs a hook; a git or DVC that inherits them works on the wrong tree.
# Its settings (GIT_CONFIG_*) stay: they are how CI hands over credentials and safe folders.
LEAKING = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
)


class Finished(NamedTuple):
    """How a program ended.

    Attributes:
        returncode: its exit status; negative for the signal that killed it.
        output: what it wrote to its standard output; empty where that was passed on.
        errors: the same of its standard error.
    """

    returncode: int
    output: str
    errors: str


@contextmanager
def own_program_environment() -> Iterator[None]:
    """Hide from this process what git tells its hooks, for a library that would follow it.

    All threads of the process share one environment; none of ours needs these.
    """
    hidden = {name: os.environ.pop(name) for name in LEAKING if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def run_program(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program and return what it wrote to its standard output.

    Args:
        command: what to run.
        cwd: where.
        env: further variables; None hides one of ours.
        timeout: seconds that it may take.

    Raises:
        ToolFailed: it ended with an error.
        MissingTool: it is not installed.
    """
    finished = try_program(command, cwd=cwd, env=env, timeout=timeout)
    if finished.returncode:
        raise ToolFailed(command, finished.returncode, (finished.errors or finished.output)[-TAIL:])
    return finished.output


def try_program(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> Finished:
    """Run a program whose failure is an answer too; it reads nothing and shows nothing.

    Raises:
        MissingTool: it is not installed.
        ToolFailed: it did not end within ``timeout`` seconds.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with _started(command, cwd, env, stdin=subprocess.DEVNULL, **pipes) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(command, -9, f"it did not end within {timeout:g} s") from error
    return Finished(
        returncode=process.returncode,
        output=output.decode(errors="replace"),
        errors=errors.decode(errors="replace"),
    )


def exchange_program_bytes(
    command: Sequence[str],
    *,
    cwd: Path,
    sent: bytes = b"",
    env: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> bytes:
    """Run a program that reads ``sent``, and return the bytes that it wrote.

    Raises:
        ToolFailed: it ended with an error, or not within ``timeout`` seconds.
        MissingTool: it is not installed.
    """
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with _started(command, cwd, env, **pipes) as process:
        try:
            output, errors = process.communicate(sent, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(command, -9, f"it did not end within {timeout:g} s") from error
    if process.returncode:
        raise ToolFailed(command, process.returncode, errors.decode(errors="replace")[-TAIL:])
    return output


class AnsweringProgram:
    """A program that is asked one thing after the other; it ends when it is closed, or forgotten.

    What it writes to its standard error is not kept.

    Raises:
        MissingTool: it is not installed.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str | None] | None = None
    ) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with ExitStack() as stack:
            process = stack.enter_context(_started(command, cwd, env, **pipes))
            assert process.stdin is not None
            assert process.stdout is not None
            self._asking, self._answers = process.stdin, process.stdout
            stack.callback(_hang_up, process)
            self.close = weakref.finalize(self, stack.pop_all().close)

    def ask(self, question: bytes) -> bytes:
        """Send a line, and read one; it is empty where the program has ended."""
        with contextlib.suppress(BrokenPipeError):
            self._asking.write(question + b"\n")
            self._asking.flush()
        return self.read_line()

    def read_line(self) -> bytes:
        """Read the next line of its answer; it is empty where the program has ended."""
        return self._answers.readline()

    def read(self, count: int) -> bytes:
        """Read so many bytes more of its answer; fewer where it has ended."""
        return self._answers.read(count)


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close both ends, upon which a program that answers has nothing left to do."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def stream_program(
    command: Sequence[str] | str,
    *,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    errors: Path | None = None,
) -> int:
    """Run a program, or a shell's command line, on the user's terminal; return its exit status.

    What it writes to its standard output goes to our standard error, so that ours stays ours.

    Args:
        command: what to run.
        cwd: where.
        env: further variables.
        errors: file that its standard error goes to, instead of ours.
    """
    with ExitStack() as stack:
        stderr = None if errors is None else stack.enter_context(errors.open("wb")).fileno()
        started = _started(command, cwd, env, stdout=_error_descriptor(), stderr=stderr)
        return stack.enter_context(started).wait()


@contextmanager
def _started(
    command: Sequence[str] | str,
    cwd: Path,
    env: Mapping[str, str | None] | None,
    **streams: int | None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and see that it does not outlive our waiting for it.

    Raises:
        MissingTool: it is not installed.
    """
    with ExitStack() as stack:
        with _undisturbed():
            try:
                # A session of its own, so that whatever the program starts can be ended with it.
                process = subprocess.Popen(
                    command,
                    executable=None if isinstance(command, str) else _program(command, cwd),
                    cwd=cwd,
                    env=_environment(env),
                    shell=isinstance(command, str),  # a user writes a command line for a shell
                    start_new_session=True,
                    stdin=streams.get("stdin"),
                    stdout=streams.get("stdout"),
                    stderr=streams.get("stderr"),
                )
            except FileNotFoundError as error:
                raise _missing(command) from error
            stack.enter_context(_ending(process))
        yield process


def _program(command: Sequence[str], cwd: Path) -> str:
    """Name the whole path of a command's program.

    Raises:
        MissingTool: it is not installed, or nowhere but where a branch could have put it.
    """
    name, path = command[0], os.environ.get("PATH", os.defpath)
    if os.sep in name:
        return name
    if (found := find_program(name, path, find_work_tree(cwd))) is not None:
        return found
    if (inside := find_program(name, path, None)) is not None:
        raise MissingTool(
            f"`{name}` is only in the work tree, at {inside}, and is not started there"
        )
    raise _missing(command)


def _missing(command: Sequence[str] | str) -> MissingTool:
    return MissingTool(f"`{command[0]}` is not installed, or not on the PATH")


@functools.cache
def find_program(name: str, path: str, work_tree: str | None) -> str | None:
    """Look a program up; what lies in a work tree is any branch's, and is not looked at.

    Args:
        name: its name.
        path: the folders to look in; those that are empty or relative are passed over.
        work_tree: the folder that nothing is started from.
    """
    for folder in path.split(os.pathsep):
        one = os.path.join(folder, name)  # noqa: PTH118
        if not os.path.isabs(folder) or not os.access(one, os.X_OK) or os.path.isdir(one):  # noqa: PTH112, PTH117
            continue
        real = (folder, os.path.realpath(folder), os.path.realpath(one))
        if work_tree is None or not any(f"{each}/".startswith(f"{work_tree}/") for each in real):
            return one
    return None


def find_work_tree(folder: Path) -> str | None:
    """Find the top of the work tree around a folder; None where there is none."""
    there = os.path.realpath(folder)
    while not os.path.exists(os.path.join(there, ".git")):  # noqa: PTH110, PTH118
        above = os.path.dirname(there)  # noqa: PTH120
        if above == there:
            return None
        there = above
    return there


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back whoever stops us: a program that is being started is not known to anybody yet."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    # What is ignored stays so, for the program inherits it.
    mine = {number: old for number, old in handlers.items() if old not in (None, signal.SIG_IGN)}
    for number in mine:
        signal.signal(number, lambda caught, _: held.append(caught))
    try:
        yield
    finally:
        for number, old in mine.items():
            signal.signal(number, old)
        for caught in held[:1]:
            signal.raise_signal(caught)


_running: set[subprocess.Popen[bytes]] = set()
_unwanted: weakref.WeakSet[subprocess.Popen[bytes]] = weakref.WeakSet()


@contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See that no program outlives our waiting for it.

    Raises:
        KeyboardInterrupt: ``end_all_programs`` ended it, so that nobody takes its end for an
            answer.
    """
    _running.add(process)
    try:
        yield
    except BaseException:
        _end(process)
        raise
    else:
        if process in _unwanted:
            raise KeyboardInterrupt
    finally:
        _running.discard(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def end_all_programs() -> None:
    """End every program that a thread of ours is waiting for."""
    for process in tuple(_running):
        _unwanted.add(process)
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started: asked first, then told, then killed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        _signal_group(process, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
            break
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    # macOS answers EPERM for a group of which only a dead process is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _error_descriptor() -> int | None:
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _environment(extra: Mapping[str, str | None] | None) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in LEAKING}
    both = {**inherited, **(extra or {})}
    return {key: value for key, value in both.items() if value is not None}
