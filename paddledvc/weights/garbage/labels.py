"""What objects were that nothing needs any more, as far as the history of the repository tells."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.git import refs
from paddledvc.tools.git.commits import CommitFiles
from paddledvc.weights.core import retention
from paddledvc.weights.core.retention import Label
from paddledvc.weights.garbage.stores import UnreadableFolder
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from paddledvc.tools.git.commits import Blob
    from paddledvc.weights.core.retention import Sorted
    from paddledvc.weights.garbage.stores import Store

COMMITS = 500
"""Commits whose files are looked at together."""
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
    wanted = frozenset(oids)
    commits = refs.every_commit(root)[:LIMIT] if wanted else []
    for start in range(0, len(commits), COMMITS):
        if len(found) == len(wanted):
            break
        history = CommitFiles.everywhere(root, retention.PATTERNS)
        files = history.of_all(commits[start : start + COMMITS])
        fresh = {blob: path for blob, path in files.items() if blob not in looked}
        looked.update(fresh)
        for oid, label in _labels(history, fresh, wanted):
            if oid not in found or (found[oid].model is None and label.model is not None):
                found[oid] = label
    return found


def _labels(
    history: CommitFiles, files: Mapping[Blob, str], wanted: frozenset[str]
) -> Iterator[tuple[str, Label]]:
    # What models.lock says of weights is more than what DVC says of them.
    ordered = sorted(files, key=lambda blob: not files[blob].endswith(names.LOCK))
    paths = {blob.name: files[blob] for blob in ordered}
    for name, data in history.read(ordered):
        if retention.find_digests(data) & wanted:
            with suppress(InvalidFile):
                value = reader.parse_yaml(data.decode(errors="replace"), paths[name]).value
                found = retention.find_labels(paths[name], value)
                yield from (one for one in found if one[0] in wanted)
