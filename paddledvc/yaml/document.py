"""A parsed file that still knows where each of its values stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from paddledvc.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes that lead to a value: ``("models", 1, "md5")``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Where a value stands in its file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The value of a file, and the way back from any part of it to the text.

    Attributes:
        file: the file as people name it.
        text: what stands in it.
        value: the whole value: mappings, lists and scalars.
        position: the position of the value at a path, or of its key.
        written: the scalar at a path as it was typed, before it became a number or a date.
    """

    file: str
    text: str
    value: object
    position: Callable[[Path, bool], Position]
    written: Callable[[Path], str]

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """Say that something is wrong with the value at ``path``."""
        position = self.position(path, at_key)
        return Problem(
            file=self.file,
            line=position.line,
            column=position.column,
            path=render_document_path(path),
            message=message,
        )


def render_document_path(path: Path) -> str:
    """Write a path as people do.

    >>> render_document_path(("models", 1, "md5"))
    'models[1].md5'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
