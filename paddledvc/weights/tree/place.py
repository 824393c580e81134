"""Outputs into the work tree: what the cache holds of a commit, unless somebody's own is there."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from paddledvc.tools.dvc import locks
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.locks import Busy
from paddledvc.weights.core.outcome import Placed
from paddledvc.weights.tree import files
from paddledvc.weights.tree.apply import Carrier
from paddledvc.weights.tree.records import Notes
from paddledvc.weights.tree.survey import Surveyor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.project import Project
    from paddledvc.weights.core.tracked import Tracked

LOCK_PATIENCE = 2.0
"""Seconds to wait for another paddledvc, or for DVC."""
LEDGER = "placed.json"


def place_outputs(  # noqa: PLR0913 - each of its own
    project: Project,
    wanted: Sequence[Tracked],
    before: Sequence[Tracked] = (),
    *,
    force: bool = False,
    prune: bool = False,
    patience: float = LOCK_PATIENCE,
) -> Placed:
    """Put outputs into the work tree, as far as the cache holds them.

    What is there is replaced or removed only if it is what ``before`` says, or what was put there
    last, and its bytes are in the cache. Anything else is somebody's own and stays.

    Args:
        project: the project.
        wanted: what ought to be there.
        before: what commits said was there; what is no longer wanted of it is removed.
        force: give up what somebody did to the wanted outputs.
        prune: also remove what was put there last and is no longer wanted.
        patience: seconds to wait for another paddledvc, or for DVC.
    """
    root, scratch = project.root, project.scratch()
    with ExitStack() as stack:
        try:
            lock = locks.hold_flock(
                scratch / "placing.lock", patience=patience, who="another paddledvc"
            )
            stack.enter_context(lock)
            cache = Cache.of(root)
            notes = Notes(root, scratch / LEDGER)
            surveyor = Surveyor(
                project, cache, wanted=wanted, before=before, entries=notes.entries, force=force
            )
            surveys = surveyor.every(prune=prune)
            changing = [one.path for one in surveys if one.decision.act in ("put", "remove")]
            if changing:
                files.sweep_leftovers(scratch)
                stack.enter_context(locks.hold_off_dvc(root, changing, patience=patience))
            return Carrier(root, cache, scratch, notes).carry_out(surveys)
        except Busy as error:
            return Placed(busy=str(error))
