"""The index: a file of ours that lists models and their versions for other projects."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.errors import InvalidFile
from paddledvc.hashes import Hashes
from paddledvc.models.compatibility import program_format_of
from paddledvc.models.versions import as_version, is_version, is_version_range, suggest_version
from paddledvc.urls import GitFile, format_of_url, is_remote_url, is_url
from paddledvc.yaml.formats import find_newer_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.errors import Problem
    from paddledvc.yaml.document import Document, Path
    from paddledvc.yaml.schema import Schema

VERSION = 1
"""Of the format that indexes are read in; its schema has it too."""


@dataclass(frozen=True, kw_only=True)
class ModelIndex:
    """The models of an index.

    Attributes:
        document: its file, checked against the schema.
        url: where the file is; the URLs in it may be relative to it.
    """

    document: Document
    url: str

    @cached_property
    def _models(self) -> Mapping[str, tuple[int, Sequence[Mapping[str, Any]]]]:
        value: Any = self.document.value
        models = value.get("models") or ()
        return {model["name"]: (at, model["versions"]) for at, model in enumerate(models)}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models."""
        return tuple(self._models)

    def listed(self, name: str) -> tuple[Listed, ...]:
        """List the versions of a model; empty for one that is not there.

        Raises:
            InvalidFile: the versions are nonsense.
        """
        at, entries = self._models.get(name, (0, ()))
        problems = [*self._problems(("models", at, "versions"), entries)]
        if problems:
            raise InvalidFile(problems)
        return tuple(
            Listed(
                version=entry["version"],
                yanked=_yanked(entry.get("yanked", False)),
                paddle=entry.get("paddle"),
                format=_program(entry),
            )
            for entry in entries
        )

    def _problems(self, at: Path, entries: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
        seen: dict[object, str] = {}
        for index, entry in enumerate(entries):
            version = entry["version"]
            path = (*at, index)
            if not is_version(version):
                works = suggest_version(version)
                advice = f"; write {works!r}" if is_version(works) else " such as v3.3.0"
                message = f"found {version!r}, expected one exact version{advice}"
                yield self.document.problem((*path, "version"), message)
            elif as_version(version) in seen:
                message = f"{version!r} and {seen[as_version(version)]!r} are one version"
                yield self.document.problem((*path, "version"), message)
            else:
                seen[as_version(version)] = version
            if not is_version_range(entry.get("paddle", ">=0")):
                message = f"found {entry['paddle']!r}, expected a range such as >=3.0,<4"
                yield self.document.problem((*path, "paddle"), message)
            for url in (url for file in _files(entry) for url in _urls(file)):
                if is_remote_url(self.url) and _is_local(url):
                    message = (
                        f"{url!r} is a file on this machine, but the index comes from a server"
                    )
                    yield self.document.problem(path, message)

    def release(self, name: str, version: str) -> Release:
        """Describe a listed version."""
        _, entries = self._models[name]
        entry = next(entry for entry in entries if entry["version"] == version)
        files = _files(entry)
        return Release(
            version=version,
            files=tuple(sorted(map(self._file, files), key=lambda file: file.path)),
            folder="files" in entry,
            format=entry.get("format"),
            paddle=entry.get("paddle"),
        )

    def _file(self, entry: Mapping[str, Any]) -> ReleaseFile:
        urls = tuple(_complete_url(self.url, url) for url in _urls(entry))
        return ReleaseFile(
            path=entry.get("path") or posixpath.basename(re.split(r"[?#]", urls[0])[0]),
            urls=urls,
            hashes=Hashes(
                md5=entry.get("md5", "").lower() or None,
                sha256=entry.get("sha256", "").lower() or None,
                size=entry.get("size"),
            ),
        )


def _files(entry: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    files: Sequence[Mapping[str, Any]] = entry.get("files", (entry,))
    return files


def _is_local(url: str) -> bool:
    try:
        return url.startswith("file:") or (url.startswith("git+") and GitFile.parse(url).is_local)
    except ValueError:
        return True


def parse_index_file(document: Document, url: str, schema: Schema) -> ModelIndex:
    """Read an index.

    Raises:
        InvalidFile: it is none, with every problem.
    """
    value: Any = document.value
    if newer := find_newer_format(value, VERSION):
        raise InvalidFile([document.problem(("version",), f"found {newer}")])
    problems = schema.problems(document)
    if not problems:
        problems = list(_twice(document, value["models"] or ()))
    if problems:
        raise InvalidFile(problems)
    return ModelIndex(document=document, url=url)


def _twice(document: Document, models: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, model in enumerate(models):
        if first.setdefault(model["name"], index) != index:
            path = ("models", index, "name")
            yield document.problem(path, f"{model['name']!r} is listed already")


def _complete_url(base: str, url: str) -> str:
    """Complete a URL of an index that may be relative to the index.

    >>> _complete_url("https://host/zoo/index.json", "det/det_v1.pdparams")
    'https://host/zoo/det/det_v1.pdparams'
    >>> _complete_url("file:///srv/zoo/index.json", "../det_v1.pdparams")
    'file:///srv/det_v1.pdparams'
    >>> _complete_url("../zoo/index.yaml", "det_v1.pdparams")
    '../zoo/det_v1.pdparams'
    """
    if is_url(url) or (url.startswith("/") and not is_url(base)):
        return url
    if not is_url(base):
        return posixpath.normpath(posixpath.join(posixpath.dirname(base), url))
    scheme, _, rest = re.split(r"[?#]", base)[0].partition("://")
    host, _, path = rest.partition("/")
    return (
        f"{scheme}://{host}{posixpath.normpath(posixpath.join('/', posixpath.dirname(path), url))}"
    )


def _urls(entry: Mapping[str, Any]) -> tuple[str, ...]:
    urls = (entry.get("url"), *entry.get("urls", ()))
    return tuple(dict.fromkeys(url for url in urls if url is not None))


def _yanked(said: bool | str) -> str | None:  # noqa: FBT001 - as people write it
    if said is False:
        return None
    return "yanked" if said is True else f"yanked: {said}"


def _program(entry: Mapping[str, Any]) -> str | None:
    if "files" in entry:
        return program_format_of(file["path"] for file in entry["files"])
    return entry.get("format") or format_of_url(_urls(entry)[0])
