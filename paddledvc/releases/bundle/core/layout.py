"""The bytes of a bundle's archive: a tar that follows from its list of files, to the last bit.

Whoever reads one need not interpret it: each header is known before, and anything else is refused.
Nothing is compressed, for weights do not become smaller.
"""

from __future__ import annotations

import math
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paddledvc.releases.bundle.core.manifest import BundledFile

MODE = 0o644
LAST_TIME = 8**11 - 1
"""The latest time that a header of a tar holds."""
MOST_PARTS = 999
SMALLEST_PART = 1000
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))? ?([kKMGT]?)(i?)[bB]?")
_UNITS = "kmgt"
_TYPES = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a folder",
    tarfile.FIFOTYPE: "a pipe",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Bytes of an archive, one after the other.

    Attributes:
        start: where they begin.
        size: how many they are.
        path: the file that they belong to; empty for the end of the archive.
        data: the bytes where they follow from the list of files; None for those of a file itself.
        file: that file.
    """

    start: int
    size: int
    path: str = ""
    data: bytes | None = None
    file: BundledFile | None = None


def lay_out(files: Sequence[BundledFile], time: int) -> tuple[Piece, ...]:
    """Say which bytes an archive has.

    Args:
        files: the files, in their order.
        time: when all of them were changed, as the archive says.

    >>> from paddledvc.releases.bundle.core.manifest import BundledFile
    >>> one = BundledFile(path="a", size=3, md5="", sha256="")
    >>> [piece.size for piece in lay_out([one], 0)]
    [512, 3, 509, 9216]
    """
    found: list[Piece] = []
    end = 0

    def add(size: int, path: str, data: bytes | None, file: BundledFile | None = None) -> None:
        nonlocal end
        if size or file is not None:
            found.append(Piece(start=end, size=size, path=path, data=data, file=file))
            end += size

    for file in files:
        header = _header(file, time)
        add(len(header), file.path, header)
        add(file.size, file.path, None, file)
        add(padding := -file.size % tarfile.BLOCKSIZE, file.path, bytes(padding))
    closing = 2 * tarfile.BLOCKSIZE
    closing += -(end + closing) % tarfile.RECORDSIZE
    add(closing, "", bytes(closing))
    return tuple(found)


def _header(file: BundledFile, time: int) -> bytes:
    info = tarfile.TarInfo(file.path)
    info.size, info.mode, info.mtime = file.size, MODE, min(time, LAST_TIME)
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def explain_header(found: bytes) -> str:
    """Say what stands in an archive in the place of a header, as the end of a sentence.

    >>> explain_header(bytes(512))
    'found no header'
    """
    try:
        info = tarfile.TarInfo.frombuf(found[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return "found no header"
    kind = _TYPES.get(info.type, "another entry")
    return f"found {kind} {info.name!a} of {info.size:,} bytes"


def archive_size(pieces: Sequence[Piece]) -> int:
    """Count the bytes of an archive."""
    return pieces[-1].start + pieces[-1].size


def split_archive(total: int, most: int | None) -> tuple[tuple[int, int], ...]:
    """Say where each part of an archive begins and ends.

    Args:
        total: bytes of the archive.
        most: bytes that a part may have; None for one part.

    Raises:
        InvalidInput: it would have too many parts.

    >>> split_archive(10, None), split_archive(2500, 1000)
    (((0, 10),), ((0, 1000), (1000, 2000), (2000, 2500)))
    """
    if most is None:
        return ((0, total),)
    if (count := -(-total // most)) > MOST_PARTS:
        raise InvalidInput(
            f"--split would make {count:,} parts, expected {MOST_PARTS} at most; "
            f"use {-(-total // MOST_PARTS):,} bytes or more"
        )
    return tuple((start, min(start + most, total)) for start in range(0, total, most))


def cut_pieces(pieces: Sequence[Piece], start: int, end: int) -> Iterator[tuple[Piece, int, int]]:
    """Yield the pieces that a part has bytes of, and from where to where in each."""
    for piece in pieces:
        first, last = max(start, piece.start), min(end, piece.start + piece.size)
        if first < last:
            yield piece, first - piece.start, last - piece.start


def parse_size(text: str) -> int:
    """Read a size that people write: in bytes, or with ``k``, ``M``, ``G``, ``T``, or ``MiB``.

    Raises:
        InvalidInput: it is none, or too small for a part.

    >>> parse_size("4.5GB"), parse_size("650M"), parse_size("1GiB")
    (4500000000, 650000000, 1073741824)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or (found[4] and not found[3]):
        raise InvalidInput(f"{text!r} is no size; expected one such as 4GB, 650MB or 2GiB")
    base = 1024 if found[4] else 1000
    factor = math.prod([base] * (_UNITS.index(found[3].lower()) + 1)) if found[3] else 1
    decimals = found[2] or ""
    size = int(found[1] + decimals) * factor // int(f"1{'0' * len(decimals)}")
    if size < SMALLEST_PART:
        raise InvalidInput(
            f"a part of {text!r} is too small; expected {SMALLEST_PART} bytes or more"
        )
    return size
