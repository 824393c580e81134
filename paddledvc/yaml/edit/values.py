"""Where the values of an item stand, and why some of them cannot be exchanged by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from paddledvc.yaml.edit.lines import is_block_text
from paddledvc.yaml.edit.list_spans import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MERGED = "found only a merge key that brings it; write it in the item itself first"
_ANCHORED = re.compile(r"(?:!\S*\s+)?&")


def find_values(
    node: yaml.MappingNode, text: str, shift: int, obstacle: str | None
) -> dict[str, Value]:
    """Find the values of a mapping by key; those that a merge key brings stand where it does.

    Args:
        node: the mapping.
        text: the whole file.
        shift: characters at its start that no mark counts.
        obstacle: what is in the way of all of them.
    """
    found: dict[str, Value] = {}
    seen = text[shift:]
    for key, value in node.value:
        if is_merge(key):
            brought = _value(key, shift, obstacle or _MERGED)
            found = {**dict.fromkeys(merged_values(node), brought), **found}
        elif isinstance(key, yaml.ScalarNode):
            place = key if _is_alias(key, value) else value
            found[key.value] = _value(place, shift, obstacle or _obstacle(key, value, seen))
    return found


def _value(node: yaml.Node, shift: int, obstacle: str | None) -> Value:
    start, end = node.start_mark.index + shift, node.end_mark.index + shift
    return Value(start=start, end=end, obstacle=obstacle)


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


def is_merge(key: yaml.Node) -> bool:
    """Tell whether a key is the merge key, and not text that looks like it."""
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def merged_values(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    """Collect the values that merge keys bring into a mapping, whether it has its own or not."""
    found: dict[str, yaml.Node] = {}
    seen = {id(node)}
    waiting = list(_sources(node))
    while waiting:
        source = waiting.pop(0)
        if id(source) in seen:
            continue
        seen.add(id(source))
        for key, value in source.value:
            if isinstance(key, yaml.ScalarNode) and not is_merge(key):
                found.setdefault(key.value, value)
        waiting[:0] = _sources(source)
    return found


def _sources(node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
    for key, value in node.value:
        if is_merge(key):
            found = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (source for source in found if isinstance(source, yaml.MappingNode))


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
