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
    from collections.abc import Mapping

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


def short_tag(tag: str) -> str:
    """Write a tag as people do.

    >>> short_tag("tag:yaml.org,2002:set")
    '!!set'
    """
    return tag.replace(_TAG, "!!") if tag.startswith(_TAG) else tag


def read_scalar(node: yaml.ScalarNode) -> Any:
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
