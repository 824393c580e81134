"""models.lock as a command may use it: as it is, or brought up to date first."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.locking.core.resolution import plan, require_fresh, staleness_of
from paddledvc.locking.relock import relock

if TYPE_CHECKING:
    from collections.abc import Collection

    from paddledvc.locking.core.resolution import Plan
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockUse:
    """How a command may use models.lock; each holds the words to blame, such as ``--locked``.

    Without any of them a stale lock is updated before it is used.

    Attributes:
        locked: what forbids to change the lock; a stale one is refused.
        frozen: what says to trust the lock, stale or not.
        offline: what forbids to use the network.

    >>> LockUse(locked="PADDLEDVC_LOCKED").frozen is None
    True
    """

    locked: str | None = None
    frozen: str | None = None
    offline: str | None = None


UPDATE = LockUse()


def current_lock(
    project: Project,
    registry: Registry,
    use: LockUse = UPDATE,
    names: Collection[str] | None = None,
    *,
    pin: str | None = None,
) -> Lock:
    """Give the lock to work with, updated first where it is stale and may be.

    Args:
        project: the project.
        registry: what is wanted.
        use: what may be done.
        names: the models that matter; all by default.
        pin: what the stage that is running was generated for; a stage never updates the lock.

    Raises:
        StaleLock: the lock is stale and may not be updated.
    """
    if use.frozen is not None:
        return project.lock()
    refused_by = use.locked or (None if pin is None else "--pin")
    if refused_by is not None:
        lock = project.lock()
        require_fresh(registry, lock, names, refused_by)
        return lock
    planned = plan(registry, project.previous_lock())
    if not _is_stale(planned, names):
        return planned.previous
    with project.exclusive():
        now = (project.registry(), project.previous_lock())
        if now != (planned.registry, planned.previous):
            # Somebody changed either file while we waited.
            planned = plan(*now)
            if not _is_stale(planned, names):
                return planned.previous
        done = relock(project, planned, offline=use.offline)
        project.write_lock(done.lock)
    for change in done.changes:
        logger.warning("models.lock: %s", change)
    for name in done.trusted:
        logger.warning("models.lock: trust %s, its bytes were hashed for the first time", name)
    return done.lock


def _is_stale(planned: Plan, names: Collection[str] | None) -> bool:
    stale = {reason.model for reason in staleness_of(planned)}
    return bool(stale if names is None else stale & set(names))
