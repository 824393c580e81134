"""Weights from the remotes into the cache and the work tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed
from paddledvc.tools.dvc.linked_tree import share_with_main_tree
from paddledvc.tools.dvc.trust.approve import approve_first
from paddledvc.tools.git import worktree
from paddledvc.values import replace
from paddledvc.weights.core.pins import OLD_HASH, REHASH
from paddledvc.weights.core.tracked import LISTING_PATTERNS
from paddledvc.weights.core.transfer_results import list_stated_contradictions
from paddledvc.weights.expected import list_expected
from paddledvc.weights.select_outputs import (
    require_selected_remotes,
    select_outputs,
    select_remotes,
)
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs
from paddledvc.weights.tree.place import place_outputs, place_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.git.worktree import Standing
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.outcome import Placed
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Arrived, Bad

PATIENCE = 20.0
"""Seconds that a server, another paddledvc, or DVC may keep people waiting."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Pulled(Displayed):
    """What ``pull`` did.

    Attributes:
        arrived: what became of each output that the cache lacked; of every one with
            ``checkout=False``.
        placed: what became of the work tree; None if it was left alone.
        contradictions: outputs of which DVC's file says what models.lock denies.
    """

    _table_of = "arrived"
    arrived: tuple[Arrived, ...]
    placed: Placed | None
    contradictions: tuple[Bad, ...] = ()

    @property
    def lacking(self) -> tuple[Arrived, ...]:
        """The outputs that no remote and no URL gave."""
        return tuple(one for one in self.arrived if one.state == "failed")

    @property
    def problems(self) -> tuple[Bad, ...]:
        """The objects that were of no use somewhere, also where others took their place."""
        told = (bad for one in self.arrived for bad in one.problems)
        return tuple(dict.fromkeys(told))


def pull(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    remote: str | None = None,
    checkout: bool = True,
    force: bool = False,
    jobs: int | None = None,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> Pulled:
    """Bring the weights that the files of the work tree name.

    They come from the remote of the branch's role, else from the other remotes, else from the URLs
    in models.lock. Every byte that arrives is compared with models.lock and dvc.lock. What somebody
    changed in the work tree is kept.

    Args:
        project: the project.
        names: models, outputs, or folders with outputs in them; all by default.
        remote: the one remote to ask, besides the URLs.
        checkout: put them into the work tree too.
        force: give up what somebody changed in the work tree.
        jobs: how many objects are on their way at a time.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how the bytes arrive.

    Raises:
        InvalidInput: nothing is called so, or there is no such remote.
        OutsideFailure: the cache cannot be written to, or the disk is full.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.pull(project, ["digits"]).problems)
    """
    require_selected_remotes(project, [remote] if remote else [])
    approve_first(project.root)
    share_with_main_tree(project.root)
    order = (remote,) if remote else select_remotes(project, _branch(project), project.policy())
    outputs: Sequence[Tracked] = ()
    completed: dict[Tracked, Tracked] = {}

    def read() -> Sequence[Tracked]:
        nonlocal outputs
        outputs = select_outputs(project, list_expected(project), names)
        return [completed.get(one, one) for one in outputs]

    place = _placing(project, read, force=force, whole=not names)
    placed = place() if checkout else None
    asked = read() if placed is None else _missing(outputs, placed)
    arrived = fetch_outputs(
        project, asked, remotes=order, offline=offline, jobs=jobs, progress=progress
    )
    denied = list_stated_contradictions(outputs)
    if placed is None:
        return Pulled(arrived=arrived, placed=None, contradictions=denied)
    old = {one.path for one in outputs if not one.exact}
    if asked:
        completed |= zip(asked, (one.tracked for one in arrived), strict=True)
        placed = place().after(placed)
    return Pulled(arrived=arrived, placed=_tell_old(placed, old), contradictions=denied)


def _tell_old(placed: Placed, old: set[str]) -> Placed:
    """Tell each time of what an older DVC hashed: hooks are silent once they have told of it."""
    found = (
        replace(one, state="kept", problem=OLD_HASH, mend=REHASH)
        if one.path in old and one.state == "unchanged"
        else one
        for one in placed.outputs
    )
    return replace(placed, outputs=tuple(found))


def _placing(
    project: Project, read: Callable[[], Sequence[Tracked]], *, force: bool, whole: bool
) -> Callable[[], Placed]:
    """Say how to put outputs into the work tree: all that its files name, or some of them."""
    if not whole:
        return partial(place_outputs, project, read, force=force, patience=PATIENCE)

    def read_all() -> tuple[Sequence[Tracked], Standing]:
        return read(), worktree.read_worktree_standing(project.root, LISTING_PATTERNS)

    return partial(place_tree, project, read_all, force=force, patience=PATIENCE)


def _branch(project: Project) -> str | None:
    return worktree.worktree_branch(project.root)


def _missing(outputs: Sequence[Tracked], placed: Placed) -> list[Tracked]:
    paths = {one.path for one in placed.of("missing")}
    return [one for one in outputs if one.path in paths]
