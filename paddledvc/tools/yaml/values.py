"""Where the values of an item stand, and why some of them cannot be exchanged by line."""

from __future__ import annotations

import re

import yaml

from paddledvc.core.items import Value
from paddledvc.tools.yaml.aliases import is_merge, merged
from paddledvc.tools.yaml.lines import is_block_text

_MERGED = "found only a merge key that brings it; write it in the item itself first"
_ANCHORED = re.compile(r"(?:!\S*\s+)?&")


def values(node: yaml.MappingNode, text: str, shift: int, obstacle: str | None) -> dict[str, Value]:
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
            found = {**dict.fromkeys(merged(node), brought), **found}
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
