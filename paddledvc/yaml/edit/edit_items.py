"""Add, take out and change items of a list in a text, and leave every other byte as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile, Problem, UnknownModel
from paddledvc.names import did_you_mean
from paddledvc.yaml.document import Path, render_path
from paddledvc.yaml.edit.lines import Edit, apply_edits, indent_block, newline_of
from paddledvc.yaml.quoting import is_plain, quote_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.yaml.edit.list_spans import Item, Items, Value

_COLUMN = re.compile(" {3,}(?=#)")
"""Spaces before a comment that somebody put in a column."""


def append_item(text: str, items: Items, entry: str) -> str:
    """Add an item after the last one, in the way the file writes its items.

    Comments below the last item stay below the new one, and so do examples in an empty list.

    Args:
        text: the whole file.
        items: where its list is.
        entry: the new item: a mapping, in lines without indentation.

    Raises:
        InvalidFile: the file ends with a text that would get another newline.
    """
    if items.open_end:
        message = "the file ends inside of this text; add a newline to its end first"
        raise _refusal(items, (len(items.items) - 1,), items.end, 1, message)
    newline = newline_of(text)
    text = text[: items.head] + text[items.tail :]
    lines = text.splitlines()
    block = indent_block(entry, items.indent + items.offset, newline)
    block[0] = f"{' ' * items.indent}-{block[0][items.indent + 1 :]}"
    if items.items and _is_apart(lines, items.items):
        block.insert(0, newline)
    elif not items.items and _is_note(lines, items.end, items.column):
        block.append(newline)
    return apply_edits(text, [Edit(items.end, items.end, block)])


def _is_apart(lines: Sequence[str], items: Sequence[Item]) -> bool:
    """Tell whether a blank line belongs between the last item and a new one."""
    last = items[-1]
    if last.keeps_blanks:
        return False
    if len(items) == 1:
        return last.end - last.start > 1
    return any(not line.strip() for line in lines[items[-2].end : last.start])


def _is_note(lines: Sequence[str], number: int, column: int) -> bool:
    """Tell whether a line is a comment further in than a column."""
    line = lines[number] if number < len(lines) else ""
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) > column


def remove_item(text: str, items: Items, name: str) -> str:
    """Take out an item, the comments directly above it, and the blank lines that set it apart.

    Raises:
        UnknownModel: there is no such item.
        InvalidFile: another line needs something of it, or two items have the name.
    """
    index = index_of(items, name)
    item = items.items[index]
    if item.obstacle:
        raise _refusal(items, (index,), item.start + 1, items.indent + 1, item.obstacle)
    edited = apply_edits(text, [Edit(*_extent(text.splitlines(), items, index), [])])
    if len(items.items) > 1:
        return edited
    # A list stays a list: a script of the user's may go through it without asking.
    return f"{edited[: items.head]} []{edited[items.head :]}"


def _extent(lines: Sequence[str], items: Items, index: int) -> tuple[int, int]:
    """Find the lines that go with an item: its own and the blank ones on one of its sides."""
    item, is_last = items.items[index], index == len(items.items) - 1
    previous = items.items[index - 1] if index else None
    start, end = item.above, item.end
    while not lines[start - 1].strip():
        start -= 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    if previous and previous.keeps_blanks:
        return item.above, end
    if start < item.above and (is_last or item.end < end):
        return start, item.end
    at_the_key = item.above == items.start + 1
    if at_the_key and (not is_last or _is_note(lines, end, items.column)):
        return item.above, end
    return item.above, item.end


def set_scalar(text: str, items: Items, name: str, key: str, value: str) -> str:
    """Put text in the place of one value of an item; add the key after the name if need be.

    The quotes stay where they can hold the new value, and a comment behind it keeps its column.

    Raises:
        UnknownModel: there is no such item.
        InvalidFile: the value cannot be exchanged, or two items have the name.
    """
    index = index_of(items, name)
    item = items.items[index]
    at = key if key in item.values else "name"
    place = item.values.get(at)
    if place is None:
        message = "found an alias; write the item itself here first"
        raise _refusal(items, (index,), item.start + 1, items.indent + 1, message)
    if place.obstacle:
        raise _refusal(items, (index, at), *_position(text, place.start), place.obstacle)
    return _exchanged(text, place, value) if at == key else _added(text, item, place, key, value)


def _exchanged(text: str, place: Value, value: str) -> str:
    written = text[place.start : place.end]
    new = _written(value, written[0])
    rest = text[place.end :]
    if column := _COLUMN.match(rest):
        gap = max(2, column.end() + len(written) - len(new))
        rest = " " * gap + rest[column.end() :]
    return text[: place.start] + new + rest


def _added(text: str, item: Item, name: Value, key: str, value: str) -> str:
    pair = f"{_written(key)}: {_written(value)}"
    if item.indent is None:
        return f"{text[: name.end]}, {pair}{text[name.end :]}"
    line = len(text[: name.end].splitlines())
    return apply_edits(text, [Edit(line, line, indent_block(pair, item.indent, newline_of(text)))])


def _written(value: str, style: str = "") -> str:
    """Write text in the quotes that it had, or without any where it needs none."""
    if style in ("'", '"'):
        return quote_text(value, style)
    return value if is_plain(value) else quote_text(value)


def index_of(items: Items, name: str) -> int:
    """Return the number of the item called ``name``.

    Raises:
        UnknownModel: there is none.
        InvalidFile: there are two.
    """
    found = [index for index, item in enumerate(items.items) if item.name == name]
    if not found:
        hint = did_you_mean(name, (item.name for item in items.items if item.name is not None))
        raise UnknownModel(f"{items.file} has no model {name!r}{hint}")
    if len(found) > 1:
        first, second = (items.items[index].start + 1 for index in found[:2])
        message = f"the name {name!r} is taken by the model in line {first}"
        raise _refusal(items, (found[1],), second, items.indent + 1, message)
    return found[0]


def require_meant(after: object, meant: object, file: str) -> None:
    """See that an edited file says exactly what was meant, before it is written.

    Args:
        after: what the edited text says.
        meant: what it is to say.
        file: its name, for the message.
    """
    if not _is_same(after, meant):
        raise AssertionError(f"the edited {file} does not say what was meant; nothing was written")


def _is_same(left: object, right: object) -> bool:
    """Compare values of YAML: 1, 1.0 and true are three, and nan is itself."""
    if isinstance(left, dict) and isinstance(right, dict):
        same_keys = left.keys() == right.keys()
        return same_keys and all(_is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_same, left, right))
    return repr(left) == repr(right)


def _position(text: str, offset: int) -> tuple[int, int]:
    """Find the line and the column of a character, both from 1."""
    lines = (text[:offset] + "x").splitlines()
    return len(lines), len(lines[-1])


def _refusal(items: Items, path: Path, line: int, column: int, message: str) -> InvalidFile:
    where = render_path((items.key, *path))
    return InvalidFile(
        [Problem(file=items.file, line=line, column=column, path=where, message=message)]
    )
