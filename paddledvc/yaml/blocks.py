"""A text of YAML as named blocks, which joined are the text, to the last byte.

A block is what people change as one: a model with the comments above it, a stage, a setting. To
edit or to merge a file is to put other blocks in the place of some; no byte of the others changes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml

from paddledvc.errors import InvalidFile
from paddledvc.yaml.nodes import (
    compose_nodes,
    is_block_text_node,
    is_empty_node,
    last_leaf_node,
    merged_node_values,
)
from paddledvc.yaml.reader import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

Key: TypeAlias = tuple[str, ...]
"""What a block holds: ``("policy",)`` or ``("models", "resnet50")``; ``()`` for the last lines."""
END: Key = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Some lines of a text.

    Attributes:
        key: what they hold; that of a section stands before its entries.
        above: the comments and blank lines above them.
        body: the lines themselves.
        value: what they say; None in a text that is only edited.
        line: the line of the text that ``body`` starts with, from 1.
    """

    key: Key
    above: str = ""
    body: str
    value: Any = None
    line: int = 0

    @property
    def text(self) -> str:
        """All lines."""
        return self.above + self.body


Blocks: TypeAlias = Mapping[Key, Block]


def cut_blocks(text: str, file: str, sections: Collection[str]) -> Blocks | None:
    r"""Cut a file into its top-level keys, and some of these into their entries.

    Args:
        text: the YAML.
        file: its name, for messages.
        sections: the keys to cut further: mappings, and lists of mappings that have a name.

    Returns:
        The blocks in their order, or None where the text is not written so that it can be cut.

    >>> text = "models:\n  - name: a\n  - name: b\npolicy: {}\n"
    >>> list(cut_blocks(text, "models.yaml", ["models"]))
    [('models',), ('models', 'a'), ('models', 'b'), ('policy',), ()]
    """
    text = end_block_line(text, text)
    values = values_of_blocks(text, file, sections)
    if values is None:
        return None
    lines = text.splitlines(keepends=True)
    return _blocks(lines, values, _file_spans(compose_nodes(text, file), lines, sections))


def cut_entry_blocks(text: str, file: str) -> Blocks | None:
    r"""Cut an entry of a section into its fields.

    Args:
        text: the entry, a block that ``cut_blocks`` gave.
        file: its file, for messages.

    >>> list(cut_entry_blocks("  - name: a\n    version: v1\n", "models.yaml"))
    [('name',), ('version',), ()]
    """
    try:
        value = parse_yaml(text, file).value
    except InvalidFile:
        return None
    if isinstance(value, dict):
        return cut_blocks(text, file, value)
    match compose_nodes(text, file):
        case yaml.SequenceNode(value=[yaml.MappingNode(flow_style=False) as node]):
            entry: Any = value
            values: dict[Key, Any] = {(key,): field for key, field in entry[0].items()}
            lines = text.splitlines(keepends=True)
            return _blocks(
                lines, values, (((span.name,), span) for span in find_block_spans(node, lines))
            )
    return None


def values_of_blocks(text: str, file: str, sections: Collection[str]) -> dict[Key, Any] | None:
    """Read what the blocks of a file say, however it is written.

    Returns:
        The values in their order, that of a section that is cut empty; None where the text is no
        YAML, or its entries have no names of their own.
    """
    try:
        value = parse_yaml(text, file).value
    except (InvalidFile, UnicodeError):
        return None
    if not isinstance(value, dict | None):
        return None
    values: dict[Key, Any] = {}
    for key, part in (value or {}).items():
        entries = _entries(part) if key in sections and part else []
        if entries is None:
            return None
        values[(key,)] = type(part)() if entries else part
        for name, entry in entries:
            if (key, name) in values:
                return None
            values[key, name] = entry
    return values


def _entries(part: Any) -> list[tuple[str, Any]] | None:
    if isinstance(part, dict):
        return list(part.items())
    if not isinstance(part, list):
        return None
    named = all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in part)
    return [(entry["name"], entry) for entry in part] if named else None


def _blocks(
    lines: Sequence[str], values: Mapping[Key, Any], spans: Iterable[tuple[Key, Span]]
) -> Blocks | None:
    """Cut lines at the spans; None unless these are those of the values, each where it stands."""
    found = dict(spans)
    if list(found) != list(values) or any(span.is_alias for span in found.values()):
        return None
    blocks, end = {}, 0
    for key, span in found.items():
        blocks[key] = block_of(key, lines, end, span, values[key])
        end = span.end
    return {**blocks, END: Block(key=END, body="".join(lines[end:]))}


def block_of(key: Key, lines: Sequence[str], start: int, span: Span, value: Any = None) -> Block:
    """Make a block of a span and of the lines above it from ``start`` on."""
    above, body = ("".join(lines[slice(*at)]) for at in ((start, span.start), span[1:3]))
    return Block(key=key, above=above, body=body, value=value, line=span.start + 1)


def _file_spans(
    root: yaml.Node | None, lines: Sequence[str], sections: Collection[str]
) -> Iterator[tuple[Key, Span]]:
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return
    for span, (_, node) in zip(find_block_spans(root, lines), root.value, strict=True):
        if span.name not in sections:
            yield (span.name,), span
        elif is_empty_node(node) or is_cut_into_blocks(node, lines):
            entries = [] if is_empty_node(node) else list(find_block_spans(node, lines))
            end = find_block_key_end(lines, entries[0].start if entries else span.end)
            yield (span.name,), span._replace(end=end)
            yield from (((span.name, entry.name), entry) for entry in entries)


class Span(NamedTuple):
    """The lines of an entry, from ``start`` to before ``end``, from 0."""

    name: str
    start: int
    end: int
    is_alias: bool


def is_cut_into_blocks(node: yaml.Node, lines: Sequence[str]) -> bool:
    """Tell whether each entry of a list or mapping stands on lines of its own."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return False
    line, column = lines[node.start_mark.line], node.start_mark.column
    return not (line.startswith("-", column) and line[:column].strip())


def indent_of_block(node: yaml.Node, lines: Sequence[str]) -> int:
    """Find the spaces before the entries; an anchor or a tag may stand before them."""
    if isinstance(node, yaml.MappingNode):
        return int(node.value[0][0].start_mark.column)
    dash = next(line for line in lines[node.start_mark.line :] if line.lstrip().startswith("-"))
    return len(dash) - len(dash.lstrip())


def find_block_spans(node: yaml.Node, lines: Sequence[str], floor: int = 0) -> Iterator[Span]:
    """Find the lines, from ``floor`` on, of the entries of a list or mapping not in brackets."""
    column = indent_of_block(node, lines)
    starts = list(_starts(node, lines, column, floor))
    for entry, start, limit in zip(
        node.value, starts, (*starts[1:], _block_end(lines, node)), strict=True
    ):
        first, last = entry if isinstance(entry, tuple) else (entry, entry)
        yield Span(
            name=str(first.value) if isinstance(entry, tuple) else _name_of(entry),
            start=start,
            end=min(max(_content_end(lines, limit, column), _text_end(last)), limit),
            is_alias=first.start_mark.line < start,
        )


def _starts(node: yaml.Node, lines: Sequence[str], column: int, line: int) -> Iterator[int]:
    """Find the lines of keys and dashes; an alias does not know where it stands."""
    after = line = max(line, node.start_mark.line)
    for entry in node.value:
        if isinstance(entry, tuple):
            line = entry[0].start_mark.line if entry[0].start_mark.line >= after else line
        else:
            while lines[line][:column].strip() or not lines[line].startswith("-", column):
                line += 1
        yield line
        after = line + 1
        line = max(after, _text_end(entry[1] if isinstance(entry, tuple) else entry))


def _block_end(lines: Sequence[str], node: yaml.Node) -> int:
    """Find the line of whatever follows a list or mapping that is not in braces."""
    mark = node.end_mark
    # Without libyaml, the end of a file without a last newline is in its last line.
    within = mark.line < len(lines) and lines[mark.line][: mark.column].strip()
    return int(mark.line) + bool(within)


def find_block_key_end(lines: Sequence[str], end: int) -> int:
    """Step back to a key: whatever comments stand below it belong to its first entry."""
    return _content_end(lines, end, sys.maxsize)


def _content_end(lines: Sequence[str], end: int, indent: int) -> int:
    """Step back over blank lines and over comments that belong to what follows."""
    while end > 0:
        line = lines[end - 1]
        is_comment = line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent
        if line.strip() and not is_comment:
            break
        end -= 1
    return end


def _text_end(node: yaml.Node) -> int:
    """Find the line after the last one that is surely a node's, however it looks.

    Lines of a quoted text can look like comments, and blank lines can be part of one (``|+``).
    """
    leaf = last_leaf_node(node)
    if isinstance(leaf, yaml.CollectionNode) and not leaf.flow_style:
        return int(leaf.start_mark.line) + 1
    if not is_block_text_node(leaf):
        return int(leaf.end_mark.line) + 1
    kept = leaf.value.endswith("\n\n") or leaf.value.strip("\n") == "" != leaf.value
    return int(leaf.end_mark.line if kept else leaf.start_mark.line + 1)


def _name_of(node: yaml.Node) -> str:
    """Say what an item of a list is called; nothing where it has no name."""
    if not isinstance(node, yaml.MappingNode):
        return ""
    own = (value for key, value in node.value if key.value == "name")
    name = next(own, None) or merged_node_values(node).get("name")
    return str(name.value) if isinstance(name, yaml.ScalarNode) else ""


def newline_of_blocks(text: str) -> str:
    """Tell how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def end_block_line(text: str, file: str) -> str:
    """End the last line of a text as the lines of its file end."""
    return f"{text}{newline_of_blocks(file)}" if text and not text.endswith("\n") else text


def indent_block_lines(text: str, indent: int, newline: str) -> str:
    """Indent the lines of a text, and end them as the lines of a file end."""
    return "".join(" " * indent * bool(line) + line + newline for line in text.splitlines())


def strip_blank_block_lines(text: str, *, at_end: bool = False) -> str:
    """Take away the blank lines that a text begins with, or ends with."""
    order = -1 if at_end else 1
    lines = text.splitlines(keepends=True)[::order]
    return "".join([*dropwhile(lambda line: not line.strip(), lines)][::order])
