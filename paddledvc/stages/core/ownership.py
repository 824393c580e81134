"""Which entries of dvc.yaml are ours, and what has to happen to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.stages.core.pipeline import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = ("frozen",)
"""Keys that ``dvc freeze`` and people set in a stage of ours and that stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """How one section of dvc.yaml comes to hold what it should.

    Attributes:
        changed: entries of ours that must be written anew, by name.
        added: entries that are not there yet, by name.
        removed: names of entries of ours that nothing asks for any more.
        foreign: names that we need and that an entry of the user's has.
    """

    changed: Mapping[str, Any]
    added: Mapping[str, Any]
    removed: frozenset[str]
    foreign: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.changed or self.added or self.removed)

    @property
    def differences(self) -> Iterator[tuple[str, str]]:
        """What is not as it should be: each name, and what is wrong with its entry."""
        yield from ((name, "is missing") for name in self.added)
        yield from ((name, "is out of date") for name in sorted(self.changed))
        yield from ((name, "has no model any more") for name in sorted(self.removed))


def is_ours(entry: object) -> bool:
    """Tell whether an entry bears our mark.

    >>> is_ours({"cmd": "x", "meta": {"generated_by": "paddledvc"}}), is_ours({"cmd": "x"})
    (True, False)
    """
    meta = entry.get("meta") if isinstance(entry, Mapping) else None
    return isinstance(meta, Mapping) and meta.get("generated_by") == MARK["generated_by"]


def merge(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> Merge:
    """Compare what a section holds with what it should hold."""
    changed = {}
    for name in wanted.keys() & existing.keys():
        if is_ours(existing[name]):
            kept = {key: existing[name][key] for key in KEPT if key in existing[name]}
            target = {**wanted[name], **kept}
            if target != existing[name]:
                changed[name] = target
    return Merge(
        changed=changed,
        added={name: entry for name, entry in wanted.items() if name not in existing},
        removed=frozenset(
            name for name, entry in existing.items() if is_ours(entry) and name not in wanted
        ),
        foreign=tuple(name for name in wanted if name in existing and not is_ours(existing[name])),
    )
