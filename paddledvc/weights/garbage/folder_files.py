"""The files of folders that must stay."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.git import commits
from paddledvc.tools.system.threads import ask_in_threads
from paddledvc.weights.core import retention
from paddledvc.weights.garbage.needs import RECENT_COMMITS, find_garbage_labels
from paddledvc.weights.garbage.stores import CACHE, UnreadableFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from paddledvc.tools.dvc.core.objects import ListedFile
    from paddledvc.weights.garbage.needs import HolderNeeds
    from paddledvc.weights.garbage.stores import Store

JOBS = 8
"""Listings that are read at a time."""
SHOWN = 5
"""Folders that a message names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedFolders:
    """Needs, with the files of the folders among them.

    Attributes:
        needs: what is needed, and by whom.
        lost: names of the listings that only recent commits need, and that are nowhere.
    """

    needs: tuple[HolderNeeds, ...]
    lost: tuple[str, ...]


def open_folders(
    needs: Sequence[HolderNeeds], where: Sequence[Store], ignored: Collection[str], *, root: Path
) -> OpenedFolders:
    """Add the files of every folder that is needed.

    Args:
        needs: what is needed, and by whom.
        where: where to look for the listings of the folders, in this order.
        ignored: names of listings that are lost for good.
        root: folder of the repository whose history says what is what.

    Raises:
        OutsideFailure: a listing cannot be read, so its files are not known.
        InvalidInput: a listing is nowhere.
    """
    every = retention.NONE.union(*(one.objects for one in needs))
    asked = sorted(oid for oid in every - set(ignored) if oid.endswith(FOLDER_SUFFIX))
    said = ask_in_threads(lambda oid: _read_listing(oid, where), asked, jobs=JOBS)
    answers = dict(zip(asked, said, strict=True))
    failed = {oid: answer for oid, answer in answers.items() if isinstance(answer, str)}
    if failed:
        _refuse_unreadable(failed, root)
    lost = {oid for oid, answer in answers.items() if answer is None}
    lost -= _in_git(lost, root)
    current = (one.objects for one in needs if one.holder != RECENT_COMMITS)
    if missed := lost & retention.NONE.union(*current):
        _refuse_lost(missed, where, root)
    files = {
        oid: frozenset(file.md5 for file in answer)
        for oid, answer in answers.items()
        if isinstance(answer, tuple)
    }
    return OpenedFolders(
        needs=tuple(_with_files(one, files) for one in needs), lost=tuple(sorted(lost))
    )


def _in_git(lost: Collection[str], root: Path) -> set[str]:
    """Pick the folders that git has, file by file: DVC notes them with ``cache: false``."""
    found = set()
    for path in {label.path for label in find_garbage_labels(root, lost).values()}:
        for files in commits.folder_in_commits(root, path):
            found.add(folder_object_name({name: _md5(data) for name, data in files.items()}))
    return found & set(lost)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _with_files(need: HolderNeeds, files: Mapping[str, frozenset[str]]) -> HolderNeeds:
    more = (files[oid] for oid in need.objects if oid in files)
    return replace(need, objects=need.objects.union(*more))


def _read_listing(oid: str, where: Sequence[Store]) -> tuple[ListedFile, ...] | str | None:
    """Read a listing from the first place that has it, or say why it cannot be read.

    None says that every place answered, and none has it.
    """
    problems = []
    for place in where:
        try:
            found = place.listing(oid)
        except UnreadableFolder as error:
            problems.append(str(error))
        else:
            if found is not None:
                return found
    return "; ".join(problems) or None


def _refuse_unreadable(failed: Mapping[str, str], root: Path) -> None:
    titles = _titles(failed, root)
    lines = [f"  {titles[oid]}: {failed[oid]}" for oid in sorted(failed)[:SHOWN]]
    raise OutsideFailure(
        "nothing was removed, because the files of these folders could not be listed:\n"
        + "\n".join(lines)
    )


def _refuse_lost(lost: Collection[str], where: Sequence[Store], root: Path) -> None:
    titles = _titles(lost, root)
    lines = [f"  {titles[oid]}" for oid in sorted(lost)[:SHOWN]]
    options = " ".join(f"--ignore-folder {oid}" for oid in sorted(lost)[:SHOWN])
    raise InvalidInput(
        f"nothing was removed, because the listing of {len(lost)} needed "
        f"{'folder is' if len(lost) == 1 else 'folders is'} neither in the cache nor in "
        f"{_listed([one.name for one in where if one.name != CACHE])}:\n" + "\n".join(lines) + "\n"
        "push it where it was made with `paddledvc push`; if it is lost for good, add "
        f"`{options}`"
    )


def _listed(names: Sequence[str]) -> str:
    return f"the remotes {', '.join(dict.fromkeys(names))}" if names else "any remote"


def _titles(oids: Collection[str], root: Path) -> dict[str, str]:
    labels = find_garbage_labels(root, oids)
    return {oid: f"{labels[oid]} ({oid})" if oid in labels else oid for oid in oids}
