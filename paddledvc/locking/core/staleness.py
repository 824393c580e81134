"""How far a lock is from what the registry asks for."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from paddledvc.errors import Stale, StaleLock
from paddledvc.locking.core.resolution import plan
from paddledvc.models.lockfile import LockedModel

if TYPE_CHECKING:
    from collections.abc import Collection

    from paddledvc.locking.core.resolution import Plan
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.registry import Registry


def staleness(registry: Registry, lock: Lock) -> tuple[Stale, ...]:
    """List where the lock is not what the registry asks for, sorted by name.

    New versions in a catalog make no lock stale.
    """
    return staleness_of(plan(registry, lock))


def staleness_of(planned: Plan) -> tuple[Stale, ...]:
    """List where a lock is not what is planned from it, sorted by name."""
    lock = planned.previous
    reasons = [Stale(model=one.model.name, why=one.why) for one in planned.questions]
    reasons += [
        Stale(model=one.model, why="\n    ".join((one.summary, *one.reasons)))
        for one in planned.conflicts
    ]
    in_conflict = {one.model for one in planned.conflicts}
    for entry in planned.entries:
        locked = lock.by_name.get(entry.name)
        if locked is None:
            reasons.append(Stale(model=entry.name, why="is in models.yaml but not in models.lock"))
        elif entry.name not in in_conflict:
            reasons += _differences(entry, locked)
    gone = lock.by_name.keys() - planned.registry.by_name.keys()
    why = "is in models.lock but no longer in models.yaml"
    reasons += [Stale(model=name, why=why) for name in gone]
    return tuple(sorted(reasons, key=lambda reason: reason.model))


def _differences(wanted: LockedModel, locked: LockedModel) -> list[Stale]:
    if wanted == locked and wanted.hashed:
        return []
    name = wanted.name
    if wanted.version != locked.version:
        why = f"models.yaml asks for {wanted.version}, locked is {locked.version}"
        return [Stale(model=name, why=why)]
    differences = []
    for field in fields(LockedModel):
        now, before = getattr(wanted, field.name), getattr(locked, field.name)
        follows = field.name == "path" and wanted.format != locked.format
        if now != before and not follows:
            why = f"{field.name} is {_say(now)} in models.yaml, {_say(before)} locked"
            differences.append(Stale(model=name, why=why))
    if not wanted.hashed:
        differences.append(Stale(model=name, why="nobody has hashed its bytes yet"))
    return differences


def _say(value: object) -> str:
    if value in (None, ()):
        return "absent"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def require_fresh(
    registry: Registry, lock: Lock, names: Collection[str] | None = None, refused_by: str = ""
) -> None:
    """Refuse a lock that does not say what the registry asks for.

    Args:
        registry: what is wanted.
        lock: what is locked.
        names: the models to look at; all by default.
        refused_by: what forbids to update the lock, such as ``--locked``.

    Raises:
        StaleLock: with a reason for each difference.
    """
    reasons = [
        reason for reason in staleness(registry, lock) if names is None or reason.model in names
    ]
    if reasons:
        forbids = f", and {refused_by} forbids to update it" if refused_by else ""
        advice = f"models.lock is stale{forbids}; run `paddledvc lock` to update it:"
        raise StaleLock(reasons, advice)
