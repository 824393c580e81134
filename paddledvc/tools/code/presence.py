"""Whether what models.yaml names is there: in the work tree, tracked by DVC, or made by a stage."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.names import did_you_mean
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.system.files import read_text
from paddledvc.yaml import reader

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
    _outputs: dict[str, frozenset[str]] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Tell whether a file or folder is there, or will be once DVC has brought or made it."""
        path = posixpath.normpath(path)
        return (
            (self.root / path).exists()
            or _inside(path, self.made)
            or _inside(path, self.elsewhere)
            or any(map(self._tracks, _above(path)))
            or any(self._writes(record, path) for record in outputs.usual_files(path))
        )

    def _tracks(self, path: str) -> bool:
        return (self.root / f"{path}{outputs.SUFFIX}").is_file()

    def _writes(self, record: str, path: str) -> bool:
        """Tell whether a stage of a dvc.yaml writes a path, or a folder that it is in."""
        if posixpath.basename(record) != outputs.STAGES_FILE or not (self.root / record).is_file():
            return False
        if record not in self._outputs:
            self._outputs[record] = frozenset(self._written(record))
        known = self._outputs[record]
        return _inside(path, known) or any(
            _fits(one, path) for one in known if _TEMPLATE.search(one)
        )

    def _written(self, record: str) -> Iterator[str]:
        try:
            value = reader.parse_yaml(read_text(self.root / record, record), record).value
        except (InvalidFile, InvalidInput):
            return
        for folder, stage in outputs.list_stages(record, value):
            for key in ("outs", "metrics", "plots"):
                entries = stage.get(key)
                for entry in entries if isinstance(entries, list) else ():
                    named = [entry] if isinstance(entry, str) else entry
                    for one in named if isinstance(named, list | dict) else ():
                        yield outputs.join_folder(folder, str(one))

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


def _fits(pattern: str, path: str) -> bool:
    """Tell whether a template may stand for a path, or for a folder that it is in."""
    escaped = ".*".join(map(re.escape, _TEMPLATE.split(pattern)))
    return re.fullmatch(f"{escaped}(/.*)?", path) is not None


def list_submodules(root: Path) -> frozenset[str]:
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
    same = [one for one in files if one.replace("/", ".") == path.replace("/", ".")]
    beside = _near_name(path, (one for one in files if posixpath.dirname(one) == folder))
    if not beside:
        same += [one for one in files if posixpath.basename(one) == name]
    return f"; did you mean {same[0]!r}?" if len(same) == 1 else beside


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
