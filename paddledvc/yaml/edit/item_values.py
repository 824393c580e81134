"""Where the values of an item stand, and why some of them cannot be exchanged by line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import yaml

from paddledvc.yaml.nodes import is_block_text_node, is_merge_key_node, merged_node_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.yaml.edit.sections import Section

_MERGED = "found only a merge key that brings it; write it in the item itself first"
_ANCHORED = re.compile(r"(?:!\S*\s+)?&")


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """The value of one key of an item, as a range of the text's characters, from 0.

    Attributes:
        start: its first character; a quote is part of it.
        end: the character after its last one.
        obstacle: why no other value can be put in its place; None where one can.
    """

    start: int
    end: int
    obstacle: str | None


def find_item_values(node: yaml.MappingNode, text: str, obstacle: str | None) -> dict[str, Value]:
    """Find the values of a mapping by key; those that a merge key brings stand where it does.

    Args:
        node: the mapping.
        text: the whole file, without a byte-order mark.
        obstacle: what is in the way of all of them.
    """
    found: dict[str, Value] = {}
    for key, value in node.value:
        if is_merge_key_node(key):
            brought = _value(key, obstacle or _MERGED)
            found = {**dict.fromkeys(merged_node_values(node), brought), **found}
        elif isinstance(key, yaml.ScalarNode):
            place = key if _is_alias(key, value) else value
            found[key.value] = _value(place, obstacle or _obstacle(key, value, text))
    return found


def _value(node: yaml.Node, obstacle: str | None) -> Value:
    return Value(start=node.start_mark.index, end=node.end_mark.index, obstacle=obstacle)


def _obstacle(key: yaml.Node, value: yaml.Node, text: str) -> str | None:
    """Say why no other value can be put in the place of one; None where one can."""
    written = text[value.start_mark.index : value.end_mark.index]
    if _is_alias(key, value):
        return "found an alias; write the value itself here first"
    if _ANCHORED.match(written):
        return "found an anchor, by which other lines may repeat the value; take it out first"
    if not isinstance(value, yaml.ScalarNode):
        return "found a list or mapping, expected one value"
    if is_block_text_node(value):
        return "found text below | or >; write it on one line first"
    if not written or _is_explicit(key, text):
        return "expected `key: value` on one line"
    return None


def _is_alias(key: yaml.Node, value: yaml.Node) -> bool:
    return bool(value.start_mark.index <= key.start_mark.index)


def _is_explicit(key: yaml.Node, text: str) -> bool:
    """Tell whether a key stands after a question mark."""
    start = key.start_mark.index
    return text[start - key.start_mark.column : start].rstrip().endswith("?")


class Use(NamedTuple):
    """That something outside of an item takes something from it.

    Attributes:
        line: where first, from 1.
        whole: whether the whole item is taken, there or later.
    """

    line: int
    whole: bool


def find_item_value_use(section: Section, index: int) -> Use | None:
    """Find what repeats a part of an item of a list; None where nothing does."""
    own: set[int] = set()
    uses: list[Use] = []
    for visit in _walk(section, section.root, set()):
        if not visit.again and visit.item == index:
            own.add(id(visit.node))
        elif visit.item != index and id(visit.node) in own:
            uses.append(Use(visit.line + 1, visit.node is section.node.value[index]))
    return Use(uses[0].line, any(use.whole for use in uses)) if uses else None


class _Visit(NamedTuple):
    node: yaml.Node
    item: int | None
    line: int
    again: bool


def _walk(
    section: Section, node: yaml.Node, seen: set[int], item: int | None = None, line: int = 0
) -> Iterator[_Visit]:
    """Visit nodes in the order of the file: where one comes up again, an alias stands."""
    again = id(node) in seen
    yield _Visit(node, item, line, again)
    seen.add(id(node))
    entries = [] if again or isinstance(node, yaml.ScalarNode) else node.value
    for number, entry in enumerate(entries):
        parts = entry if isinstance(entry, tuple) else (entry,)
        line = (parts[0] if isinstance(entry, tuple) else node).start_mark.line
        if node is section.node:
            item, line = number, section.blocks[number].line - 1
        for part in parts:
            yield from _walk(section, part, seen, item, line)
