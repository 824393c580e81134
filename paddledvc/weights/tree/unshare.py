"""Links into the cache that somebody wrote through: their bytes become a file of their own."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from paddledvc.tools.system import links

if TYPE_CHECKING:
    from paddledvc.tools.dvc.cache import Cache
    from paddledvc.weights.tree.files import Seen


def unshare_link(cache: Cache, target: str, seen: Seen, holds: str | None, was: str | None) -> None:
    """Make a link into the cache that somebody wrote through a file of their own.

    Otherwise their bytes would go when the damaged object is replaced.

    Args:
        cache: the cache.
        target: the link.
        seen: what it is.
        holds: the MD5 of what it holds now; None if that cannot be read.
        was: the MD5 of what was put there, if that is known.

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
    if was is not None and was != holds:
        _give_up(str(cache.path(was)), target, seen.file.st_ino, symbolic=seen.link is not None)


def _give_up(damaged: str, target: str, inode: int, *, symbolic: bool) -> None:
    """Take a damaged object out of the cache, to where a link leads to it."""
    try:
        if os.stat(damaged).st_ino != inode:  # noqa: PTH116
            return
    except FileNotFoundError:
        return
    if symbolic:
        _move(damaged, target)
    else:
        os.unlink(damaged)  # noqa: PTH108 - the link holds the same bytes
    os.chmod(target, os.stat(target).st_mode | stat.S_IWUSR)  # noqa: PTH101, PTH116


def _move(source: str, target: str) -> None:
    try:
        os.replace(source, target)  # noqa: PTH105
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        new = f"{target}.{os.getpid()}"
        links.link_file(source, new, ("copy",))
        os.replace(new, target)  # noqa: PTH105
        os.unlink(source)  # noqa: PTH108
