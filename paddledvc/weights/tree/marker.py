"""The marker of a project in a work tree: which commit's weights are in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.tools.git import worktree
from paddledvc.tools.system import atomic

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = "root"
"""The name of the marker of a project at the top of its work tree."""


def marker_path(root: Path) -> Path:
    """Name the file, which need not be there.

    Its first line is the full name of a commit. Each other line is a folder, from the project, in
    which weights lie: the hook's script takes the marker's word only while none is newer than it.

    Raises:
        ToolFailed: the folder is in no git work tree.
    """
    if (root / ".git").is_dir():  # as nearly always, and it saves a process
        return root / ".git" / "paddledvc" / ROOT
    from paddledvc.tools.git.hooks.script import marker_name  # noqa: PLC0415 - not for git's hooks

    told = worktree.run_git(root, "rev-parse", "--show-toplevel", "--git-path", "paddledvc")
    top, _, folder = told.rstrip("\n").partition("\n")
    project = root.resolve().relative_to(Path(top).resolve()).as_posix()
    return root / folder / marker_name(project)


def marked_commit(marker: Path) -> str | None:
    """Read whose weights are in place; None where nobody knows."""
    try:
        return marker.read_text(encoding="utf-8", errors="replace").partition("\n")[0] or None
    except OSError:
        return None


def write_marker(marker: Path, commit: str, folders: Iterable[str]) -> None:
    """Note whose weights are in place, and in which folders they lie, after all of them are.

    Raises:
        OSError: it cannot be written.
    """
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)  # rather none than the one before
    atomic.write_file(marker, "\n".join((commit, *folders, "")), fsync=False)
