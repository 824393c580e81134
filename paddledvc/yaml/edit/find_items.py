"""Where the items of a list stand, for editing a file without reformatting it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.edit.lines import (
    block_end,
    content_end,
    is_block_text,
    last_leaf,
    text_end,
    top_level,
)
from paddledvc.yaml.edit.list_spans import Item, Items, Value
from paddledvc.yaml.edit.values import Use, find_uses, find_values, merged_values
from paddledvc.yaml.nodes import compose_nodes, read_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEADER = re.compile(r"(?:[!&]\S*\s+)*[|>]\d?(?P<chomping>[+-]?)")
STEP = 2
"""Characters from a dash to the key behind it, and from a key to the dashes below it."""


def find_items(text: str, file: str, key: str) -> Items | None:
    r"""Find a top-level list and its items; None where there is no such key.

    Args:
        text: the YAML.
        file: its name, for messages.
        key: the key of the list.

    Raises:
        InvalidFile: it cannot be edited by line, or is no list, or the file is not YAML.

    >>> found = find_items("models:\n  # the first\n  - name: a\n", "models.yaml", "models")
    >>> [(item.name, item.above, item.start, item.end) for item in found.items]
    [('a', 1, 2, 3)]
    """
    root = compose_nodes(text, file)
    pair = top_level(root, key)
    if not isinstance(root, yaml.MappingNode) or pair is None:
        return None
    section = _Section(text, int(text.startswith("\ufeff")), root, *pair)
    if obstacle := _obstacle(section):
        mark = section.key.start_mark
        problem = Problem(
            file=file, line=mark.line + 1, column=mark.column + 1, path=key, message=obstacle
        )
        raise InvalidFile([problem])
    return _read_list(section, file)


class _Section(NamedTuple):
    """A top-level key and its value; ``shift`` counts the characters that no mark counts."""

    text: str
    shift: int
    root: yaml.MappingNode
    key: yaml.ScalarNode
    node: yaml.Node

    @property
    def head(self) -> int:
        """The character after the key's colon."""
        return self.text.index(":", self.key.end_mark.index + self.shift) + 1

    @property
    def tail(self) -> int:
        """The character after the value."""
        return int(self.node.end_mark.index) + self.shift

    @property
    def empty(self) -> bool:
        """Whether the value is null, or a list or mapping of nothing."""
        if isinstance(self.node, yaml.ScalarNode):
            return read_scalar(self.node) is None
        return not self.node.value


def _obstacle(section: _Section) -> str | None:
    """Say why a list cannot be edited by line; None where it can."""
    text, shift, root, key, node = section
    before = text[shift:].splitlines()[key.start_mark.line][: key.start_mark.column]
    if root.flow_style or before.strip():
        return f"expected `{key.value}:` on a line of its own"
    if text.startswith(("&", "!"), node.start_mark.index + shift):
        return "found an alias, an anchor or a tag; write the list without them"
    if section.empty:
        noted = "#" in text[section.head : section.tail]
        return f"found a comment before the value; write `{key.value}: []`" if noted else None
    if not isinstance(node, yaml.SequenceNode):
        return "expected a list, each item on lines of its own after a dash"
    if node.flow_style:
        own = "on lines of their own, each after a dash"
        return f"found a list in brackets; write the {key.value} {own}"
    return None


def _read_list(section: _Section, file: str) -> Items:
    """Read a list that has no obstacle."""
    text, _, _, key, node = section
    lines = text.splitlines()
    nodes = node.value if isinstance(node, yaml.SequenceNode) else []
    found = tuple(_items(section, node, lines)) if nodes else ()
    return Items(
        file=file,
        key=key.value,
        start=key.start_mark.line,
        end=found[-1].end if found else key.start_mark.line + 1,
        column=key.start_mark.column,
        head=section.head,
        tail=section.head if found else section.tail,
        indent=node.start_mark.column if found else key.start_mark.column + STEP,
        offset=_offset(nodes, found, node.start_mark.column),
        open_end=bool(found) and found[-1].end == len(lines) and _is_open(section, nodes[-1]),
        items=found,
    )


def _items(section: _Section, node: yaml.Node, lines: list[str]) -> Iterator[Item]:
    indent = node.start_mark.column
    starts = list(_starts(node, lines))
    used = find_uses(section.root, node, starts)
    floor = section.key.start_mark.line + 1
    limits = (*starts[1:], block_end(lines, node))
    for index, (child, start, limit) in enumerate(zip(node.value, starts, limits, strict=True)):
        use = used.get(index)
        item = Item(
            name=_name(child),
            above=_above(lines, start, floor),
            start=start,
            end=max(content_end(lines, limit, indent), text_end(child)),
            indent=_key_column(child) if _is_here(child, start) else None,
            values=_values(section, child, start, use),
            obstacle=_needed(use),
            keeps_blanks=_chomping(child, section) == "+",
        )
        yield item
        floor = item.end


def _starts(node: yaml.Node, lines: list[str]) -> Iterator[int]:
    """Find the lines of the dashes; an alias behind a dash does not know where it stands."""
    line, indent = node.start_mark.line, node.start_mark.column
    for child in node.value:
        while lines[line][:indent].strip() or not lines[line].startswith("-", indent):
            line += 1
        yield line
        line = max(line + 1, text_end(child))


def _above(lines: list[str], start: int, floor: int) -> int:
    """Find the first line of the comments directly above a line."""
    while start > floor and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _is_here(child: yaml.Node, start: int) -> bool:
    """Tell whether an item stands behind its dash, or is an alias of something above."""
    return bool(child.start_mark.line >= start)


def _needed(use: Use | None) -> str | None:
    return None if use is None else f"line {use.line} repeats a part of it; write that out there"


def _key_column(child: yaml.Node) -> int | None:
    if not isinstance(child, yaml.MappingNode) or child.flow_style or not child.value:
        return None
    return int(child.value[0][0].start_mark.column)


def _name(child: yaml.Node) -> str | None:
    if not isinstance(child, yaml.MappingNode):
        return None
    own = (value for key, value in child.value if key.value == "name")
    name = next(own, None) or merged_values(child).get("name")
    return name.value if isinstance(name, yaml.ScalarNode) else None


def _values(
    section: _Section, child: yaml.Node, start: int, use: Use | None
) -> Mapping[str, Value]:
    if not isinstance(child, yaml.MappingNode) or not _is_here(child, start):
        return {}
    whole = use is not None and use.whole
    return find_values(child, section.text, section.shift, _needed(use) if whole else None)


def _offset(nodes: list[yaml.Node], found: tuple[Item, ...], indent: int) -> int:
    """Measure from the last dash with a mapping in its line to that mapping."""
    for child, item in zip(reversed(nodes), reversed(found), strict=True):
        if child.start_mark.line == item.start and isinstance(child, yaml.MappingNode):
            return int(child.start_mark.column) - indent
    return STEP


def _chomping(node: yaml.Node, section: _Section) -> str | None:
    """Say what a text below ``|`` or ``>`` at the end of a node does with newlines: - + or none."""
    leaf = last_leaf(node)
    if not is_block_text(leaf):
        return None
    header = _HEADER.match(section.text, leaf.start_mark.index + section.shift)
    return header["chomping"] if header else ""


def _is_open(section: _Section, last: yaml.Node) -> bool:
    """Tell whether a newline at the end of the file would become part of its last text."""
    return not section.text.endswith(("\n", "\r")) and _chomping(last, section) in ("", "+")
