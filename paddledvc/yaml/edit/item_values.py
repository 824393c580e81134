"""Where the values of an item stand, and why some of them cannot be exchanged by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from paddledvc.yaml.blocks import is_block_text, is_merge_key, merged_values

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def find_values(node: yaml.MappingNode, text: str, obstacle: str | None) -> dict[str, Value]:
    """Find the values of a mapping by key; those that a merge key brings stand where it does.

    Args:
        node: the mapping.
        text: the whole file, without a byte-order mark.
        obstacle: what is in the way of all of them.
    """
    found: dict[str, Value] = {}
    for key, value in node.value:
        if is_merge_key(key):
            brought = _value(key, obstacle or _MERGED)
            found = {**dict.fromkeys(merged_values(node), brought), **found}
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
    if is_block_text(value):
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """That something outside of an item takes something from it.

    Attributes:
        line: where, from 1.
        whole: whether it takes the whole item.
    """

    line: int
    whole: bool


def find_uses(root: yaml.Node, listing: yaml.Node, starts: Sequence[int]) -> dict[int, Use]:
    """Find the items of a list that others need, by the number of the item, with their first use.

    Args:
        root: the whole file.
        listing: the list.
        starts: the lines of its items, from 0.
    """
    walk = _Walk(listing=listing, starts=starts)
    walk.visit(root, None, 0)
    return walk.found


@dataclass(kw_only=True)
class _Walk:
    """A walk in the order of the file: where a node comes up again, an alias stands."""

    listing: yaml.Node
    starts: Sequence[int]
    owners: dict[int, int | None] = field(default_factory=dict)
    found: dict[int, Use] = field(default_factory=dict)

    def visit(self, node: yaml.Node, item: int | None, line: int) -> None:
        if id(node) in self.owners:
            owner = self.owners[id(node)]
            if owner is not None and owner != item:
                whole = node is self.listing.value[owner]
                known = self.found.setdefault(owner, Use(line=line + 1, whole=whole))
                self.found[owner] = Use(line=known.line, whole=known.whole or whole)
            return
        self.owners[id(node)] = item
        if node is self.listing:
            for index, child in enumerate(node.value):
                self.visit(child, index, self.starts[index])
        elif isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self.visit(child, item, node.start_mark.line)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self.visit(key, item, key.start_mark.line)
                self.visit(value, item, key.start_mark.line)
