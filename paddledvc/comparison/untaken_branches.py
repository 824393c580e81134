"""Where a network asks the truth value of a tensor, and which answers its samples gave.

Each answer leads down one side of a branch; a side that no sample took was not compared.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 70
"""Characters of a condition that a sentence has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A place where a tensor decides how a network goes on.

    Attributes:
        file: relative to the project, or the base name of a file elsewhere.
        line: number of the line, from 1.
        code: what was asked, as it is written there.
        outcomes: the answers that the samples gave, in order.
    """

    file: str
    line: int
    code: str
    outcomes: tuple[bool, ...]

    @property
    def missing(self) -> bool | None:
        """The answer that no sample gave; None where both were given."""
        return not self.outcomes[0] if len(self.outcomes) == 1 else None

    def __str__(self) -> str:
        """Say what was not compared; nothing where both sides were.

        >>> said = str(Branch(file="net.py", line=2, code="if x > 0:", outcomes=(True,)))
        >>> said.partition(" with")[0]
        'net.py:2: `if x > 0:` was never false'
        """
        if self.missing is None:
            return ""
        body = self.missing and self.code.startswith("while ")
        what = "the body of that loop" if body else "that branch of the export"
        return (
            f"{self.file}:{self.line}: `{self.code}` was never {str(self.missing).lower()} with "
            f"these samples, so {what} was not compared"
        )


class Span(NamedTuple):
    """A place in a source file, as Python's instructions name it: the columns count bytes.

    Columns are None where only the line is known, as before Python 3.11.
    """

    line: int
    end_line: int
    column: int | None = None
    end_column: int | None = None


def write_branch_condition(source: str, span: Span) -> str | None:
    r"""Write what was asked at a place: a whole ``if`` or ``while``, or a part of a condition.

    Returns:
        None for an ``assert``, which is no branch of what is exported.

    >>> write_branch_condition("if a > 0 and b > 0:\n    pass", Span(1, 1, 3, 8))
    'a > 0'
    >>> write_branch_condition("while a > 0:\n    pass", Span(1, 1, 6, 11))
    'while a > 0:'
    """
    lines = source.splitlines()
    line = _short(lines[span.line - 1]) if 0 < span.line <= len(lines) else "a condition"
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return line
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    asked = next(_at(tree, span), None)
    if asked is None:
        # A part that cannot be told apart may be under a `not`.
        return line if span.column is not None else f"part of: {line}"
    if isinstance(_statement(asked, parents), ast.Assert):
        return None
    assert isinstance(asked, ast.expr)
    return _short(_written(source, asked, parents.get(asked)))


def _at(tree: ast.AST, span: Span) -> Iterator[ast.AST]:
    """List what is at a place; where columns are unknown, whole simple conditions."""
    for node in ast.walk(tree):
        if span.column is not None:
            if isinstance(node, ast.expr | ast.Assert) and _span(node) == span:
                yield node
        elif isinstance(node, ast.Assert):
            if _covers(node, span):
                yield node
        elif (
            isinstance(node, ast.If | ast.While)
            and _covers(node.test, span)
            # Of several answers on one line, one cannot tell which was whose.
            and not isinstance(node.test, ast.BoolOp | ast.UnaryOp)
        ):
            yield node.test


def _covers(node: ast.expr | ast.Assert, span: Span) -> bool:
    return node.lineno <= span.line <= (node.end_lineno or 0)


def _span(node: ast.expr | ast.Assert) -> Span:
    return Span(node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset)


def _statement(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST | None:
    found: ast.AST | None = node
    while isinstance(found, ast.expr):
        found = parents.get(found)
    return found


def _written(source: str, asked: ast.expr, parent: ast.AST | None) -> str:
    if isinstance(asked, ast.BoolOp) and len(asked.values) == 2:  # noqa: PLR2004
        asked = asked.values[0]  # of `a and b` as a value, only a is asked
    text = ast.get_source_segment(source, asked) or ""
    if isinstance(parent, ast.While) and parent.test is asked:
        return f"while {text}:"
    if isinstance(parent, ast.If) and parent.test is asked:
        start = source.splitlines()[parent.lineno - 1].lstrip()
        return f"{'elif' if start.startswith('elif') else 'if'} {text}:"
    return text


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
