"""The sections of a text; some entries of one change, and every other byte stays as it is.

dvc.yaml belongs to people; a YAML library that reads and writes it would reformat what they wrote.
So only whole entries of ours are replaced, each a block of the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.blocks import (
    block_of,
    end_block_line,
    find_block_key_end,
    find_block_spans,
    indent_block_lines,
    indent_of_block,
    is_cut_into_blocks,
    newline_of_blocks,
    strip_blank_block_lines,
)
from paddledvc.yaml.nodes import compose_nodes, is_empty_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.yaml.blocks import Block

_ALIAS = re.compile(r"\*\S+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A top-level key of a text and its entries, each a block.

    Attributes:
        file: the file as people name it.
        text: the whole file, without a byte-order mark.
        mark: the byte-order mark; empty where there is none.
        before: the text before the line of the key.
        head: the line of the key, up to the colon.
        empty: what says that there are no entries, such as `` []``; empty where nothing does.
        rest: what follows on that line.
        indent: spaces before the entries.
        blocks: the entries, in the order of those of ``node``; the name of one without is empty.
        after: the text after the last entry.
        root: the whole file.
        key: the key.
        node: its value.
    """

    file: str
    text: str
    mark: str
    before: str
    head: str
    empty: str
    rest: str
    indent: int
    blocks: tuple[Block, ...]
    after: str
    root: yaml.MappingNode
    key: yaml.ScalarNode
    node: yaml.Node

    def rewrite(self, entries: Iterable[str], added: str = "", *, head: str = "") -> str:
        """Give the text with other entries.

        Args:
            entries: the texts of those that stay.
            added: what follows them, on lines of its own.
            head: another line of the key up to the value.
        """
        gap = " " * self.rest.startswith("#")
        text = "".join((self.mark, self.before, head or self.head, gap, self.rest, *entries))
        if added and not self.after:
            text = end_block_line(text, self.text)
        return text + added + self.after

    def exchange(self, start: int, end: int, new: str) -> str:
        """Give the text with other characters in the place of some, counted as nodes do."""
        return f"{self.mark}{self.text[:start]}{new}{self.text[end:]}"


def find_section(text: str, file: str, key: str) -> Section | None:
    r"""Cut the entries of a top-level key out of a text; None where there is no such key.

    The entries of a value in brackets or quotes are not cut.

    Raises:
        InvalidFile: the file is not YAML.

    >>> section = find_section("models:\n  # the first\n  - name: a\n", "models.yaml", "models")
    >>> [(block.key, block.above, block.body) for block in section.blocks]
    [(('models', 'a'), '  # the first\n', '  - name: a\n')]
    """
    root = compose_nodes(text, file)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    pair = next((pair for pair in pairs if pair[0].value == key), None)
    if not isinstance(root, yaml.MappingNode) or pair is None:
        return None
    mark = "\ufeff" * text.startswith("\ufeff")
    text = text.removeprefix(mark)
    lines = text.splitlines(keepends=True)
    name, node = pair
    first = name.start_mark.line
    colon = tail = text.index(":", name.end_mark.index) + 1
    is_here = node.start_mark.index >= colon
    spans = (
        list(find_block_spans(node, lines, first + 1))
        if is_here and is_cut_into_blocks(node, lines)
        else []
    )
    if is_empty_node(node):
        # An alias does not know where it stands.
        tail = node.end_mark.index if is_here else next(_ALIAS.finditer(text, colon)).end()
    below = len(f"{text[:tail]}.".splitlines())
    if spans:
        below = find_block_key_end(lines, spans[0].start)
    start, body = (len("".join(lines[:number])) for number in (first, below))
    ends = [below, *(span.end for span in spans)]
    cuts = zip(ends[:-1], spans, strict=True)
    return Section(
        file=file,
        text=text,
        mark=mark,
        before=text[:start],
        head=text[start : min(colon, body)],
        empty=text[colon:tail],
        rest=text[tail:body],
        indent=indent_of_block(node, lines) if spans else name.start_mark.column + 2,
        blocks=tuple(block_of((key, span.name), lines, end, span) for end, span in cuts),
        after="".join(lines[ends[-1] :]),
        root=root,
        key=name,
        node=node,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What to do with the entries of one section.

    Attributes:
        replace: new texts of entries that are there, by name; their order in the file stays.
        remove: names of entries to take out.
        append: new texts, put after the last entry in this order.
    """

    replace: Mapping[str, str]
    remove: frozenset[str]
    append: Sequence[str]

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.replace or self.remove or self.append)


def splice_section(text: str, file: str, key: str, changes: Changes) -> str:
    r"""Apply changes to one section of a text.

    Args:
        text: the whole file.
        file: its name, for messages.
        key: name of the section.
        changes: their texts are written without indentation and end in a newline.

    Raises:
        InvalidFile: the section is written in one line as ``{…}``, or is no mapping.

    >>> print(splice_section("vars: []\n", "dvc.yaml", "stages", Changes(
    ...     replace={}, remove=frozenset(), append=["a:\n  cmd: x\n"])), end="")
    vars: []
    <BLANKLINE>
    stages:
      a:
        cmd: x
    """
    section, newline = read_section(text, file, key), newline_of_blocks(text)
    if not changes:
        return text
    indent = section.indent if section else 2
    added = "".join(indent_block_lines(entry, indent, newline) for entry in changes.append)
    if section is None:
        gap = newline if text else ""
        return f"{end_block_line(text, text)}{gap}{key}:{newline}{added}"
    if not added and changes.remove.issuperset(block.key[-1] for block in section.blocks):
        return _close(section)
    if not section.blocks:
        note = re.search(r"[ \t]+#[^\r\n]*", section.empty)
        return section.rewrite((), added, head=f"{key}:{note[0] if note else ''}")
    texts = {
        **{
            name: indent_block_lines(entry, indent, newline)
            for name, entry in changes.replace.items()
        },
        **dict.fromkeys(changes.remove, ""),
    }
    kept = (block.above + texts.get(block.key[-1], block.body) for block in section.blocks)
    return section.rewrite(kept, added)


def _close(section: Section) -> str:
    """Take out a section of which nothing stays, unless people wrote comments into it."""
    notes = "".join(block.above for block in section.blocks)
    if notes.strip():
        # An empty mapping must be written out, or DVC takes the section for null and refuses it.
        return section.rewrite((notes,), head=f"{section.key.value}: {{}}")
    before = section.mark + section.before
    return before + section.after if section.after else strip_blank_block_lines(before, at_end=True)


def read_section(text: str, file: str, key: str) -> Section | None:
    """Find a section and its entries; None where there is no such key.

    Raises:
        InvalidFile: the section is written in one line as ``{…}``, or is no mapping.
    """
    section = find_section(text, file, key)
    if section is None:
        return None
    is_list = isinstance(section.node, yaml.SequenceNode)
    if is_list or not (section.blocks or is_empty_node(section.node)):
        message = "expected entries on lines of their own, not in braces or a list"
        line = section.key.start_mark.line + 1
        raise InvalidFile([Problem(file=file, line=line, column=1, path=key, message=message)])
    return section
