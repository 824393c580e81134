"""Whether what models.yaml names is there: in the work tree, tracked by DVC, or made by a stage."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.core import outputs
from paddledvc.core.names import did_you_mean
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.tools import yaml
from paddledvc.tools.files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOOKED_AT = 20_000
"""Entries of folders that are looked at for a name near to a wrong one."""
_TEMPLATE = re.compile(r"\$\{[^}]*\}")


@dataclass(kw_only=True, slots=True)
class Presence:
    """Tells which files and folders of a project there are.

    Attributes:
        root: folder of the project.
        made: what stages of ours write, in dvc.yaml or not yet.
        elsewhere: folders whose files are kept by another repository, and may not be here.
    """

    root: Path
    made: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    _values: dict[str, Any] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Tell whether a file or folder is there, or will be once DVC has brought or made it."""
        path = posixpath.normpath(path)
        return (
            (self.root / path).exists()
            or _inside(path, self.made)
            or _inside(path, self.elsewhere)
            or any(map(self._tracks, _above(path)))
            or any(_writes(one, path) for one in self._written(path))
        )

    def _tracks(self, path: str) -> bool:
        return (self.root / f"{path}{outputs.SUFFIX}").is_file()

    def _written(self, path: str) -> Iterator[str]:
        """Yield what the dvc.yaml files beside and above a path say that stages write."""
        for record in outputs.records(path):
            if posixpath.basename(record) != outputs.STAGES:
                continue
            for folder, stage in outputs.stages(record, self._value(record)):
                for key in ("outs", "metrics", "plots"):
                    entries = stage.get(key)
                    for entry in entries if isinstance(entries, list) else ():
                        named = [entry] if isinstance(entry, str) else entry
                        for one in named if isinstance(named, list | dict) else ():
                            yield outputs.join(folder, str(one))

    def _value(self, name: str) -> Any:
        if name not in self._values:
            file = self.root / name
            try:
                text = read_text(file, name) if file.is_file() else ""
                self._values[name] = yaml.parse(text, name).value
            except (InvalidFile, InvalidInput):
                self._values[name] = None
        return self._values[name]

    def near(self, path: str) -> str:
        """Suggest what is there and has nearly the same name, as the end of a sentence."""
        folder, parts = self.root, posixpath.normpath(path).split("/")
        while len(parts) > 1 and (folder / parts[0]).is_dir():
            folder /= parts.pop(0)
        try:
            there = {
                (folder / one.name.removesuffix(outputs.SUFFIX)).relative_to(self.root).as_posix()
                for one in folder.iterdir()
                if len(parts) == 1 or one.is_dir()
            }
        except OSError:
            return ""
        return _near_name((folder / parts[0]).relative_to(self.root).as_posix(), there)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _inside(path: str, folders: frozenset[str]) -> bool:
    return any(one in folders for one in _above(path))


def _writes(pattern: str, path: str) -> bool:
    """Tell whether an output, which may be a template, is a path or holds it."""
    if "${" not in pattern:
        return path == pattern or path.startswith(f"{pattern}/")
    escaped = ".*".join(map(re.escape, _TEMPLATE.split(pattern)))
    return re.fullmatch(f"{escaped}(/.*)?", path) is not None


def submodules(root: Path) -> frozenset[str]:
    """Name git's submodules below a folder; their files are there once git has fetched them."""
    for folder in (root, *root.parents):
        file = folder / ".gitmodules"
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            paths = re.findall(r"^\s*path\s*=\s*(.*?)\s*$", text, re.MULTILINE)
            below = (folder / one for one in paths)
            return frozenset(
                one.relative_to(root).as_posix() for one in below if one.is_relative_to(root)
            )
        if (folder / ".git").exists():
            break
    return frozenset()


def nearest_code(path: str, root: Path) -> str:
    """Suggest the file of code whose name is nearest, as the end of a sentence."""
    files = sorted(_code_below(root))
    folder, name = posixpath.split(path)
    beside = _near_name(path, (one for one in files if posixpath.dirname(one) == folder))
    same = [one for one in files if posixpath.basename(one) == name]
    same += [one for one in files if one.replace("/", ".") == path.replace("/", ".")]
    return beside or (f"; did you mean {same[0]!r}?" if len(same) == 1 else "")


def _near_name(path: str, beside: Iterable[str]) -> str:
    """Suggest the path in a folder whose last part is nearest: the folder is right already."""
    by_name = {posixpath.basename(one): one for one in sorted(beside)}
    hint = did_you_mean(posixpath.basename(path), by_name)
    return next((f"; did you mean {by_name[one]!r}?" for one in by_name if f"{one!r}" in hint), "")


def _code_below(root: Path) -> Iterator[str]:
    looked = 0
    for folder, folders, files in os.walk(root):
        hidden = {one for one in folders if one.startswith((".", "__pycache__", "node_modules"))}
        environments = {one for one in folders if (Path(folder) / one / "pyvenv.cfg").exists()}
        folders[:] = sorted({*folders} - hidden - environments)
        for file in files:
            if file.endswith(".py"):
                yield (Path(folder) / file).relative_to(root).as_posix()
        looked += len(files) + len(folders)
        if looked > LOOKED_AT:
            return
