"""models.lock: exact versions and digests, one block a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc.core import layout
from paddledvc.core.hashes import Hashes
from paddledvc.core.versions import is_version
from paddledvc.errors import InvalidFile, Problem, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.core.document import Document
    from paddledvc.core.schema import Schema

FORMAT_VERSION = 1
HEADER = (
    f"# yaml-language-server: $schema={layout.OWN}/lock.schema.json\n"
    "# Written by `paddledvc lock` from models.yaml; do not edit.\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedModel:
    """One exact version of a model, and all that is needed to get it.

    Attributes:
        version: the exact version.
        requires: what models.yaml asked for.
        urls: where the bytes are, in the order to try; empty when nothing is to be downloaded.
        path: where the bytes lie in the project.
    """

    name: str
    version: str
    requires: str
    source: str | None = None
    urls: tuple[str, ...] = ()
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    format: str | None = None
    path: str | None = None
    base: str | None = None
    image: str | None = None

    @property
    def hashes(self) -> Hashes:
        """What the bytes must hash to."""
        return Hashes(md5=self.md5, sha256=self.sha256, size=self.size)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What models.yaml resolved to, sorted by name."""

    models: tuple[LockedModel, ...]

    @cached_property
    def by_name(self) -> Mapping[str, LockedModel]:
        """The locked models by name."""
        return {model.name: model for model in self.models}

    def model(self, name: str) -> LockedModel:
        """Return the locked model called ``name``.

        Raises:
            UnknownModel: it is not locked.
        """
        if name not in self.by_name:
            raise UnknownModel(f"models.lock has no model {name!r}; run `paddledvc lock`")
        return self.by_name[name]


def stated(entry: LockedModel) -> dict[str, Any]:
    """List the fields of an entry that say something, in their order."""
    pairs = ((field.name, getattr(entry, field.name)) for field in fields(entry))
    return {name: value for name, value in pairs if value not in (None, ())}


def render(lock: Lock) -> str:
    """Write a lock as YAML: sorted, every string quoted, so that all YAML readers agree."""
    lines = [HEADER + f"version: {FORMAT_VERSION}"]
    lines.append("models:" if lock.models else "models: []")
    for model in lock.models:
        bullet = "  - "
        for key, value in stated(model).items():
            if isinstance(value, tuple):
                lines.append(f"{bullet}{key}:")
                lines += [f"      - {_quote(item)}" for item in value]
            else:
                lines.append(f"{bullet}{key}: {_quote(value)}")
            bullet = "    "
    return "\n".join(lines) + "\n"


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _no_versions(document: Document) -> Iterator[Problem]:
    """Find versions that are none, as only a hand could have written them."""
    value: Any = document.value
    for index, entry in enumerate(value["models"]):
        if not is_version(entry["version"]):
            message = (
                f"found {entry['version']!r}, expected one exact version; "
                "run `paddledvc lock` after mending or removing the entry"
            )
            yield document.problem(("models", index, "version"), message)


def _twice(document: Document) -> Iterator[Problem]:
    """Find names that are locked more than once, as a careless merge leaves them."""
    value: Any = document.value
    first: dict[str, int] = {}
    for index, entry in enumerate(value["models"]):
        name = entry["name"]
        if first.setdefault(name, index) != index:
            line = document.position(("models", first[name], "name"), False).line
            message = (
                f"{name!r} is locked in line {line} already; "
                "run `paddledvc lock` after removing either"
            )
            yield document.problem(("models", index, "name"), message)


def parse(document: Document, schema: Schema) -> Lock:
    """Read a lock.

    Raises:
        InvalidFile: it is not a lock, or a newer paddledvc wrote it.
    """
    value: Any = document.value
    version = value.get("version") if isinstance(value, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        message = (
            f"found format {version}, this paddledvc reads up to {FORMAT_VERSION}; "
            "upgrade paddledvc"
        )
        raise InvalidFile([document.problem(("version",), message)])
    problems = schema.problems(document) or [*_no_versions(document), *_twice(document)]
    if problems:
        raise InvalidFile(problems)
    return Lock(
        models=tuple(
            LockedModel(**{**entry, "urls": tuple(entry.get("urls", ()))})
            for entry in value["models"]
        )
    )
