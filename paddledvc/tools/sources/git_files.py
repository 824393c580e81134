"""Files at commits of other repositories: tracked by git itself, or by DVC, which brings them."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile, MissingTool, ToolFailed
from paddledvc.paths import find_path_fault
from paddledvc.tools.dvc import command
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.git import foreign
from paddledvc.tools.sources import clones
from paddledvc.tools.sources.dvc_copies import open_dvc_copy
from paddledvc.tools.system import files
from paddledvc.tools.system.network.errors import Unreadable, may_error_pass
from paddledvc.urls import GitFile
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from typing import Any, TypeGuard

    from paddledvc.tools.git.database.tree import TreeEntry
    from paddledvc.tools.git.foreign import Repository
    from paddledvc.tools.system.progress import ByteProgress

POINTER = b"version https://git-lfs.github.com/spec/"
"""How the file begins that git LFS leaves in place of a large one."""


def read_git_chunks(
    url: str,
    progress: ByteProgress | None = None,
) -> Generator[bytes, None, None]:
    """Read a file of a commit a megabyte at a time, once it has arrived as a whole.

    Args:
        url: as ``GitFile`` writes it, its repository an absolute path or a URL.
        progress: told of the bytes that are read.

    Raises:
        Unreadable: repository, commit, path or bytes are out of reach.
    """
    with files.scratch_folder() as folder:
        path = _bring(_parse(url), folder)
        total, done = path.stat().st_size, 0
        for chunk in files.read_file_chunks(path):
            done += len(chunk)
            if progress is not None:
                progress(done, total)
            yield chunk


def ask_git_size(url: str) -> int | None:
    """Tell the size of a file as far as git alone knows it, without its bytes.

    Raises:
        Unreadable: the repository or the commit is out of reach.
    """
    at = _parse(url)
    with translate_git_failures(at.repository):
        where = _open(at)
        entry, records = look_up_git_file(where, at.commit, at.path)
        if is_git_file(entry):
            return foreign.repository_blob_size(where, entry)
    output = outputs.find_output(at.path, records)
    return output.size if output is not None and output.path == at.path else None


def look_up_git_file(
    where: Repository, commit: str, path: str
) -> tuple[TreeEntry | None, dict[str, Any]]:
    """Look for a path in git, and for the files by which DVC may track what git does not.

    Returns:
        What git tracks there, and the values of those of ``outputs.list_output_files`` that there
        are.

    Raises:
        ToolFailed: the commit cannot be read.
    """
    found = foreign.find_repository_entries(where, commit, [path, *outputs.list_output_files(path)])
    entry = found.pop(path, None)
    values = {}
    for name, record in found.items() if not is_git_file(entry) else ():
        # What we cannot read, DVC may; it is asked where nothing is found.
        with suppress(InvalidFile):
            if is_git_file(record):
                values[name] = reader.parse_yaml(
                    foreign.read_repository_blob(where, record), name
                ).value
    return entry, values


def is_git_file(entry: TreeEntry | None) -> TypeGuard[TreeEntry]:
    """Tell whether git tracks a path as a file."""
    return entry is not None and (entry.is_file or entry.is_link)


def unpack_git_file(where: Repository, entry: TreeEntry, folder: Path) -> Path:
    """Write a file that git tracks to a new one in ``folder``.

    Raises:
        Unreadable: the file is a link, or git does not have its bytes.
    """
    if entry.is_link:
        raise Unreadable("it is a symbolic link")
    path = foreign.unpack_repository_blob(where, entry, folder)
    with path.open("rb") as file:
        if file.read(len(POINTER)) == POINTER:
            raise Unreadable("git LFS has its bytes, not git; track it with DVC")
    return path


@contextmanager
def translate_git_failures(url: str = "") -> Iterator[None]:
    """Say in a few words why git, run within, failed."""
    try:
        yield
    except ToolFailed as error:
        reason = foreign.reason_of_git(error, url)
        raise Unreadable(reason, again=may_error_pass(reason)) from error
    except MissingTool as error:
        raise Unreadable(str(error)) from error


def _parse(url: str) -> GitFile:
    try:
        at = GitFile.parse(url)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    if fault := find_path_fault(at.path):
        raise Unreadable(f"nothing may lie at {at.path!a}: {fault}")
    return at


def _open(at: GitFile) -> Repository:
    return clones.find_clone_with_commit(at.repository, at.commit)


def _bring(at: GitFile, folder: Path) -> Path:
    """Bring a file to a folder, by git or by DVC, whichever tracks it."""
    with translate_git_failures(at.repository):
        where = _open(at)
        entry = foreign.find_repository_entries(where, at.commit, [at.path]).get(at.path)
        if is_git_file(entry):
            return unpack_git_file(where, entry, folder)
        target = folder / "bytes"
        with open_dvc_copy(where, at.commit, at.path) as copy:
            command.get_dvc_file(
                copy.root, copy.commit, at.path, target, cwd=copy.empty, env=copy.env
            )
    if not target.is_file():
        raise Unreadable("it is a folder, not a file")
    return target
