"""A side taken wherever a merge has left conflicts in the files of a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.tools.git.merge.merge_texts import merge_texts
from paddledvc.tools.git.merge.unmerged import list_unmerged_files, read_unmerged_texts
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.yaml.conflicts import take_conflict_side
from paddledvc.yaml.merge.rules import MERGE_FORMS
from paddledvc.yaml.merge.texts import Markers

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.yaml.conflicts import Side
    from paddledvc.yaml.merge.rules import Sides


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What became of conflicts.

    Attributes:
        taken: files that hold one side now.
        left: files that are still in conflict, because people have to choose.
    """

    taken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def resolve_conflicts(project: Project, side: Side) -> Resolved:
    """Take a side in each conflict of models.yaml, params.yaml, locks, stages and reports.

    What somebody has written there since the merge stays. Git's index stays as it is: `git add`
    tells git that a conflict is over.

    Args:
        project: the project.
        side: whose blocks, and whose reports, to take.

    Raises:
        OutsideFailure: a file cannot be written.
    """
    unmerged = list_unmerged_files(project.root)
    ours = {
        path: sides
        for path, sides in unmerged.items()
        if path in MERGE_FORMS or path.startswith(f"{names.REPORTS}/")
    }
    taken = {path for path in MERGE_FORMS if _take_in_markers(project, path, side)}
    for path, texts in read_unmerged_texts(project.root, ours):
        if _take_side(project, path, texts, side):
            taken.add(path)
    left = [path for path in unmerged if path not in taken and not _is_over(project, path, ours)]
    return Resolved(taken=tuple(sorted(taken)), left=tuple(left))


def _take_in_markers(project: Project, path: str, side: Side) -> bool:
    text = find_project_text(project.root, path)
    return text is not None and project.write(path, take_conflict_side(text, side))


def _take_side(project: Project, path: str, texts: Sides[str], side: Side) -> bool:
    """Take a side of a file without markers, if it is still what the merge has made of it."""
    if (form := MERGE_FORMS.get(path)) is None:
        wanted, merged = getattr(texts, side), texts.ours
    elif form.built:
        wanted, merged = (merge_texts(texts, path, Markers(), one).text for one in (side, None))
    else:
        return False
    if find_project_text(project.root, path) not in {merged, wanted}:
        return False
    project.write(path, wanted)
    return True


def _is_over(project: Project, path: str, ours: dict[str, Sides[str | None]]) -> bool:
    """Tell whether somebody has written a file of ours anew since the merge."""
    if path not in ours or ours[path].ours is None or ours[path].theirs is None:
        return False
    text = find_project_text(project.root, path)
    return text is not None and take_conflict_side(text, "ours") == text
