"""Files: hashed, and written in one step: a killed process leaves the old file or the new one."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol

import filelock

from paddledvc.errors import InvalidFile, OutsideFailure, Problem
from paddledvc.hashes import Hashes
from paddledvc.tools.system import atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

logger = logging.getLogger(__name__)
CHUNK = 1 << 20
"""Bytes that are read at a time."""


class FilePath(Protocol):
    """What is asked of a file or folder: of a ``Path`` on the disk, or of one that git keeps."""

    @property
    def parts(self) -> tuple[str, ...]: ...  # noqa: D102 - all of them are as in pathlib
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def stem(self) -> str: ...  # noqa: D102
    @property
    def suffix(self) -> str: ...  # noqa: D102
    @property
    def parent(self) -> Self: ...  # noqa: D102
    def __truediv__(self, path: str, /) -> Self: ...
    def __hash__(self) -> int: ...
    def exists(self) -> bool: ...  # noqa: D102
    def is_file(self) -> bool: ...  # noqa: D102
    def is_dir(self) -> bool: ...  # noqa: D102
    def is_symlink(self) -> bool: ...  # noqa: D102
    def iterdir(self) -> Iterator[Self]: ...  # noqa: D102
    def read_bytes(self) -> bytes: ...  # noqa: D102
    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str: ...  # noqa: D102
    def stat(self) -> os.stat_result: ...  # noqa: D102


def file_parts_below(folder: FilePath, file: FilePath) -> tuple[str, ...] | None:
    """Give the names on the way from a folder to a file; None if it is not in that folder."""
    count = len(folder.parts)
    is_below = type(folder) is type(file) and file.parts[:count] == folder.parts
    return file.parts[count:] if is_below else None


def list_folder(folder: FilePath) -> list[FilePath]:
    """List what is in a folder; nothing where that may not be looked into."""
    try:
        return [*folder.iterdir()]
    except OSError:
        return []


def split_folder(folder: FilePath) -> tuple[list[str], list[str]]:
    """Name the folders in a folder, and what else is there, links to folders among it."""
    if isinstance(folder, Path):
        with contextlib.suppress(OSError), os.scandir(folder) as found:  # three times as fast
            inside = [(one.name, one.is_dir(follow_symlinks=False)) for one in found]
            return _split(inside)
        return [], []
    return _split((one.name, one.is_dir() and not one.is_symlink()) for one in list_folder(folder))


def _split(inside: Iterable[tuple[str, bool]]) -> tuple[list[str], list[str]]:
    found: tuple[list[str], list[str]] = ([], [])
    for name, is_folder in inside:
        found[0 if is_folder else 1].append(name)
    return found


def walk_files(folder: FilePath, above: str = "") -> Iterator[tuple[str, FilePath]]:
    """List every file below a folder, by its path from there; links to folders are not followed."""
    folders, others = split_folder(folder)
    yield from ((above + name, folder / name) for name in others if (folder / name).is_file())
    for name in folders:
        yield from walk_files(folder / name, f"{above}{name}/")


class Hasher:
    """MD5 and SHA-256 of a stream in one pass, each in a thread of its own behind the reader.

    hashlib releases the interpreter while it hashes, so the two and the reading overlap.

    >>> with Hasher() as hasher:
    ...     hasher.update(b"digits")
    >>> hasher.hashes().size
    6
    """

    def __init__(self) -> None:
        self._digests = {
            "md5": hashlib.md5(usedforsecurity=False),
            "sha256": hashlib.sha256(),
        }
        self._size = 0
        self._pool = ThreadPoolExecutor(max_workers=len(self._digests))
        self._pending: list[Future[None]] = []

    def __enter__(self) -> Hasher:  # noqa: PYI034 - Self comes with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self._wait()
        self._pool.shutdown()

    def update(self, chunk: bytes) -> None:
        """Add the next bytes; returns while they are still being hashed."""
        self._wait()
        self._size += len(chunk)
        self._pending = [
            self._pool.submit(digest.update, chunk) for digest in self._digests.values()
        ]

    def hashes(self) -> Hashes:
        """Return the digests and the size of all bytes so far."""
        self._wait()
        digests = {name: digest.hexdigest() for name, digest in self._digests.items()}
        return Hashes(**digests, size=self._size)

    def _wait(self) -> None:
        for future in self._pending:
            future.result()
        self._pending = []


def hash_file_chunks(chunks: Iterable[bytes], write: int | None = None) -> Hashes:
    """Hash a stream, and on the way write it to an open file descriptor if one is given."""
    with Hasher() as hasher:
        for chunk in chunks:
            hasher.update(chunk)
            view = memoryview(chunk)
            while write is not None and view:
                view = view[os.write(write, view) :]
    return hasher.hashes()


def file_size(path: PurePath | None) -> int:
    """Count the bytes of a file; 0 where there is none."""
    try:
        return 0 if path is None else Path(path).stat().st_size
    except FileNotFoundError:
        return 0


def read_file_chunks(path: Path) -> Iterator[bytes]:
    """Read a file a megabyte at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def hash_file(path: Path) -> Hashes:
    """Hash the bytes of a file."""
    return hash_file_chunks(read_file_chunks(path))


@contextmanager
def replace_file(target: Path, *, mode: int | None = None) -> Iterator[Path]:
    """Give an empty new file beside ``target``; it takes the target's place at the end.

    An error leaves the target as it was and removes the new file. A link is replaced, not what it
    points to, for that may be DVC's cache.

    Args:
        target: the file to replace or create; its folder is made if need be.
        mode: what may be done with it; by default what may be with the old one.

    Raises:
        OutsideFailure: the folder cannot be written to, or the disk is full.
    """
    with _writable(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replace_atomically(target, fsync=True, mode=mode) as new:
            yield new


def remove_part_files(target: Path) -> None:
    """Remove what killed processes left beside ``target``; the caller holds the target's lock."""
    atomic.sweep_atomic_leftovers(
        target.parent, atomic.atomic_part_prefix(target), suffix=atomic.PART
    )


@contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutsideFailure(f"cannot write {target}: {error.strerror or error}") from error


@contextmanager
def hold_file_lock(lock: Path) -> Iterator[None]:
    """Hold a lock file against other processes; the system lets go of it when a process dies."""
    holder = filelock.FileLock(lock)
    with _writable(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            holder.acquire(timeout=0)
        except filelock.Timeout:
            logger.warning("waiting for another paddledvc to finish with %s", lock.stem)
            holder.acquire()
    try:
        yield
    finally:
        holder.release()


def list_files_below(folder: Path) -> set[str]:
    """Name every file below a folder, with ``/`` between the parts."""
    files = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in files}


def fresh_folder(parent: Path, prefix: str) -> Path:
    """Make an empty folder of a new name, and remove those of the prefix that were left behind.

    The caller holds a lock, so that whatever is there was left by a process that was killed.

    Raises:
        OutsideFailure: it cannot be made, for example because a file is in the way.
    """
    with _writable(parent):
        parent.mkdir(parents=True, exist_ok=True)
        atomic.sweep_atomic_leftovers(parent, prefix)
        atomic.sweep_atomic_parts(f"{parent}")
        new = parent / f"{atomic.make_atomic_name(prefix)}{atomic.PART}"
        new.mkdir(mode=0o700)
        return new


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as folder:
        yield Path(folder)


def write_text_file(path: Path, text: str) -> bool:
    """Write a text file in one step, unless it holds this text already.

    Those of a project are written by `paddledvc.tools.git.project_files`.

    Args:
        path: the file; where it is a link, the file behind the link is replaced.
        text: what it is to hold.

    Returns:
        Whether the file was written.
    """
    data = text.encode()
    with _writable(path), contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == data:
            return False
    target = path.resolve() if path.is_symlink() else path
    with replace_file(target) as new:
        new.write_bytes(data)
    return True


def decode_text(data: bytes, name: str) -> str:
    """Read bytes as UTF-8, line ends and byte order mark as they are.

    Args:
        data: the bytes of a file.
        name: its name, for messages.

    Raises:
        InvalidFile: they are not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        problem = Problem(
            file=name,
            line=before.count(b"\n") + 1,
            column=len(before.rpartition(b"\n")[2].decode()) + 1,
            path="",
            message=f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8",
        )
        raise InvalidFile([problem]) from error


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside ``target``; it takes the target's place at the end.

    A process that is killed between the two renames at the end leaves no target, never a mixture;
    what was there before then still lies beside it. Whatever else goes wrong, the target stays.
    The caller holds the target's lock.

    Args:
        target: the folder to replace or create.
    """
    with _writable(target):
        scratch = fresh_folder(target.parent, f".{target.name}.")
        try:
            new = scratch / "new"
            new.mkdir()
            yield new
            if target.exists():
                target.replace(scratch / atomic.BEFORE)
            new.replace(target)
        except BaseException:
            if (scratch / atomic.BEFORE).exists():
                (scratch / atomic.BEFORE).replace(target)
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
