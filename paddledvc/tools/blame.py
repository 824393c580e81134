"""Which commit a line of a file comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from paddledvc.errors import MissingTool
from paddledvc.tools import shell

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit, in the words that people know it by.

    Attributes:
        name: its full name.
        author: who made the change.
        date: when, as an ISO 8601 date in UTC.
        title: the first line of its message.
    """

    name: str
    author: str
    date: str
    title: str


def origin(root: Path, file: str, line: int) -> Commit | None:
    """Find the commit that a line of a file was written in.

    Args:
        root: folder that ``file`` is relative to.
        file: the file, as it is in the work tree.
        line: number of the line, from 1.

    Returns:
        None where no commit has the line yet, or there is no history to ask.
    """
    command = ["git", "blame", "--porcelain", "-w", "-L", f"{line},{line}", "--", file]
    try:
        finished = shell.attempt(command, cwd=root, env={"LC_ALL": "C"})
    except MissingTool:
        return None
    if finished.returncode != 0:
        return None
    first, *others = finished.output.split("\n")
    name = first.partition(" ")[0]
    said = dict(part for entry in others if (part := _field(entry)))
    if set(name) == {"0"}:
        return None
    date = datetime.fromtimestamp(int(said["author-time"]), timezone.utc).date().isoformat()
    return Commit(name=name, author=said["author"], date=date, title=said["summary"])


def _field(line: str) -> tuple[str, str] | None:
    key, space, value = line.partition(" ")
    return (key, value) if space and not line.startswith("\t") else None
