"""YAML into nodes, by libyaml through PyYAML; what is not YAML is refused with its line."""

from __future__ import annotations

import re

import yaml

from paddledvc.core.conflicts import conflict
from paddledvc.errors import InvalidFile, Problem

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


def compose(text: str, file: str) -> yaml.Node | None:
    """Read YAML into nodes; None for a file without any value.

    Raises:
        InvalidFile: not YAML, or with merge conflicts.
    """
    if problem := conflict(text, file):
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
