"""Other programs: the only place that starts processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.errors import MissingTool, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAIL = 4000
"""Characters of a failed program's last words that are worth showing."""

# git exports these while it runs a hook; a git or DVC that inherits them works on the wrong tree.
LEAKING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        returncode: its exit status; negative for the signal that killed it.
        output: what it wrote to its standard output; empty where that was passed on.
        errors: the same of its standard error.
    """

    returncode: int
    output: str
    errors: str


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program and return what it wrote to its standard output.

    Raises:
        ToolFailed: it ended with an error.
        MissingTool: it is not installed.
    """
    finished = attempt(command, cwd=cwd, env=env, timeout=timeout)
    if finished.returncode:
        raise ToolFailed(command, finished.returncode, (finished.errors or finished.output)[-TAIL:])
    return finished.output


def attempt(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> Finished:
    """Run a program whose failure is an answer too; it reads nothing and shows nothing.

    Raises:
        MissingTool: it is not installed.
        ToolFailed: it did not end within ``timeout`` seconds.
    """
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=_environment(env),
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise MissingTool(f"`{command[0]}` is not installed, or not on the PATH") from error
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(command, -9, f"it did not end within {timeout:g} s") from error
    return Finished(
        returncode=done.returncode,
        output=done.stdout.decode(errors="replace"),
        errors=done.stderr.decode(errors="replace"),
    )


def stream(command: Sequence[str] | str, *, cwd: Path, env: Mapping[str, str] | None = None) -> int:
    """Run a program, or a shell's command line, on the user's terminal; return its exit status.

    What it writes to its standard output goes to our standard error, so that ours stays ours.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=_environment(env),
        shell=isinstance(command, str),
        stdout=sys.stderr.fileno() if _has_descriptor() else None,
    ) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def _has_descriptor() -> bool:
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return False
    return True


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in LEAKING}
    return {**inherited, **(extra or {})}
