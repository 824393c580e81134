"""Messages of protobuf, taken apart without their description."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
"""Bytes of the kinds of fields that are always of one size."""
_TAGS = 2**32
"""What every tag is below; readers that keep 32 bits of one would take it for another."""


def list_messages(message: bytes, field: int) -> list[bytes]:
    """Pick the messages and texts of a field.

    >>> list_messages(bytes([0x0A, 2, 0x68, 0x69]), 1)
    [b'hi']
    """
    found = [value for key, value in _fields(message) if key == field]
    return [value for value in found if isinstance(value, bytes)]


def decode_text(message: bytes, field: int) -> str:
    """Read the only text of a field."""
    return list_messages(message, field)[0].decode()


def list_numbers(message: bytes, field: int) -> list[int]:
    """Pick the numbers of a field, each by itself or many in one."""
    numbers: list[int] = []
    for key, value in _fields(message):
        if key == field:
            numbers += [value] if isinstance(value, int) else _packed(value)
    return numbers


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def to_signed(number: int) -> int:
    """Give the int64 of which protobuf writes the 64 bits of the two's complement.

    >>> to_signed(2**64 - 1)
    -1
    """
    return number - (1 << 64) if number >= 1 << 63 else number


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Take a message of protobuf apart.

    Raises:
        IndexError: it ends too early.
        TypeError: it is none.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, kind = tag >> 3, tag & 7
        if tag >= _TAGS:
            raise TypeError(tag)
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield field, value
            continue
        size = _FIXED.get(kind)
        if kind == _BYTES:
            size, at = _varint(message, at)
        if size is None:
            raise TypeError(kind)
        if at + size > len(message):
            raise IndexError(at)
        yield field, message[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; return it and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte has no eighth bit
            return value, at
