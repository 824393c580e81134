"""models.lock: exact versions and digests, one block a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc.core import layout
from paddledvc.core.hashes import Hashes
from paddledvc.errors import InvalidFile, Problem, StaleLock, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.core.document import Document
    from paddledvc.core.model import Model
    from paddledvc.core.registry import Registry
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What the registry resolves to without asking anyone.

    Attributes:
        lock: an entry for every model that names one exact version.
        unhashed: names of the models whose bytes nobody has hashed yet.
        floating: names of the models whose version is a range, which only a catalog can resolve.
    """

    lock: Lock
    unhashed: tuple[str, ...]
    floating: tuple[str, ...]


def resolve(registry: Registry, previous: Lock) -> Resolution:
    """Resolve a registry, keeping what the previous lock knows about the same bytes."""
    exact = [model for model in registry.models if model.requires.exact]
    entries = sorted(
        (_entry(model, previous.by_name.get(model.name), registry.image) for model in exact),
        key=lambda entry: entry.name,
    )
    return Resolution(
        lock=Lock(models=tuple(entries)),
        unhashed=tuple(entry.name for entry in entries if entry.urls and not entry.hashes.known),
        floating=tuple(model.name for model in registry.models if not model.requires.exact),
    )


def _entry(model: Model, previous: LockedModel | None, image: str | None) -> LockedModel:
    version = model.requires.text
    hashes = Hashes(md5=model.md5, sha256=model.sha256, size=model.size)
    if previous is not None and previous.version == version and model.urls:
        hashes = hashes.completed_by(previous.hashes)
    common = LockedModel(
        name=model.name,
        version=version,
        requires=version,
        source=model.source,
        base=model.base,
        image=model.image or image,
    )
    if not model.urls:
        return common
    file_format = model.format or layout.format_of(model.urls[0]) or "pdparams"
    return LockedModel(
        **{**_values(common), "urls": model.urls},
        md5=hashes.md5,
        sha256=hashes.sha256,
        size=hashes.size,
        format=file_format,
        path=layout.downloaded(model.name, version, file_format),
    )


def _values(entry: LockedModel) -> dict[str, Any]:
    """List the fields of an entry that say something, in their order."""
    pairs = ((field.name, getattr(entry, field.name)) for field in fields(entry))
    return {name: value for name, value in pairs if value not in (None, ())}


def staleness(registry: Registry, lock: Lock) -> tuple[str, ...]:
    """Say, a sentence a model, where the lock is not what the registry asks for."""
    resolution = resolve(registry, lock)
    wanted = resolution.lock.by_name
    reasons = [
        f"{name}: its version is a range, which is not locked" for name in resolution.floating
    ]
    for name in sorted(wanted.keys() | lock.by_name.keys()):
        if name not in lock.by_name:
            reasons.append(f"{name}: is in models.yaml but not in models.lock")
        elif name not in registry.by_name:
            reasons.append(f"{name}: is in models.lock but no longer in models.yaml")
        elif name in wanted:
            reasons += _differences(wanted[name], lock.by_name[name])
    reasons += [
        f"{name}: nobody has hashed its bytes yet"
        for name in resolution.unhashed
        if name in lock.by_name
    ]
    return tuple(reasons)


def _differences(wanted: LockedModel, locked: LockedModel) -> list[str]:
    if wanted.version != locked.version:
        return [f"{wanted.name}: models.yaml asks for {wanted.version}, locked is {locked.version}"]
    differences = []
    for field in fields(LockedModel):
        now, before = getattr(wanted, field.name), getattr(locked, field.name)
        follows = field.name == "path" and wanted.format != locked.format
        if now != before and not follows:
            differences.append(
                f"{wanted.name}: {field.name} is {_say(now)} in models.yaml, {_say(before)} locked"
            )
    return differences


def _say(value: object) -> str:
    if value in (None, ()):
        return "absent"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def require_fresh(registry: Registry, lock: Lock, names: tuple[str, ...] | None = None) -> None:
    """Refuse a lock that does not say what the registry asks for.

    Args:
        registry: what is wanted.
        lock: what is locked.
        names: the models to look at; all by default.

    Raises:
        StaleLock: with a reason for each difference.
    """
    reasons = [
        reason
        for reason in staleness(registry, lock)
        if names is None or reason.partition(":")[0] in names
    ]
    if reasons:
        raise StaleLock(reasons, "models.lock is stale; run `paddledvc lock` to update it:")


def render(lock: Lock) -> str:
    """Write a lock as YAML: sorted, every string quoted, so that all YAML readers agree."""
    lines = [HEADER + f"version: {FORMAT_VERSION}"]
    lines.append("models:" if lock.models else "models: []")
    for model in lock.models:
        bullet = "  - "
        for key, value in _values(model).items():
            if isinstance(value, tuple):
                lines.append(f"{bullet}{key}:")
                lines += [f"      - {_quote(item)}" for item in value]
            else:
                lines.append(f"{bullet}{key}: {_quote(value)}")
            bullet = "    "
    return "\n".join(lines) + "\n"


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


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
    if problems := schema.problems(document) or list(_twice(document)):
        raise InvalidFile(problems)
    return Lock(
        models=tuple(
            LockedModel(**{**entry, "urls": tuple(entry.get("urls", ()))})
            for entry in value["models"]
        )
    )
