"""The folders that this Python runs from, and the work trees that they lie in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple


class FolderInWorkTree(NamedTuple):
    """A folder of this Python that a branch can bring files into.

    Attributes:
        top: the work tree that it lies in.
        inner: its path from there.
    """

    top: Path
    inner: str


def find_python_in_work_trees(root: Path) -> tuple[FolderInWorkTree, ...]:
    """Find what of this Python lies in a work tree of git, for every work tree around it.

    Git overwrites files that it ignores: a branch that tracks ``.venv/bin/python`` brings its own.

    Args:
        root: folder of a clone. The Python that an environment was made by counts only in the work
            trees around that, for pyenv is itself a clone, of a repository that nobody works in.
    """
    around = {root.resolve(), *root.resolve().parents}
    return tuple(
        FolderInWorkTree(top=top, inner=folder.relative_to(top).as_posix())
        for folder, anywhere in _folders().items()
        for top in folder.parents
        if (anywhere or top in around) and (top / ".git").exists()
    )


def _folders() -> dict[Path, bool]:
    """Name the folders that Python runs from, and tell whether they count in any work tree."""
    found: dict[Path, bool] = {}
    program = os.path.dirname(sys.executable)  # noqa: PTH120
    for named, anywhere in ((sys.prefix, True), (program, True), (sys.base_prefix, False)):
        path = Path(os.path.abspath(named))  # noqa: PTH100 - a link can be replaced too
        for folder in (path, path.resolve()):
            if not any(one in found for one in folder.parents):
                found.setdefault(folder, anywhere)
    return found
