"""A list of a file edited item by item: comments, order and quoting stay."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from paddledvc.errors import InvalidFile, Problem, UnknownModel
from paddledvc.names import suggest_name
from paddledvc.yaml.blocks import indent_block_lines, newline_of_blocks, strip_blank_block_lines
from paddledvc.yaml.document import Path, render_document_path
from paddledvc.yaml.edit.item_values import find_item_value_use, find_item_values
from paddledvc.yaml.edit.sections import find_section
from paddledvc.yaml.nodes import is_block_text_node, is_empty_node, last_leaf_node
from paddledvc.yaml.quoting import needs_no_quotes, quote_text
from paddledvc.yaml.reader import parse_yaml
from paddledvc.yaml.writer import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.yaml.edit.item_values import Use, Value
    from paddledvc.yaml.edit.sections import Section

_STEP = 2
"""Characters from a dash to the key behind it."""
_COLUMN = re.compile(" {3,}(?=#)")
"""Spaces before a comment that somebody put in a column."""
_HEADER = re.compile(r"(?:[!&]\S*\s+)*[|>]\d?(?P<chomping>[+-]?)")


@dataclass(frozen=True, slots=True)
class EditableList:
    r"""A top-level list in the text of a file; each edit gives the new text.

    Attributes:
        text: the whole file.
        file: its name, for messages.
        key: the key of the list.

    >>> models = EditableList("models: []  # ours\n", "models.yaml", "models")
    >>> print(models.append({"name": "a", "version": ">=3"}), end="")
    models:  # ours
      - name: a
        version: ">=3"
    """

    text: str
    file: str
    key: str

    def append(self, entry: Mapping[str, Any]) -> str:
        """Add an item after the last one.

        Raises:
            InvalidFile: the list cannot be edited by line.
        """
        section, before = self._section(), self._value()
        edited = append_list_item(section, dump_yaml(dict(entry), brackets=True))
        return self._checked(edited, before, [*(before[self.key] or []), dict(entry)])

    def remove(self, name: str) -> str:
        """Take out the item called ``name``.

        Raises:
            UnknownModel: there is no such item.
            InvalidFile: the list cannot be edited by line, or something else needs the item.
        """
        section, before = self._section(), self._value()
        edited, index = remove_list_item(section, name), index_in_list(section, name)
        meant = [item for at, item in enumerate(before[self.key]) if at != index]
        return self._checked(edited, before, meant)

    def set_scalar(self, name: str, key: str, value: str) -> str:
        """Put text in the place of one value of the item called ``name``.

        Raises:
            UnknownModel: there is no such item.
            InvalidFile: the list or the value cannot be edited by line.
        """
        section, before = self._section(), self._value()
        edited, index = set_list_scalar(section, name, key, value), index_in_list(section, name)
        meant = list(before[self.key])
        meant[index] = {**meant[index], key: value}
        return self._checked(edited, before, meant)

    def _section(self) -> Section:
        section = find_list(self.text, self.file, self.key)
        if section is None:
            message = f"expected a key `{self.key}:`"
            raise InvalidFile([Problem(file=self.file, line=1, column=1, path="", message=message)])
        return section

    def _value(self) -> dict[str, Any]:
        value: Any = parse_yaml(self.text, self.file).value
        return dict(value)

    def _checked(self, edited: str, before: dict[str, Any], meant: list[Any]) -> str:
        """Return an edited text that says what was meant."""
        after = parse_yaml(edited, self.file).value
        require_meant_edit(after, {**before, self.key: meant}, self.file)
        return edited


def require_meant_edit(after: object, meant: object, file: str) -> None:
    """See that an edited file says exactly what was meant, before it is written."""
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


def find_list(text: str, file: str, key: str) -> Section | None:
    """Find a top-level list and its items; None where there is no such key.

    Raises:
        InvalidFile: it cannot be edited by line, or is no list, or the file is not YAML.
    """
    section = find_section(text, file, key)
    if section is not None and (obstacle := _obstacle(section)):
        mark = section.key.start_mark
        raise _refusal(section, (), (mark.line + 1, mark.column + 1), obstacle)
    return section


def _obstacle(section: Section) -> str | None:
    """Say why a list cannot be edited by line; None where it can."""
    key, node = section.key, section.node
    if section.root.flow_style or section.head[: key.start_mark.column].strip():
        return f"expected `{key.value}:` on a line of its own"
    if section.text.startswith(("&", "!"), node.start_mark.index):
        return "found an alias, an anchor or a tag; write the list without them"
    if is_empty_node(node):
        noted = "#" in section.empty
        return f"found a comment before the value; write `{key.value}: []`" if noted else None
    if not isinstance(node, yaml.SequenceNode):
        return "expected a list, each item on lines of its own after a dash"
    if node.flow_style:
        own = "on lines of their own, each after a dash"
        return f"found a list in brackets; write the {key.value} {own}"
    return None


def append_list_item(section: Section, entry: str) -> str:
    """Add an item, in lines without indentation, after the last one as the file writes its items.

    Comments below the last item stay below the new one, and so do examples in an empty list.
    """
    blocks = section.blocks
    if is_open_list(section):
        message = "the file ends inside of this text; add a newline to its end first"
        at = (len(section.text.splitlines()), 1)
        raise _refusal(section, (len(blocks) - 1,), at, message)
    newline, indent = newline_of_blocks(section.text), section.indent
    added = indent_block_lines(entry, indent + offset_in_list(section), newline)
    added = f"{' ' * indent}-{added[indent + 1 :]}"
    if blocks and _is_apart(section):
        added = newline + added
    elif not blocks and _is_note(section.after, section):
        added += newline
    return section.rewrite((block.text for block in blocks), added)


def is_open_list(section: Section) -> bool:
    """Tell whether a newline at the end of the file would become part of a list's last text."""
    if not section.blocks or section.after or section.text.endswith(("\n", "\r")):
        return False
    return chomping_in_list(section, -1) in ("", "+")


def chomping_in_list(section: Section, index: int) -> str | None:
    """Say what a text below ``|`` or ``>`` that ends an item does with newlines: - + or none."""
    leaf = last_leaf_node(section.node.value[index])
    if not is_block_text_node(leaf):
        return None
    header = _HEADER.match(section.text, leaf.start_mark.index)
    return header["chomping"] if header else ""


def offset_in_list(section: Section) -> int:
    """Measure from the last dash with a mapping in its line to that mapping."""
    if section.blocks:
        for node, block in zip(reversed(section.node.value), reversed(section.blocks), strict=True):
            if node.start_mark.line + 1 == block.line and isinstance(node, yaml.MappingNode):
                return int(node.start_mark.column) - section.indent
    return _STEP


def _is_apart(section: Section) -> bool:
    """Tell whether a blank line belongs between the last item and a new one."""
    last = section.blocks[-1]
    if chomping_in_list(section, -1) == "+":
        return False
    if len(section.blocks) == 1:
        return len(last.body.splitlines()) > 1
    return any(not line.strip() for line in last.above.splitlines())


def _is_note(text: str, section: Section) -> bool:
    """Tell whether a text begins with a comment further in than the key of a list."""
    line = next(iter(text.splitlines()), "")
    deeper = len(line) - len(line.lstrip()) > section.key.start_mark.column
    return deeper and line.lstrip().startswith("#")


def remove_list_item(section: Section, name: str) -> str:
    """Take out an item, the comments directly above it, and the blank lines that set it apart."""
    index, blocks = index_in_list(section, name), section.blocks
    block, is_last = blocks[index], index == len(blocks) - 1
    if use := find_item_value_use(section, index):
        raise _refusal(section, (index,), (block.line, section.indent + 1), _needed(use))
    above = without_list_notes(block.above)
    apart = strip_blank_block_lines(above, at_end=True)
    rest = [*(below.text for below in blocks[index + 1 :]), section.after]
    close = strip_blank_block_lines(rest[0])
    if index and chomping_in_list(section, index - 1) == "+":
        rest[0] = close
    elif apart != above and (is_last or close != rest[0]):
        above = apart
    elif not index and not above and (not is_last or _is_note(close, section)):
        rest[0] = close
    # A list stays a list: a script of the user's may go through it without asking.
    head = section.head if len(blocks) > 1 else f"{section.head} []"
    kept = (*(before.text for before in blocks[:index]), above, *rest)
    return replace(section, head=head, after="").rewrite(kept)


def without_list_notes(above: str) -> str:
    """Leave the comments directly above an item out of what stands above it."""
    lines = above.splitlines(keepends=True)
    while lines and lines[-1].lstrip().startswith("#"):
        lines.pop()
    return "".join(lines)


def set_list_scalar(section: Section, name: str, key: str, value: str) -> str:
    """Put text in the place of one value of an item; add the key after the name if need be.

    The quotes stay where they can hold the new value, and a comment behind it keeps its column.
    """
    index = index_in_list(section, name)
    values = values_in_list(section, index)
    at = key if key in values else "name"
    place = values.get(at)
    if place is None:
        message = "found an alias; write the item itself here first"
        line = section.blocks[index].line
        raise _refusal(section, (index,), (line, section.indent + 1), message)
    if place.obstacle:
        lines = f"{section.text[: place.start]}.".splitlines()
        raise _refusal(section, (index, at), (len(lines), len(lines[-1])), place.obstacle)
    if at == key:
        return _exchanged(section, place, value)
    return _added(
        section, column_in_list(section, index), place, f"{_written(key)}: {_written(value)}"
    )


def _exchanged(section: Section, place: Value, value: str) -> str:
    written = section.text[place.start : place.end]
    new, end = _written(value, written[0]), place.end
    if column := _COLUMN.match(section.text, end):
        new += " " * max(2, len(column[0]) + len(written) - len(new))
        end = column.end()
    return section.exchange(place.start, end, new)


def _added(section: Section, column: int | None, name: Value, pair: str) -> str:
    """Add a pair behind the name of an item in braces, else on the line below the name."""
    if column is None:
        return section.exchange(name.end, name.end, f", {pair}")
    text = section.text
    line = len(text[: name.end].splitlines())
    end = len("".join(text.splitlines(keepends=True)[:line]))
    newline = newline_of_blocks(text)
    gap = newline if text[:end] == text and not text.endswith("\n") else ""
    return section.exchange(end, end, gap + indent_block_lines(pair, column, newline))


def _written(value: str, style: str = "") -> str:
    """Write text in the quotes that it had, or without any where it needs none."""
    if style in ("'", '"'):
        return quote_text(value, style)
    return value if needs_no_quotes(value) else quote_text(value)


def _is_here(section: Section, index: int) -> bool:
    """Tell whether an item stands behind its dash, or is an alias of something above."""
    return bool(section.node.value[index].start_mark.line + 1 >= section.blocks[index].line)


def column_in_list(section: Section, index: int) -> int | None:
    """Find the spaces before the keys of an item; None where it is in braces or no mapping."""
    node = section.node.value[index]
    if not _is_here(section, index) or not isinstance(node, yaml.MappingNode):
        return None
    return int(node.value[0][0].start_mark.column) if node.value and not node.flow_style else None


def values_in_list(section: Section, index: int) -> dict[str, Value]:
    """Find the values of an item by key, those that a merge key brings among them."""
    node, use = section.node.value[index], find_item_value_use(section, index)
    if not isinstance(node, yaml.MappingNode) or not _is_here(section, index):
        return {}
    return find_item_values(node, section.text, _needed(use) if use and use.whole else None)


def _needed(use: Use) -> str:
    return f"line {use.line} repeats a part of it; write that out there"


def index_in_list(section: Section, name: str) -> int:
    """Return the number of the only item called ``name``."""
    names = [block.key[-1] for block in section.blocks]
    found = [index for index, known in enumerate(names) if known == name]
    if not found:
        hint = suggest_name(name, filter(None, names))
        raise UnknownModel(f"{section.file} has no model {name!r}{hint}")
    if len(found) > 1:
        first, second = (section.blocks[index].line for index in found[:2])
        message = f"the name {name!r} is taken by the model in line {first}"
        raise _refusal(section, (found[1],), (second, section.indent + 1), message)
    return found[0]


def _refusal(section: Section, path: Path, at: tuple[int, int], message: str) -> InvalidFile:
    where = render_document_path((section.key.value, *path))
    line, column = at
    return InvalidFile(
        [Problem(file=section.file, line=line, column=column, path=where, message=message)]
    )
