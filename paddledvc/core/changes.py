"""What moved between two locks, as uv says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddledvc.core.lock import Lock


def describe(before: Lock, after: Lock) -> tuple[str, ...]:
    """Say what moved, a line a model, sorted by name.

    >>> from paddledvc.core.lock import Lock, LockedModel
    >>> old = Lock(models=(LockedModel(name="a", version="v1", requires="v1"),))
    >>> new = Lock(models=(LockedModel(name="a", version="v2", requires="v2"),))
    >>> describe(old, new)
    ('Update a v1 -> v2',)
    """
    lines = []
    for name in sorted(before.by_name.keys() | after.by_name.keys()):
        old, new = before.by_name.get(name), after.by_name.get(name)
        if old is None and new is not None:
            lines.append(f"Add {name} {new.version}")
        elif new is None and old is not None:
            lines.append(f"Remove {name} {old.version}")
        elif old is not None and new is not None and old.version != new.version:
            lines.append(f"Update {name} {old.version} -> {new.version}")
        elif old != new and new is not None:
            lines.append(f"Change {name} {new.version}")
    return tuple(lines)
