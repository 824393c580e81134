"""YAML into nodes, by libyaml through PyYAML, and what their plain scalars mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.conflicts import find_conflict

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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # a PyYAML built without libyaml: slower, the same answers

    class _Parser(  # type: ignore[no-redef]
        yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer
    ):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)
            yaml.composer.Composer.__init__(self)


MAX_DEPTH = 100
MAX_VALUES = 1_000_000
MAX_ALIAS_VALUES = 10_000
_TOO_DEEP = "exceeded maximum nesting depth"
"""What libyaml says since 0.2.6 where values are nested deeper than it reads."""


class _NodeLoader(_Parser):
    """Compose nodes and leave the meaning of scalars to us."""

    depth = 0

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, node: yaml.Node | None, _index: object) -> None:
        # libyaml's composer calls itself for each level, without Python's guard.
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = None if node is None else node.start_mark
            raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def compose_nodes(text: str, file: str) -> yaml.Node | None:
    """Read YAML into nodes; None for a file without any value.

    Raises:
        InvalidFile: not YAML, or with merge conflicts.
    """
    if problem := find_conflict(text, file):
        raise InvalidFile([problem])
    try:
        node: yaml.Node | None = _NodeLoader(text.removeprefix("\ufeff")).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = error.problem or error.context or ""
        if said == _TOO_DEEP:
            message = "values are nested too deeply"
            raise InvalidFile([_problem(file, line, column, message)]) from error
        if "another document" in said:
            said = "found a second document after ---; expected one"
        message = f"not YAML: {said}{_yaml_hint(text, line)}"
        raise InvalidFile([_problem(file, line, column, message)]) from error
    except RecursionError as error:
        message = "values are nested too deeply"
        raise InvalidFile([_problem(file, 1, 1, message)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidFile([_problem(file, line, 1, f"not YAML: {error.reason}")]) from error
    return node


def _yaml_hint(text: str, line: int) -> str:
    written = (text.splitlines() or [""])[min(line, text.count("\n") + 1) - 1 : line]
    if written and re.search(r":\s+[><^~=!*@`%&]", written[0]):
        return "; a value that starts like this must be in quotes"
    if written and "\t" in written[0]:
        return "; indent with spaces, not with tabs"
    return ""


def _problem(file: str, line: int, column: int, message: str) -> Problem:
    return Problem(file=file, line=line, column=column, path="", message=message)


def short_node_tag(tag: str) -> str:
    """Write a tag as people do.

    >>> short_node_tag("tag:yaml.org,2002:set")
    '!!set'
    """
    return tag.replace(_TAG, "!!") if tag.startswith(_TAG) else tag


def read_scalar_node(node: yaml.ScalarNode) -> Any:
    """Say what a scalar means: text, a number, true, false or null."""
    if node.tag in ("!", _TAG + "str") or (node.style and not node.tag):
        return node.value
    value = read_plain_node(node.value)
    if node.tag == _TAG + "float" and isinstance(value, int):
        return float(value)
    return value


def read_plain_node(text: str) -> Any:
    """Say what text without quotes means.

    >>> read_plain_node("0o17"), read_plain_node("on"), read_plain_node("~")
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


def is_empty_node(node: yaml.Node) -> bool:
    """Tell whether a value is null, or a list or mapping of nothing."""
    return read_scalar_node(node) is None if isinstance(node, yaml.ScalarNode) else not node.value


def last_leaf_node(node: yaml.Node) -> yaml.Node:
    """Find what a node ends with: a scalar, or a list or mapping in brackets.

    An alias does not know where it stands, so what stands before it is what the node ends with.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style:
        entries = (entry if isinstance(entry, tuple) else (entry,) for entry in node.value)
        parts = [part for entry in entries for part in entry]
        here = (part for part in reversed(parts) if part.start_mark.index > node.start_mark.index)
        child = next(here, None)
        if child is None:
            break
        node = child
    return node


def is_block_text_node(node: yaml.Node) -> bool:
    """Tell whether a node is text after ``|`` or ``>``."""
    return isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")


def is_merge_key_node(key: yaml.Node) -> bool:
    """Tell whether a key is the merge key, and not text that looks like it."""
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def merged_node_values(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    """Collect the values that merge keys bring into a mapping, whether it has its own or not."""
    found: dict[str, yaml.Node] = {}
    seen = {id(node)}
    waiting = list(_merge_sources(node))
    while waiting:
        source = waiting.pop(0)
        if id(source) in seen:
            continue
        seen.add(id(source))
        for key, value in source.value:
            if isinstance(key, yaml.ScalarNode) and not is_merge_key_node(key):
                found.setdefault(key.value, value)
        waiting[:0] = _merge_sources(source)
    return found


def _merge_sources(node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
    for key, value in node.value:
        if is_merge_key_node(key):
            found = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (source for source in found if isinstance(source, yaml.MappingNode))
