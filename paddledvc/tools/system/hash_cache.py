"""What files are known to hold: hashed once, and not again until they change.

A file is known by its device, inode, time and size, wherever it lies; so a hard link or a symbolic
link to an object of a cache is known with the object. DVC's own notes are no substitute: it notes
what a remote promised to have sent, whether that arrived or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import TYPE_CHECKING

from paddledvc.tools.system import atomic

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
RACY = 50_000_000
"""Nanoseconds in which a file may change again and keep its time, on a coarse clock."""
LIMIT = 1 << 20
"""Bytes of notes from which the older half is dropped."""
_FIELDS, _DIGITS = 5, 32
# Through no link, and waiting for nobody who reads a pipe.
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK


def hash_md5(path: Path | str) -> str:
    """Hash the bytes of a file as DVC does."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib opens the same
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class Known:
    """Notes of what files hold, in a file of lines: MD5, device, inode, time, size.

    A line is written at once, and one that is torn is no note. Notes that cannot be read or written
    are no failure: files are then hashed again.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._notes: dict[tuple[int, int, int, int], str] | None = None

    def md5(self, stat: os.stat_result) -> str | None:
        """Say what a file holds; None if that is not known.

        Args:
            stat: of the file itself, not of a link to it.
        """
        return self._all().get(_key(stat))

    def note(self, stat: os.stat_result, md5: str) -> None:
        """Note what a file holds, unless it is so new that it could change unnoticed."""
        if self.md5(stat) == md5 or time.time_ns() - stat.st_mtime_ns < RACY:
            return
        self.settled(stat, md5)

    def settled(self, stat: os.stat_result, md5: str) -> None:
        """Note what a file holds whose time is before that of its writing, see `settle`."""
        self._all()[_key(stat)] = md5
        with contextlib.suppress(OSError):
            self._append(f"{md5} {' '.join(map(str, _key(stat)))}\n")

    def _all(self) -> dict[tuple[int, int, int, int], str]:
        if self._notes is None:
            self._notes = _read_notes(self.file)
        return self._notes

    def _append(self, line: str) -> None:
        os.makedirs(self.file.parent, exist_ok=True)  # noqa: PTH103
        descriptor = os.open(self.file, _APPEND, 0o666)
        try:
            if os.fstat(descriptor).st_size > LIMIT:
                self._shorten()
                return
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def _shorten(self) -> None:
        """Keep the newer half; whoever appends meanwhile loses a note, no more."""
        notes = list(_read_notes(self.file).items())
        lines = (f"{md5} {' '.join(map(str, key))}\n" for key, md5 in notes[len(notes) // 2 :])
        atomic.write_atomically(self.file, "".join(lines), fsync=True)


def settle_hash_time(path: Path | str) -> os.stat_result:
    """Set the time of a file just written back a little, so that any later write changes it.

    The clocks of file systems tick every few milliseconds, and the next write may come in the same.
    """
    before = os.stat(path)  # noqa: PTH116
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - 10_000))
    return os.stat(path)  # noqa: PTH116


def _key(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def _read_notes(file: Path) -> dict[tuple[int, int, int, int], str]:
    try:
        with open(file, encoding="ascii", errors="replace", opener=atomic.open_note) as opened:
            text = opened.read()
    except OSError:
        return {}
    notes: dict[tuple[int, int, int, int], str] = {}
    for line in text.split("\n")[:-1]:
        parts = line.split(" ")
        with contextlib.suppress(ValueError):
            if len(parts) == _FIELDS and len(parts[0]) == _DIGITS:
                device, inode, time_ns, size = map(int, parts[1:])
                notes[device, inode, time_ns, size] = parts[0]
    return notes
