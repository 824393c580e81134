"""The files of a project: the one door through which they are read and written.

A link in the place of what git tracks is followed as far as it stays in the repository; so is one
that a commit brought which was here before, and that `git reset` left. What only this clone has,
such as a link to a folder of data on another disk, is its user's own, and followed wherever it
leads, except in the place of our own folder and of the folder of an output.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.names import OWN
from paddledvc.tools.git.command import exchange_git, try_git
from paddledvc.tools.system import beneath
from paddledvc.tools.system.beneath import SETTINGS, SOURCE, TEXT, LeadsOut

if TYPE_CHECKING:
    from paddledvc.tools.system.files import FilePath

__all__ = ["SETTINGS", "SOURCE", "TEXT"]
_LINK = "120000"
_NO_FILE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP))
"""What systems say where no file is: nothing, a folder, or links that lead nowhere."""
_LOOK_BACK = 30
"""Commits that were here before, of which one may have left a link."""
_OWN_FOLDERS = (
    ".paddledvc/tmp",
    ".dvc/tmp",
    ".dvc/cache/files/md5",
)
"""Where we, and DVC, write what git does not see."""


class _Judge:
    """Asks git whether it tracks a link: only about links that lead out, so hardly ever."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def __call__(self, link: str) -> bool:
        if link.partition("/")[0] == OWN or self._is_of_another_repository(link):
            return True  # ours is never a link out, whoever made it
        # A file in the place of the link counts too: whoever clones the project has that one.
        staged = try_git(self._root, "--literal-pathspecs", "ls-files", "-z", "--", link)
        if staged.returncode:
            # Where git refuses to say, nobody knows who made the link.
            return "not a git repository" not in staged.errors
        form = ("--literal-pathspecs", "ls-tree", "-z", "HEAD", "--", link)
        if staged.output or try_git(self._root, *form).output:
            return True
        here = self._root / link
        made = int(here.lstat().st_mtime)
        target = os.readlink(here)  # noqa: PTH115 - a Path would say it in another way
        return _was_left_behind(self._root, link, target, made)

    def _is_of_another_repository(self, link: str) -> bool:
        """Tell whether a link lies in a submodule, whose commit a commit of ours names."""
        folders = link.split("/")[:-1]
        names = ("/".join(folders[: count + 1]) for count in range(len(folders)))
        return any((self._root / one / ".git").exists() for one in names if not one.endswith(".."))


@lru_cache
def _was_left_behind(root: Path, link: str, target: str, made: int) -> bool:
    """Tell whether a commit that was here brought a link: `git reset` leaves it, untracked.

    One that was made anew since that commit was left is its user's own.
    """
    form = ("log", "--walk-reflogs", f"--max-count={_LOOK_BACK}", "--date=unix", "--format=%H %gd")
    entries = [line.split() for line in try_git(root, *form).output.splitlines()]
    times = [int("".join(filter(str.isdecimal, entry.split("@")[-1]))) for _, entry in entries]
    # The entry above says when a commit was left.
    commits = {one for (one, _), left in zip(entries[1:], times, strict=False) if left >= made}
    if not commits or "\n" in link:
        return bool(commits)
    import hashlib  # noqa: PLC0415 - hooks import little

    asked = "".join(f"{one}:./{link}\n" for one in commits).encode()
    names = exchange_git(root, "cat-file", "--batch-check=%(objectname)", sent=asked).split()
    data = os.fsencode(target)
    said = b"blob %d\0%s" % (len(data), data)
    kinds = (hashlib.sha1(said, usedforsecurity=False), hashlib.sha256(said))
    return any(kind.hexdigest().encode() in names for kind in kinds)


def read_project_file(folder: FilePath, path: str, most: int = TEXT) -> bytes:
    """Read one of the project's files.

    Args:
        folder: the project's, on the disk or in a tree of git.
        path: the file, from there.
        most: bytes that it may have.

    Raises:
        InvalidInput: it is not there, may not be read, is no regular file or too large, or a link
            that a commit brings leads out of the project to it.
    """
    try:
        if isinstance(folder, Path):
            return beneath.read_beneath(str(folder), path, most, _Judge(str(folder)))
        file = folder / path
        if (size := file.stat().st_size) > most:
            raise InvalidInput(f"{path} has {size:,} bytes, expected {most:,} at most")
        return file.read_bytes()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidInput(f"cannot read {path}: {said or error}") from error


def open_project_file(root: Path, path: str) -> BinaryIO:
    """Open one of the project's files that may be large.

    A path that leads out by itself is of a file that somebody named by hand, for models.yaml may
    hold none.

    Raises:
        InvalidInput: it is no regular file, or a link that a commit brings leads out to it.
        OSError: it is not there, or may not be read.
    """
    if path.startswith("/") or ".." in path.split("/"):
        return os.fdopen(beneath.open_anywhere(str(root / path)), "rb")
    return os.fdopen(beneath.open_beneath(str(root), path, _Judge(str(root))), "rb")


def find_project_file(folder: FilePath, path: str, most: int = TEXT) -> bytes | None:
    """Read one of the project's files; None where there is none.

    Args:
        folder: the project's, on the disk or in a tree of git.
        path: the file, from there.
        most: bytes that it may have.

    Raises:
        InvalidInput: as `read_project_file`, where something is there.
    """
    try:
        return read_project_file(folder, path, most)
    except InvalidInput as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_FILE:
            return None
        raise


def find_project_text(folder: FilePath, path: str, most: int = TEXT) -> str | None:
    """Read a text of the project, every end of a line as a line feed; None where there is none.

    Raises:
        InvalidInput: as `find_project_file`. What is not UTF-8 is replaced.
    """
    data = find_project_file(folder, path, most)
    if data is None:
        return None
    return data.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def read_project_text(folder: FilePath, path: str, most: int = TEXT) -> str:
    """Read a UTF-8 text of the project, its line ends and byte order mark as they are.

    Raises:
        InvalidFile: it is not UTF-8.
        InvalidInput: as `read_project_file`.
    """
    from paddledvc.tools.system.files import decode_text  # noqa: PLC0415 - hooks import little

    return decode_text(read_project_file(folder, path, most), path)


def write_project_text(root: Path, path: str, text: str) -> bool:
    """Write a text of the project in one step, unless it holds this text already.

    Where a link lies there that may be followed, the file behind it is replaced.

    Args:
        root: the project's folder.
        path: the file, from there; its folder is made if need be.
        text: what it is to hold.

    Returns:
        Whether the file was written.

    Raises:
        InvalidInput: a link that a commit brings leads out of the project, or no file is there.
        OutsideFailure: the folder cannot be written to, or the disk is full.
    """
    try:
        return beneath.write_beneath(str(root), path, text.encode(), _Judge(str(root)))
    except OSError as error:
        raise OutsideFailure(f"cannot write {root / path}: {error.strerror or error}") from error


def write_output_text(root: Path, file: Path, text: str) -> bool:
    """Write a file that somebody named: as one of the project's where it is to lie there.

    Args:
        root: the project's folder.
        file: the file, from the current folder.
        text: what it is to hold.

    Raises:
        InvalidInput: as `write_project_text`.
        OutsideFailure: as `write_project_text`.
    """
    where = Path(os.path.abspath(file))  # noqa: PTH100 - links on the way are still to be judged
    for top in (root, root.resolve()):
        if where.is_relative_to(top):
            return write_project_text(top, where.relative_to(top).as_posix(), text)
    from paddledvc.tools.system.files import write_text_file  # noqa: PLC0415 - as above

    return write_text_file(file, text)


def make_project_folder(root: Path, path: str) -> Path:
    """Make a folder for outputs of the project; name it as it is behind links inside.

    Raises:
        InvalidInput: a link leads out of the project, whoever made it.
        OutsideFailure: it cannot be made.
    """
    require_output_folder(root, path)
    try:
        made = beneath.make_folder_beneath(str(root), path, _Judge(str(root)))
    except OSError as error:
        raise OutsideFailure(f"cannot write {root / path}: {error.strerror or error}") from error
    return Path(made)


def require_beneath(root: Path, path: str) -> None:
    """Require that no link of a commit leads out on the way to something, which need not be there.

    Raises:
        InvalidInput: one does.
    """
    try:
        beneath.resolve_beneath(str(root), path, _Judge(str(root)))
    except OSError as error:
        raise InvalidInput(f"cannot find {path}: {error.strerror or error}") from error


def require_output_folder(root: Path, path: str) -> None:
    """Require that no link leads out on the way to a folder of outputs, whoever made it.

    DVC refuses such an output as well ("is outside of git repository"), after all work for it.

    Raises:
        InvalidInput: one does.
    """
    require_beneath(root, path)
    try:
        beneath.resolve_beneath(str(root), path, lambda _: True)
    except LeadsOut as error:
        raise InvalidInput(
            f"{error.link} is a link out of the project, to {error.target}; nothing was written "
            "there, because DVC accepts no output behind one. Make it a folder; to keep "
            "weights on another disk, use `dvc cache dir` and `dvc config cache.type symlink`"
        ) from error


def require_dvc_folders(root: Path) -> None:
    """Require that no commit brings links to where DVC writes: it follows every one.

    Raises:
        InvalidInput: one does.
    """
    require_own_folders(root)
    form = ("ls-files", "--stage", "-z", "--", ".dvc/tmp", ".dvc/cache")
    if not os.path.lexists(root / ".dvc") or (staged := try_git(root, *form)).returncode:
        return
    for entry in filter(None, staged.output.split("\0")):
        words, _, path = entry.partition("\t")
        if words.startswith(_LINK) and (root / path).is_symlink():
            raise LeadsOut(path, str((root / path).readlink()))


def require_own_folders(root: Path) -> None:
    """Require that no link of a commit leads out on the way to what we and DVC note for ourselves.

    Raises:
        InvalidInput: one does.
    """
    for path in _OWN_FOLDERS:
        parts = path.split("/")
        above = ("/".join(parts[: count + 1]) for count in range(len(parts)))
        if any(os.path.islink(f"{root}/{one}") for one in above):  # noqa: PTH114 - in hooks
            require_beneath(root, path)
