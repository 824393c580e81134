"""Every byte of outputs read anew, in the work tree and in the cache, whatever is noted of them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.system.files import hash_file_chunks, read_file_chunks
from paddledvc.tools.system.hash_cache import Digests
from paddledvc.weights.tree.files import join_file_path, look_at_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from paddledvc.tools.dvc.cache import Cache
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked


def reread_outputs(
    root: Path, cache: Cache, outputs: Iterable[Tracked], progress: NamedProgress | None
) -> Mapping[str, tuple[str, str]]:
    """Hash all files of outputs and their objects in the cache, and note what they hold.

    Args:
        root: the project.
        cache: its cache.
        outputs: the outputs.
        progress: told how many of all bytes were read.

    Returns:
        (expected, found), each as ``kind:value``, of an object of each output, by its path, that
        is not what its name says.
    """
    objects = {one.path: _objects(cache, one) for one in outputs}
    every: dict[tuple[int, int], tuple[str, os.stat_result]] = {}  # links to one file: once
    for path, its in objects.items():
        top = f"{root}/{path}"
        there = [join_file_path(top, name) for name in look_at_files(top)]
        for place in (*there, *(str(cache.path(oid)) for oid in its)):
            seen = _look(place)
            if seen is not None:
                every[seen.st_dev, seen.st_ino] = place, seen
    total = sum(seen.st_size for _, seen in every.values())
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress("weights", done, total)

    for place, seen in every.values():
        _read(cache, place, seen, told)
    return {path: bad for path, its in objects.items() if (bad := _damage(cache, its)) is not None}


def _objects(cache: Cache, output: Tracked) -> list[str]:
    """Name the objects of an output, as far as the listing of a folder is there."""
    oid = output.oid if output.exact else None
    if oid is None:
        return []
    listed = cache.listing(oid) if output.folder else None
    return [oid, *(one.md5 for one in listed or ())]


def _look(place: str) -> os.stat_result | None:
    try:
        found = os.stat(place)  # noqa: PTH116 - links into the cache too
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _read(cache: Cache, place: str, seen: os.stat_result, told: Callable[[int], None]) -> None:
    """Hash a file and note what it holds."""

    def chunks() -> Iterator[bytes]:
        for chunk in read_file_chunks(Path(place)):
            told(len(chunk))
            yield chunk

    with suppress(OSError):
        found = hash_file_chunks(chunks())
        cache.known.note(seen, Digests(found.md5, found.sha256))


def _damage(cache: Cache, oids: Sequence[str]) -> tuple[str, str] | None:
    for oid in oids:
        seen, expected = _look(str(cache.path(oid))), oid.removesuffix(FOLDER_SUFFIX)
        if seen is not None and (found := cache.hash(cache.path(oid), seen)) != expected:
            return f"md5:{expected}", f"md5:{found}"
    return None
