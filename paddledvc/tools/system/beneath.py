"""Files below a folder, opened part by part: no link on the way is followed before it was judged.

A branch is data. A link that a commit brings may name any file of whoever checks it out, so what
lies at the path of one of the project's files is opened by its folder's descriptor and never
through a link; where one is met, it is read, judged, and the way that it leads is walked anew.
Git's hooks load this, so it loads little.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from paddledvc.errors import InvalidInput
from paddledvc.tools.system import atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Judge = Callable[[str], bool]
    """Tells whether a commit brings a link, by its path from the project's folder."""

_Result = TypeVar("_Result")
SETTINGS = 1 << 20
"""Bytes of the largest file of settings that is read."""
TEXT = 64 << 20
"""Bytes of the largest text that is read: a lock, a listing, an index."""
SOURCE = 2 << 20
"""Bytes of the largest Python file that is read."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK a pipe would wait for somebody who writes into it.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK_MET = frozenset((errno.ELOOP, errno.EMLINK, errno.ENOTDIR))
"""What systems say of a link that is not to be followed."""
_MOST_LINKS = 40
_TRIES = 3
_GIT = frozenset((".git",))
_INDIRECT = frozenset(("", ".", "..", ".git"))
"""Names that a path has only where it has to be looked at more closely."""
_CLOSED = frozenset((".git", ".dvc", ".paddledvc"))
"""Folders that no link of a commit may lead into: git's, DVC's with its secrets, and ours."""
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class LeadsOut(InvalidInput):
    """A link that a commit brings leads out of the project; nothing was read or written behind it.

    Attributes:
        link: the link, from the project's folder.
        target: what it says.
    """

    def __init__(self, link: str, target: str) -> None:
        self.link, self.target = link, target
        super().__init__(
            f"{link} is a link out of the project, to {target}; nothing was read or written "
            "there, because a branch may bring such a link. Put the file or folder itself in its "
            "place"
        )


def open_beneath(root: str, path: str, judge: Judge) -> int:
    """Open a regular file for reading; the caller closes it.

    Args:
        root: the project's folder.
        path: the file, from there.
        judge: asked of a link that leads out of the repository, or into what git and DVC keep.

    Raises:
        LeadsOut: a link that a commit brings leads out.
        InvalidInput: it is no regular file.
        OSError: it is not there, or may not be read.
    """
    return _try_ways(root, path, judge, lambda anchor, parts: _open_file(anchor, parts, path))


def _open_file(anchor: str, parts: list[str], path: str) -> int:
    with _entered(anchor, parts[:-1]) as folder:
        try:
            found = os.open(parts[-1], _READ, dir_fd=folder)
        except OSError as error:
            if error.errno == errno.ENXIO:  # a socket, which cannot be opened
                raise _no_file(path, stat.S_IFSOCK) from error
            raise
    kind = stat.S_IFMT(os.fstat(found).st_mode)
    if kind == stat.S_IFREG:
        return found
    os.close(found)
    raise _error(errno.EISDIR) if kind == stat.S_IFDIR else _no_file(path, kind)


def _no_file(path: str, kind: int) -> InvalidInput:
    return InvalidInput(f"{path} is {_KINDS.get(kind, 'no file')}, expected a file")


def read_beneath(root: str, path: str, most: int, judge: Judge) -> bytes:
    """Read a regular file of a bounded size.

    Args:
        root: the project's folder.
        path: the file, from there.
        most: bytes that it may have.
        judge: as for `open_beneath`.

    Raises:
        LeadsOut: a link that a commit brings leads out.
        InvalidInput: it is no regular file, or too large.
        OSError: it is not there, or may not be read.
    """
    descriptor = open_beneath(root, path, judge)
    try:
        return read_descriptor(descriptor, path, most)
    finally:
        os.close(descriptor)


def read_descriptor(descriptor: int, path: str, most: int) -> bytes:
    """Read an open file of a bounded size to its end.

    Raises:
        InvalidInput: it is too large.
    """
    size = os.fstat(descriptor).st_size
    if size <= most:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most + 1)
        if (size := len(data)) <= most:  # it may grow while it is read
            return data
    raise InvalidInput(f"{path} has {size:,} bytes, expected {most:,} at most")


def read_bounded_file(path: str, most: int) -> bytes:
    """Read what may be a link of DVC's, such as an object of its cache: links are followed.

    Raises:
        OSError: it is not there, no regular file, or too large.
    """
    with os.fdopen(open_anywhere(path), "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _error(errno.EFBIG)
    return data


def open_anywhere(path: str) -> int:
    """Open a file for reading, wherever it is; links are followed, and nothing is waited for.

    Raises:
        OSError: it is not there, or no regular file.
    """
    descriptor = os.open(path, _READ & ~os.O_NOFOLLOW)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _error(errno.EINVAL)


def write_beneath(
    root: str, path: str, data: bytes, judge: Judge, *, mode: int | None = None
) -> bool:
    """Write a file in one step, unless it holds these bytes already; its folders are made.

    Where a link lies there that may be followed, the file behind it is replaced.

    Args:
        root: the project's folder.
        path: the file, from there.
        data: what it is to hold.
        judge: as for `open_beneath`.
        mode: what may be done with it; by default what may be with the old one.

    Returns:
        Whether the file was written.

    Raises:
        LeadsOut: a link that a commit brings leads out.
        InvalidInput: what is there is no regular file.
        OSError: it cannot be written.
    """
    return _try_ways(root, path, judge, lambda anchor, parts: _write(anchor, parts, data, mode))


def _write(anchor: str, parts: list[str], data: bytes, mode: int | None) -> bool:
    with _entered(anchor, parts[:-1], make=True) as folder:
        with suppress(FileNotFoundError):
            there = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(there.st_mode):
                raise _error(errno.ELOOP)
            if not stat.S_ISREG(there.st_mode):
                raise _no_file("/".join(parts), stat.S_IFMT(there.st_mode))
            if there.st_size == len(data) and _holds(folder, parts[-1], data):
                return False
            if mode is None:
                mode = there.st_mode & 0o777 | 0o600
        _replace(folder, parts[-1], data, mode)
        return True


def _holds(folder: int, name: str, data: bytes) -> bool:
    descriptor = os.open(name, _READ, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(len(data) + 1) == data


def _replace(folder: int, name: str, data: bytes, mode: int | None) -> None:
    new = f"{atomic.make_atomic_name(f'.{name}.')}{atomic.PART}"
    descriptor = os.open(new, _NEW, 0o666 if mode is None else mode, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)


def make_folder_beneath(root: str, path: str, judge: Judge) -> str:
    """Make a folder, and those above it; name it without any link below the project's folder.

    Whoever then works by that name takes no link that lay there; one that comes meanwhile it does.

    Args:
        root: the project's folder.
        path: the folder, from there.
        judge: as for `open_beneath`.

    Raises:
        LeadsOut: a link that a commit brings leads out.
        OSError: it cannot be made.
    """
    return _try_ways(root, path, judge, _make_folder)


def _make_folder(anchor: str, parts: list[str]) -> str:
    with _entered(anchor, parts, make=True):
        return posixpath.join(anchor, *parts)


@contextmanager
def _entered(anchor: str, parts: list[str], *, make: bool = False) -> Iterator[int]:
    folder = _enter(anchor, parts, make=make)
    try:
        yield folder
    finally:
        os.close(folder)


def _enter(anchor: str, parts: list[str], *, make: bool = False) -> int:
    """Open a folder through those above it, none of which is a link."""
    folder = os.open(anchor, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        try:
            below = _enter_one(part, folder, make=make)
        finally:
            os.close(folder)
        folder = below
    return folder


def _enter_one(part: str, folder: int, *, make: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(part, dir_fd=folder)
    return os.open(part, _FOLDER, dir_fd=folder)


def _try_ways(
    root: str, path: str, judge: Judge, work: Callable[[str, list[str]], _Result]
) -> _Result:
    """Work on the way as it is written, and while a link lies on it where the links lead."""
    parts = path.split("/")
    if _INDIRECT.isdisjoint(map(str.casefold, parts)):
        try:
            return work(root, parts)
        except OSError as error:
            if error.errno not in _LINK_MET:
                raise
    last = _error(errno.ELOOP)
    for _ in range(_TRIES):  # somebody may change the links meanwhile
        try:
            return work(*resolve_beneath(root, path, judge))
        except OSError as error:
            if error.errno not in _LINK_MET:
                raise
            last = error
    raise last


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def resolve_beneath(root: str, path: str, judge: Judge) -> tuple[str, list[str]]:
    """Follow the links on the way to something that need not be there.

    Args:
        root: the project's folder.
        path: what to find, from there.
        judge: as for `open_beneath`.

    Returns:
        A folder, and the names below it, none of which is a link: that of the repository, or where
        a link that only this clone has leads out of it.

    Raises:
        LeadsOut: a link that a commit brings leads out.
        InvalidInput: the path leads out by itself.
        OSError: the links lead nowhere.
    """
    way = _Way(os.path.realpath(root), path)
    if (found := way.step()) is not None:
        link, target, behind = found
        if link is None:
            raise InvalidInput(f"{path} leads out of the project; name a file in it")
        if judge(link):
            raise LeadsOut(link, target)
        return "/", os.path.realpath(behind).split("/")[1:]
    return way.top, way.at or ["."]


class _Way:
    """The names on the way to something, each with the link that it comes from, if from any."""

    def __init__(self, start: str, path: str) -> None:
        self.top = _find_top(start)
        self.at = [] if start == self.top else os.path.relpath(start, self.top).split("/")
        self._start = start
        self._waiting: list[tuple[str, _Link | None]] = []
        self._links = 0
        self._wait(path, None)

    def step(self) -> tuple[str | None, str, str] | None:
        """Go on until the way leads out, or to its end, where nothing is given.

        Returns:
            The link that leads out, None where the path does so by itself; what that link says;
            and where the whole way leads then.
        """
        while self._waiting:
            part, link = self._waiting.pop()
            if part in {"", "."}:
                continue
            here = posixpath.join(self.top, *self.at, part)
            if (part == ".." and not self.at) or part.casefold() in (_CLOSED if link else _GIT):
                return self._out(link, here)
            if part == "..":
                self.at.pop()
            elif (found := self._link(here)) is None:
                self.at.append(part)
            elif (inside := _inside(found.target, self.top)) is None:
                return self._out(found, found.target)
            else:
                if found.target.startswith("/"):
                    self.at = []
                self._wait(inside, found)
        return None

    def _wait(self, path: str, link: _Link | None) -> None:
        self._waiting += [(part, link) for part in reversed(path.split("/"))]

    def _link(self, here: str) -> _Link | None:
        try:
            found = _Link(here, os.readlink(here))  # noqa: PTH115 - pathlib is slower
        except OSError:  # no link, or nothing yet
            return None
        self._links += 1
        if self._links > _MOST_LINKS:
            raise _error(errno.ELOOP)
        return found

    def _out(self, link: _Link | None, to: str) -> tuple[str | None, str, str]:
        behind = posixpath.join(to, *(part for part, _ in reversed(self._waiting)))
        if link is None:
            return None, "", behind
        return os.path.relpath(link.path, self._start), link.target, behind


class _Link(NamedTuple):
    """A link, and what it says."""

    path: str
    target: str


def _inside(target: str, top: str) -> str | None:
    """Give an absolute target from the top of the repository; None where it is elsewhere."""
    if not target.startswith("/"):
        return target
    for one in (posixpath.normpath(target), os.path.realpath(target)):
        if one == top or one.startswith(f"{top}/"):
            return one[len(top) + 1 :]
    return None


def _find_top(folder: str) -> str:
    """Find the top of the work tree, as git does; without one a project stands for itself."""
    at = folder
    while not os.path.lexists(f"{at}/.git"):
        above = posixpath.dirname(at)
        if above == at:
            return folder
        at = above
    return at
