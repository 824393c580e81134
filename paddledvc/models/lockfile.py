"""models.lock: exact versions and digests, one block a model, and what moved between two locks."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidFile, Problem, UnknownModel
from paddledvc.hashes import Hashes
from paddledvc.models.versions import is_version
from paddledvc.paths import find_listing_fault, find_path_fault
from paddledvc.yaml.formats import find_newer_format
from paddledvc.yaml.quoting import quote_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.yaml.document import Document
    from paddledvc.yaml.schema import Schema

FORMAT_VERSION = 1
FIRST_USE = "first use"
"""Why bytes are trusted that nobody stated a digest of: they were hashed when they were locked."""
IGNORED = ("requires",)
"""Fields that earlier versions wrote."""
HEADER = (
    f"# yaml-language-server: $schema={names.OWN}/lock.schema.json\n"
    "# Written by `paddledvc lock` from models.yaml; do not edit.\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedFile:
    """One file of a model that is a folder.

    Attributes:
        path: where it lies in the model's folder.
        urls: where its bytes are, in the order to try.
    """

    path: str
    urls: tuple[str, ...]
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None

    @property
    def hashes(self) -> Hashes:
        """What the bytes must hash to."""
        return Hashes(md5=self.md5, sha256=self.sha256, size=self.size)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class LockedModel(Displayed):
    """One exact version of a model, and all that is needed to get it.

    Attributes:
        version: the exact version.
        source_name: the model's name in its source, where that differs.
        revision: the branch, tag or commit of the source that models.yaml asked for.
        file: the one file that models.yaml asked for.
        commit: the commit of the source that holds this version.
        urls: where the bytes of a single file are, in the order to try.
        trust: ``FIRST_USE`` where nobody stated a digest of the bytes; None where somebody did.
        paddle: range of the Paddle versions that load it.
        path: where the file or folder lies in the project.
        files: the files of a model that is a folder.
        image: the container image that models.yaml asks for.
        image_digest: what its tag named when it was locked, as ``sha256:…``.
        image_mirrors: the same image in other registries, each as ``NAME:TAG@sha256:…``.
    """

    name: str
    version: str
    source: str | None = None
    source_name: str | None = None
    revision: str | None = None
    file: str | None = None
    commit: str | None = None
    urls: tuple[str, ...] = ()
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    trust: str | None = None
    format: str | None = None
    paddle: str | None = None
    path: str | None = None
    files: tuple[LockedFile, ...] = ()
    base: str | None = None
    image: str | None = None
    image_digest: str | None = None
    image_mirrors: tuple[str, ...] = ()

    @property
    def hashes(self) -> Hashes:
        """What the bytes of a single file must hash to."""
        return Hashes(md5=self.md5, sha256=self.sha256, size=self.size)

    @property
    def downloads(self) -> bool:
        """Whether there are weights to bring."""
        return bool(self.urls or self.files)

    @property
    def hashed(self) -> bool:
        """Whether every byte to bring can be compared with a digest."""
        if self.files:
            return all(file.hashes.known for file in self.files)
        return not self.urls or self.hashes.known

    @property
    def total_size(self) -> int | None:
        """Bytes to bring in all; None if that is not known."""
        sizes = [file.size for file in self.files] if self.files else [self.size]
        return None if None in sizes else sum(size for size in sizes if size is not None)


@dataclass(frozen=True, kw_only=True, repr=False)
class Lock(Displayed):
    """What models.yaml resolved to, sorted by name."""

    _table_of = "models"
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


def _stated_fields(entry: LockedModel | LockedFile) -> dict[str, Any]:
    """List the fields of an entry that say something, in their order."""
    pairs = ((field.name, getattr(entry, field.name)) for field in fields(entry))
    return {name: value for name, value in pairs if value not in (None, ())}


def render_lockfile(lock: Lock) -> str:
    """Write a lock as YAML: sorted, every string quoted, so that all YAML readers agree."""
    lines = [HEADER + f"version: {FORMAT_VERSION}"]
    lines.append("models:" if lock.models else "models: []")
    for model in lock.models:
        lines += _block(model, "  ")
    return "\n".join(lines) + "\n"


def _block(entry: LockedModel | LockedFile, indent: str) -> Iterator[str]:
    bullet = f"{indent}- "
    for key, value in _stated_fields(entry).items():
        if isinstance(value, tuple):
            yield f"{bullet}{key}:"
            for item in value:
                if isinstance(item, LockedFile):
                    yield from _block(item, f"{indent}    ")
                else:
                    yield f"{indent}    - {_quote(item)}"
        else:
            yield f"{bullet}{key}: {_quote(value)}"
        bullet = f"{indent}  "


def _quote(value: object) -> str:
    return quote_text(value) if isinstance(value, str) else json.dumps(value)


def _no_versions(document: Document) -> Iterator[Problem]:
    """Find versions that are none, as only a hand could have written them."""
    value: Any = document.value
    for index, entry in enumerate(value["models"]):
        if not is_version(entry["version"]):
            message = (
                f"found {entry['version']!r}, expected one exact version; "
                "run `paddledvc lock` after fixing or removing the entry"
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


def _paths(document: Document) -> Iterator[Problem]:
    """Find paths that none may write, as only a hand could have written them."""
    value: Any = document.value
    for index, entry in enumerate(value["models"]):
        at = ("models", index)
        if fault := find_path_fault(entry.get("path", "a")):
            yield document.problem((*at, "path"), f"found {entry['path']!r}: {fault}")
        paths = [file["path"] for file in entry.get("files", ())]
        if found := find_listing_fault(paths, folded=True):
            place = (*at, "files", paths.index(found[0]), "path")
            yield document.problem(place, f"found {found[0]!r}: {found[1]}")


def parse_lockfile(document: Document, schema: Schema) -> Lock:
    """Read a lock.

    Raises:
        InvalidFile: it is not a lock, or a newer paddledvc wrote it.
    """
    value: Any = document.value
    if newer := find_newer_format(value, FORMAT_VERSION):
        raise InvalidFile([document.problem(("version",), f"found {newer}")])
    problems = schema.problems(document) or [
        *_no_versions(document),
        *_twice(document),
        *_paths(document),
    ]
    if problems:
        raise InvalidFile(problems)
    return Lock(
        models=tuple(
            LockedModel(
                **{
                    **{key: said for key, said in entry.items() if key not in IGNORED},
                    "urls": tuple(entry.get("urls", ())),
                    "image_mirrors": tuple(entry.get("image_mirrors", ())),
                    "files": tuple(
                        LockedFile(**{**file, "urls": tuple(file["urls"])})
                        for file in entry.get("files", ())
                    ),
                }
            )
            for entry in value["models"]
        )
    )


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


def compare_lockfiles(before: Lock, after: Lock) -> tuple[Change, ...]:
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
