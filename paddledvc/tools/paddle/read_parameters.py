"""The parameters of exported files, read without Paddle and a piece at a time.

A ``.pdiparams`` is one tensor after the other, each with its type and sizes before its bytes and
none with its name. They come sorted by the names that the program has for them.
"""

from __future__ import annotations

import math
import struct
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from paddledvc.comparison.parameters import Parameter
from paddledvc.errors import InvalidInput
from paddledvc.tools.paddle.core.program_outputs import (
    describe_protobuf_tensor,
    parameters_of_json,
    parameters_of_protobuf,
)

if TYPE_CHECKING:
    from pathlib import PurePath

NAMERS = {".json": parameters_of_json, ".pdmodel": parameters_of_protobuf}
"""Who reads the names of parameters, by the end of the program's name."""
SIZES = {
    "bool": 1,
    "uint8": 1,
    "float16": 2,
    "bfloat16": 2,
    **{f"int{bits}": bits // 8 for bits in (8, 16, 32, 64)},
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}
"""Bytes of an element."""
PIECE = 1 << 22
"""Bytes that are in memory at once."""
DESCRIBED = 1 << 12
"""Bytes that a type and sizes never take."""


def read_exported_parameters(program: PurePath) -> tuple[Parameter, ...]:
    """Read the parameters of exported files.

    Args:
        program: path of the files without their suffix.

    Raises:
        InvalidInput: the file of the parameters cannot be read; the message says why, as a clause.
    """
    file = Path(f"{program}.pdiparams")
    if not file.is_file():  # of a network without any there is none
        return ()
    try:
        with file.open("rb") as stream:
            found = _tensors(stream, file.stat().st_size)
    except OSError as error:
        raise InvalidInput(f"{file.name} cannot be read ({error.strerror})") from error
    except (ArithmeticError, LookupError, TypeError, ValueError, struct.error) as error:
        raise InvalidInput(f"{file.name} is no file of parameters") from error
    names = sorted(_names(program))
    if len(names) != len(found):
        names = [""] * len(found)
    return tuple(
        Parameter(name=name, shape=shape, dtype=dtype, digests={dtype: digest})
        for name, (shape, dtype, digest) in zip(names, found, strict=True)
    )


def _names(program: PurePath) -> tuple[str, ...]:
    for suffix, reader in NAMERS.items():
        file = Path(f"{program}{suffix}")
        if file.is_file():
            try:
                return reader(file.read_bytes())
            except (OSError, ValueError):  # without names they can be compared all the same
                return ()
    return ()


def _tensors(stream: IO[bytes], size: int) -> list[tuple[tuple[int, ...], str, str]]:
    """Take the tensors apart: sizes, type and digest of each."""
    found = []
    while stream.tell() < size:
        _, levels = struct.unpack("<IQ", stream.read(12))
        for _ in range(levels):
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > size:
                raise ValueError(length)
            stream.seek(length, 1)
        _, length = struct.unpack("<Ii", stream.read(8))
        if not 0 <= length <= DESCRIBED:
            raise ValueError(length)
        dtype, shape = describe_protobuf_tensor(stream.read(length))
        left = math.prod(shape) * SIZES[dtype]
        if left > size - stream.tell():
            raise ValueError(left)
        digest = sha256()
        while left:
            if not (piece := stream.read(min(left, PIECE))):
                raise ValueError(left)
            digest.update(piece)
            left -= len(piece)
        found.append((shape, dtype, digest.hexdigest()))
    return found
