"""The lines that the entries of a section take, for editing a file without reformatting it."""

from __future__ import annotations

import yaml

from paddledvc.core.splice import Entry, Section
from paddledvc.errors import InvalidFile, Problem
from paddledvc.tools.yaml.lines import block_end, content_end, text_end, top_level
from paddledvc.tools.yaml.nodes import compose
from paddledvc.tools.yaml.scalars import scalar


def outline(text: str, file: str, key: str) -> Section | None:
    """Find the lines of a top-level section and of its entries; None where there is no such key.

    Raises:
        InvalidFile: the section is written in one line as ``{…}``, or is no mapping.
    """
    found = top_level(compose(text, file), key)
    if found is None:
        return None
    key_node, value_node = found
    start = key_node.start_mark.line
    if isinstance(value_node, yaml.ScalarNode) and scalar(value_node) is None:
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
