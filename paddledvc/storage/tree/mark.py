"""The note of whose weights are in place, by which git's hooks know that there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.storage.tree.candidates import LISTING
from paddledvc.tools import marker, standing

if TYPE_CHECKING:
    from paddledvc.core.placed import Placed
    from paddledvc.project import Project
    from paddledvc.tools.standing import Standing


def mark(project: Project, placed: Placed, stand: Standing | None = None) -> None:
    """Note whose weights are in place; nobody's, if they are not those of a commit.

    Args:
        project: the project.
        placed: what became of all outputs that its files name.
        stand: where the work tree stands, for those who have asked git already.
    """
    file = marker.path(project.root)
    stand = stand or standing.standing(project.root, LISTING)
    if placed.complete and stand.commit is not None and not stand.changed:
        marker.write(file, stand.commit, placed.folders)
    else:
        file.unlink(missing_ok=True)
