"""The note of whose weights are in place, by which git's hooks know that there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.tools.git import worktree
from paddledvc.weights.tree import marker
from paddledvc.weights.tree.known_contents import LISTING_PATTERNS

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.tools.git.worktree import Standing
    from paddledvc.weights.core.outcome import Placed


def mark_commit(project: Project, placed: Placed, stand: Standing | None = None) -> None:
    """Note whose weights are in place; nobody's, if they are not those of a commit.

    Args:
        project: the project.
        placed: what became of all outputs that its files name.
        stand: where the work tree stands, for those who have asked git already.
    """
    file = marker.marker_path(project.root)
    stand = stand or worktree.read_standing(project.root, LISTING_PATTERNS)
    if placed.complete and stand.commit is not None and not stand.changed:
        marker.write_marker(file, stand.commit, placed.folders)
    else:
        file.unlink(missing_ok=True)
