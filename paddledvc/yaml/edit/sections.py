"""Change some entries of a text's sections and leave every other byte as it is.

dvc.yaml belongs to people; a YAML library that reads and writes it would reformat what they wrote.
So only whole entries of ours are replaced, by line, in the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.edit.lines import (
    Edit,
    apply_edits,
    block_end,
    content_end,
    indent_block,
    newline_of,
    text_end,
    top_level,
)
from paddledvc.yaml.nodes import compose_nodes, read_scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One key of a section and the lines it takes, from ``start`` to before ``end``, from 0."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A top-level mapping of the text.

    Attributes:
        start: line of its key, from 0.
        end: line after its last entry.
        indent: spaces before the names of its entries.
        entries: its entries in their order; empty where the section holds nothing.
    """

    start: int
    end: int
    indent: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What to do with the entries of one section.

    Attributes:
        replace: new blocks of entries that are there, by name; their order in the file stays.
        remove: names of entries to take out.
        append: new blocks, put after the last entry in this order.
    """

    replace: Mapping[str, str]
    remove: frozenset[str]
    append: Sequence[str]

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.replace or self.remove or self.append)


def splice_section(text: str, key: str, section: Section | None, changes: Changes) -> str:
    r"""Apply changes to one section of a text.

    Args:
        text: the whole file.
        key: name of the section.
        section: where it is; None where the text has no such section.
        changes: the blocks are written without indentation and end in a newline.

    >>> print(splice_section("vars: []\n", "stages", None, Changes(
    ...     replace={}, remove=frozenset(), append=["a:\n  cmd: x\n"])), end="")
    vars: []
    <BLANKLINE>
    stages:
      a:
        cmd: x
    """
    if not changes:
        return text
    newline = newline_of(text)
    lines = text.splitlines(keepends=True)
    if section is None:
        head = [newline] if lines else []
        body = [line for block in changes.append for line in indent_block(block, 2, newline)]
        edits = [Edit(len(lines), len(lines), [*head, f"{key}:{newline}", *body])]
    elif changes.append or any(entry.name not in changes.remove for entry in section.entries):
        edits = _edits(lines, key, section, changes, newline)
    else:
        edits = _closing(lines, key, section, newline)
    return apply_edits(text, edits)


def _edits(
    lines: list[str], key: str, section: Section, changes: Changes, newline: str
) -> list[Edit]:
    edits = [
        Edit(
            entry.start,
            entry.end,
            indent_block(changes.replace.get(entry.name, ""), section.indent, newline),
        )
        for entry in section.entries
        if entry.name in changes.replace or entry.name in changes.remove
    ]
    added = [
        line for block in changes.append for line in indent_block(block, section.indent, newline)
    ]
    if section.entries:
        return [*edits, Edit(section.end, section.end, added)]
    comment = re.search(r"\s+#.*", lines[section.start].rstrip("\r\n"))
    head = f"{key}:{comment.group() if comment else ''}{newline}"
    return [Edit(section.start, section.end, [head, *added])]


def _closing(lines: list[str], key: str, section: Section, newline: str) -> list[Edit]:
    """Take out a section of which nothing stays, unless people wrote comments into it."""
    edits = [Edit(entry.start, entry.end, []) for entry in section.entries]
    ours = {number for entry in section.entries for number in range(entry.start, entry.end)}
    head = lines[section.start].rstrip("\r\n")
    notes = [n for n in range(section.start + 1, section.end) if n not in ours and lines[n].strip()]
    if notes:
        # An empty mapping must be written out, or DVC takes the section for null and refuses it.
        rest = head[head.index(":", head.index(key) + len(key)) + 1 :]
        empty = f"{key}: {{}}{rest}{newline}"
        return [Edit(section.start, section.start + 1, [empty]), *edits]
    start = section.start
    while section.end == len(lines) and start > 0 and not lines[start - 1].strip():
        start -= 1
    return [Edit(start, section.end, [])]


def outline_section(text: str, file: str, key: str) -> Section | None:
    """Find the lines of a top-level section and of its entries; None where there is no such key.

    Raises:
        InvalidFile: the section is written in one line as ``{…}``, or is no mapping.
    """
    found = top_level(compose_nodes(text, file), key)
    if found is None:
        return None
    key_node, value_node = found
    start = key_node.start_mark.line
    if isinstance(value_node, yaml.ScalarNode) and read_scalar(value_node) is None:
        return Section(start=start, end=start + 1, indent=2, entries=())
    if isinstance(value_node, yaml.MappingNode) and not value_node.value:
        return Section(start=start, end=value_node.end_mark.line + 1, indent=2, entries=())
    if not isinstance(value_node, yaml.MappingNode) or value_node.flow_style:
        message = "expected entries on lines of their own, not in braces or a list"
        problem = Problem(file=file, line=start + 1, column=1, path=key, message=message)
        raise InvalidFile([problem])
    return _section(text.splitlines(), start, value_node)


def _section(lines: list[str], start: int, node: yaml.MappingNode) -> Section:
    indent = node.value[0][0].start_mark.column
    starts = [key.start_mark.line for key, _ in node.value]
    ends = [
        max(content_end(lines, end, indent), text_end(value))
        for end, (_, value) in zip((*starts[1:], block_end(lines, node)), node.value, strict=True)
    ]
    entries = tuple(
        Entry(name=str(key.value), start=first, end=end)
        for (key, _), first, end in zip(node.value, starts, ends, strict=True)
    )
    return Section(start=start, end=ends[-1], indent=indent, entries=entries)
