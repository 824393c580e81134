"""Catalogs that are prefixes of S3 buckets, with versions in the keys."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.hashes import Hashes
from paddledvc.models.versions import as_version, is_version, same_version
from paddledvc.names import suggest_name
from paddledvc.tools.sources import s3
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.urls import format_of_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.core.listing import Query
    from paddledvc.errors import CatalogFailed

_UNSAFE = re.compile(r"(^|/)\.{0,2}(/|$)|[\\\x00-\x1f]")
"""What a path in a folder must not have, for it could lead out of it or be another file's."""
_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
_KNOWN = {"{name}": "name", "{version}": "version"}


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionObjects:
    """The objects that are one version of a model, by their paths."""

    text: str
    objects: Mapping[str, s3.ListedObject]


class S3Prefix:
    """The objects under a prefix whose keys fit a pattern.

    Each prefix is listed once; where the server gives no answer, everyone who asks is told.
    """

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self.where: str = settings["url"]
        try:
            at = s3.Location.parse(settings["url"])
            self._pattern = KeyPattern(settings["pattern"])
        except ValueError as error:
            raise context.failed(self.where, str(error)) from error
        folder = f"{at.key.rstrip('/')}/" if at.key.strip("/") else ""
        self._at = replace(at, key=folder, endpoint=settings.get("endpoint_url", at.endpoint))
        if "endpoint_url" in settings:
            self.where += f" at {settings['endpoint_url']}"
        self._listings: dict[str, tuple[s3.ListedObject, ...]] = {}
        self._listing: dict[str, threading.Lock] = {}
        self._down: CatalogFailed | None = None

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model."""
        return [
            Listed(version=version.text, format=self._format(version))
            for version in self._versions(query.name)
        ]

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get a version."""
        for found in self._versions(query.name):
            if same_version(found.text, version):
                return self._release(query, found)
        raise self._failed(f"it has no {query.name} {version}")

    def names(self) -> Sequence[str]:
        """Name the models that have a version."""
        keys = (one.key for one in self._objects(self._pattern.beginning()))
        found = (self._pattern.match(key.removeprefix(self._at.key)) for key in keys)
        return sorted({one.name for one in found if one is not None})

    def _versions(self, name: str) -> Sequence[VersionObjects]:
        """Collect the objects of each version.

        Raises:
            CatalogFailed: one version is there in two spellings.
        """
        found: dict[str, dict[str, s3.ListedObject]] = {}
        for one in self._objects(self._pattern.beginning(name)):
            match = self._pattern.match(one.key.removeprefix(self._at.key), name)
            if match is not None:
                found.setdefault(match.version, {})[match.path] = one
        spelt: dict[Any, str] = {}
        for text in found:
            if (other := spelt.setdefault(as_version(text), text)) != text:
                raise self._failed(f"it has {name} {other} and {text}, which are one version")
        return [VersionObjects(text=text, objects=objects) for text, objects in found.items()]

    def _release(self, query: Query, version: VersionObjects) -> Release:
        if query.revision is not None:
            raise self._failed(f"it has no revisions; take `revision` out of {query.name}")
        paths = {path or one.key.rpartition("/")[2]: one for path, one in version.objects.items()}
        if query.file is not None:
            if query.file not in paths:
                hint = suggest_name(query.file, paths)
                raise self._failed(f"{query.name} {version.text} has no file {query.file!r}{hint}")
            paths = {query.file.rpartition("/")[2]: paths[query.file]}
        return Release(
            version=version.text,
            files=tuple(self._file(path, paths[path]) for path in sorted(paths)),
            folder=self._pattern.is_folder and query.file is None,
        )

    def _file(self, path: str, one: s3.ListedObject) -> ReleaseFile:
        if _UNSAFE.search(path):
            raise self._failed(f"the key {one.key!r} cannot be the path of a file")
        at = replace(self._at, key=one.key)
        try:
            sha256 = s3.ask_s3_sha256(at, self._context.timeout)
        except Unreadable as error:
            raise self._failed(f"{one.key!r}: {error}") from error
        return ReleaseFile(path=path, urls=(str(at),), hashes=Hashes(sha256=sha256, size=one.size))

    def _format(self, version: VersionObjects) -> str | None:
        if self._pattern.is_folder:
            return None
        return next(format_of_url(one.key) for one in version.objects.values())

    def _objects(self, beginning: str) -> tuple[s3.ListedObject, ...]:
        self._context.require_network(self.where)
        with self._listing.setdefault(beginning, threading.Lock()):
            if self._down is not None:
                raise self._down
            if beginning not in self._listings:
                self._listings[beginning] = self._list(self._at.key + beginning)
            return self._listings[beginning]

    def _list(self, beginning: str) -> tuple[s3.ListedObject, ...]:
        try:
            return tuple(
                s3.list_s3_objects(replace(self._at, key=beginning), self._context.timeout)
            )
        except Unreadable as error:
            failure = self._failed(str(error))
            if error.again:  # the server is down, not this prefix closed: nobody else is to wait
                self._down = failure
            raise failure from error

    def _failed(self, cause: str) -> CatalogFailed:
        return self._context.failed(self.where, cause)


class KeyMatch(NamedTuple):
    """What a key says of a model.

    Attributes:
        path: where it is in the folder that the version is; empty for a version of one object.
    """

    name: str
    version: str
    path: str


class KeyPattern:
    """Where the versions of models are, such as ``{name}/{version}/{name}.pdparams``.

    One that ends in ``/`` stands for folders: all keys that begin so are one version.

    >>> pattern = KeyPattern("{name}/v{version}/{name}.pdparams")
    >>> pattern.match("resnet50/v3.3/resnet50.pdparams")
    KeyMatch(name='resnet50', version='3.3', path='')
    >>> pattern.beginning("resnet50")
    'resnet50/v'
    """

    def __init__(self, text: str) -> None:
        """Read a pattern.

        Raises:
            ValueError: it has not the placeholders that it needs, or others.
        """
        self._parts = tuple(part for part in _PLACEHOLDER.split(text.removeprefix("/")) if part)
        self.is_folder = text.endswith("/")
        placeholders = {part for part in self._parts if _PLACEHOLDER.fullmatch(part)}
        if others := sorted(placeholders - _KNOWN.keys()):
            raise ValueError(
                f"the pattern {text!r} has {others[0]}; expected {{name}} and {{version}} only"
            )
        if "{version}" not in placeholders:
            raise ValueError(f"the pattern {text!r} has no {{version}}")
        if "{name}" not in placeholders:
            raise ValueError(
                f"the pattern {text!r} has no {{name}}, so every model would get the same weights; "
                "put {name} where the name of a model is, and what comes before it into the url"
            )

    def beginning(self, name: str | None = None) -> str:
        """Give what all keys of a model begin with, or those of all models."""
        known = []
        for part in self._parts:
            if part == "{version}" or (part == "{name}" and name is None):
                break
            known.append(name if part == "{name}" and name is not None else part)
        return "".join(known)

    def match(self, key: str, name: str | None = None) -> KeyMatch | None:
        """Read a key; None if it is of something else.

        Args:
            key: the key, after what is before the pattern.
            name: the model that it is to be of; None for any.
        """
        shortest = 1
        while found := _compile(self._parts, name, shortest).fullmatch(key):
            groups = found.groupdict(default="")
            if is_version(groups["version"]):
                return KeyMatch(name or groups["name"], groups["version"], groups.get("path", ""))
            if name is not None:
                return None
            # What was taken for the beginning of the version may belong to the name.
            shortest = len(groups["name"]) + 1
        return None


@lru_cache(maxsize=1 << 10)
def _compile(parts: tuple[str, ...], name: str | None, shortest: int) -> re.Pattern[str]:
    groups = {"{name}": rf"(?P<name>.{{{shortest},}}?)", "{version}": r"(?P<version>[^/]+?)"}
    if name is not None:
        groups["{name}"] = re.escape(name)
    written = []
    for part in parts:
        written.append(groups.get(part) or re.escape(part))
        if groups.get(part, "").startswith("(?P<"):
            groups[part] = f"(?P={_KNOWN[part]})"  # where it comes again it must be the same
    path = "(?P<path>.*[^/])" if parts[-1].endswith("/") else ""
    return re.compile("".join(written) + path, re.DOTALL)
