"""What the source of a Python module tells about its names, without running it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.yaml.document import Path

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_KEEP_PARAMETERS = ("no_grad", "to_static", "not_to_static")
"""Decorators of Paddle after which a function takes what it took before."""
LONGEST = 240
"""Bytes of a name that every disk takes, with what a module's file ends in."""
_OPEN = re.compile(r"\b(?:globals|exec)\b|\b(?:locals|vars)\(\)|sys\.modules")
_GLOBAL = re.compile(r"^\s*global\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A name that another module gives.

    Attributes:
        module: the module, as it is written after the dots of a relative import.
        level: number of these dots.
        name: what is taken of it; empty for the module itself.
        line: where the import stands.
        sure: whether it surely runs when the module is imported.
    """

    module: str
    level: int
    name: str
    line: int
    sure: bool


Binding: TypeAlias = ast.ClassDef | Function | ast.expr | Imported | None
"""What gives a name its value; None where the source does not tell more than that one does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names of a module or class.

    Attributes:
        bindings: all that gives each name a value.
        stars: the modules that all names are taken of.
    """

    bindings: Mapping[str, Sequence[Binding]]
    stars: tuple[Imported, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """What a call has to give.

    Attributes:
        names: parameters that are filled by position, in order.
        required: how many of these have no default.
        keywords: parameters that are filled by keyword only, and whether each has a default.
        more: whether any number of further positions is taken.
        others: whether any further keyword is taken.
        unnamed: how many of ``names`` cannot be given by keyword.
    """

    names: tuple[str, ...] = ()
    required: int = 0
    keywords: Mapping[str, bool] = field(default_factory=dict)
    more: bool = False
    others: bool = False
    unnamed: int = 0

    def takes(self, count: int) -> bool:
        """Tell whether a call with so many positions works.

        >>> Parameters(names=("run",), required=1).takes(0)
        False
        """
        return (
            self.required <= count
            and (self.more or count <= len(self.names))
            and all(self.keywords.values())
        )

    def __str__(self) -> str:
        stars = (*(["*args"] if self.more else []), *(["**kwargs"] if self.others else []))
        return ", ".join((*self.names, *self.keywords, *stars)) or "nothing"


def is_file_of_namespace(name: str) -> bool:
    """Tell whether a part of a module's name can be that of a file; disks take no longer one."""
    return len(name.encode("utf-8", "surrogatepass")) <= LONGEST


def list_namespace_imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """List the import statements that a run may execute, those in functions included."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _never(node.test):
            waiting += node.orelse
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            waiting += ast.iter_child_nodes(node)


def is_open_namespace(text: str) -> bool:
    """Tell whether a module may have names that its source does not show.

    >>> is_open_namespace("globals().update(made)"), is_open_namespace("layer.eval()")
    (True, False)
    """
    return _OPEN.search(text) is not None


def list_namespace_globals(text: str) -> set[str]:
    r"""List the names that functions give a module.

    >>> sorted(list_namespace_globals("def f():\n    global a, b"))
    ['a', 'b']
    """
    return {name for line in _GLOBAL.findall(text) for name in re.findall(r"\w+", line)}


def may_set_in_namespace(text: str, name: str, attribute: str) -> bool:
    """Tell whether a module may set an attribute on one of its classes or functions.

    >>> may_set_in_namespace("build.large = big", "build", "large")
    True
    """
    return f"{name}.{attribute}" in text or re.search(rf"setattr\(\s*{name}\b", text) is not None


def sets_attribute(node: ast.AST, attribute: str) -> bool:
    """Tell whether a function or class gives some object an attribute when it runs.

    >>> codes = ("net.a = b", "setattr(net, 'a', b)", "net.a(b)")
    >>> [sets_attribute(ast.parse(one), "a") for one in codes]
    [True, True, False]
    """
    for one in ast.walk(node):
        match one:
            case ast.Attribute(attr=name, ctx=ast.Store()) if name == attribute:
                return True
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=name), *_]):
                if name == attribute:
                    return True
    return False


def _never(test: ast.expr) -> bool:
    """Tell a condition that holds for type checkers only."""
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _is_main(test: ast.expr) -> bool:
    """Tell ``__name__ == "__main__"``, which does not hold while a module is imported."""
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"


def read_namespace(body: Sequence[ast.stmt]) -> Names:
    r"""Find what the statements of a module or class bind when they run.

    >>> sorted(read_namespace(ast.parse("from a import b\nif b:\n    c = 1").body).bindings)
    ['b', 'c']
    """
    bindings: defaultdict[str, list[Binding]] = defaultdict(list)
    stars: list[Imported] = []
    for name, binding in _bound(body, sure=True):
        if name == "*" and isinstance(binding, Imported):
            stars.append(binding)
        else:
            bindings[name].append(binding)
    return Names(bindings=dict(bindings), stars=tuple(stars))


def _bound(body: Sequence[ast.stmt], *, sure: bool) -> Iterator[tuple[str, Binding]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node
            case ast.Import() | ast.ImportFrom():
                yield from _imports(node, sure=sure)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.AnnAssign():
                pass
            case ast.If(test=test, orelse=orelse) if _never(test) or _is_main(test):
                yield from _bound(orelse, sure=sure)
            case _:
                yield from _stored(node)
                for part in _parts(node):
                    yield from _bound(part, sure=False)


def _imports(node: ast.Import | ast.ImportFrom, *, sure: bool) -> Iterator[tuple[str, Imported]]:
    for alias in node.names:
        module, level, taken = alias.name, 0, ""
        name = alias.asname or alias.name
        if isinstance(node, ast.ImportFrom):
            module, level, taken = node.module or "", node.level, alias.name
        elif alias.asname is None:
            name = module = module.partition(".")[0]
        yield name, Imported(module=module, level=level, name=taken, line=node.lineno, sure=sure)


def _parts(node: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """List the blocks of a compound statement."""
    for key in ("body", "orelse", "finalbody"):
        yield getattr(node, key, ())
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _stored(node: ast.stmt) -> Iterator[tuple[str, None]]:
    """List the names that the expressions of a statement bind, blocks left out."""
    waiting: list[ast.AST] = [node]
    while waiting:
        child = waiting.pop()
        match child:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, None
            case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
                yield name, None
            case ast.MatchMapping(rest=str() as name):
                yield name, None
        skipped = isinstance(child, ast.Lambda | ast.comprehension)
        inner = [] if skipped else ast.iter_child_nodes(child)
        waiting += (one for one in inner if not isinstance(one, ast.stmt | ast.ExceptHandler))


def read_parameters(node: Function, *, bound: bool = False) -> Parameters | None:
    """Tell what a function takes; None where a decorator may change that.

    Args:
        node: the function.
        bound: whether its first parameter is filled already, as that of a method is.
    """
    decorators = [_last_name(one) for one in getattr(node, "decorator_list", ())]
    if "staticmethod" in decorators:
        bound = False
    elif "classmethod" in decorators:
        bound = True
    known = (*_KEEP_PARAMETERS, "staticmethod", "classmethod")
    if any(one not in known for one in decorators):
        return None
    given = node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    required = len(names) - len(given.defaults)
    unnamed = len(given.posonlyargs)
    skipped = 1 if bound and names else 0
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return Parameters(
        names=tuple(names[skipped:]),
        required=max(required - skipped, 0),
        keywords={one.arg: default is not None for one, default in pairs},
        more=given.vararg is not None,
        others=given.kwarg is not None,
        unnamed=max(unnamed - skipped, 0),
    )


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def split_dotted(node: ast.expr) -> tuple[str, ...]:
    """Split ``a.b.c``; empty for any other expression.

    >>> split_dotted(ast.parse("nn.Layer", mode="eval").body)
    ('nn', 'Layer')
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()


def returns_nothing(node: Function) -> bool:
    r"""Tell whether a function surely gives back None: it ends, and returns and yields no value.

    >>> returns_nothing(ast.parse("def build():\n    net = Net()").body[0])
    True
    """
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    is_stub = all(_says_nothing(one) for one in node.body)
    return not is_stub and not _may_not_end(node.body[-1]) and not any(_returns(node))


def _may_not_end(node: ast.stmt) -> bool:
    """Tell whether a statement may be one that nothing comes after, such as ``sys.exit()``."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _last_name(node.value) in ("exit", "_exit", "abort", "kill", "fail")
    return isinstance(node, ast.Raise | ast.While)


def _says_nothing(node: ast.stmt) -> bool:
    """Tell ``pass``, ``...`` and a docstring."""
    is_value = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_value or isinstance(node, ast.Pass)


def needs_object(node: Function) -> bool:
    r"""Tell whether a function of a class is one that is called on an object.

    >>> needs_object(ast.parse("def forward(self, x):\n    return x").body[0])
    True
    """
    if isinstance(node, ast.Lambda) or node.decorator_list:
        return False
    taken = [*node.args.posonlyargs, *node.args.args]
    return bool(taken) and taken[0].arg == "self"


def find_returned(node: Function) -> ast.expr | None:
    """Find what a function always returns a call of, such as ``Net`` in ``return Net(3)``.

    A local name that is assigned once is looked through. None where the source does not tell.
    """
    if isinstance(node, ast.Lambda):
        results: list[ast.expr | None] = [node.body]
        local = Names(bindings={}, stars=())
    elif isinstance(node, ast.AsyncFunctionDef):
        return None
    else:
        local = read_namespace(node.body)
        results = list(_returns(node))
    called = [_called(one, local) for one in results]
    only = called[0] if called else None
    first = split_dotted(only)[:1] if only is not None else ()
    if only is None or any(
        one is None or split_dotted(one) != split_dotted(only) for one in called
    ):
        return None
    # A name of the function's own hides the one of the module.
    arguments = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
    return only if first and first[0] not in {*arguments, *local.bindings} else None


def _returns(node: ast.FunctionDef) -> Iterator[ast.expr | None]:
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        child = waiting.pop()
        if isinstance(child, ast.Return):
            yield child.value
        elif isinstance(child, ast.Yield | ast.YieldFrom):
            yield child
        elif not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
        ):
            waiting += ast.iter_child_nodes(child)


def _called(result: ast.expr | None, local: Names) -> ast.expr | None:
    if isinstance(result, ast.Name):
        known = local.bindings.get(result.id, ())
        result = known[0] if len(known) == 1 and isinstance(known[0], ast.expr) else None
    return result.func if isinstance(result, ast.Call) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Misnamed:
    """Something that models.yaml names, and that is not so.

    Attributes:
        model: name of the model; None where it is named outside of all models.
        path: where it is named.
        message: what is wrong.
    """

    model: str | None
    path: Path
    message: str
