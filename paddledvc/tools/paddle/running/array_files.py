"""Files of NumPy's, read in no more memory than they have bytes of arrays.

A header that says more than follows it makes NumPy ask for all of that memory, and a thousand times
the size of a file may be packed in it.
"""

from __future__ import annotations

import math
import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc.comparison.samples import Array

UNPACKED = 2**29
"""Bytes that an .npz may unpack to beyond its own size."""
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npy_file(file: IO[bytes], size: int) -> Array:
    """Read a .npy file.

    Args:
        file: the file, at its start.
        size: its bytes.

    Raises:
        ValueError: it is none, or shorter than its header says.

    >>> import io
    >>> file = io.BytesIO()
    >>> np.save(file, np.zeros(3))
    >>> size = file.seek(0, io.SEEK_END) - 8
    >>> _ = file.seek(0)
    >>> read_npy_file(file, size)
    Traceback (most recent call last):
    ValueError: its header says 24 bytes of data, and 16 follow
    """
    read_magic: Callable[..., Any] = np.lib.format.read_magic  # untyped before NumPy 2.3
    version = read_magic(file)
    if version not in _HEADERS:
        raise ValueError("it holds no plain numbers")
    read_header: Callable[..., Any] = _HEADERS[version]
    shape, _, dtype = read_header(file)
    said, follow = math.prod(shape) * dtype.itemsize, size - file.tell()
    if said > follow:
        raise ValueError(f"its header says {said:,} bytes of data, and {follow:,} follow")
    file.seek(0)
    read_array: Callable[..., Array] = np.lib.format.read_array
    return read_array(file, allow_pickle=False)


def read_npz_file(file: IO[bytes], size: int) -> dict[str, Array]:
    """Read the arrays of an .npz file, by their names.

    Args:
        file: the file.
        size: its bytes.

    Raises:
        ValueError: it is none, or packs much more than its own size.
    """
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > size + UNPACKED:
            raise ValueError(
                f"its {size:,} bytes unpack to {unpacked:,}, expected {size + UNPACKED:,} at most; "
                "write it with np.savez, which does not pack"
            )
        arrays = {}
        for part in parts:
            # Others may ask for gigabytes to unpack a few bytes.
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{part.filename[:100]} is packed as NumPy packs nothing")
            with archive.open(part) as member:
                name = part.filename.removesuffix(".npy")
                arrays[name] = read_npy_file(member, part.file_size)
        return arrays
