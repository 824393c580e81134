"""Which repository a folder belongs to."""

from __future__ import annotations

from pathlib import Path

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.command import git_command_line, try_git


def find_repository_root(folder: Path) -> Path | None:
    """Find the work tree that ``folder`` belongs to; None outside a git repository.

    Raises:
        ToolFailed: git refuses to say, for example because somebody else owns the repository.
    """
    asked = ("rev-parse", "--show-toplevel")
    finished = try_git(folder, *asked)
    if finished.returncode == 0:
        return Path(finished.output.rstrip("\n"))
    if "not a git repository" in finished.errors:
        return None
    raise ToolFailed(git_command_line(*asked), finished.returncode, finished.errors)
