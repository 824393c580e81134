"""The files of an output in the work tree: looked at without following links, replaced, removed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.tools.system import atomic, links
from paddledvc.tools.system.hash_cache import settle_hash_time
from paddledvc.weights.core.ledger import Mark

if TYPE_CHECKING:
    from paddledvc.hashes import Hashes
    from paddledvc.tools.dvc.cache import Cache

PREFIX = "placing."
"""Beginning of the names of files on their way into the work tree."""


class Seen(NamedTuple):
    """A file, or something else that is no folder, as it was when we looked.

    Attributes:
        own: the ``lstat`` of it.
        link: where it leads, if it is a symbolic link.
        file: the ``stat`` of the file that it is or leads to; None if that is no file.
    """

    own: os.stat_result
    link: str | None
    file: os.stat_result | None


class Changed(Exception):
    """A file is no longer what it was when we looked at it."""


def look_at_files(path: str) -> dict[str, Seen]:
    """Look at a file, or at all files of a folder, by their paths in it; ``""`` for a file."""
    try:
        own = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    if not stat.S_ISDIR(own.st_mode):
        return {"": _seen(path, own)}
    found: dict[str, Seen] = {}
    _walk(path, "", found)
    return found


def _walk(folder: str, inside: str, found: dict[str, Seen]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _walk(entry.path, f"{name}/", found)
            elif not entry.name.startswith(f".{PREFIX}"):
                with contextlib.suppress(FileNotFoundError):
                    found[name] = _seen(entry.path, entry.stat(follow_symlinks=False))


def _seen(path: str, own: os.stat_result) -> Seen:
    if stat.S_ISREG(own.st_mode):
        return Seen(own, None, own)
    if not stat.S_ISLNK(own.st_mode):
        return Seen(own, None, None)
    file = None
    with contextlib.suppress(OSError):
        behind = os.stat(path)  # noqa: PTH116
        file = behind if stat.S_ISREG(behind.st_mode) else None
    return Seen(own, _end(path), file)


def _end(link: str) -> str:
    """Say where a link leads; DVC's lead straight into its cache."""
    end = os.readlink(link)  # noqa: PTH115
    straight = os.path.isabs(end) and os.path.normpath(end) == end  # noqa: PTH117
    return end if straight else os.path.realpath(link)


def put_object_file(
    cache: Cache, hashes: Hashes, target: str, seen: Seen | None, scratch: Path
) -> Seen:
    """Put an object of the cache in the place of what was seen there, in one step.

    Args:
        cache: the cache; it holds the object.
        hashes: all that is stated of its bytes; the MD5 names it.
        target: where to; absolute.
        seen: what is there; None for nothing.
        scratch: a folder for the new file until then.

    Raises:
        Changed: something else is there by now.
        OtherBytes: the object lacks a digest that is stated.
        OSError: it cannot be written.
    """
    folder = os.path.dirname(target)  # noqa: PTH120
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    beside = os.stat(scratch).st_dev != os.stat(folder).st_dev  # noqa: PTH116
    name = atomic.make_atomic_name(PREFIX)
    new = f"{folder}/.{name}{atomic.PART}" if beside else f"{scratch}/{name}"
    try:
        kind = cache.link(hashes, new)
        if kind in ("copy", "reflink"):
            settle_hash_time(new)
        linked = os.stat(new) if kind == "hardlink" else None  # noqa: PTH116
        _require_unchanged(target, seen)
        if kind != "copy" or seen is None or not _exchanged(new, target, seen):
            os.replace(new, target)  # noqa: PTH105
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)  # noqa: PTH108
    if seen is not None:
        cache.unlinked(seen.own)
    placed = _seen(target, os.lstat(target))
    if kind == "hardlink" and linked is not None and placed.file is not None:
        cache.known.carry(linked, placed.file)  # to rename it changed its inode, too
    return placed


def _exchanged(new: str, target: str, seen: Seen) -> bool:
    if not links.exchange_files(new, target):
        return False
    try:
        _require_unchanged(new, seen)  # what was there until now
    except Changed:
        links.exchange_files(new, target)
        raise
    return True


def remove_file(cache: Cache, target: str, seen: Seen) -> None:
    """Remove a file.

    Raises:
        Changed: something else is there by now.
        OSError: it cannot be removed.
    """
    _require_unchanged(target, seen)
    os.unlink(target)  # noqa: PTH108
    cache.unlinked(seen.own)


def _require_unchanged(target: str, seen: Seen | None) -> None:
    """Require that a file is what it was when we looked.

    Raises:
        Changed: it is not.
    """
    try:
        now = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        now = None
    if seen is None or now is None:
        if (now is None) != (seen is None):
            raise Changed(target)
        return
    same = (seen.own.st_ino, seen.own.st_mtime_ns, seen.own.st_size)
    if (now.st_ino, now.st_mtime_ns, now.st_size) != same:
        raise Changed(target)


def remove_empty_folder(folder: str, until: str) -> None:
    """Remove a folder that is empty, and then those above it that are, up to ``until``."""
    while folder.startswith(f"{until}/"):
        try:
            os.rmdir(folder)  # noqa: PTH106
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return
        folder = os.path.dirname(folder)  # noqa: PTH120


def remove_empty_folders_below(folder: str) -> None:
    """Remove the empty folders of an output, and it too if nothing else is in it."""
    if os.path.islink(folder):  # noqa: PTH114
        return
    for below, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(below)  # noqa: PTH106


def unshare_file(  # noqa: PLR0913 - all that there is to know of it
    cache: Cache, target: str, seen: Seen, holds: str | None, was: str | None, *, shared: bool
) -> None:
    """Make a link into the cache that somebody wrote through a file of their own.

    Otherwise their bytes would go when the damaged object is replaced.

    Args:
        cache: the cache.
        target: the link.
        seen: what it is.
        holds: the MD5 of what it holds now; None if that cannot be read.
        was: the MD5 of what was put there, if that is known.
        shared: whether a link in another work tree may lead to the same object; then it stays, for
            it may be an edit of there.

    Raises:
        OSError: it cannot be written.
    """
    if seen.file is None or holds is None:
        return
    if seen.link is not None:
        inside = cache.inside(seen.link)
        if inside is None:
            return
        was = inside.replace("/", "")
    if was is None or was == holds or not _is_file(damaged := str(cache.path(was)), seen.file):
        return
    if seen.link is not None:
        (_copy if shared else _move)(damaged, target)
    elif not shared:
        os.unlink(damaged)  # noqa: PTH108 - the link holds the same bytes
    os.chmod(target, os.stat(target).st_mode | stat.S_IWUSR)  # noqa: PTH101, PTH116


def _is_file(path: str, file: os.stat_result) -> bool:
    try:
        return os.stat(path).st_ino == file.st_ino  # noqa: PTH116
    except FileNotFoundError:
        return False


def _move(source: str, target: str) -> None:
    try:
        os.replace(source, target)  # noqa: PTH105
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        os.unlink(source)  # noqa: PTH108


def _copy(source: str, target: str) -> None:
    with atomic.replace_atomically(Path(target), fsync=True) as new:
        new.unlink()
        links.link_file(source, str(new), ("reflink", "copy"))


def join_file_path(output: str, name: str) -> str:
    """Name a file of an output by its path in it, which is ``""`` for a file itself.

    >>> join_file_path("/a/b", "c"), join_file_path("/a/b", "")
    ('/a/b/c', '/a/b')
    """
    return f"{output}/{name}" if name else output


def stamp_file(md5: str, stat: os.stat_result) -> Mark:
    """Mark a file, so that any later change of it is seen."""
    return Mark(md5, stat.st_ino, stat.st_mtime_ns, stat.st_size)
