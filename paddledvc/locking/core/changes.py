"""What moved between two locks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from paddledvc.models.lockfile import LockedModel

if TYPE_CHECKING:
    from paddledvc.models.lockfile import Lock


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happened to one model; as text it reads as uv would say it.

    Attributes:
        kind: ``change`` is anything but the version.
        before: version that was locked; None for a new model.
        after: version that is locked now; None for a model that went.
        fields: what else than the version changed, as models.lock calls it.

    >>> str(Change(kind="update", name="a", before="v1", after="v2"))
    'Update a v1 -> v2'
    """

    kind: Literal["add", "remove", "update", "change"]
    name: str
    before: str | None
    after: str | None
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        versions = (self.before, self.after) if self.before != self.after else (self.after,)
        what = f" ({', '.join(self.fields)})" if self.kind == "change" else ""
        return f"{self.kind.capitalize()} {self.name} {' -> '.join(filter(None, versions))}{what}"


def compare_locks(before: Lock, after: Lock) -> tuple[Change, ...]:
    """List what moved, sorted by name."""
    changes = []
    for name in sorted(before.by_name.keys() | after.by_name.keys()):
        old, new = before.by_name.get(name), after.by_name.get(name)
        if old == new:
            continue
        versions = (old.version if old else None, new.version if new else None)
        kind: Literal["add", "remove", "update", "change"] = (
            "add"
            if old is None
            else "remove"
            if new is None
            else "update"
            if old.version != new.version
            else "change"
        )
        changed = _changed(old, new) if kind == "change" else ()
        changes.append(
            Change(kind=kind, name=name, before=versions[0], after=versions[1], fields=changed)
        )
    return tuple(changes)


def _changed(old: LockedModel | None, new: LockedModel | None) -> tuple[str, ...]:
    names = (field.name for field in fields(LockedModel))
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))
