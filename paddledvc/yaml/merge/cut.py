"""YAML cut into the blocks that are merged one by one."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from paddledvc.errors import InvalidFile
from paddledvc.yaml.edit.lines import content_end, text_end
from paddledvc.yaml.merge.blocks import END, Block
from paddledvc.yaml.nodes import compose_nodes
from paddledvc.yaml.reader import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from paddledvc.yaml.merge.blocks import Blocks, Key


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
    text = _ended(text)
    values = values_of(text, file, sections)
    if values is None:
        return None
    return _blocks(
        text, values, list(_places(compose_nodes(text, file), text.splitlines(), sections))
    )


def cut_entry(text: str, file: str) -> Blocks | None:
    r"""Cut an entry of a section into its fields.

    Args:
        text: the entry, a block that ``cut_blocks`` gave.
        file: its file, for messages.

    >>> list(cut_entry("  - name: a\n    version: v1\n", "models.yaml"))
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
            return _blocks(text, values, [_key_place(*pair) for pair in node.value])
    return None


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"


def _blocks(text: str, values: Mapping[Key, Any], places: Sequence[_Place]) -> Blocks | None:
    """Cut a text at its places; None unless they follow each other and are those of the values."""
    in_order = all(before.line < after.line for before, after in pairwise(places))
    if [place.key for place in places] != list(values) or not in_order:
        return None
    lines = text.splitlines(keepends=True)
    ends = list(_ends(places, lines))
    return {
        key: Block(key=key, text="".join(lines[start:end]), value=values.get(key))
        for key, start, end in zip((*values, END), (0, *ends), (*ends, len(lines)), strict=True)
    }


def values_of(text: str, file: str, sections: Collection[str]) -> dict[Key, Any] | None:
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


class _Place(NamedTuple):
    """Where a block starts, and the spaces before it; what it surely reaches to."""

    key: Key
    line: int
    indent: int
    until: int


def _key_place(key: yaml.Node, value: yaml.Node) -> _Place:
    return _Place((key.value,), key.start_mark.line, key.start_mark.column, text_end(value))


def _places(
    root: yaml.Node | None, lines: Sequence[str], sections: Collection[str]
) -> Iterator[_Place]:
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return
    for key, node in root.value:
        place = _key_place(key, node)
        if key.value not in sections:
            yield place
        elif not isinstance(node, yaml.CollectionNode) or not node.value:
            yield place._replace(indent=sys.maxsize)
        elif not node.flow_style:
            # Whatever comments stand below the key belong to its first entry.
            yield place._replace(indent=sys.maxsize, until=place.line + 1)
            yield from _entry_places(key.value, node, lines)


def _entry_places(key: str, node: yaml.CollectionNode, lines: Sequence[str]) -> Iterator[_Place]:
    column = node.start_mark.column
    for child in node.value:
        if isinstance(child, tuple):
            yield _Place(
                (key, child[0].value), child[0].start_mark.line, column, text_end(child[1])
            )
            continue
        line = child.start_mark.line
        while line > 0 and lines[line][: column + 1].strip() != "-":
            line -= 1
        name = next((v.value for k, v in child.value if k.value == "name"), "")
        yield _Place((key, name), line, column, text_end(child))


def _ends(places: Sequence[_Place], lines: Sequence[str]) -> Iterator[int]:
    limits = (*(place.line for place in places[1:]), len(lines))
    for place, limit in zip(places, limits[: len(places)], strict=True):
        yield min(max(content_end(lines, limit, place.indent), place.until), limit)
