"""Whether what models.yaml names is there: in the work tree, tracked by DVC, or made by a stage."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.names import suggest_name
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.git.project_files import read_project_text
from paddledvc.tools.system.files import list_folder, split_folder
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from paddledvc.tools.system.files import FilePath

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

    root: FilePath
    made: frozenset[str] = frozenset()
    elsewhere: Container[str] = frozenset()
    _outputs: dict[str, frozenset[str]] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Tell whether a file or folder is there, or will be once DVC has brought or made it."""
        path = posixpath.normpath(path)
        return (
            (self.root / path).exists()
            or _inside(path, self.made)
            or _inside(path, self.elsewhere)
            or any(map(self._tracks, _above(path)))
            or any(self._writes(record, path) for record in outputs.list_output_files(path))
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
            value = reader.parse_yaml(read_project_text(self.root, record), record).value
        except (InvalidFile, InvalidInput):
            return
        for folder, stage in outputs.list_output_stages(record, value):
            for key in ("outs", "metrics", "plots"):
                entries = stage.get(key)
                for entry in entries if isinstance(entries, list) else ():
                    named = [entry] if isinstance(entry, str) else entry
                    for one in named if isinstance(named, list | dict) else ():
                        yield outputs.join_output_folder(folder, str(one))

    def near(self, path: str) -> str:
        """Suggest what is there and has nearly the same name, as the end of a sentence."""
        folder, above, parts = self.root, "", posixpath.normpath(path).split("/")
        while len(parts) > 1 and (folder / parts[0]).is_dir():
            above += f"{parts[0]}/"
            folder /= parts.pop(0)
        there = {
            above + one.name.removesuffix(outputs.SUFFIX)
            for one in list_folder(folder)
            if len(parts) == 1 or one.is_dir()
        }
        return _near_name(above + parts[0], there)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _inside(path: str, folders: Container[str]) -> bool:
    return any(one in folders for one in _above(path))


def _fits(pattern: str, path: str) -> bool:
    """Tell whether a template may stand for a path, or for a folder that it is in."""
    escaped = ".*".join(map(re.escape, _TEMPLATE.split(pattern)))
    return re.fullmatch(f"{escaped}(/.*)?", path) is not None


def suggest_present_file(path: str, root: FilePath) -> str:
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
    hint = suggest_name(posixpath.basename(path), by_name)
    return next((f"; did you mean {by_name[one]!r}?" for one in by_name if f"{one!r}" in hint), "")


def _code_below(root: FilePath) -> Iterator[str]:
    looked, waiting = 0, [("", root)]
    while waiting and looked <= LOOKED_AT:
        above, folder = waiting.pop()
        folders, files = split_folder(folder)
        looked += len(folders) + len(files)
        yield from (above + name for name in files if name.endswith(".py"))
        inner = [(f"{above}{name}/", folder / name) for name in sorted(folders, reverse=True)]
        waiting += [(path, one) for path, one in inner if _may_hold_code(one)]


def _may_hold_code(folder: FilePath) -> bool:
    hidden = folder.name.startswith((".", "__pycache__", "node_modules"))
    return not hidden and not (folder / "pyvenv.cfg").exists()
