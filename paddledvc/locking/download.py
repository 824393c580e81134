"""The weights of a locked model on the disk: whether they are there, and how they get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.hashes import Hashes
from paddledvc.tools.sources import fetch as fetching
from paddledvc.tools.sources.fetch import Fetched, Source
from paddledvc.tools.system import files
from paddledvc.tools.system.progress import label_progress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from paddledvc.models.lockfile import LockedModel
    from paddledvc.tools.system.progress import NamedProgress


def download_target(entry: LockedModel, root: Path) -> Path:
    """Name the file or folder of a model that has weights to bring."""
    assert entry.path is not None, "a locked model with weights has a path"
    return root / entry.path


def hash_downloaded(entry: LockedModel, root: Path) -> Hashes | None:
    """Hash what is in place; None if that is not what is pinned.

    Returns:
        Of a folder only the size.

    Raises:
        InvalidInput: the folder holds a file of somebody's, which would be lost.
    """
    if not entry.files:
        return _matching(download_target(entry, root), entry.hashes)
    folder = download_target(entry, root)
    if unclaimed := sorted(files.list_files_below(folder) - {file.path for file in entry.files}):
        raise InvalidInput(
            f"{entry.path} holds {unclaimed[0]}, which is no part of {entry.name} {entry.version}; "
            "move it away, because the folder is replaced as a whole"
        )
    found = [_matching(folder / file.path, file.hashes) for file in entry.files]
    return _together(found) if all(found) else None


def _together(found: Iterable[Hashes | None]) -> Hashes:
    return Hashes(size=sum(one.size or 0 for one in found if one is not None))


def _matching(path: Path, expected: Hashes) -> Hashes | None:
    if not path.is_file() or expected.size not in (None, path.stat().st_size):
        return None
    found = files.hash_file(path)
    return None if expected.first_difference(found) else found


def download_model(
    entry: LockedModel, root: Path, *, offline: str | None, progress: NamedProgress | None
) -> Fetched:
    """Bring the pinned bytes of a file, or of all files of a folder before any is in place.

    Returns:
        Of a folder the source of its first file, and only the size.

    Raises:
        ChecksumMismatch: sources answered, but none with the pinned bytes.
        DownloadFailed: no source could be read.
    """
    if not entry.files:
        source = Source(model=entry.name, urls=entry.urls, root=root, offline=offline)
        return fetching.fetch_source(
            source, entry.hashes, download_target(entry, root), label_progress(progress, entry.name)
        )
    found = []
    with files.replace_folder(download_target(entry, root)) as folder:
        for file in entry.files:
            name = f"{entry.name}: {file.path}"
            source = Source(model=name, urls=file.urls, root=root, offline=offline)
            told = label_progress(progress, name)
            found.append(fetching.fetch_source(source, file.hashes, folder / file.path, told))
    return Fetched(url=found[0].url, hashes=_together(one.hashes for one in found))
