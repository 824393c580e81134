"""Ways to put an object of a cache into the work tree, without copying it where that can be."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LINK_KINDS = ("reflink", "hardlink", "symlink", "copy")
FICLONE = 0x40049409
"""Linux's request to share the blocks of a file."""
_MODE = 0o666


def link_file(source: str, target: str, kinds: Iterable[str]) -> str:
    """Link or copy a file to a new name by the first way that the file systems allow.

    Args:
        source: the file.
        target: a name that is not taken; nothing is left there if nothing worked.
        kinds: the ways, in the order to try; a copy is tried at last.

    Returns:
        The way that worked.

    Raises:
        OSError: not even a copy could be made.
    """
    for kind in (*kinds, "copy"):
        try:
            _WAYS[kind](source, target)
        except OSError as error:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(target)  # noqa: PTH108
            if kind == "copy" or error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
        else:
            return kind
    raise AssertionError("a copy works or raises")


def exchange_files(one: str, other: str) -> bool:
    """Exchange two files in one step, where the system can; tell whether it did.

    To rename a file that was just written over another one has some file systems write it to the
    disk at once, which takes as long as the copy itself.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - only for copies

    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):  # an old or another C library
        return False
    here, swap = -100, 2
    return not rename(here, os.fsencode(one), here, os.fsencode(other), swap)


def _reflink(source: str, target: str) -> None:
    if sys.platform == "darwin":
        _clone(source, target)
        os.chmod(target, _MODE & ~_umask())  # noqa: PTH101
        return
    import fcntl  # noqa: PLC0415 - only where reflinks are asked for

    with open(source, "rb") as read, open(target, "xb") as write:  # noqa: PTH123
        fcntl.ioctl(write.fileno(), FICLONE, read.fileno())


def _clone(source: str, target: str) -> None:
    """Share the blocks of a file on macOS."""
    import ctypes  # noqa: PLC0415 - only on macOS

    library = ctypes.CDLL("/usr/lib/libSystem.dylib", use_errno=True)
    if library.clonefile(os.fsencode(source), os.fsencode(target), 0):
        raise OSError(ctypes.get_errno(), "clonefile failed")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _copy(source: str, target: str) -> None:
    """Copy the bytes; the copy can be written to, as DVC makes it."""
    import shutil  # noqa: PLC0415 - only for copies

    shutil.copyfile(source, target)


def _hardlink(source: str, target: str) -> None:
    if not os.path.getsize(source):  # noqa: PTH202
        # As DVC does: many files are empty, and a file system allows only so many links to one.
        with open(target, "xb"):  # noqa: PTH123
            return
    os.link(source, target)


def _symlink(source: str, target: str) -> None:
    os.symlink(source, target)  # noqa: PTH211


_WAYS = {"reflink": _reflink, "hardlink": _hardlink, "symlink": _symlink, "copy": _copy}
