"""The parameters of exported files, read without Paddle and a piece at a time.

A ``.pdiparams`` is one tensor after the other, each with its type and sizes before its bytes and
none with its name. They come sorted by the names that the program has for them.
"""

from __future__ import annotations

import math
import os
import struct
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from paddledvc.comparison.parameters import Parameter
from paddledvc.errors import InvalidInput
from paddledvc.tools.paddle.core.program_outputs import describe_protobuf_tensor
from paddledvc.tools.paddle.read_program import PARAMETERS, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import PurePath

    from paddledvc.comparison.samples import Array

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
    if not Path(f"{program}{WEIGHTS}").is_file():  # of a network without any there is none
        return ()
    found = []
    with _open(program) as stream:
        for shape, dtype, size in _walk(stream):
            found.append((shape, dtype, _digest(stream, size)))
    names = sorted(_names(program))
    if len(names) != len(found):
        names = [""] * len(found)
    return tuple(
        Parameter(name=name, shape=shape, dtype=dtype, digests={dtype: digest})
        for name, (shape, dtype, digest) in zip(names, found, strict=True)
    )


def read_exported_values(program: PurePath, numbers: Container[int]) -> dict[int, Array]:
    """Read the values of some parameters, by their places in the file.

    Raises:
        InvalidInput: the file cannot be read.
    """
    found = {}
    with _open(program) as stream:
        for number, (shape, dtype, size) in enumerate(_walk(stream)):
            if number in numbers:
                data = stream.read(size)
                # The bits of bfloat16 are the first of float32.
                array = np.frombuffer(data, "uint16" if dtype == "bfloat16" else dtype)
                if dtype == "bfloat16":
                    array = (array.astype("uint32") << 16).view("float32")
                found[number] = array.reshape(shape)
            else:
                stream.seek(size, 1)
    return found


@contextmanager
def _open(program: PurePath) -> Iterator[IO[bytes]]:
    file = Path(f"{program}{WEIGHTS}")
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise InvalidInput(f"{file.name} cannot be read ({error.strerror})") from error
    except (ArithmeticError, LookupError, TypeError, ValueError, struct.error) as error:
        raise InvalidInput(f"{file.name} is no file of parameters") from error


def _names(program: PurePath) -> tuple[str, ...]:
    for suffix, reader in PARAMETERS.items():
        file = Path(f"{program}{suffix}")
        if file.is_file():
            try:
                return reader(file.read_bytes())
            except (OSError, ValueError):  # without names they can be compared all the same
                return ()
    return ()


def _walk(stream: IO[bytes]) -> Iterator[tuple[tuple[int, ...], str, int]]:
    """Tell of one tensor after the other its sizes, type and bytes, which are to be read then."""
    end = os.fstat(stream.fileno()).st_size
    while stream.tell() < end:
        _, levels = struct.unpack("<IQ", stream.read(12))
        for _ in range(levels):
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > end:
                raise ValueError(length)
            stream.seek(length, 1)
        _, length = struct.unpack("<Ii", stream.read(8))
        if not 0 <= length <= DESCRIBED:
            raise ValueError(length)
        dtype, shape = describe_protobuf_tensor(stream.read(length))
        size = math.prod(shape) * SIZES[dtype]
        if size > end - stream.tell():
            raise ValueError(size)
        yield shape, dtype, size


def _digest(stream: IO[bytes], size: int) -> str:
    digest = sha256()
    while size:
        if not (piece := stream.read(min(size, PIECE))):
            raise ValueError(size)
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()
