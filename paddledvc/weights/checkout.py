"""The weights of what git has checked out: fetched, put into the work tree, and told in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from paddledvc import names
from paddledvc.errors import InvalidFile, PaddleDVCError
from paddledvc.tools.dvc import shortcuts
from paddledvc.tools.git import worktree
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core import outcome as said
from paddledvc.weights.core.outcome import Placed
from paddledvc.weights.core.tracked import LISTING_PATTERNS, PATTERNS
from paddledvc.weights.expected import read_expected_cached
from paddledvc.weights.tree.place import LOCK_PATIENCE, place_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.git.worktree import Standing
    from paddledvc.weights.core.tracked import Tracked

CONFLICT = "<<<<<<< "


class CheckedOut(NamedTuple):
    """What became of the weights.

    Attributes:
        placed: what became of each output.
        lines: what people should know of it; none if nothing changed and nothing is wrong.
        complete: whether everything is in place, apart from what somebody made their own.
    """

    placed: Placed
    lines: tuple[str, ...] = ()
    complete: bool = False


def checkout(
    project: Project,
    *,
    before: str | None = None,
    patience: float = LOCK_PATIENCE,
    offline: str | None = None,
) -> CheckedOut:
    """Bring the weights that the files of the work tree name; it never fails.

    What the cache lacks is fetched: from the remote of the branch's role, from the others, from
    where it was pinned. Whatever cannot be brought stays as it was, and is named.

    Args:
        project: the project.
        before: the commit that was checked out before, if git told.
        patience: seconds to wait for another paddledvc, or for DVC.
        offline: what keeps us from the network, for messages; None where nothing does.
    """
    try:
        with shortcuts.allow_shortcuts():  # git waits
            return _checkout(project, before, patience, offline)
    except _Conflicted as first:
        return _stopped(f"{first} has merge conflicts; resolve them")
    except InvalidFile as error:
        return _stopped(f"{error.problems[0]}; fix this")
    except (PaddleDVCError, OSError) as error:
        return _stopped(f"{error}; fix this")


def _checkout(
    project: Project, before: str | None, patience: float, offline: str | None
) -> CheckedOut:
    if not (project.root / ".git").is_dir():
        from paddledvc.tools.dvc.linked_tree import share_with_main_tree  # noqa: PLC0415 - rare

        share_with_main_tree(project.root)
    reading = _Reading(project)
    placed = place_tree(project, reading, came_from=before, patience=patience)
    if placed.busy:
        return _stopped(f"{placed.busy}; wait for that")
    sources: Mapping[str, str] = {}
    damaged: tuple[str, ...] = ()
    untrusted: Mapping[str, str] = {}
    if placed.of("missing"):
        from paddledvc.weights.transfer.fetch_outputs import bring_outputs  # noqa: PLC0415 - it knows the network

        missing = {one.path for one in placed.of("missing")}
        absent = [one for one in reading.wanted if one.path in missing]
        brought = bring_outputs(project, absent, branch=reading.branch, offline=offline)
        sources, reading.completed = brought.sources, brought.arrived
        damaged, untrusted = brought.damaged, brought.untrusted
        if brought.arrived:
            again = place_tree(project, reading, came_from=before, patience=patience)
            placed = placed if again.busy else again.after(placed)
        placed = brought.explain(placed)
    lines = (*said.describe_outcome(placed, sources, untrusted), *damaged)
    return CheckedOut(placed=placed, lines=lines, complete=placed.complete)


class _Conflicted(Exception):
    """A file that says which weights belong here has merge conflicts."""


class _Reading:
    """Reads what the files of the work tree name, whenever it is called.

    Attributes:
        wanted: what they named last.
        branch: the branch that was checked out then.
        completed: outputs with more that is known of their bytes by now.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.wanted: Sequence[Tracked] = ()
        self.branch: str | None = None
        self.completed: Mapping[Tracked, Tracked] = {}

    def __call__(self) -> tuple[Sequence[Tracked], Standing]:
        stand = worktree.read_worktree_standing(self._project.root, LISTING_PATTERNS)
        texts = Snapshot.work_tree(self._project.root).texts(PATTERNS)
        if conflicted := {
            *stand.conflicted,
            *(name for name, text in texts.items() if _is_conflicted(text)),
        }:
            # The others follow the registry.
            raise _Conflicted(names.REGISTRY if names.REGISTRY in conflicted else min(conflicted))
        self.branch = stand.branch
        self.wanted = read_expected_cached(self._project, texts)
        return [self.completed.get(one, one) for one in self.wanted], stand


def _stopped(problem: str) -> CheckedOut:
    placed = Placed(busy=f"{problem}, then run `paddledvc pull`")
    return CheckedOut(placed=placed, lines=tuple(said.describe_outcome(placed)))


def _is_conflicted(text: str) -> bool:
    return CONFLICT in text and any(line.startswith(CONFLICT) for line in text.split("\n"))
