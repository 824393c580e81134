"""Change some entries of a text's sections and leave every other byte as it is.

dvc.yaml belongs to people; a YAML library that reads and writes it would reformat what they wrote.
So only whole entries of ours are replaced, by line, in the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def splice(text: str, key: str, section: Section | None, changes: Changes) -> str:
    r"""Apply changes to one section of a text.

    Args:
        text: the whole file.
        key: name of the section.
        section: where it is; None where the text has no such section.
        changes: the blocks are written without indentation and end in a newline.

    >>> print(splice("vars: []\n", "stages", None, Changes(
    ...     replace={}, remove=frozenset(), append=["a:\n  cmd: x\n"])), end="")
    vars: []
    <BLANKLINE>
    stages:
      a:
        cmd: x
    """
    if not changes:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    if section is None:
        gap = [newline] if lines else []
        section = Section(start=len(lines) + len(gap), end=0, indent=2, entries=())
        lines += [*gap, f"{key}:{newline}"]
        section = Section(start=section.start, end=len(lines), indent=2, entries=())
    result = _edit(lines, key, section, changes, newline)
    return "".join(result)


def _edit(
    lines: list[str], key: str, section: Section, changes: Changes, newline: str
) -> list[str]:
    kept = [entry for entry in section.entries if entry.name not in changes.remove]
    if not kept and not changes.append:
        return _without_section(lines, section)
    edits: list[tuple[int, int, list[str]]] = [
        (entry.start, entry.end, _block(changes.replace.get(entry.name), section.indent, newline))
        for entry in section.entries
        if entry.name in changes.replace or entry.name in changes.remove
    ]
    added = [line for block in changes.append for line in _block(block, section.indent, newline)]
    edits.append((section.end, section.end, added))
    if not section.entries:
        comment = re.search(r"\s#.*", lines[section.start].rstrip("\r\n"))
        head = f"{key}:{comment.group() if comment else ''}{newline}"
        edits.append((section.start, section.start + 1, [head]))
    for start, end, replacement in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        lines[start:end] = replacement
    return lines


def _without_section(lines: list[str], section: Section) -> list[str]:
    """Take out a section of which nothing stays, unless people wrote comments into it."""
    for entry in reversed(section.entries):
        del lines[entry.start : entry.end]
    rest = section.end - sum(entry.end - entry.start for entry in section.entries)
    if any(line.strip() for line in lines[section.start + 1 : rest]):
        lines[section.start] = lines[section.start].rstrip("\r\n") + " {}\n"
        return lines
    del lines[section.start : rest]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _block(block: str | None, indent: int, newline: str) -> list[str]:
    if block is None:
        return []
    return [" " * indent + line + newline for line in block.splitlines()]
