"""Edits of whole lines of a text, which leave every other byte as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Edit(NamedTuple):
    """Lines from ``start`` to before ``end``, from 0, and what takes their place."""

    start: int
    end: int
    lines: list[str]


def newline_of(text: str) -> str:
    """Tell how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def apply(text: str, edits: Iterable[Edit]) -> str:
    r"""Apply edits to a text, from the last to the first, so that the numbers of lines stay right.

    >>> apply("a\nb", [Edit(2, 2, ["c\n"]), Edit(0, 1, [])])
    'b\nc\n'
    """
    lines = text.splitlines(keepends=True)
    result = list(lines)
    for edit in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        before = edit.start - 1
        if edit.lines and 0 <= before == len(lines) - 1 and not result[before].endswith("\n"):
            result[before] += newline_of(text)
        result[edit.start : edit.end] = edit.lines
    return "".join(result)


def indented(block: str, indent: int, newline: str) -> list[str]:
    """Indent the lines of a block, and end them as the lines of the file end."""
    return [" " * indent * bool(line) + line + newline for line in block.splitlines()]
