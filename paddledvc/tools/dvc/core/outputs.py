"""What the files of DVC say about outputs and the stages that made them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from paddledvc.names import DVC_LOCK
from paddledvc.values import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STAGES_FILE, SUFFIX = "dvc.yaml", ".dvc"
FOLDER_SUFFIX = ".dir"
"""End of the name of an object that lists the files of a folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DvcOutput:
    """A file or folder that DVC tracks.

    Attributes:
        path: where it is, from the root of the repository.
        md5: DVC's hash of the file, or of the listing of the folder.
        folder: whether it is a folder.
        exact: whether ``md5`` is that of the bytes. DVC 1 and 2 made one of what a text file
            would be with other line ends.
        size: bytes of it all; None if DVC did not note them.
        file: the file of DVC that says so.
        place: where in that file.
    """

    path: str
    md5: str
    folder: bool
    exact: bool
    size: int | None
    # Two files that say the same are not two outputs.
    file: str = field(default="", compare=False)
    place: tuple[str | int, ...] = field(default=(), compare=False)

    def holds(self, path: str) -> bool:
        """Tell whether a path is this output's, or lies in it.

        >>> DvcOutput(path="a/b", md5="", folder=True, exact=True, size=None).holds("a/b/c")
        True
        """
        return path == self.path or (self.folder and path.startswith(f"{self.path}/"))


def list_output_files(path: str) -> list[str]:
    """Name the files that DVC usually tracks a path by, most telling first.

    >>> list_output_files("a/b")
    ['a/b.dvc', 'a.dvc', 'a/dvc.yaml', 'a/dvc.lock', 'dvc.yaml', 'dvc.lock']
    """
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    folders = [*above[1:], ""]
    stages = [
        posixpath.join(folder, name) for folder in folders for name in (STAGES_FILE, DVC_LOCK)
    ]
    return [*(f"{one}{SUFFIX}" for one in above), *stages]


def is_dvc_or_git_file(path: str) -> bool:
    """Tell whether a file is one of DVC's or git's own, and nothing of the folder it lies in.

    >>> is_dvc_or_git_file("a/b.dvc"), is_dvc_or_git_file("a/b.pdparams")
    (True, False)
    """
    name = posixpath.basename(path)
    return name in (STAGES_FILE, DVC_LOCK, ".gitignore", ".dvcignore") or name.endswith(SUFFIX)


def find_output(path: str, files: Mapping[str, Any]) -> DvcOutput | None:
    """Find the output that is a path or holds it.

    Args:
        path: from the root of the repository.
        files: values of those files of ``list_output_files(path)`` that there are.

    Returns:
        The output; None where these files name none, or do not agree on it.
    """
    found = {one for one in list_outputs(files) if one.holds(path)}
    return found.pop() if len(found) == 1 else None


def is_exact_output(md5: str, files: Mapping[str, Any]) -> bool:
    """Tell whether a hash that DVC gives is one of bytes, by the files that it must be from."""
    return {one.exact for one in list_outputs(files) if one.md5 == md5} == {True}


def list_outputs(files: Mapping[str, Any]) -> Iterator[DvcOutput]:
    """Yield all outputs; one in a folder that is a template has a path that is none.

    Args:
        files: values of the dvc.yaml, dvc.lock and .dvc files, by path.
    """
    for file, value in files.items():
        folder, name = posixpath.split(file)
        if name == DVC_LOCK:
            known = _mapping(files.get(posixpath.join(folder, STAGES_FILE)), "stages")
            yield from _locked(file, known, _mapping(value, "stages"))
        elif name != STAGES_FILE and isinstance(value, dict):
            at = join_output_folder(folder, str(value.get("wdir", "")))
            yield from _entries(at, value, file, ())


def list_output_stages(file: str, value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every stage of a dvc.yaml, or that of a .dvc file, and the folder its paths are from.

    >>> [*list_output_stages("a/dvc.yaml", {"stages": {"b": {"wdir": "c", "outs": ["d"]}}})]
    [('a/c', {'wdir': 'c', 'outs': ['d']})]
    """
    folder, name = posixpath.split(file)
    if name == DVC_LOCK:
        return
    known = _mapping(value, "stages").values() if name == STAGES_FILE else [value]
    for stage in map(_template, known):
        if isinstance(stage, dict):
            yield join_output_folder(folder, str(stage.get("wdir", ""))), stage


def join_output_folder(folder: str, path: str) -> str:
    """Join a path to its folder.

    >>> join_output_folder("a", "../b")
    'b'
    """
    return posixpath.normpath(posixpath.join(folder, path))


def _template(stage: object) -> object:
    """Return what a ``foreach`` repeats; any other stage as it is."""
    repeated = stage.get("do") if isinstance(stage, dict) else None
    return repeated if isinstance(repeated, dict) else stage


def _locked(file: str, known: Mapping[str, Any], locked: Mapping[str, Any]) -> Iterator[DvcOutput]:
    """Yield what stages wrote; a stage that is no more may still be locked."""
    folder = posixpath.dirname(file)
    for name, entry in locked.items():
        stage = _template(known.get(name.partition("@")[0]))
        if isinstance(stage, dict) and isinstance(entry, dict):
            at = join_output_folder(folder, str(stage.get("wdir", "")))
            yield from _entries(at, entry, file, ("stages", name))


def _entries(
    folder: str, value: Mapping[str, Any], file: str, place: tuple[str, ...]
) -> Iterator[DvcOutput]:
    outs = value.get("outs")
    for index, entry in enumerate(outs if isinstance(outs, list) else ()):
        match entry:
            case {"path": str() as path, "md5": str() as md5}:
                size = entry.get("size")
                yield DvcOutput(
                    path=join_output_folder(folder, path),
                    md5=md5,
                    folder=md5.endswith(FOLDER_SUFFIX),
                    exact=entry.get("hash") == "md5",
                    size=size if isinstance(size, int) else None,
                    file=file,
                    place=(*place, "outs", index, "path"),
                )


def _mapping(value: object, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
