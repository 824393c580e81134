"""What objects were that nothing needs any more, as far as the history of the repository tells."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.git import commits as git_commits
from paddledvc.tools.git import refs, worktree
from paddledvc.weights.core import retention
from paddledvc.weights.core.retention import Label
from paddledvc.weights.garbage.stores import UnreadableFolder
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.tools.git.commits import Blob
    from paddledvc.weights.core.retention import Sorted
    from paddledvc.weights.garbage.stores import Store

COMMITS = 500
"""Commits whose files are looked at together."""
FILES_AT_ONCE = 256
"""Files of git that are held in memory at a time."""
LIMIT = 20_000
"""Commits after which the search is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What objects were, as far as that is known.

    Attributes:
        labels: what each was.
        folders: path of the folder that each was a file of, or listed the files of.
    """

    labels: Mapping[str, Label]
    folders: Mapping[str, str]


def name_garbage(root: Path, objects: Iterable[tuple[Store, Sorted]]) -> Named:
    """Say what the garbage of places was."""
    garbage = {one.oid: place for place, found in objects for one in found.garbage}
    labels = find_labels(root, garbage)
    folders: dict[str, str] = {}
    for oid in [oid for oid in labels if oid.endswith(FOLDER_SUFFIX)]:
        path = folders[oid] = labels[oid].path
        with suppress(UnreadableFolder):
            for file in garbage[oid].listing(oid) or ():
                if file.md5 in garbage and file.md5 not in labels:
                    labels[file.md5] = Label(path=f"{path}/{file.path}")
                    folders[file.md5] = path
    return Named(labels=labels, folders=folders)


def find_labels(root: Path, oids: Collection[str]) -> dict[str, Label]:
    """Say what objects were, by the newest commits that know it; a reflog may be all that does.

    Args:
        root: folder of the repository.
        oids: names of the objects.
    """
    found: dict[str, Label] = {}
    looked: set[Blob] = set()
    commits = refs.every_commit(root)[:LIMIT] if oids else []
    for start in range(0, len(commits), COMMITS):
        if len(found) == len(set(oids)):
            break
        files = git_commits.files_of(root, commits[start : start + COMMITS], retention.NAMING_FILES)
        fresh = {blob: path for blob, path in files.items() if blob not in looked}
        looked.update(fresh)
        for oid, label in _labels(root, fresh, oids):
            if oid not in found or (found[oid].model is None and label.model is not None):
                found[oid] = label
    return found


def _labels(
    root: Path, files: dict[Blob, str], oids: Collection[str]
) -> Iterator[tuple[str, Label]]:
    # What models.lock says of weights is more than what DVC says of them.
    paths = sorted(files.items(), key=lambda item: not item[1].endswith(names.LOCK))
    wanted = frozenset(oids)
    for start in range(0, len(paths), FILES_AT_ONCE):
        batch = paths[start : start + FILES_AT_ONCE]
        data = worktree.read_blobs(root, [blob.name for blob, _ in batch])
        yield from _told(batch, data, wanted)


def _told(
    files: Sequence[tuple[Blob, str]], data: dict[str, bytes], wanted: frozenset[str]
) -> Iterator[tuple[str, Label]]:
    for blob, path in files:
        if retention.find_digests(data[blob.name]) & wanted:
            try:
                value = reader.parse_yaml(data[blob.name].decode(errors="replace"), path).value
            except InvalidFile:
                continue
            yield from (one for one in retention.find_labels(path, value) if one[0] in wanted)
