"""Names of code looked up in its source: nothing is imported, and nothing runs.

What the source does not plainly tell counts as there: a name that a star import of an installed
package or ``globals()`` may give is never said to be missing.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field, replace
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from paddledvc.errors import InvalidFile
from paddledvc.names import suggest_name
from paddledvc.tools.code.core import namespace
from paddledvc.tools.code.file_presence import suggest_present_file
from paddledvc.tools.code.source_files import import_root_of_source
from paddledvc.tools.system.files import list_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec

    from paddledvc.models.model import Reference
    from paddledvc.tools.code.core.namespace import Binding, Function, Imported, Parameters
    from paddledvc.tools.code.source_files import SourceFile, Sources
    from paddledvc.tools.system.files import FilePath

LISTED = 6
"""Names of a module that a message lists where none is near."""
_PADDLES = ("paddle", "pp")
"""How the packages of Paddle's suites begin, which not every machine has."""
DEPTH = 20
"""Steps from one name to the next before a reference counts as too winding to tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """What is not there, as a sentence."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """A module whose source is there; one without a file is a folder of others.

    Attributes:
        file: its source.
        folders: where its submodules are.
        own: whether it is of the project.
    """

    file: FilePath | None
    folders: tuple[FilePath, ...] = ()
    own: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundName:
    """What a name stands for.

    Attributes:
        node: the class, function or value.
        source: the file that it is in.
        own: whether that is one of the project.
        method: whether it is a function of a class that is called on an object.
    """

    node: ast.ClassDef | Function | ast.expr
    source: SourceFile
    own: bool
    method: bool = False


Target: TypeAlias = FoundName | Module | Missing | None
"""What a lookup gives; None where the source does not tell."""


@dataclass(kw_only=True, slots=True)
class Lookup:
    """Looks names up in the source of a project and of what is installed beside it."""

    sources: Sources
    _modules: dict[tuple[str, FilePath | None], Module | Missing | None] = field(
        default_factory=dict
    )
    _known: dict[tuple[FilePath, str], Target] = field(default_factory=dict)

    @property
    def root(self) -> FilePath:
        """Folder of the project."""
        return self.sources.root

    def find(self, reference: Reference) -> Target:
        """Find what a reference names.

        Raises:
            InvalidFile: a file of the project that it leads to is not Python.
        """
        if reference.is_file:
            file = self.root / reference.module
            if not file.is_file():
                hint = suggest_present_file(reference.module, self.root)
                return Missing(why=f"there is no file {reference.module} in the project{hint}")
            folders = (file.parent,) if file.name == "__init__.py" else ()
            target: Target = Module(file=file, folders=folders, own=True)
        else:
            target = self.module(reference.module)
        for part in reference.name.split("."):
            target = self._part(target, part)
        return target

    def module(self, dotted: str, top: FilePath | None = None) -> Module | Missing | None:
        """Find a module by its whole name.

        Args:
            dotted: the name.
            top: a folder that is searched after the project's.
        """
        key = (dotted, top)
        if key not in self._modules:
            self._modules[key] = self._module(dotted, top)
        return self._modules[key]

    def _module(self, dotted: str, top: FilePath | None) -> Module | Missing | None:
        first, *rest = dotted.split(".")
        found = self._top(first, top)
        if found is None:
            return self._nowhere(dotted)
        name = first
        for part in rest:
            if not found.folders:
                return Missing(why=f"{dotted}: {name} is a module, and no package")
            inner = _in_folders(part, found.folders, own=found.own)
            if inner is None:
                return None if self._may_have_more(found) else _no_submodule(name, part, found)
            if isinstance(inner, _Compiled):
                return None
            found, name = inner, f"{name}.{part}"
        return found

    def _top(self, name: str, top: FilePath | None) -> Module | None:
        folders = (self.root,) if top is None else (self.root, top)
        found = _in_folders(name, folders, own=True)
        if isinstance(found, Module) and found.file is not None:
            return found
        # A package that is installed goes before a mere folder of the same name.
        installed = _installed(name)
        return installed or (found if isinstance(found, Module) else None)

    def _nowhere(self, dotted: str) -> Missing | None:
        """Judge a module that is neither in the project nor installed.

        Without Paddle this is no environment that stages run in, and other packages may lack too.
        """
        first = dotted.partition(".")[0]
        if _spec(first) is not None or first.startswith(_PADDLES):
            return None
        hint = suggest_name(first, ["paddle", *_project_modules(self.root)])
        if not hint and _installed("paddle") is None:
            return None
        return Missing(why=f"there is no module {first} in the project or installed{hint}")

    def _may_have_more(self, module: Module) -> bool:
        """Tell whether a package may have modules elsewhere than in its folder."""
        if module.file is None:
            return False
        try:
            source = self.sources.read(module.file)
        except InvalidFile:
            return True
        return "__path__" in source.text or "sys.modules" in source.text

    def _part(self, target: Target, name: str) -> Target:
        """Find a name in what another name stands for."""
        if isinstance(target, Module):
            return self._in_module(target, name)
        if not isinstance(target, FoundName):
            return target
        if isinstance(target.node, ast.ClassDef):
            return self._in_class(target, name)
        function = target.node
        if not isinstance(function, ast.FunctionDef) or function.decorator_list:
            return None
        if namespace.may_set_in_namespace(target.source.text, function.name, name):
            return None
        where = f"{function.name} of {target.source.name}"
        return Missing(why=f"{where} is a function, and has no {name!r}")

    def _in_module(self, module: Module, name: str) -> Target:
        """Find a name in a module; what leads back to itself cannot be told."""
        if module.file is None:
            inner = _in_folders(name, module.folders, own=module.own)
            return inner if isinstance(inner, Module) else None
        key = (module.file, name)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._in_file(module, name)
        return self._known[key]

    def _in_file(self, module: Module, name: str) -> Target:
        source = self._read(module)
        if source is None:
            return None
        bindings = source.names.bindings.get(name, ())
        # `from paddle import nn` in Paddle itself imports the submodule, as it does in others.
        of_itself = len(bindings) == 1 and self._leads_back(bindings[0], name, source)
        if len(bindings) == 1 and not of_itself:
            return self._follow(bindings[0], source, own=module.own)
        if (bindings and not of_itself) or name in source.shared:
            return None
        inner = _in_folders(name, module.folders, own=module.own)
        if inner is not None:
            return inner if isinstance(inner, Module) else None
        return None if of_itself else self._by_star(source, name)

    def _leads_back(self, binding: Binding, name: str, source: SourceFile) -> bool:
        """Tell whether a package imports a name of itself."""
        if not isinstance(binding, namespace.Imported) or binding.name != name:
            return False
        origin = self._origin(binding, source)
        return isinstance(origin, Module) and origin.file == source.path

    def _read(self, module: Module) -> SourceFile | None:
        assert module.file is not None
        try:
            return self.sources.read(module.file)
        except InvalidFile:
            if module.own:
                raise
            return None

    def _by_star(self, source: SourceFile, name: str) -> Target:
        """Look for a name in what a module takes all names of."""
        offered = [*source.offered, *source.shared]
        known = [*source.names.bindings, *source.shared]
        for star in source.names.stars:
            origin = self._origin(star, source)
            found = self._part(origin, name) if isinstance(origin, Module) else None
            if not isinstance(found, Missing):
                return found
            inner = self._read(origin) if isinstance(origin, Module) and origin.file else None
            known += inner.names.bindings if inner is not None else ()
            offered += inner.offered if inner is not None else ()
        return None if source.open else _no_name(source.name, name, known, offered)

    def _follow(self, binding: Binding, source: SourceFile, *, own: bool) -> Target:
        """Find what a binding gives."""
        if isinstance(binding, namespace.Imported):
            return self._imported(binding, source)
        if isinstance(binding, ast.Name | ast.Attribute):
            target = self.expression(binding, source)
            return None if isinstance(target, Missing) else target
        return None if binding is None else FoundName(node=binding, source=source, own=own)

    def _imported(self, binding: Imported, source: SourceFile) -> Target:
        origin = self._origin(binding, source)
        found = self._part(origin, binding.name) if binding.name else origin
        if not isinstance(found, Missing):
            return found
        # What is installed here may be older or newer than where the code runs.
        own = isinstance(origin, Missing) or (isinstance(origin, Module) and origin.own)
        if not binding.sure or not own or not self.sources.is_own(source.path):
            return None
        return Missing(why=f"line {binding.line} of {source.name} fails: {found.why}")

    def _origin(self, binding: Imported, source: SourceFile) -> Module | Missing | None:
        """Find the module that an import takes something of."""
        inside = self.sources.is_own(source.path)
        if not binding.level:
            top = import_root_of_source(source.path, self.root) if inside else None
            found = self.module(binding.module, top)
            # What is not installed here may be where the code runs.
            first = binding.module.partition(".")[0]
            package = self.module(first, top)
            own = inside and isinstance(package, Module) and package.own
            return None if isinstance(found, Missing) and not own else found
        folder = source.path
        for _ in range(binding.level):
            folder = folder.parent
        file = folder / "__init__.py"
        found = Module(file=file if file.is_file() else None, folders=(folder,), own=inside)
        for part in filter(None, binding.module.split(".")):
            inner = _in_folders(part, found.folders, own=inside)
            if not isinstance(inner, Module):
                at = "." * binding.level + binding.module
                return Missing(why=f"there is no module {at}") if inner is None else None
            found = inner
        return found

    def expression(self, node: ast.expr, source: SourceFile) -> Target:
        """Find what ``a.b.c`` stands for in a module; None for any other expression."""
        first, *rest = namespace.split_dotted(node) or ("",)
        if not first:
            return None
        own = self.sources.is_own(source.path)
        module = Module(file=source.path, folders=(), own=own)
        target = self._in_module(module, first)
        for part in rest:
            target = self._part(target, part)
        return target

    def _in_class(self, target: FoundName, name: str) -> Target:
        names: list[str] = []
        for one in self._line(target):
            if one is None:
                return None
            assert isinstance(one.node, ast.ClassDef)
            known = namespace.read_namespace(one.node.body).bindings
            if name in known:
                only = known[name][0] if len(known[name]) == 1 else None
                found = self._follow(only, one.source, own=one.own)
                if isinstance(only, ast.FunctionDef) and isinstance(found, FoundName):
                    return replace(found, method=namespace.needs_object(only))
                return found
            if namespace.may_set_in_namespace(one.source.text, one.node.name, name):
                return None
            names += known
        assert isinstance(target.node, ast.ClassDef)
        where = f"{target.source.name}:{target.node.name}"
        return _no_name(where, name, names, names)

    def _line(self, target: FoundName) -> Sequence[FoundName | None]:
        """List a class and its bases in the order that Python searches; None ends what is known."""
        line: list[FoundName | None] = []
        waiting: FoundName | None = target
        while waiting is not None and len(line) < DEPTH:
            node = waiting.node
            assert isinstance(node, ast.ClassDef)
            line.append(waiting)
            if not node.bases and not node.keywords and not node.decorator_list:
                return line
            if len(node.bases) != 1 or node.keywords or node.decorator_list:
                break
            if namespace.split_dotted(node.bases[0]) == ("object",):
                return line
            base = self.expression(node.bases[0], waiting.source)
            is_class = isinstance(base, FoundName) and isinstance(base.node, ast.ClassDef)
            waiting = base if is_class and isinstance(base, FoundName) else None
        return [*line, None]

    def method(self, target: FoundName, name: str) -> FoundName | Missing | None:
        """Find a method of a class, its bases included.

        Returns:
            The method; Missing where the class surely has none, None where nobody can tell.
        """
        found = self._in_class(target, name)
        if isinstance(found, FoundName) and not isinstance(found.node, ast.FunctionDef):
            return None
        return None if isinstance(found, Module) else found

    def parameters(self, target: FoundName) -> Parameters | None:
        """Tell what calling a class or function takes; None where the source does not tell."""
        node = target.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return namespace.read_parameters(node)
        if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords:
            return None
        if isinstance(self.method(target, "__new__"), FoundName):
            return None
        made = self.method(target, "__init__")
        if isinstance(made, Missing):
            return namespace.Parameters()
        if made is None or not isinstance(made.node, ast.FunctionDef):
            return None
        return namespace.read_parameters(made.node, bound=True)

    def built(self, target: FoundName, depth: int = 0) -> FoundName | None:
        """Find the class that a factory builds: itself, or what a function always returns."""
        if isinstance(target.node, ast.ClassDef):
            return target
        if not isinstance(target.node, ast.FunctionDef) or depth > DEPTH:
            return None
        if target.node.decorator_list or (called := namespace.find_returned(target.node)) is None:
            return None
        found = self.expression(called, target.source)
        return self.built(found, depth + 1) if isinstance(found, FoundName) else None

    def plain(self, target: FoundName) -> bool:
        """Tell whether a class surely has no base but the project's own, and so is no layer."""
        line = self._line(target)
        own = all(one is not None and one.own for one in line)
        return own and isinstance(self.method(target, "__new__"), Missing)

    def classes(self, target: FoundName) -> Sequence[FoundName]:
        """List a class and its bases, as far as the source tells them."""
        return [one for one in self._line(target) if one is not None]

    def is_layer(self, target: FoundName) -> bool:
        """Tell whether a class surely is a ``paddle.nn.Layer``."""
        last = self.classes(target)[-1]
        assert isinstance(last.node, ast.ClassDef)
        return last.node.name == "Layer" and last.source.name.startswith("paddle.")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A module without source."""


def _in_folders(name: str, folders: Iterable[FilePath], *, own: bool) -> Module | _Compiled | None:
    """Find a module in folders as Python does: packages, modules, then mere folders."""
    bare: list[FilePath] = []
    for folder in folders if namespace.is_file_of_namespace(name) else ():
        inner = folder / name
        if (inner / "__init__.py").is_file():
            return Module(file=inner / "__init__.py", folders=(inner,), own=own)
        if any((folder / f"{name}{suffix}").is_file() for suffix in EXTENSION_SUFFIXES):
            return _Compiled()
        if (folder / f"{name}.py").is_file():
            return Module(file=folder / f"{name}.py", own=own)
        if inner.is_dir():
            bare.append(inner)
    return Module(file=None, folders=tuple(bare), own=own) if bare else None


def _spec(name: str) -> ModuleSpec | None:
    """Ask Python where a package or module is installed; that imports nothing."""
    here = ("", str(Path.cwd()))  # the project, or another state of it than the one looked at
    path = [one for one in sys.path if one not in here]
    for finder in sys.meta_path:
        if finder is PathFinder:
            found = PathFinder.find_spec(name, path)
        elif hasattr(finder, "find_spec"):
            found = finder.find_spec(name, None)
        else:
            continue
        if found is not None:
            return found
    return None


def _installed(name: str) -> Module | None:
    """Find the source of an installed package or module."""
    spec = _spec(name)
    if spec is None:
        return None
    file = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    folders = tuple(map(Path, spec.submodule_search_locations or ()))
    return Module(file=file, folders=folders, own=False) if file or folders else None


def _project_modules(root: FilePath) -> list[str]:
    packages = (one.name for one in list_folder(root) if one.is_dir() and _has_code(one))
    return sorted({*(one.stem for one in list_folder(root) if _is_code(one)), *packages})


def _has_code(folder: FilePath) -> bool:
    return any(map(_is_code, list_folder(folder)))


def _is_code(file: FilePath) -> bool:
    return file.name.endswith(".py")


def _no_submodule(name: str, part: str, package: Module) -> Missing:
    names = {
        one.stem if one.is_file() else one.name
        for folder in package.folders
        for one in folder.iterdir()
        if one.suffix == ".py" or (one.is_dir() and _has_code(one))
    }
    hint = suggest_name(f"{name}.{part}", [f"{name}.{one}" for one in names - {"__init__"}])
    return Missing(why=f"there is no module {name}.{part}{hint}")


def _no_name(where: str, name: str, known: Iterable[str], offered: Iterable[str]) -> Missing:
    same = [one for one in known if one.casefold() == name.casefold()]
    hint = f"; did you mean {same[0]!r}?" if same else suggest_name(name, sorted(known))
    shown = sorted({one for one in offered if not one.startswith("_")})
    if not hint and shown:
        more = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
        hint = f"; it has {', '.join(shown[:LISTED])}{more}"
    return Missing(why=f"{where} has no {name!r}{hint}")
