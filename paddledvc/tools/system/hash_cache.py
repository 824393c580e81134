"""What files are known to hold: hashed once, and not again until they change.

A file is known by its device, inode, times and size, wherever it lies; so a hard link or a symbolic
link to an object of a cache is known with the object. The time of the last change of the inode
counts too, which nobody can set back: so bytes that rot, or are written, under a kept time are
hashed anew. DVC's own notes are no substitute: it notes what a remote promised to have sent,
whether that arrived or not.

The notes lie in the user's own folder for state: a branch, or an archive of a clone, must not bring
any along.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat as stats
import time
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.tools.system import atomic

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
RACY = 50_000_000
"""Nanoseconds in which a file may change again and keep its time, on a coarse clock."""
LIMIT = 1 << 21
"""Bytes of notes from which the older half is dropped."""
LARGE = 4 << 20
"""Bytes of a file from which two digests of it are made side by side."""
_DIGITS = 32
_UNKNOWN = "-"


class Digests(NamedTuple):
    """What is known of the bytes of a file."""

    md5: str | None = None
    sha256: str | None = None


def name_state_folder() -> str | None:
    """Name our folder in the user's one for state, which no branch and no archive can write to.

    Returns:
        None where the user has no such folder; then nothing is noted.
    """
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):  # noqa: PTH117 - others are to be ignored
        home = os.path.expanduser("~/.local/state")  # noqa: PTH111
    if not os.path.isabs(home):  # noqa: PTH117
        return None
    return f"{home}/paddledvc"


def name_notes_file(folder: Path | str) -> str | None:
    """Name the file with the notes of a cache; None where nothing can be noted.

    Args:
        folder: the cache.
    """
    home = name_state_folder()
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
    return None if home is None else f"{home}/hashes/{name}"


def hash_md5(path: Path | str) -> str:
    """Hash the bytes of a file as DVC does."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib opens the same
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def hash_digests(path: Path | str, size: int) -> Digests:
    """Hash the bytes of a file in both ways, reading it once."""
    if size >= LARGE:
        from pathlib import Path as AnyPath  # noqa: PLC0415

        from paddledvc.tools.system.files import hash_file  # noqa: PLC0415 - it starts threads

        found = hash_file(AnyPath(path))
        return Digests(found.md5, found.sha256)
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        while chunk := file.read(CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
    return Digests(md5.hexdigest(), sha256.hexdigest())


class Known:
    """Notes of what files hold, in a file of lines: MD5, SHA-256, and what the file is known by.

    A line is written at once, and one that is torn is no note. Notes that cannot be read or written
    are no failure: files are then hashed again.

    Args:
        file: the notes; None to keep none.
    """

    def __init__(self, file: str | None) -> None:
        self.file = file
        self._notes: dict[str, Digests] | None = None

    def digests(self, stat: os.stat_result) -> Digests:
        """Say what a file holds, as far as that is known.

        Args:
            stat: of the file itself, not of a link to it.
        """
        return self._all().get(_key(stat), Digests())

    def note(self, stat: os.stat_result, found: Digests) -> None:
        """Note what a file holds, unless it is so new that it could change unnoticed."""
        is_known = self.digests(stat).md5 == found.md5 is not None
        if time.time_ns() - stat.st_mtime_ns < RACY and not is_known:
            return
        self.settled(stat, found)

    def settled(self, stat: os.stat_result, found: Digests) -> None:
        """Note what a file holds whose time is before that of its writing, see `settle`."""
        before = self.digests(stat)
        both = Digests(found.md5 or before.md5, found.sha256 or before.sha256)
        if both == before or both.md5 is None:
            return
        self._all()[_key(stat)] = both
        with contextlib.suppress(OSError):
            self._append(_line(_key(stat), both))

    def carry(self, before: os.stat_result, after: os.stat_result) -> None:
        """Keep what is known of a file after a link to it came or went, which changed its inode."""
        same = _key(before).rpartition(" ")[0] == _key(after).rpartition(" ")[0]
        if same and (found := self.digests(before)).md5 is not None:
            self.settled(after, found)

    def _all(self) -> dict[str, Digests]:
        if self._notes is None:
            self._notes = _read_notes(self.file)
        return self._notes

    def _append(self, line: str) -> None:
        if self.file is None:
            return
        os.makedirs(os.path.dirname(self.file), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self.file, flags, 0o600)
        try:
            if os.fstat(descriptor).st_size > LIMIT:
                self._shorten()
                return
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def _shorten(self) -> None:
        """Keep the newer half; whoever appends meanwhile loses a note, no more."""
        from pathlib import Path as AnyPath  # noqa: PLC0415

        notes = list(_read_notes(self.file).items())
        lines = (_line(key, found) for key, found in notes[len(notes) // 2 :])
        atomic.write_atomically(AnyPath(str(self.file)), "".join(lines), fsync=True, mode=0o600)


def settle_hash_time(path: Path | str) -> os.stat_result:
    """Set the time of a file just written back a little, so that any later write changes it.

    The clocks of file systems tick every few milliseconds, and the next write may come in the same.
    """
    before = os.stat(path)  # noqa: PTH116
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - 10_000))
    return os.stat(path)  # noqa: PTH116


def _key(stat: os.stat_result) -> str:
    """Write what a file is known by; last what changes with the links to it, too."""
    return f"{stat.st_dev} {stat.st_ino} {stat.st_mtime_ns} {stat.st_size} {stat.st_ctime_ns}"


def _line(key: str, found: Digests) -> str:
    return f"{found.md5} {found.sha256 or _UNKNOWN} {key}\n"


def _read_notes(file: str | None) -> dict[str, Digests]:
    notes: dict[str, Digests] = {}
    for line in _read_text(file).split("\n")[:-1]:
        md5, _, rest = line.partition(" ")
        sha256, _, key = rest.partition(" ")
        if len(md5) == _DIGITS and (sha256 == _UNKNOWN or len(sha256) == 2 * _DIGITS):
            notes[key] = Digests(md5, None if sha256 == _UNKNOWN else sha256)
    return notes


def _read_text(file: str | None) -> str:
    """Read the notes, if that is a file, and no larger than it ever gets."""
    if file is None:
        return ""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        if not stats.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read(2 * LIMIT).decode("ascii", errors="replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
