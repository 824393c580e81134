r"""Which paths that data names may be written: never one that git itself would refuse.

A commit, a listing or a server names files; where they are put, programs find them. Spellings that
only some file systems take for another name are refused on every system, so that a branch is as
good for all who check it out. What only Windows cannot write, such as ``aux.bin`` or ``a:b``, is
refused there alone: elsewhere it is a name like any other.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ON_WINDOWS = sys.platform == "win32"
FOLDED = sys.platform in ("win32", "darwin")
"""Whether disks of this system usually take names for one that differ in case alone."""
LONGEST, LONGEST_PART = 1000, 255
"""Bytes of a path, which starts in a folder that has one itself, and of a name in it."""
_SUSPECT = re.compile(r"[^\x20-\x7e]|[\\:~]|(?:^|/)(?:[./]|$)")
"""What every path has in it that is looked at closely; most paths have nothing of it."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_IGNORED = dict.fromkeys(
    (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF)
)
"""What HFS+ leaves out when it compares names, as in ``utf8.c`` of git."""
_OWN = re.compile(
    r"(?:\.(?:git|dvc|paddledvc)|(?:git|dvc|paddle)~1)[. ]*(?::.*)?", re.IGNORECASE | re.ASCII
)
"""Folders whose files make programs do things: also short names of NTFS, and its streams."""
_BESIDE_GIT = re.compile(
    r"(?:\.git(?:attributes|modules)|git(?:att|mod)~1)[. ]*(?::.*)?", re.IGNORECASE | re.ASCII
)
_DRIVE = re.compile(r"[A-Za-z]:(?:/|$)")
_NOT_ON_WINDOWS = re.compile(
    r"(?:con|prn|aux|nul|(?:com|lpt)[0-9\xb9\xb2\xb3]|con(?:in|out)\$) *(?:\..*)?"
    r'|.*[<>:"|?*].*|.*[. ]',
    re.IGNORECASE,
)


def quote_path(path: str) -> str:
    """Write a path for a command line that we advise: neither shell nor program reads more in it.

    >>> quote_path("a b"), quote_path("-rprod"), quote_path("a")
    ("'a b'", './-rprod', 'a')
    """
    from shlex import quote  # noqa: PLC0415 - for bad news only, also in hooks

    return quote(f"./{path}" if path.startswith("-") else path)


def find_path_fault(path: str, *, windows: bool = ON_WINDOWS) -> str | None:
    r"""Find why a path that data names may not be written, as the end of a sentence.

    Args:
        path: from the root of a project, or of a folder that is listed.
        windows: whether Windows writes it.

    Returns:
        What is wrong; None for a path that may be written.

    >>> find_path_fault("exports/a/HEAD"), find_path_fault(".github/..a"), find_path_fault("git~12")
    (None, None, None)
    >>> find_path_fault("a/../b"), find_path_fault("a/.GIT /config")
    ("it has the part '..'", "'.GIT ' is the folder of a program's own files")
    """
    if not windows and len(path) <= LONGEST_PART and _SUSPECT.search(path) is None:
        return None
    return next(_faults(path, windows), None)


def _faults(path: str, windows: bool) -> Iterator[str]:  # noqa: FBT001 - as above
    if not path:
        yield "it is empty"
    if control := _CONTROL.search(path):
        yield f"it has the character {control[0]!a}"
    if "\\" in path:
        yield "it has a backslash, which some systems take for a slash"
    if path.startswith("/") or _DRIVE.match(path):
        yield "it is absolute"
    yield from _lengths(path)
    for part in path.split("/"):
        if part in ("", ".", ".."):
            yield f"it has the part {part!r}"
        if _OWN.fullmatch(part if part.isascii() else part.translate(_IGNORED)):
            yield f"{part!a} is the folder of a program's own files"
        if windows and _NOT_ON_WINDOWS.fullmatch(part):
            yield f"{part!r} is no name of a file on Windows"


def _lengths(path: str) -> Iterator[str]:
    if (size := _size(path)) > LONGEST:
        yield f"it has {size:,} bytes, more than the {LONGEST:,} that every system takes"
    if (size := max(map(_size, path.split("/")))) > LONGEST_PART:
        yield f"it has a part of {size:,} bytes, more than the {LONGEST_PART} that disks take"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def find_output_fault(path: str) -> str | None:
    """Find why nothing that git does not track may lie at a path of a project.

    >>> find_output_fault("data/.gitattributes")
    "'.gitattributes' sets what git does with the files beside it"
    """
    name = path.rpartition("/")[2]
    if ("git" in name or not name.isascii()) and _BESIDE_GIT.fullmatch(name.translate(_IGNORED)):
        return f"{name!a} sets what git does with the files beside it"
    return find_path_fault(path)


def find_listing_fault(paths: Sequence[str], *, folded: bool = FOLDED) -> tuple[str, str] | None:
    """Find what keeps the files of a listing from being written into one folder.

    Args:
        paths: the files, each a path from the folder.
        folded: whether names that differ in case, or in how letters are composed, are one name.

    Returns:
        A path, and what is wrong with it; None where there is nothing.

    >>> find_listing_fault(["a", ".gitattributes", "HEAD"])
    >>> find_listing_fault(["a", "a/b"])
    ('a', "'a/b' would lie in it")
    >>> find_listing_fault(["x/HEAD", "x/objects/1", "x/refs/1", "x/config"])
    ('x/HEAD', 'with what lies beside it, git would take the folder for a repository')
    """
    faults = ((path, fault) for path in paths if (fault := find_path_fault(path)) is not None)
    return next(faults, None) or next(_faults_of_all(paths, folded), None)


def _faults_of_all(paths: Sequence[str], folded: bool) -> Iterator[tuple[str, str]]:  # noqa: FBT001
    keys = [fold_path(path) for path in paths] if folded else paths
    files = dict(zip(keys, paths, strict=True))
    if len(files) < len(keys):
        seen: dict[str, str] = {}
        for key, path in zip(keys, paths, strict=True):
            if key in seen:
                yield path, f"it and {seen[key]!r} would be one file"
            seen[key] = path
    folders = _folders_of(keys)
    for key in files.keys() & folders:
        other = next(path for path in keys if path.startswith(f"{key}/"))
        yield files[key], f"{files[other]!r} would lie in it"
    yield from _repositories(paths, folders)


def _folders_of(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _repositories(paths: Iterable[str], folders: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find each HEAD beside which lies what makes a repository: there git obeys its ``config``."""
    heads = [path for path in paths if path[-4:].lower() == "head"]
    if not heads:
        return
    every = {fold_path(path) for path in (*paths, *folders)}
    for head in heads:
        folder, _, name = fold_path(head).rpartition("/")
        beside = f"{folder}/" if folder else ""
        whole = {f"{beside}objects", f"{beside}refs"} <= every or f"{beside}commondir" in every
        if name == "head" and whole:
            yield head, "with what lies beside it, git would take the folder for a repository"


def fold_path(path: str) -> str:
    r"""Give what a disk compares that takes names for one that look alike.

    >>> fold_path("A/\u212b") == fold_path("a/a\u030a")
    True
    """
    if path.isascii():
        return path.lower()
    from unicodedata import normalize  # noqa: PLC0415 - few names need it

    return normalize("NFC", normalize("NFC", path.translate(_IGNORED)).casefold())
