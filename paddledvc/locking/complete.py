"""Digests that a lock does not state yet, from bytes that have those which it states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.system.files import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from paddledvc.hashes import Hashes
    from paddledvc.models.lockfile import LockedModel


class Read(Protocol):
    """Reads the bytes of a file from its source."""

    def __call__(self, name: str, urls: Sequence[str], expected: Hashes) -> Hashes:
        """Say what they hash to; ``name`` is what people call the file."""


def complete_digests(root: Path, entry: LockedModel, read: Read) -> LockedModel:
    """State MD5, SHA-256 and size of every file of a model.

    The bytes are those of the work tree or of DVC's cache, if they have every digest that is stated
    already; else they are read from where the model comes from.

    Args:
        root: the project.
        entry: the model as it is locked.
        read: reads what is not at hand.
    """
    if not entry.downloads:
        return entry
    place = root / str(entry.path)
    if entry.files:
        files = []
        for file in entry.files:
            name = f"{entry.name}: {file.path}"
            found = _completed(root, place / file.path, file.hashes) or read(
                name, file.urls, file.hashes
            )
            files.append(replace(file, md5=found.md5, sha256=found.sha256, size=found.size))
        return replace(entry, files=tuple(files))
    found = _completed(root, place, entry.hashes) or read(entry.name, entry.urls, entry.hashes)
    return replace(entry, md5=found.md5, sha256=found.sha256, size=found.size)


def _completed(root: Path, place: Path, stated: Hashes) -> Hashes | None:
    """Complete what is stated from bytes at hand; None where there are none such."""
    if None not in (stated.md5, stated.sha256, stated.size):
        return stated
    for file in _at_hand(root, place, stated):
        if file.is_file() and stated.size in (None, file.stat().st_size):
            found = hash_file(file)
            if stated.first_difference(found) is None:
                return found
    return None


def _at_hand(root: Path, place: Path, stated: Hashes) -> Iterator[Path]:
    if stated.known:  # else nothing tells whose bytes lie there
        yield place
        if stated.md5 is not None:
            yield Cache.of(root).path(stated.md5)
