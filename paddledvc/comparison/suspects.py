"""Places in a network's source that tracing may get wrong, and the same source with switches there.

Which of them does is not to be read from the source. A switch changes one place and nothing else:
on one side, it makes the dynamic network do what tracing makes of the place; on the other, it makes
what is traced do what the dynamic network does. What makes the difference go away is a cause.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Kind = Literal["value", "cast", "logic", "rebound", "lost", "constant"]
"""What may go wrong at a place; what is written in place may be kept in a copy, or lost."""
EAGER: tuple[Kind, ...] = ("logic", "rebound", "lost")
"""Kinds whose switch changes the dynamic network; that of the others changes what is traced."""
SWITCHES = ("value", "enabled", "on", "both", "copy", "shift")
"""What the switched source calls, by the names that ``name_switch`` gives them."""
SHOWN = 70
"""Characters of a place that a sentence has."""
_OUTSIDE = {"numpy", "math", "random", "time", "datetime", "os", "sys", "platform", "inspect"}
"""Modules that know nothing of tensors: what they give while a network is traced stays."""
_ASKS = {
    *("isinstance", "issubclass", "hasattr", "callable", "type", "len", "int", "float", "bool"),
    *("in_dynamic_mode", "in_dynamic_or_pir_mode", "in_pir_mode", "in_dygraph_mode", "is_tensor"),
    *("in_static_mode", "in_declarative_mode", "get_default_dtype", "item", "numpy", "tolist"),
}
_ATTRIBUTES = {"shape", "dtype", "place", "stop_gradient"}
_CASTS = {"auto_cast", "amp_guard", "autocast"}
_IN_PLACE = re.compile(r"[a-z]\w*[a-z0-9]_$")


class Suspect(NamedTuple):
    """A place that may be a cause.

    Attributes:
        number: which switch it is.
        file: where it is, absolute.
        code: what is written there.
    """

    number: int
    kind: Kind
    file: str
    line: int
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Switched:
    """A source whose suspects have switches, all of which are off."""

    source: str
    suspects: tuple[Suspect, ...]


def name_switch(switch: str) -> str:
    """Name a switch as the source calls it: a name that nobody else has, and no class mangles.

    >>> name_switch("copy")
    '__paddledvc_copy__'
    """
    return f"__paddledvc_{switch}__"


def switch_source(source: str, file: str, functions: Collection[int], first: int = 0) -> Switched:
    r"""Put a switch at each suspicious place of the functions that ran.

    Args:
        source: all of a file.
        file: its path.
        functions: the first lines of the functions, that of a decorator where there is one.
        first: number of the first switch.

    >>> made = switch_source("def f(x):\n    x[0] = 1\n", "f.py", {1})
    >>> [(one.kind, one.line, one.code) for one in made.suspects]
    [('lost', 2, 'x[0] = 1'), ('rebound', 2, 'x[0] = 1')]
    """
    tree = ast.parse(source)
    switcher = _Switcher(source, file, functions, first)
    switched = ast.fix_missing_locations(switcher.visit(tree))
    return Switched(source=ast.unparse(switched), suspects=tuple(switcher.found))


class _Switcher(ast.NodeTransformer):
    def __init__(self, source: str, file: str, functions: Collection[int], first: int) -> None:
        self.lines = source.splitlines()
        self.source, self.file, self.functions, self.first = source, file, functions, first
        self.found: list[Suspect] = []
        self.modules: set[str] = set()
        self.outside: set[str] = set()
        self.local: set[str] = set()
        self.on = False
        self.in_value = False

    # Where one is.

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for one in node.names:
            name = (one.asname or one.name).partition(".")[0]
            self.modules.add(name)
            if one.name.partition(".")[0] in _OUTSIDE:
                self.outside.add(name)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        names = {one.asname or one.name for one in node.names}
        self.modules |= names
        if (node.module or "").partition(".")[0] in _OUTSIDE:
            self.outside |= names
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before = self.on, self.local, self.in_value
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        self.on, self.in_value = first in self.functions, False
        self.local = set(_local_names(node)) if self.on else set()
        node.body = [one for statement in node.body for one in self._statements(statement)]
        self.on, self.local, self.in_value = before
        return node

    def _statements(self, node: ast.stmt) -> list[ast.stmt]:
        found = self.visit(node)
        return found if isinstance(found, list) else [found]

    # What may go wrong.

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not self.on:
            return self.generic_visit(node)
        before = self.in_value
        asks = self._asks(node.func)
        self.in_value = before or asks
        original = self._code(node)
        base = self._written_base(node)
        self.generic_visit(node)
        self.in_value = before
        if _last_name(node.func) in _CASTS:
            self._enable(node, original)
        elif asks and not before:
            return self._switch("value", "value", node, original, [node])
        elif base is not None:
            self._copied_base(node, original)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        original = self._code(node)
        plain = isinstance(node.ctx, ast.Load) and node.attr in _ATTRIBUTES
        self.generic_visit(node)
        if self.on and plain and not self.in_value:
            return self._switch("value", "value", node, original, [node])
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        original = self._code(node)
        self.generic_visit(node)
        odd = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)
        if not self.on or any(isinstance(one, odd) for one in ast.walk(node)):
            return node
        kind = ast.Constant("and" if isinstance(node.op, ast.And) else "or")
        bare = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        sides: list[ast.expr] = [ast.Lambda(args=bare, body=one) for one in node.values]
        both = self._switch("logic", "both", node, original, [kind, *sides])
        # What is traced must keep its `and` as it is written.
        number = self.found[-1].number
        asked = ast.Call(_name(name_switch("on")), [ast.Constant(number)], [])
        return ast.copy_location(ast.IfExp(test=asked, body=both, orelse=node), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        original = self._code(node)
        self.generic_visit(node)
        sign = _sign(node.op)
        text = any(_is_text(one) for one in (node.left, node.right))
        if not self.on or not sign or text or self.in_value:
            return node
        parts = [ast.Constant(sign), node.left, node.right]
        return self._switch("constant", "shift", node, original, parts)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.stmt]:
        original = self._code(node)
        if isinstance(node.target, ast.Subscript):
            return self._written(node, node.target, original)
        self.generic_visit(node)
        sign = _sign(node.op)
        if not self.on or not sign or not isinstance(node.target, ast.Name) or _is_text(node.value):
            return node
        parts = [ast.Constant(f"{sign}="), _name(node.target.id), node.value]
        made = self._switch("constant", "shift", node, original, parts)
        return ast.copy_location(ast.Assign(targets=[node.target], value=made), node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        original = self._code(node)
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                return self._written(node, target, original)
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        base = self._written_base(node.value) if isinstance(node.value, ast.Call) else None
        original = self._code(node)
        found = self.generic_visit(node)
        assert isinstance(found, ast.stmt)
        return found if base is None else self._rebound(found, base, original)

    def _written(
        self, node: ast.Assign | ast.AugAssign, target: ast.Subscript, original: str
    ) -> ast.AST | list[ast.stmt]:
        """Switch a write into a part: into a copy that is kept, or into one that is lost."""
        base = target.value
        self.generic_visit(node)
        if not self.on:
            return node
        target.value = self._switch("lost", "copy", node, original, [target.value])
        return self._rebound(node, base, original)

    def _rebound(self, node: ast.stmt, base: ast.expr, original: str) -> ast.AST | list[ast.stmt]:
        if not (isinstance(base, ast.Name) and base.id in self.local):
            return node
        copied = self._switch("rebound", "copy", node, original, [_name(base.id)])
        kept = ast.Assign(targets=[ast.Name(base.id, ast.Store())], value=copied)
        return [ast.copy_location(kept, node), node]

    def _written_base(self, node: ast.Call) -> ast.expr | None:
        """Find what a call writes into, such as ``y`` of ``y.add_(1)`` and of ``F.relu_(y)``."""
        if not self.on or not _IN_PLACE.match(_last_name(node.func)):
            return None
        if isinstance(node.func, ast.Attribute) and not self._is_module(node.func.value):
            return node.func.value
        return node.args[0] if node.args else None

    def _copied_base(self, node: ast.Call, original: str) -> None:
        if isinstance(node.func, ast.Attribute) and not self._is_module(node.func.value):
            node.func.value = self._switch("lost", "copy", node, original, [node.func.value])
        else:
            node.args[0] = self._switch("lost", "copy", node, original, [node.args[0]])

    def _is_module(self, node: ast.expr) -> bool:
        return _root_name(node) in self.modules

    def _asks(self, function: ast.expr) -> bool:
        return _last_name(function) in _ASKS or _root_name(function) in self.outside

    def _enable(self, node: ast.Call, original: str) -> None:
        """Switch a cast off by its argument, which is the first one."""
        known = next((one for one in node.keywords if one.arg == "enable"), None)
        given = known.value if known else next(iter(node.args), ast.Constant(True))
        switched = self._switch("cast", "enabled", node, original, [given])
        if known is not None:
            known.value = switched
        elif node.args:
            node.args[0] = switched
        else:
            node.keywords.insert(0, ast.keyword(arg="enable", value=switched))

    def _switch(
        self, kind: Kind, switch: str, node: ast.AST, original: str, parts: list[ast.expr]
    ) -> ast.expr:
        number = self.first + len(self.found)
        line: int = getattr(node, "lineno", 0)
        self.found.append(
            Suspect(number=number, kind=kind, file=self.file, line=line, code=original)
        )
        called = ast.Call(_name(name_switch(switch)), [ast.Constant(number), *parts], [])
        return ast.copy_location(called, node)

    def _code(self, node: ast.AST) -> str:
        text = " ".join((ast.get_source_segment(self.source, node) or "").split())
        return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _local_names(node: ast.FunctionDef) -> Iterator[str]:
    """List the names that a function binds itself; those of functions inside of it too."""
    given = node.args
    yield from (one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))
    shared = {
        name
        for one in ast.walk(node)
        if isinstance(one, ast.Global | ast.Nonlocal)
        for name in one.names
    }
    for one in _own_nodes(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and one.id not in shared:
            yield one.id


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk through a function without those inside of it."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    for one in ast.iter_child_nodes(node):
        if not isinstance(one, inner):
            yield one
            yield from _own_nodes(one)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _root_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _sign(operator: ast.operator) -> str:
    return {ast.Add: "+", ast.Sub: "-"}.get(type(operator), "")


def _is_text(node: ast.expr) -> bool:
    known = isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
    return known or isinstance(node, ast.JoinedStr | ast.List | ast.Tuple)
