"""What a plain scalar means: the rules of DVC's reader (ruamel.yaml, YAML 1.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT = re.compile(r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_TAG = "tag:yaml.org,2002:"
KNOWN_TAGS: Mapping[type[yaml.Node], set[str | None]] = {
    yaml.ScalarNode: {"", None, "!", _TAG + "str", _TAG + "int", _TAG + "float"},
    yaml.SequenceNode: {"", None, "!", _TAG + "seq"},
    yaml.MappingNode: {"", None, "!", _TAG + "map"},
}
"""Tags that say what a value is anyway, or that make text or a number of it."""


def short_tag(tag: str) -> str:
    """Write a tag as people do.

    >>> short_tag("tag:yaml.org,2002:set")
    '!!set'
    """
    return tag.replace(_TAG, "!!") if tag.startswith(_TAG) else tag


def scalar(node: yaml.ScalarNode) -> Any:
    """Say what a scalar means: text, a number, true, false or null."""
    if node.tag in ("!", _TAG + "str") or (node.style and not node.tag):
        return node.value
    value = plain_scalar(node.value)
    if node.tag == _TAG + "float" and isinstance(value, int):
        return float(value)
    return value


def plain_scalar(text: str) -> Any:
    """Say what text without quotes means.

    >>> plain_scalar("0o17"), plain_scalar("on"), plain_scalar("~")
    (15, 'on', None)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    try:
        return int(digits, 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10)
    except ValueError:
        return text
