"""Bytes of the work tree into the cache, where they are exactly the wanted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.tools.dvc.core.objects import ListedFile, write_listing
from paddledvc.tools.system import files
from paddledvc.tools.system.hash_cache import hash_md5

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.transfer.fetch_objects import Gathering, Need


def adopt_folders(gathering: Gathering, outputs: Sequence[Tracked]) -> None:
    """Add those folders whose listings the cache lacks."""
    for one in outputs:
        if one.folder and one.oid is not None and not gathering.cache.holds(one.oid):
            _adopt_folder(gathering, one.path, one.oid)


def _adopt_folder(gathering: Gathering, path: str, oid: str) -> None:
    folder = gathering.root / path
    if not folder.is_dir():
        return
    names = sorted(files.names_below(folder))
    if not all((folder / name).is_file() for name in names):
        return
    listed = [ListedFile(name, hash_md5(folder / name)) for name in names]
    data = write_listing(listed)
    if f"{files.hash_chunks([data]).md5}.dir" != oid:
        return
    for one in listed:
        if not gathering.cache.holds(one.md5):
            gathering.cache.adopt(str(folder / one.path), one.md5)
    with gathering.cache.receiving(oid) as file:
        file.write_bytes(data)


def adopt_files(gathering: Gathering, needs: Sequence[Need]) -> None:
    """Add those files that the cache lacks."""
    for need in needs:
        file = gathering.root / need.path
        if not gathering.has(need) and file.is_file() and hash_md5(file) == need.oid:
            gathering.cache.adopt(str(file), need.oid)
