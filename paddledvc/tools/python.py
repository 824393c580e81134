"""A user's Python code: which files a reference depends on, found without running anything."""

from __future__ import annotations

import ast
import shlex
import warnings
from typing import TYPE_CHECKING

from paddledvc.core.model import Reference
from paddledvc.errors import InvalidFile, InvalidInput, Problem
from paddledvc.tools.files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def code_files(reference: Reference, root: Path) -> tuple[str, ...]:
    """List the project's files that a reference's code is in, those it imports included.

    Installed packages are left out: they belong to the environment, not to the project.

    Args:
        reference: ``package.module:name`` or ``path/file.py:name``.
        root: folder of the project.

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
        waiting = {start, *_packages(start, root)}
    else:
        waiting = set(_module_files(reference.module, root))
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= set(_imported_files(file, root)) - found
    return tuple(sorted(file.relative_to(root).as_posix() for file in found))


def import_root(file: Path, root: Path) -> Path:
    """Find the folder that a file's absolute imports start from, beside the project's root.

    It is the first folder above the file that is no package: ``src`` for ``src/pkg/net.py``.
    """
    folder = file.parent
    while folder != root and (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _packages(file: Path, root: Path) -> Iterator[Path]:
    """List the ``__init__.py`` of the packages that a file is in, which importing it runs."""
    top = import_root(file, root)
    for folder in file.parents:
        if folder == top:
            return
        yield folder / "__init__.py"


def command_files(command: str, root: Path) -> tuple[str, ...]:
    """List the project's files that a command line names, with what its Python files import.

    Args:
        command: a command line, such as ``python tools/train.py --config a.yml``.
        root: folder of the project.

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
                found.update(code_files(_as_reference(file, root), root))
        elif _is_file_of(word, root):
            file = root / word
            code = code_files(_as_reference(file, root), root) if file.suffix == ".py" else ()
            found.update({file.relative_to(root).as_posix(), *code})
    return tuple(sorted(found))


def _as_reference(file: Path, root: Path) -> Reference:
    return Reference(module=file.relative_to(root).as_posix(), name="")


def _is_file_of(word: str, root: Path) -> bool:
    if word.startswith("/") or ".." in word.split("/"):
        return False
    try:
        return (root / word).is_file()
    except (OSError, ValueError):
        return False


def _imported_files(file: Path, root: Path) -> Iterator[Path]:
    name = file.relative_to(root).as_posix()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python will say it when it runs the file
            tree = ast.parse(read_text(file, name).removeprefix("\ufeff"), filename=name)
    except (SyntaxError, ValueError) as error:
        problem = Problem(
            file=name,
            line=getattr(error, "lineno", 1) or 1,
            column=getattr(error, "offset", 1) or 1,
            path="",
            message=f"not Python: {getattr(error, 'msg', error)}",
        )
        raise InvalidFile([problem]) from error
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _visible_files(alias.name, file, root)
        elif isinstance(node, ast.ImportFrom):
            for module in _from_modules(node, file, root):
                yield from _visible_files(module, file, root)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, but not into ``if TYPE_CHECKING:``, which no run executes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield other
                yield from _executed(other)
            continue
        yield child
        yield from _executed(child)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _from_modules(node: ast.ImportFrom, file: Path, root: Path) -> list[str]:
    """Name what ``from a import b`` may load: the module a, and the modules a.b."""
    module = node.module or ""
    if node.level:
        package = file.relative_to(root).parts[: -node.level]
        module = ".".join((*package, module) if module else package)
    prefix = f"{module}." if module else ""
    return [*([module] if module else []), *(prefix + alias.name for alias in node.names)]


def _visible_files(module: str, file: Path, root: Path) -> Iterator[Path]:
    """Look where the importing file's own package is too, as importing it by its path does."""
    yield from _module_files(module, root)
    top = import_root(file, root)
    if top != root:
        yield from _module_files(module, root, top)


def _module_files(module: str, root: Path, start: Path | None = None) -> Iterator[Path]:
    """List the files that importing a module of the project runs."""
    folder = start or root
    for part in module.split("."):
        if (folder / f"{part}.py").is_file():
            yield folder / f"{part}.py"
            return
        folder /= part
        if not folder.is_dir() or not folder.is_relative_to(root):
            return
        if (folder / "__init__.py").is_file():
            yield folder / "__init__.py"
