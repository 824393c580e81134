"""Catalogs that are one YAML or JSON file of ours, on any server or disk."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paddledvc import schemas
from paddledvc.catalogs.base import Once
from paddledvc.catalogs.core import index_file
from paddledvc.errors import CatalogFailed, InvalidFile
from paddledvc.names import suggest_name
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.first_bytes import ADVICE, HEAD, describe_document
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.yaml import reader
from paddledvc.yaml.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.core.listing import Listed, Query, Release
    from paddledvc.yaml.document import Path, Position

MAX_BYTES = 64 << 20
"""Bytes of an index; 20,000 versions take 5 MB, and ten times as much when they are read."""
LIMIT = "PADDLEDVC_MAX_INDEX"
"""The variable that lets it have more, in MiB."""


class Index:
    """A file that lists models, their versions, and where the bytes of each are.

    It is read once; what went wrong is told to everyone who asks.
    """

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self.where: str = settings["url"]
        self._read = Once(lambda: self._parse(*self._text()))

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model."""
        try:
            return self._read().listed(query.name)
        except InvalidFile as error:
            raise self._malformed(error) from error

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get a version."""
        if query.revision is not None:
            cause = f"it has no revisions; take `revision` out of {query.name}"
            raise self._context.failed(self.where, cause)
        release = self._read().release(query.name, version)
        return release if query.file is None else self._one(release, query.file)

    def _one(self, release: Release, path: str) -> Release:
        found = [file for file in release.files if file.path == path]
        if not found:
            known = [file.path for file in release.files]
            hint = suggest_name(path, known) or f"; it has {', '.join(known)}"
            raise self._context.failed(self.where, f"{release.version} has no file {path!r}{hint}")
        return replace(release, files=tuple(found), folder=False)

    def names(self) -> Sequence[str]:
        """Name the models of the index."""
        return self._read().names

    def _text(self) -> tuple[str, str]:
        """Read the index, and tell where it was found: the URLs in it are relative to that."""
        url, root = self.where, self._context.root
        try:
            fetch.require_fetch_allowed(url, self._context.offline)
            data, found = fetch.find_source(url, root, _limit(), self._context.timeout)
            if what := describe_document(data[:HEAD]):
                raise self._context.failed(url, f"it is {what}, and no index; {ADVICE}")
            return data.decode(), found
        except Unreadable as error:
            raise self._context.failed(url, f"{error}{_advice(str(error))}") from error
        except UnicodeDecodeError as error:
            raise self._context.failed(url, "it is not UTF-8") from error

    def _parse(self, text: str, found: str) -> index_file.ModelIndex:
        try:
            return index_file.parse_index_file(_document(text), found, schemas.read_schema("index"))
        except InvalidFile as error:
            raise self._malformed(error) from error

    def _malformed(self, error: InvalidFile) -> CatalogFailed:
        first, *others = error.problems
        if fetch.is_elsewhere(self.where, self._context.root):
            # A branch may name any file of whoever looks at it.
            cause = f"line {first.line} is not valid in an index"
            return self._context.failed(
                self.where,
                f"{cause}; its text is not shown, because it is not a file of the project",
            )
        path = f"{first.path}: " if first.path else ""
        more = f", and {len(others)} more" if others else ""
        cause = f"line {first.line}: {path}{first.message}{more}"
        return self._context.failed(self.where, cause)


def _limit() -> int:
    said = os.environ.get(LIMIT, "")
    return int(said) << 20 if said.isdecimal() else MAX_BYTES


def _advice(reason: str) -> str:
    return f"; {LIMIT} allows more, in MiB" if reason.startswith("it has more than") else ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError
    return value


def _document(text: str) -> Document:
    """Read JSON, forty times faster than as YAML, and look for lines only if asked."""
    if not text.lstrip().startswith("{"):
        return reader.parse_yaml(text, "index")
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        # The YAML reader says what is wrong, and in which line.
        return reader.parse_yaml(text, "index")
    slow: list[Document] = []

    def positioned() -> Document:
        if not slow:
            slow.append(reader.parse_yaml(text, "index"))
        return slow[0]

    def position(path: Path, at_key: bool) -> Position:  # noqa: FBT001 - as Document calls it
        return positioned().position(path, at_key)

    return Document(
        file="index",
        text=text,
        value=value,
        position=position,
        written=lambda path: positioned().written(path),
    )
