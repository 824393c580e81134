"""What the system says of a process: its command line, and who started it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paddledvc.errors import MissingTool, ToolFailed
from paddledvc.tools.system import shell

_PATIENCE = 5.0


class Process(NamedTuple):
    """A process that runs.

    Attributes:
        parent: the number of the one that started it.
        arguments: its command line.
    """

    parent: int
    arguments: tuple[str, ...]


def find_process(number: int) -> Process | None:
    """Find a process by its number; None where the system does not tell of it.

    >>> import os
    >>> find_process(os.getpid()).parent == os.getppid()
    True
    """
    folder = Path("/proc") / str(number)
    try:
        status = (folder / "stat").read_text(errors="replace")
        line = (folder / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return None if folder.parent.is_dir() else _ask(number)
    # The name stands in brackets and may hold some itself.
    parent = status.rpartition(")")[2].split()[1]
    return Process(int(parent), tuple(line.removesuffix("\0").split("\0")))


def _ask(number: int) -> Process | None:
    """Ask ``ps``, for macOS has no ``/proc``; arguments with spaces are several then."""
    command = ["ps", "-ww", "-o", "ppid=,args=", "-p", str(number)]
    try:
        done = shell.try_program(command, cwd=Path(), timeout=_PATIENCE)
    except (MissingTool, ToolFailed):
        return None
    parent, *arguments = done.output.split() or [""]
    return Process(int(parent), tuple(arguments)) if parent.isdigit() else None
