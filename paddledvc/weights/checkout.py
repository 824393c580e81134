"""The weights of what git has checked out: fetched, put into the work tree, and told in a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    from collections.abc import Mapping

    from paddledvc.project import Project
    from paddledvc.tools.git.worktree import Standing

CONFLICT = "<<<<<<< "


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedOut:
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
    except InvalidFile as error:
        return _stopped(f"{error.problems[0]}; when that is mended")
    except (PaddleDVCError, OSError) as error:
        return _stopped(f"{error}; when that is mended")


def _checkout(
    project: Project, before: str | None, patience: float, offline: str | None
) -> CheckedOut:
    if not (project.root / ".git").is_dir():
        from paddledvc.tools.dvc.cache import share_cache  # noqa: PLC0415 - for linked work trees

        share_cache(project.root)
    stand = worktree.read_worktree_standing(project.root, LISTING_PATTERNS)
    texts = Snapshot.work_tree(project.root).texts(PATTERNS)
    if conflicted := {
        *stand.conflicted,
        *(name for name, text in texts.items() if _is_conflicted(text)),
    }:
        first = (
            names.REGISTRY if names.REGISTRY in conflicted else min(conflicted)
        )  # the others follow it
        return _stopped(f"{first} has merge conflicts; when they are resolved")
    return _brought(project, texts, stand, before=before, patience=patience, offline=offline)


def _brought(  # noqa: PLR0913 - all that is known by then
    project: Project,
    texts: Mapping[str, str],
    stand: Standing,
    *,
    before: str | None,
    patience: float,
    offline: str | None,
) -> CheckedOut:
    """Put into the work tree what its files name, and fetch first what is missing."""
    wanted = read_expected_cached(project, texts)
    placed = place_tree(project, wanted, stand, came_from=before, patience=patience)
    if placed.busy:
        return _stopped(f"{placed.busy}; when that is over")
    sources: Mapping[str, str] = {}
    damaged: tuple[str, ...] = ()
    untrusted: Mapping[str, str] = {}
    if placed.of("missing"):
        from paddledvc.weights.transfer.fetch_outputs import bring_outputs  # noqa: PLC0415 - it knows the network

        missing = {one.path for one in placed.of("missing")}
        absent = [one for one in wanted if one.path in missing]
        brought = bring_outputs(project, absent, branch=stand.branch, offline=offline)
        sources, whole = brought.sources, brought.complete(wanted)
        damaged, untrusted = brought.damaged, brought.untrusted
        if brought.arrived:
            again = place_tree(project, whole, stand, came_from=before, patience=patience)
            placed = placed if again.busy else again.after(placed)
        placed = brought.explain(placed)
    lines = (*said.describe_outcome(placed, sources, untrusted), *damaged)
    return CheckedOut(placed=placed, lines=lines, complete=placed.complete)


def _stopped(problem: str) -> CheckedOut:
    placed = Placed(busy=f"{problem}, run `paddledvc pull`")
    return CheckedOut(placed=placed, lines=tuple(said.describe_outcome(placed)))


def _is_conflicted(text: str) -> bool:
    return CONFLICT in text and any(line.startswith(CONFLICT) for line in text.split("\n"))
