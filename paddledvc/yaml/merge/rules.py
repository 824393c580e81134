"""The merge of what two sides made of one thing, and what of a file belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from operator import methodcaller
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from paddledvc import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc.yaml.blocks import Key

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class No(Enum):
    """Why there is no value."""

    VALUE = "there is none"
    AGREEMENT = "the sides say different things"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides(Generic[T_co]):
    """One thing as it was, and what either side made of it.

    Attributes:
        base: what both started from.
        ours: what is merged into.
        theirs: what is merged.
    """

    base: T_co
    ours: T_co
    theirs: T_co

    def map(self, function: Callable[[T_co], U]) -> Sides[U]:
        """Apply a function to all three."""
        return Sides(
            base=function(self.base), ours=function(self.ours), theirs=function(self.theirs)
        )


def complete_merge_sides(sides: Sides[U | None]) -> Sides[U] | None:
    """Give the three things; None unless all are there."""
    if sides.base is None or sides.ours is None or sides.theirs is None:
        return None
    return Sides(base=sides.base, ours=sides.ours, theirs=sides.theirs)


def choose_merge_side(sides: Sides[Any]) -> Any:
    """Take what the side says that changed something; ``No.AGREEMENT`` where both did.

    >>> choose_merge_side(Sides(base=1, ours=1, theirs=2))
    2
    >>> choose_merge_side(Sides(base=1, ours=3, theirs=2))
    <No.AGREEMENT: 'the sides say different things'>
    """
    if sides.theirs in (sides.base, sides.ours):
        return sides.ours
    return sides.theirs if sides.ours == sides.base else No.AGREEMENT


def merge_mappings(sides: Sides[Any], unit: frozenset[str] = frozenset()) -> Any:
    """Merge mappings key by key, and everything else as a whole.

    Args:
        sides: the values; ``No.VALUE`` where there is none.
        unit: keys that only mean something together, so that they come from one side.

    Returns:
        The merged value, ``No.VALUE``, or ``No.AGREEMENT``.

    >>> sides = Sides(base={"a": 1, "b": 1}, ours={"a": 2, "b": 1}, theirs={"a": 1})
    >>> merge_mappings(sides), merge_mappings(sides, unit=frozenset("ab"))
    ({'a': 2}, <No.AGREEMENT: 'the sides say different things'>)
    """
    chosen = choose_merge_side(sides)
    if chosen is not No.AGREEMENT or not _all_mappings(sides):
        return chosen
    together = choose_merge_side(sides.map(lambda value: {k: value[k] for k in value if k in unit}))
    if together is No.AGREEMENT:
        return together
    merged = dict(together)
    for key in {**sides.base, **sides.ours, **sides.theirs}.keys() - unit:
        value = merge_mappings(sides.map(methodcaller("get", key, No.VALUE)))
        if value is No.AGREEMENT:
            return value
        if value is not No.VALUE:
            merged[key] = value
    return merged


def _all_mappings(sides: Sides[Any]) -> bool:
    return all(isinstance(value, Mapping) for value in (sides.base, sides.ours, sides.theirs))


VERSION = frozenset(
    (
        *("version", "weights_url", "hub_url", "urls", "md5", "sha256", "size", "format", "paddle"),
        *("source", "source_name", "revision", "file", "base"),
    )
)
"""Fields of a model that name a version and its bytes; those of two versions never mix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a file is merged.

    Attributes:
        sections: top-level keys whose entries are blocks of their own.
        joined: top-level keys whose blocks may be merged within, field by field; ``*`` is all.
        unit: fields of a block that come from one side together.
        version_key: the key that states the version of the file's format, if one does.
        alphabetical: whether entries stand in the order of their names.
        built: whether a command makes the file anew, so that nobody has to choose by hand: ours
            stays until then.
    """

    sections: tuple[str, ...]
    joined: tuple[str, ...] = ()
    unit: frozenset[str] = frozenset()
    version_key: str | None = None
    alphabetical: bool = False
    built: bool = False

    @property
    def written_by_people(self) -> bool:
        """Whether people write the file, and no program reads it back as its own."""
        return self.version_key is None

    def merge(self, key: Key, values: Sides[Any]) -> Any:
        """Merge what a block says; ``No.AGREEMENT`` where people have to choose."""
        return (
            merge_mappings(values, self.unit)
            if key[0] in self.joined or "*" in self.joined
            else choose_merge_side(values)
        )

    def merge_all(self, values: Sides[Mapping[Key, Any]]) -> dict[Key, Any]:
        """Merge what all blocks say, without those that are gone."""
        merged = {
            key: self.merge(key, values.map(methodcaller("get", key, No.VALUE)))
            for key in {**values.base, **values.ours, **values.theirs}
        }
        return {key: value for key, value in merged.items() if value is not No.VALUE}

    def same_format(self, values: Sides[Mapping[Key, Any]]) -> bool:
        """Tell whether blocks of both sides can stand in one file."""
        if self.version_key is None:
            return True
        return values.ours.get((self.version_key,)) == values.theirs.get((self.version_key,))


MERGE_FORMS = {
    names.LOCK: Form(sections=("models",), version_key="version", alphabetical=True),
    names.REGISTRY: Form(sections=("models", "catalogs"), joined=("models",), unit=VERSION),
    names.STAGES: Form(
        sections=("stages", "artifacts"),
        joined=("stages", "artifacts", "params", "metrics", "plots", "vars"),
    ),
    names.DVC_LOCK: Form(sections=("stages",), version_key="schema", built=True),
    names.PARAMS: Form(sections=(), joined=("*",)),
}
"""The files that are merged block by block, by name."""
