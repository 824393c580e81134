"""What is at a path of another repository: its files, and their hashes as far as DVC has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.hashes import Hashes
from paddledvc.paths import find_listing_fault
from paddledvc.tools.dvc import command
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.git import foreign
from paddledvc.tools.sources.dvc_copies import open_dvc_copy, why_git_file_missing
from paddledvc.tools.sources.git_files import (
    is_git_file,
    look_up_git_file,
    translate_git_failures,
    unpack_git_file,
)
from paddledvc.tools.system import files
from paddledvc.tools.system.network.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.tools.dvc.core.outputs import DvcOutput
    from paddledvc.tools.git.database.tree import TreeEntry
    from paddledvc.tools.git.foreign import Repository


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitPath:
    """A path at a commit.

    Attributes:
        where: the repository.
        commit: full name of the commit.
        path: from the root of the repository.
    """

    where: Repository
    commit: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What is at a place.

    Attributes:
        folder: whether it is a folder.
        files: what is known of the bytes of its files, by path in the folder; of a file, by its
            name.
    """

    folder: bool
    files: Mapping[str, Hashes]


def list_dvc_contents(place: CommitPath, *, offline: str | None = None) -> Contents:
    """Tell what is at a place; only the files of a folder are asked of DVC.

    Args:
        place: the place.
        offline: what forbids to use the network; None if nothing does.

    Raises:
        Unreadable: nothing is there, or what DVC needs to know of it is out of reach.
    """
    with translate_git_failures():
        entry, records = look_up_git_file(place.where, place.commit, place.path)
        if is_git_file(entry):
            return _alone(place, _hashed(place.where, entry))
        output = outputs.find_output(place.path, records)
        if output is not None and not output.folder:
            md5 = output.md5 if output.exact else None
            return _alone(place, Hashes(md5=md5, size=output.size))
        if offline is not None and place.where.tree is None:
            raise Unreadable(f"to list {place.path} needs the network, which {offline} forbids")
        hashes = {
            one.path: _by_dvc(one, output, records) if one.tracked else _by_git(place, one.path)
            for one in _listed(place)
        }
    is_folder = entry is not None or (output is not None and output.path == place.path)
    if is_folder or list(hashes) != [_name(place)]:
        return Contents(folder=True, files=hashes)
    return _alone(place, hashes[_name(place)])


def _name(place: CommitPath) -> str:
    return place.path.rpartition("/")[2]


def _alone(place: CommitPath, hashes: Hashes) -> Contents:
    return Contents(folder=False, files={_name(place): hashes})


def _listed(place: CommitPath) -> list[command.RepositoryFile]:
    """Ask DVC what is in a folder, or in a place that only DVC can make out."""
    with open_dvc_copy(place.where, place.commit, place.path) as copy:
        listed = command.list_dvc_repository(
            copy.root, copy.commit, place.path, cwd=copy.empty, env=copy.env
        )
    kept = [one for one in listed if one.tracked or not outputs.is_dvc_or_git_file(one.path)]
    if not kept:
        raise Unreadable(why_git_file_missing(place.where, place.commit))
    if fault := find_listing_fault([one.path for one in kept]):
        raise Unreadable(f"the folder lists the path {fault[0]!r}: {fault[1]}")
    return kept


def _by_dvc(
    listed: command.RepositoryFile, output: DvcOutput | None, records: Mapping[str, Any]
) -> Hashes:
    """Take DVC's hash of a file for what it is."""
    if listed.md5 is None:
        message = f"DVC has no hash of {listed.path}; was it committed before its stage had run?"
        raise Unreadable(message)
    exact = output.exact if output is not None else outputs.is_exact_output(listed.md5, records)
    return Hashes(md5=listed.md5 if exact else None, size=listed.size)


def _by_git(place: CommitPath, path: str) -> Hashes:
    """Hash a file that git tracks in a folder."""
    path = f"{place.path}/{path}"
    entry = foreign.find_repository_entries(place.where, place.commit, [path]).get(path)
    if not is_git_file(entry):
        raise Unreadable(f"{path} is not a file")
    return _hashed(place.where, entry)


def _hashed(where: Repository, entry: TreeEntry) -> Hashes:
    with files.scratch_folder() as folder:
        return files.hash_file(unpack_git_file(where, entry, folder))
