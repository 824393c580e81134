"""The files of a tree of git, laid out in a folder of their own."""

from __future__ import annotations

import posixpath
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from paddledvc.tools.git import worktree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST = 32 << 20
"""Bytes of the largest file whose content is laid out."""
_LINK = "120000"


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeFile:
    """A file of a tree.

    Attributes:
        path: from the root of the repository.
        name: git's name of its bytes.
        size: in bytes.
        link: whether it is a symbolic link.
        submodule: whether it is a folder that another repository keeps.
    """

    path: str
    name: str
    size: int
    link: bool
    submodule: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LaidOut:
    """Files of a tree in a folder.

    Attributes:
        folder: the project's folder in it.
        prefix: that folder in the repository, with a slash at its end; empty for its root.
        unread: files that are there, but empty, by path from that folder.
        elsewhere: folders that are submodules, whose files another repository keeps.
    """

    folder: Path
    prefix: str
    unread: frozenset[str]
    elsewhere: frozenset[str]


@contextmanager
def lay_out_files(root: Path, tree: str, needed: Callable[[str], bool]) -> Iterator[LaidOut]:
    """Lay the files of a tree out that are below a project's folder.

    The tree is one of the whole repository. Files whose content nobody needs are empty, so that
    a repository with much in it costs little more than one without.

    Args:
        root: the project's folder in the work tree; it need not be in the tree.
        tree: git's name of the tree, or of a commit.
        needed: tells by its path from the project whether a file's content is needed.

    Raises:
        ToolFailed: there is no such tree.
    """
    prefix = prefix_of(root)
    files = _listed(root, tree, prefix)
    if any(one.link and _leads_out(root, one, prefix) for one in files):
        files = _listed(root, tree, "")
    elsewhere = frozenset(one.path.removeprefix(prefix) for one in files if one.submodule)
    files = [one for one in files if not one.submodule]
    with TemporaryDirectory(prefix="paddledvc-") as scratch:
        top = Path(scratch).resolve()
        folder = top / prefix
        folder.mkdir(parents=True, exist_ok=True)
        full = {
            one.path
            for one in files
            if one.link or (one.size <= LARGEST and needed(one.path.removeprefix(prefix)))
        }
        _write(root, top, files, full)
        unread = (one.path.removeprefix(prefix) for one in files if one.path not in full)
        yield LaidOut(folder=folder, prefix=prefix, unread=frozenset(unread), elsewhere=elsewhere)


def prefix_of(root: Path) -> str:
    """Name the folder of a project in its repository, with a slash at its end; empty for its root.

    Raises:
        ToolFailed: there is no repository.
    """
    return worktree.run_git(root, "rev-parse", "--show-prefix").rstrip("\n")


def _listed(root: Path, tree: str, prefix: str) -> list[TreeFile]:
    listing = worktree.run_git(
        root, "ls-tree", "-r", "-l", "-z", "--full-tree", tree, *([prefix] if prefix else [])
    )
    files = []
    for (mode, kind, name, size), path in worktree.split_listing(listing):
        if kind in ("blob", "commit") and not {"..", ".git"} & set(path.split("/")):
            is_submodule = kind == "commit"
            files.append(
                TreeFile(
                    path=path,
                    name=name,
                    size=0 if is_submodule else int(size),
                    link=mode == _LINK,
                    submodule=is_submodule,
                )
            )
    return files


def _leads_out(root: Path, link: TreeFile, prefix: str) -> bool:
    """Tell whether a link leads to another place of the repository than the project's folder."""
    [target] = worktree.read_blobs(root, [link.name]).values()
    path = posixpath.join(posixpath.dirname(link.path), target.decode(errors="replace"))
    return bool(prefix) and not f"{posixpath.normpath(path)}/".startswith(prefix)


def _write(root: Path, top: Path, files: list[TreeFile], full: set[str]) -> None:
    contents = worktree.read_blobs(root, [one.name for one in files if one.path in full])
    # Links come last, so that no file is written through one.
    for one in sorted(files, key=lambda one: one.link):
        path = top / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if one.link:
            _link(path, contents[one.name], top)
        else:
            path.write_bytes(contents[one.name] if one.path in full else b"")


def _link(path: Path, target: bytes, top: Path) -> None:
    """Make a link, unless it leads out of the repository, where nothing is of the tree."""
    to = posixpath.join(path.parent.as_posix(), target.decode(errors="surrogateescape"))
    inside = f"{posixpath.normpath(to)}/".startswith(f"{top.as_posix()}/")
    if inside and not path.exists():  # somebody may have made a tree by hand
        path.symlink_to(target.decode(errors="surrogateescape"))
