"""What the files that git merges consist of, and what of it belongs together."""

from __future__ import annotations

from dataclasses import dataclass
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.yaml.merge.threeway import No, Sides, choose_side, combine_mappings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.yaml.merge.blocks import Key

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
        joined: top-level keys whose blocks may be merged within, field by field.
        unit: fields of a block that come from one side together.
        version_key: the key that states the version of the file's format, if one does.
        alphabetical: whether entries stand in the order of their names.
    """

    sections: tuple[str, ...]
    joined: tuple[str, ...] = ()
    unit: frozenset[str] = frozenset()
    version_key: str | None = None
    alphabetical: bool = False

    @property
    def written_by_people(self) -> bool:
        """Whether people write the file, and no program reads it back as its own."""
        return self.version_key is None

    def merge(self, key: Key, values: Sides[Any]) -> Any:
        """Merge what a block says; ``No.AGREEMENT`` where people have to choose."""
        return combine_mappings(values, self.unit) if key[0] in self.joined else choose_side(values)

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
    "dvc.lock": Form(sections=("stages",), version_key="schema"),
}
"""The files that are merged block by block, by name."""
