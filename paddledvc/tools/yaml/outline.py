"""The lines that the entries of a section take, for editing a file without reformatting it."""

from __future__ import annotations

import yaml

from paddledvc.core.splice import Entry, Section
from paddledvc.errors import InvalidFile, Problem
from paddledvc.tools.yaml.nodes import compose
from paddledvc.tools.yaml.scalars import scalar


def outline(text: str, file: str, key: str) -> Section | None:
    """Find the lines of a top-level section and of its entries; None where there is no such key.

    Raises:
        InvalidFile: the section is written in one line as ``{…}``, or is no mapping.
    """
    root = compose(text, file)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for index, (key_node, value_node) in enumerate(pairs):
        if key_node.value != key:
            continue
        lines = text.splitlines()
        start = key_node.start_mark.line
        limit = pairs[index + 1][0].start_mark.line if index + 1 < len(pairs) else len(lines)
        if isinstance(value_node, yaml.ScalarNode) and scalar(value_node) is None:
            return Section(start=start, end=start + 1, indent=2, entries=())
        if isinstance(value_node, yaml.MappingNode) and not value_node.value:
            return Section(start=start, end=value_node.end_mark.line + 1, indent=2, entries=())
        if not isinstance(value_node, yaml.MappingNode) or value_node.flow_style:
            message = "expected entries on lines of their own, not in braces or a list"
            problem = Problem(file=file, line=start + 1, column=1, path=key, message=message)
            raise InvalidFile([problem])
        return _section(lines, start, limit, value_node)
    return None


def _section(lines: list[str], start: int, limit: int, node: yaml.MappingNode) -> Section:
    indent = node.value[0][0].start_mark.column
    starts = [key.start_mark.line for key, _ in node.value]
    ends = [
        max(_content_end(lines, end, indent), _kept_end(value))
        for end, (_, value) in zip((*starts[1:], limit), node.value, strict=True)
    ]
    entries = tuple(
        Entry(name=str(key.value), start=first, end=end)
        for (key, _), first, end in zip(node.value, starts, ends, strict=True)
    )
    return Section(start=start, end=ends[-1], indent=indent, entries=entries)


def _content_end(lines: list[str], end: int, indent: int) -> int:
    """Step back over blank lines and over comments that belong to what follows."""
    while end > 0:
        line = lines[end - 1]
        is_comment = line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent
        if line.strip() and not is_comment:
            break
        end -= 1
    return end


def _kept_end(node: yaml.Node) -> int:
    """Find the line after text that ends in blank lines which belong to it (``|+``)."""
    while isinstance(node, yaml.CollectionNode) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    kept = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return node.end_mark.line if kept and node.value.endswith("\n\n") else 0
