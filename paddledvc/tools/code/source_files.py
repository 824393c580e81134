"""A user's Python code: which files a reference depends on, found without running anything."""

from __future__ import annotations

import ast
import io
import shlex
import sys
import tokenize
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from paddledvc.errors import InvalidFile, InvalidInput, Problem
from paddledvc.models.model import Reference
from paddledvc.tools.code.core import namespace
from paddledvc.tools.git.project_files import SOURCE, read_project_file
from paddledvc.tools.system.files import decode_text, file_parts_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.tools.system.files import FilePath


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of Python, parsed; what is found in it is found once.

    Attributes:
        path: where it is.
        name: the same as people name it.
    """

    path: FilePath
    name: str
    text: str
    tree: ast.Module

    @cached_property
    def open(self) -> bool:
        """Whether it may have names that it does not show."""
        return "__getattr__" in self.names.bindings or namespace.is_open_namespace(self.text)

    @cached_property
    def shared(self) -> set[str]:
        """The names that its functions give it."""
        return namespace.list_namespace_globals(self.text)

    @cached_property
    def names(self) -> namespace.Names:
        """The names that importing it binds."""
        try:
            return namespace.read_namespace(self.tree.body)
        except RecursionError:
            return namespace.Names(bindings={"__getattr__": [None]}, stars=())

    @property
    def offered(self) -> list[str]:
        """The names that are of use to others: not what it imports for itself."""
        return [
            name
            for name, given in self.names.bindings.items()
            if not all(isinstance(one, namespace.Imported) and not one.level for one in given)
        ]


_Path = TypeVar("_Path", bound="FilePath")
_INSTALLED = frozenset(("site-packages", "dist-packages"))
"""Folders that Python's installers write into."""


@dataclass(kw_only=True, slots=True)
class Sources:
    """The Python files of a project, each read once however many references lead to it.

    Attributes:
        root: folder of the project.
    """

    root: FilePath
    _read: dict[FilePath, SourceFile | Problem] = field(default_factory=dict)
    _imported: dict[FilePath, tuple[FilePath, ...]] = field(default_factory=dict)

    def read(self, file: FilePath) -> SourceFile:
        """Parse a file.

        Raises:
            InvalidFile: it is not Python.
        """
        known = self._read.get(file)
        if known is None:
            known = self._read[file] = self._parse(file)
        if isinstance(known, Problem):
            raise InvalidFile([known])
        return known

    def _parse(self, file: FilePath) -> SourceFile | Problem:
        if self.is_own(file) or not isinstance(file, Path):
            return _parse(self.root, _name_below(self.root, file), self.name(file))
        try:
            state = file.stat()
        except OSError as error:
            message = f"cannot read it: {error.strerror or error}"
            return Problem(file=self.name(file), line=1, column=1, path="", message=message)
        return _parse_installed(file, self.name(file), (state.st_mtime_ns, state.st_size))

    def is_own(self, file: FilePath) -> bool:
        """Tell a file of the project from what is installed, in a ``.venv`` inside it too."""
        inside = file_parts_below(self.root, file)
        if inside is None:
            return False
        prefix = Path(sys.prefix)
        in_prefix = (
            file_parts_below(self.root, prefix) and file_parts_below(prefix, file) is not None
        )
        return _INSTALLED.isdisjoint(inside) and not in_prefix

    def name(self, file: FilePath) -> str:
        """Name a file as people do: from the root of the project, or as the module it is."""
        if self.is_own(file):
            return _name_below(self.root, file)
        folder = file.parent
        while (folder / "__init__.py").is_file():
            folder = folder.parent
        module = (*file.parts[len(folder.parts) : -1], file.stem)
        return ".".join(module).removesuffix(".__init__")

    def imported(self, file: FilePath) -> tuple[FilePath, ...]:
        """List the project's files that a file imports.

        Raises:
            InvalidFile: it is not Python.
        """
        if file not in self._imported:
            found = dict.fromkeys(_imported_files(self.read(file), self.root))
            self._imported[file] = tuple(found)
        return self._imported[file]


@lru_cache(maxsize=32)
def _parse_installed(file: Path, name: str, _state: tuple[int, int]) -> SourceFile | Problem:
    """Parse a file once in a process while its state stays: Paddle's base class takes 40 ms."""
    return _parse(file.parent, file.name, name)


def _parse(folder: FilePath, path: str, name: str) -> SourceFile | Problem:
    """Parse a file below a folder; say what is wrong with one that is none of Python."""
    line, column = 1, 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python will say it when it runs the file
            text = _decode(read_project_file(folder, path, SOURCE), name).removeprefix("\ufeff")
            tree = ast.parse(text, filename=name)
        return SourceFile(path=folder / path, name=name, text=text, tree=tree)
    except InvalidFile as error:
        return error.problems[0]
    except InvalidInput as error:
        message = str(error)
    except (RecursionError, MemoryError):
        message = "not Python: it is nested too deeply"
    except (SyntaxError, ValueError) as error:
        line, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
        message = f"not Python: {getattr(error, 'msg', error)}"
    return Problem(file=name, line=line, column=column, path="", message=message)


def _decode(data: bytes, name: str) -> str:
    """Read a file in the encoding that its first lines declare, as Python does."""
    try:
        return decode_text(data, name)
    except InvalidFile:
        with suppress(SyntaxError):  # it declares none
            return data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0])
        raise


def source_files_of_code(
    reference: Reference, root: FilePath, sources: Sources | None = None
) -> tuple[str, ...]:
    """List the project's files that a reference's code is in, those it imports included.

    Installed packages are left out: they belong to the environment, not to the project.

    Args:
        reference: ``package.module:name`` or ``path/file.py:name``.
        root: folder of the project.
        sources: the files that have been read already.

    Returns:
        Paths relative to the root, sorted; empty for code of an installed package.

    Raises:
        InvalidInput: the file of a ``path/file.py:name`` is not there.
        InvalidFile: one of the files is not Python.
    """
    if reference.is_file:
        start = root / reference.module
        if not start.is_file():
            raise InvalidInput(f"{reference}: there is no file {reference.module} in the project")
        waiting: set[FilePath] = {start, *_packages(start, root)}
    else:
        waiting = set(_module_files(reference.module, root))
    sources = sources or Sources(root=root)
    found: set[FilePath] = set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= set(sources.imported(file)) - found
    return tuple(sorted(_name_below(root, file) for file in found))


def _name_below(root: FilePath, file: FilePath) -> str:
    return "/".join(file.parts[len(root.parts) :])


def import_root_of_source(file: _Path, root: FilePath) -> _Path:
    """Find the folder that a file's absolute imports start from, beside the project's root.

    It is the first folder above the file that is no package: ``src`` for ``src/pkg/net.py``.
    """
    folder = file.parent
    while folder != root and (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _packages(file: FilePath, root: FilePath) -> Iterator[FilePath]:
    """List the ``__init__.py`` of the packages that a file is in, which importing it runs."""
    top, folder = import_root_of_source(file, root), file.parent
    while folder != top:
        yield folder / "__init__.py"
        folder = folder.parent


def source_files_of_command(
    command: str, root: FilePath, sources: Sources | None = None
) -> tuple[str, ...]:
    """List the project's files that a command line names, with what its Python files import.

    Args:
        command: a command line, such as ``python tools/train.py --config a.yml``.
        root: folder of the project.
        sources: the files that have been read already.

    Returns:
        Paths relative to the root, sorted.
    """
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        words = command.split()
    found: set[str] = set()
    for before, word in zip(["", *words], words, strict=False):
        if before == "-m":
            for file in _module_files(word, root):
                found.update(source_files_of_code(_as_reference(file, root), root, sources))
        elif _is_file_of(word, root):
            file = root / word
            found.add(_name_below(root, file))
            if file.suffix == ".py":
                found.update(source_files_of_code(_as_reference(file, root), root, sources))
    return tuple(sorted(found))


def _as_reference(file: FilePath, root: FilePath) -> Reference:
    return Reference(module=_name_below(root, file), name="")


def _is_file_of(word: str, root: FilePath) -> bool:
    if word.startswith("/") or ".." in word.split("/"):
        return False
    try:
        return (root / word).is_file()
    except (OSError, ValueError):
        return False


def _imported_files(source: SourceFile, root: FilePath) -> Iterator[FilePath]:
    for node in namespace.list_namespace_imports(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _visible_files(alias.name, source.path, root)
        else:
            for module in _from_modules(node, source.path, root):
                yield from _visible_files(module, source.path, root)


def _from_modules(node: ast.ImportFrom, file: FilePath, root: FilePath) -> list[str]:
    """Name what ``from a import b`` may load: the module a, and the modules a.b."""
    module = node.module or ""
    if node.level:
        package = file.parts[len(root.parts) : -node.level]
        module = ".".join((*package, module) if module else package)
    prefix = f"{module}." if module else ""
    return [*([module] if module else []), *(prefix + alias.name for alias in node.names)]


def _visible_files(module: str, file: FilePath, root: FilePath) -> Iterator[FilePath]:
    """Look where the importing file's own package is too, as importing it by its path does."""
    yield from _module_files(module, root)
    top = import_root_of_source(file, root)
    if top != root:
        yield from _module_files(module, root, top)


def _module_files(module: str, root: FilePath, start: FilePath | None = None) -> Iterator[FilePath]:
    """List the files that importing a module of the project runs."""
    folder = start or root
    for part in module.split("."):
        if not namespace.is_file_of_namespace(part):
            return
        if (folder / f"{part}.py").is_file():
            yield folder / f"{part}.py"
            return
        folder /= part
        if not folder.is_dir() or file_parts_below(root, folder) is None:
            return
        if (folder / "__init__.py").is_file():
            yield folder / "__init__.py"
