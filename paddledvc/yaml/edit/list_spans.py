"""Where the items of a list stand in the text of a file, as whoever edits it needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """The value of one key of an item, as a range of the text's characters, from 0.

    Attributes:
        start: its first character; a quote is part of it.
        end: the character after its last one.
        obstacle: why no other value can be put in its place; None where one can.
    """

    start: int
    end: int
    obstacle: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of a list and the lines it takes, from 0.

    Attributes:
        name: the value of its key ``name``; None where it has none.
        above: the first line of the comments directly above it; ``start`` where there are none.
        start: the line of its dash.
        end: the line after its last one; what belongs to the next item comes later.
        indent: spaces before its keys; None where it is written in braces, or is no mapping.
        values: its values by key, those that a merge key brings among them.
        obstacle: why the file needs it where it is; None where it can be taken out.
        keeps_blanks: whether blank lines below it are part of its last text (``|+``).
    """

    name: str | None
    above: int
    start: int
    end: int
    indent: int | None
    values: Mapping[str, Value]
    obstacle: str | None
    keeps_blanks: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """A top-level list of a file.

    Attributes:
        file: the file as people name it.
        key: the key of the list.
        start: the line of the key, from 0.
        end: the line after the last item; that after the key where there is none.
        column: spaces before the key.
        head: the character after the key's colon, from 0 in the text.
        tail: the character after what says that the list is empty, such as ``[]`` or ``null``;
            ``head`` where nothing says so.
        indent: spaces before the dashes.
        offset: characters from a dash to the first key behind it.
        open_end: whether a newline at the end of the file would become part of its last text.
        items: the items in their order.
    """

    file: str
    key: str
    start: int
    end: int
    column: int
    head: int
    tail: int
    indent: int
    offset: int
    open_end: bool
    items: tuple[Item, ...]
