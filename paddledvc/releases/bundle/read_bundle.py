"""A bundle on the disk: read once from its first byte to its last, and compared with its manifest.

It needs no project, and writes nothing.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput
from paddledvc.releases.bundle.core.layout import archive_size, explain_header, lay_out
from paddledvc.releases.bundle.core.manifest import (
    MANIFEST,
    MOST,
    BundleManifest,
    InvalidManifest,
    parse_manifest,
)
from paddledvc.tools.system.atomic import open_note
from paddledvc.tools.system.beneath import read_descriptor
from paddledvc.tools.system.files import CHUNK, Hasher, hash_file_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from paddledvc.hashes import Hashes
    from paddledvc.releases.bundle.core.layout import Piece
    from paddledvc.releases.bundle.core.manifest import BundledFile
    from paddledvc.tools.system.progress import NamedProgress


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class VerifiedBundle(Displayed):
    """What reading a bundle found.

    Attributes:
        folder: where it is.
        manifest: what it says of itself; None where that cannot be read.
        problems: what is wrong, each a sentence that begins with the file; none of a whole bundle.
    """

    folder: Path
    manifest: BundleManifest | None
    problems: tuple[str, ...] = ()


def verify_bundle(
    path: str | os.PathLike[str], *, progress: NamedProgress | None = None
) -> VerifiedBundle:
    """Read a bundle, and compare every byte with its manifest; this needs no project.

    Args:
        path: the folder of the bundle, or the manifest in it.
        progress: told how many bytes have been read.

    Raises:
        InvalidInput: no bundle is there.

    Example:
        print(paddledvc.verify_bundle("bundles/digits_v1.2_20250405").problems)
    """
    folder = Path(path)
    if folder.name == MANIFEST and not folder.is_dir():
        folder = folder.parent
    try:
        data = _read_manifest(folder)
        manifest = parse_manifest(data)
    except InvalidManifest as error:
        return VerifiedBundle(folder=folder, manifest=None, problems=(f"{MANIFEST}: {error}",))
    problems = tuple(_find_problems(folder, manifest, progress))
    return VerifiedBundle(folder=folder, manifest=manifest, problems=problems)


def _read_manifest(folder: Path) -> bytes:
    try:
        descriptor = open_note(f"{folder}/{MANIFEST}", os.O_RDONLY)
    except OSError as error:
        raise InvalidInput(
            f"{folder} is no whole bundle: cannot read {MANIFEST}: {error.strerror}; if "
            "`release bundle` was interrupted, run it again"
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidManifest("it is no regular file")
        return read_descriptor(descriptor, MANIFEST, MOST)
    except InvalidInput as error:
        raise InvalidManifest(str(error)) from error
    finally:
        os.close(descriptor)


def _find_problems(
    folder: Path, manifest: BundleManifest, progress: NamedProgress | None
) -> Iterator[str]:
    there = {one.name: one.stat(follow_symlinks=False) for one in os.scandir(folder)}
    known = {MANIFEST, *(one.path for one in manifest.parts)}
    yield from (f"{name}: it is no part of this bundle" for name in sorted(there.keys() - known))
    wrong = {
        one.path: fault
        for one in manifest.parts
        if (fault := _find_part_fault(one, there.get(one.path))) is not None
    }
    pieces = lay_out(manifest.files, manifest.committed)
    total = sum(one.size for one in manifest.parts)
    if not wrong and total != archive_size(pieces):
        yield (
            f"{MANIFEST}: its parts have {total:,} bytes, and its files make an archive of "
            f"{archive_size(pieces):,}"
        )
        return
    sound = [one for one in manifest.parts if one.path not in wrong]
    found: dict[str, Hashes] = {}
    chunks = read_parts(folder, sound, found, progress)
    inside: list[str] = []
    if wrong:
        for _ in chunks:
            pass
    else:
        inside += compare_archive(chunks, pieces, _compare_file)
    wrong |= {
        one.path: fault
        for one in sound
        if (fault := _explain(one, found[one.path], manifest.parts))
    }
    yield from (f"{one.path}: {wrong[one.path]}" for one in manifest.parts if one.path in wrong)
    if not wrong:
        yield from inside


def _find_part_fault(part: BundledFile, found: os.stat_result | None) -> str | None:
    if found is None:
        return f"it is missing; expected {part.size:,} bytes"
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if found.st_size != part.size:
        return f"expected size:{part.size}, found size:{found.st_size}"
    return None


def _explain(part: BundledFile, found: Hashes, parts: Sequence[BundledFile]) -> str | None:
    difference = part.hashes.first_difference(found)
    if difference is None:
        return None
    other = next((one for one in parts if one.sha256 == found.sha256), None)
    if other is not None:
        return f"it has the bytes of {other.path}"
    return f"expected {difference[0]}, found {difference[1]}"


def read_parts(
    folder: Path,
    parts: Sequence[BundledFile],
    found: dict[str, Hashes],
    progress: NamedProgress | None = None,
) -> Iterator[bytes]:
    """Yield the bytes of parts, one part after the other, and note what each hashes to.

    No more is read of a part than the manifest states, and less is an error.

    Raises:
        OSError: one cannot be read, or has become shorter.
    """
    done, total = 0, sum(one.size for one in parts)
    for part in parts:
        left, name = part.size, f"{folder}/{part.path}"
        with open(name, "rb", opener=open_note) as file, Hasher() as hasher:
            while left:
                chunk = file.read(min(CHUNK, left))
                if not chunk:
                    raise OSError(
                        0, f"it became shorter while it was read, by {left:,} bytes", name
                    )
                left -= len(chunk)
                done += len(chunk)
                hasher.update(chunk)
                yield chunk
                if progress is not None:
                    progress("bundle", done, total)
        found[part.path] = hasher.hashes()


def compare_archive(
    chunks: Iterator[bytes],
    pieces: Sequence[Piece],
    receive: Callable[[BundledFile, Iterator[bytes]], str | None],
) -> Iterator[str]:
    """Read an archive whose bytes are known but for those of its files.

    Args:
        chunks: its bytes.
        pieces: what it has to be made of.
        receive: takes the bytes of a file, all of them; says what is wrong with them.

    Yields:
        What is wrong, as a sentence that begins with the file.
    """
    stream = _Stream(chunks)
    for piece in pieces:
        if piece.file is not None:
            if (fault := receive(piece.file, stream.take(piece.size))) is not None:
                yield f"{piece.path}: {fault}"
        elif (found := b"".join(stream.take(piece.size))) != piece.data:
            yield _explain_frame(piece, found)
    for _ in chunks:  # so that the last part is hashed to its end
        pass


def _explain_frame(piece: Piece, found: bytes) -> str:
    if not piece.path:
        return "the archive does not end as it should"
    if len(found) < len(b"ustar") or not any(piece.data or b""):
        return f"{piece.path}: the bytes behind it are not zero"
    return f"{piece.path}: expected a file of that name in the archive, {explain_header(found)}"


def _compare_file(file: BundledFile, chunks: Iterator[bytes]) -> str | None:
    difference = file.hashes.first_difference(hash_file_chunks(chunks))
    return None if difference is None else f"expected {difference[0]}, found {difference[1]}"


class _Stream:
    """Bytes that arrive in some chunks, and are taken in others."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._chunk, self._at = chunks, b"", 0

    def take(self, size: int) -> Iterator[bytes]:
        """Yield the next bytes."""
        while size:
            if self._at == len(self._chunk):
                self._chunk, self._at = next(self._chunks), 0
            taken = self._chunk[self._at : self._at + size]
            self._at += len(taken)
            size -= len(taken)
            yield taken
