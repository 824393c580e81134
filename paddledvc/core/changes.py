"""What moved between two locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from paddledvc.core.lock import Lock


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happened to one model; as text it reads as uv would say it.

    Attributes:
        kind: ``change`` is anything but the version.
        before: version that was locked; None for a new model.
        after: version that is locked now; None for a model that went.

    >>> str(Change(kind="update", name="a", before="v1", after="v2"))
    'Update a v1 -> v2'
    """

    kind: Literal["add", "remove", "update", "change"]
    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        versions = (self.before, self.after) if self.before != self.after else (self.after,)
        return f"{self.kind.capitalize()} {self.name} {' -> '.join(filter(None, versions))}"


def compare(before: Lock, after: Lock) -> tuple[Change, ...]:
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
        changes.append(Change(kind=kind, name=name, before=versions[0], after=versions[1]))
    return tuple(changes)
