"""Constants of a Python module, read from its source without running it."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_COLLECTIONS: dict[type[ast.expr], Any] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
_OPERATORS: dict[type[ast.operator], Any] = {ast.Add: operator.add, ast.BitOr: operator.or_}


class Unclear(Exception):
    """Source does not hold what it is expected to, or not without being run; the text says why.

    Attributes:
        line: where it is; 0 for the whole.
    """

    def __init__(self, why: str = "", line: int = 0) -> None:
        self.line = line
        super().__init__(why or f"line {line} is not understood")


class Scope:
    r"""The constants that a module, or the body of a class, assigns.

    Statements are followed in their order. Those that are not understood make every name that they
    mention unclear, so that nobody takes a part of a table for the whole.

    >>> scope = Scope.of_module("base = 'https://host'\nurls = {'a': f'{base}/a'}")
    >>> scope["urls"]
    {'a': 'https://host/a'}
    """

    def __init__(self, body: Sequence[ast.stmt], outer: Mapping[str, Any]) -> None:
        self._known: dict[str, Any] = dict(outer)
        self._unclear: dict[str, int] = {}
        self._classes: dict[str, ast.ClassDef] = {}
        for statement in body:
            self._follow(statement)

    @classmethod
    def of_module(cls, source: str) -> Scope:
        """Read the source of a module.

        Raises:
            Unclear: it is not Python.
        """
        try:
            return cls(ast.parse(source).body, {})
        except (SyntaxError, ValueError) as error:
            raise Unclear("it is not Python") from error

    def __iter__(self) -> Iterator[str]:
        """Name all that there is, clear or not."""
        return iter((*self._known, *self._unclear))

    def __getitem__(self, name: str) -> Any:
        """Return a constant.

        Raises:
            Unclear: there is none of this name, or it needs more than reading.
        """
        if name in self._unclear:
            raise Unclear(line=self._unclear[name])
        if name not in self._known:
            raise Unclear(f"it has no {name}")
        return self._known[name]

    def __contains__(self, name: str) -> bool:
        """Tell whether there is something of this name, clear or not."""
        return name in self._known or name in self._unclear

    def body_of(self, name: str) -> Scope:
        """Read the constants of a class.

        Raises:
            Unclear: there is no such class.
        """
        return Scope(self._class(name).body, self._known)

    def formats_in(self, name: str) -> frozenset[str]:
        r"""Collect the f-strings of a class, as Python would write them.

        >>> scope = Scope.of_module("class A:\n    def url(self): return f'{self.base}/b'")
        >>> scope.formats_in("A")
        frozenset({"f'{self.base}/b'"})

        Raises:
            Unclear: there is no such class.
        """
        nodes = ast.walk(self._class(name))
        return frozenset(ast.unparse(node) for node in nodes if isinstance(node, ast.JoinedStr))

    def _class(self, name: str) -> ast.ClassDef:
        if name not in self._classes:
            raise Unclear(f"it has no class {name}")
        return self._classes[name]

    def _follow(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], value)
            case ast.ClassDef(name=name):
                self._classes[name] = statement
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.AnnAssign():
                pass
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                self._give_up(statement.lineno, (one.asname or one.name for one in imported))
            case _:
                self._give_up(statement.lineno, _mentioned(statement))

    def _assign(self, targets: Iterable[ast.expr], value: ast.expr) -> None:
        try:
            found = self._evaluate(value)
            for target in targets:
                self._set(target, found)
        except Unclear as error:
            for target in targets:
                self._give_up(error.line, _mentioned(target))

    def _set(self, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self._known[name] = value
                self._unclear.pop(name, None)
            case ast.Subscript(value=of, slice=key):
                table = self._evaluate(of)
                if not isinstance(table, dict):
                    raise Unclear(line=target.lineno)
                table[self._evaluate(key)] = value
            case _:
                raise Unclear(line=target.lineno)

    def _give_up(self, line: int, names: Iterable[str]) -> None:
        for name in names:
            self._known.pop(name, None)
            self._unclear.setdefault(name, line)

    def _evaluate(self, node: ast.expr) -> Any:
        try:
            return self._value(node)
        except (LookupError, TypeError) as error:
            raise Unclear(line=node.lineno) from error

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return _COLLECTIONS[type(node)](self._evaluate(item) for item in items)
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values)
        return self._expression(node)

    def _expression(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return self._known[name]
            case ast.Subscript(value=of, slice=key):
                return self._evaluate(of)[self._evaluate(key)]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](self._evaluate(left), self._evaluate(right))
            case ast.JoinedStr(values=parts):
                return "".join(str(self._evaluate(part)) for part in parts)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._evaluate(value)
        raise Unclear(line=node.lineno)

    def _dict(self, keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            if key is None:
                found.update(self._evaluate(value))
            else:
                found[self._evaluate(key)] = self._evaluate(value)
        return found


def _mentioned(node: ast.AST) -> Iterable[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
