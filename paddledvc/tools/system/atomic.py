"""Files written in one step, and what killed processes left of them swept away.

Whoever is killed leaves the old file or the new one. Git's hooks load this, so it loads little.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from functools import cache
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = ".part"
OLD = 86400.0
"""Seconds after which what a process of another machine left is nobody's any more."""
BEFORE = "old"
"""What a folder that is being replaced is called in the folder beside it."""
_MODE = 0o666


@contextmanager
def replace_atomically(target: Path, *, fsync: bool, mode: int | None = None) -> Iterator[Path]:
    """Give an empty new file beside ``target``; it takes the target's place at the end.

    An error leaves the target as it was and removes the new file. A link is replaced, not what it
    points to, for that may be DVC's cache.

    Args:
        target: the file to replace or create.
        fsync: bring the bytes to the disk first. Without it they may be lost when the machine loses
            power, and the old file steps aside until the new one is there: see `read_atomic_file`.
        mode: what may be done with it; by default what may be with the old one.

    Raises:
        OSError: it cannot be written.
    """
    sweep_atomic_parts(f"{target.parent}")
    new = target.with_name(f"{make_atomic_name(atomic_part_prefix(target))}{PART}")
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE if mode is None else mode))
    try:
        yield new
        _settle(new, target, fsync=fsync, mode=mode)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)  # noqa: PTH108


def _settle(new: Path, target: Path, *, fsync: bool, mode: int | None) -> None:
    """Bring new bytes to the disk, then to the target's name."""
    if mode is None:
        with suppress(OSError):
            mode = os.stat(target).st_mode & 0o777 | 0o600  # noqa: PTH116
    if mode is not None:
        os.chmod(new, mode)  # noqa: PTH101
    if fsync:
        descriptor = os.open(new, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    else:
        # ext4 writes a file to the disk at once that was just made and is renamed over another.
        old = f"{target}.old"
        with suppress(FileNotFoundError):
            os.unlink(old)  # noqa: PTH108
        with suppress(FileNotFoundError):
            os.replace(target, old)  # noqa: PTH105
    os.replace(new, target)  # noqa: PTH105


def write_atomically(file: Path, text: str, *, fsync: bool, mode: int | None = None) -> None:
    """Write a text in one step, see `replace_atomically`.

    Raises:
        OSError: it cannot be written.
    """
    with (
        replace_atomically(file, fsync=fsync, mode=mode) as new,
        open(new, "w", encoding="utf-8", newline="") as opened,  # noqa: PTH123
    ):
        opened.write(text)


def read_atomic_file(file: Path) -> str:
    """Read a text that is written so; empty if there is none, or nobody can read it."""
    for name in (file, f"{file}.old"):
        with (
            suppress(OSError, ValueError),
            open(name, encoding="utf-8", opener=open_note) as opened,
        ):
            if text := opened.read():  # else the machine lost power while it was written
                return text
    return ""


def open_note(name: str, flags: int) -> int:
    """Open a note of ours, as ``open`` asks its opener: through no link, and no pipe waits."""
    return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def make_folder(folder: str, mode: int | None = None) -> None:
    """Make a folder, and those above it, where they are not there yet.

    Args:
        folder: the folder.
        mode: what those get that are new, whatever the umask; None for what the umask leaves.

    Raises:
        OSError: it cannot be made.
    """
    if os.path.isdir(folder):  # noqa: PTH112 - as fast as it gets
        return
    if above := os.path.dirname(folder):  # noqa: PTH120
        make_folder(above, mode)
    try:
        os.mkdir(folder)  # noqa: PTH102
    except FileExistsError as error:
        if not os.path.isdir(folder):  # noqa: PTH112
            number = errno.ENOTDIR
            raise NotADirectoryError(number, os.strerror(number), folder) from error
        return  # another process was faster
    if mode is not None:
        os.chmod(folder, mode)  # noqa: PTH101 - os.umask() is of all threads


def make_atomic_file(folder: Path, mode: int | None = None) -> Path:
    """Make an empty file of a new name; the folder is made if need be.

    Args:
        folder: where.
        mode: of folders that are made.

    Raises:
        OSError: it cannot be made.
    """
    make_folder(f"{folder}", mode)
    _sweep_once(f"{folder}", "tmp-")
    new = folder / make_atomic_name("tmp-")
    new.touch(exist_ok=False)
    return new


@cache
def _sweep_once(folder: str, prefix: str) -> None:
    sweep_atomic_leftovers(folder, prefix, locked=False)


def make_atomic_name(prefix: str) -> str:
    """Make up a name that nothing has, and that tells whose it is."""
    return f"{prefix}{_machine()}-{os.getpid()}-{os.urandom(6).hex()}"


@cache
def _machine() -> str:
    """Name this machine: another one's processes have the same numbers, and may share a folder."""
    return os.uname().nodename[:40].replace(".", "_")


def atomic_part_prefix(target: Path) -> str:
    """Say how the names of new files begin that are to take a file's place."""
    return f".{target.name}."


@cache
def sweep_atomic_parts(folder: str) -> None:
    """Remove what killed processes left of files and folders on their way to their names.

    It looks once in the life of a process. What lay there before a folder was replaced goes back.

    Args:
        folder: where they are.
    """
    sweep_atomic_leftovers(folder, ".", suffix=PART, locked=False)


def sweep_atomic_leftovers(
    folder: str | Path, *prefixes: str, suffix: str = "", locked: bool = True
) -> None:
    """Remove the files and folders that killed processes left.

    Args:
        folder: where they are.
        prefixes: how their names begin.
        suffix: how they end.
        locked: whether the caller holds a lock against all who make such files; otherwise only
            those go whose name tells of a process of this machine that is no more, and of another
            machine those of days ago.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(folder):  # noqa: PTH208
            prefix = next(filter(name.startswith, prefixes), None)
            if prefix is None or not name.endswith(suffix):
                continue
            told = name.removeprefix(prefix).removesuffix(suffix)
            if _is_abandoned(told, f"{folder}/{name}", locked=locked and "." not in told):
                _remove(f"{folder}/{name}")


def _is_abandoned(told: str, path: str, *, locked: bool) -> bool:
    """Tell whether nobody needs a file, by the end of its name: the machine, process and a number.

    What is none of ours by its name stays.
    """
    if locked:
        return True
    owner = told.rpartition(".")[2].rsplit("-", 2)
    if len(owner) < len(("machine", "process", "number")) or not owner[1].isdigit():
        return False
    if owner[0] == _machine():
        return not is_alive(int(owner[1]))
    with suppress(OSError):
        return os.lstat(path).st_mtime < time() - OLD
    return False


def _remove(path: str) -> None:
    with suppress(OSError):
        if not os.path.isdir(path) or os.path.islink(path):  # noqa: PTH112, PTH114
            os.unlink(path)  # noqa: PTH108
            return
        import shutil  # noqa: PLC0415 - hardly ever needed

        folder, _, name = path.rpartition("/")
        target = f"{folder}/{name[1:].rpartition('.')[0].rpartition('.')[0]}"
        if os.path.isdir(f"{path}/{BEFORE}") and not os.path.lexists(target):  # noqa: PTH112
            os.replace(f"{path}/{BEFORE}", target)  # noqa: PTH105
        shutil.rmtree(path, ignore_errors=True)


def is_alive(process: int) -> bool:
    """Tell whether there is a process of a number; numbers are used again."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True
