"""Edits of whole lines, which leave every other byte as it is, and the lines of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Edit(NamedTuple):
    """Lines from ``start`` to before ``end``, from 0, and what takes their place."""

    start: int
    end: int
    lines: list[str]


def newline_of(text: str) -> str:
    """Tell how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    r"""Apply edits to a text, from the last to the first, so that the numbers of lines stay right.

    >>> apply_edits("a\nb", [Edit(2, 2, ["c\n"]), Edit(0, 1, [])])
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


def indent_block(block: str, indent: int, newline: str) -> list[str]:
    """Indent the lines of a block, and end them as the lines of the file end."""
    return [" " * indent * bool(line) + line + newline for line in block.splitlines()]


def top_level(root: yaml.Node | None, key: str) -> tuple[yaml.ScalarNode, yaml.Node] | None:
    """Find a key of the whole file and its value; None where there is no such key."""
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return next((pair for pair in pairs if pair[0].value == key), None)


def block_end(lines: Sequence[str], node: yaml.Node) -> int:
    """Find the line of whatever follows a list or mapping that is not in braces."""
    mark = node.end_mark
    # Without libyaml, the end of a file without a last newline is in its last line.
    within = mark.line < len(lines) and lines[mark.line][: mark.column].strip()
    return mark.line + bool(within)


def content_end(lines: Sequence[str], end: int, indent: int) -> int:
    """Step back over blank lines and over comments that belong to what follows."""
    while end > 0:
        line = lines[end - 1]
        is_comment = line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent
        if line.strip() and not is_comment:
            break
        end -= 1
    return end


def text_end(node: yaml.Node) -> int:
    """Find the line after the last one that is surely a node's, however it looks.

    Lines of a quoted text can look like comments, and blank lines can be part of one (``|+``).
    """
    leaf = last_leaf(node)
    if isinstance(leaf, yaml.CollectionNode) and not leaf.flow_style:
        return leaf.start_mark.line + 1
    if not is_block_text(leaf):
        return leaf.end_mark.line + 1
    kept = leaf.value.endswith("\n\n") or leaf.value.strip("\n") == "" != leaf.value
    return leaf.end_mark.line if kept else leaf.start_mark.line + 1


def last_leaf(node: yaml.Node) -> yaml.Node:
    """Find what a node ends with: a scalar, or a list or mapping in brackets.

    An alias does not know where it stands, so what stands before it is what the node ends with.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style:
        parts = [part for entry in node.value for part in _parts(entry)]
        here = (part for part in reversed(parts) if part.start_mark.index > node.start_mark.index)
        child = next(here, None)
        if child is None:
            break
        node = child
    return node


def _parts(entry: yaml.Node | tuple[yaml.Node, yaml.Node]) -> tuple[yaml.Node, ...]:
    return entry if isinstance(entry, tuple) else (entry,)


def is_block_text(node: yaml.Node) -> bool:
    """Tell whether a node is text after ``|`` or ``>``."""
    return isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
