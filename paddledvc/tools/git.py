"""Questions to git, asked through its program."""

from __future__ import annotations

from pathlib import Path

from paddledvc.errors import ToolFailed
from paddledvc.tools import shell


def root(folder: Path) -> Path | None:
    """Find the work tree that ``folder`` belongs to; None outside a git repository.

    Raises:
        ToolFailed: git refuses to say, for example because somebody else owns the repository.
    """
    command = ["git", "rev-parse", "--show-toplevel"]
    finished = shell.attempt(command, cwd=folder, env={"LC_ALL": "C"})
    if finished.returncode == 0:
        return Path(finished.output.rstrip("\n"))
    if "not a git repository" in finished.errors:
        return None
    raise ToolFailed(command, finished.returncode, finished.errors)
