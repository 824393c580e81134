"""A tree of git, of which nothing is read but what is asked for, and nothing written anywhere."""

from __future__ import annotations

import errno
import os
import posixpath
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import run_git
from paddledvc.tools.git.database.objects import ObjectReader, missing_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LARGEST = 32 << 20
"""Bytes of the largest file that is read."""
_FILE, _FOLDER, _LINK, _SUBMODULE = "10", "40000", "120000", "160000"
"""Modes in a tree; that of a file only begins so, and ends by what it may be used for."""
_MOST_LINKS = 40
"""Links on the way to one file before it counts as not there, as on Linux."""
_UNUSABLE = frozenset((".", "..", ".git"))
"""Names that no git gives to what is in a tree; somebody who means no good may."""


class TreeEntry(NamedTuple):
    """Something in a tree of git.

    Attributes:
        mode: what it is.
        name: git's name of it.
    """

    mode: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a file; a link and a submodule are none."""
        return self.mode.startswith(_FILE)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode == _FOLDER

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == _LINK

    @property
    def is_submodule(self) -> bool:
        """Whether it is a folder that another repository keeps."""
        return self.mode == _SUBMODULE


_NO_FOLDER = TreeEntry(mode=_FOLDER, name="")
"""One that the tree lacks, which is as good as empty."""


def parse_tree_listing(listing: str) -> Iterator[tuple[str, TreeEntry]]:
    r"""Read what ``git ls-tree -z`` prints: each path and what is there.

    >>> list(parse_tree_listing("100644 blob 0a\ta b.py\0"))
    [('a b.py', TreeEntry(mode='100644', name='0a'))]
    """
    for (mode, _, name), path in worktree.split_listing(listing):
        yield path, TreeEntry(mode=mode.lstrip("0"), name=name)


def parse_tree(data: bytes, width: int, errors: str) -> Iterator[tuple[str, TreeEntry]]:
    """Read a tree as git stores it: each name in it and what is there.

    Args:
        data: its bytes.
        width: bytes of git's names in it.
        errors: what becomes of bytes of a name that are not UTF-8, as for ``bytes.decode``.
    """
    at = 0
    while at < len(data):
        space, end = data.index(b" ", at), data.index(b"\0", at)
        stop = end + 1 + width
        mode, name = data[at:space].decode().lstrip("0"), data[end + 1 : stop].hex()
        yield data[space + 1 : end].decode(errors=errors), TreeEntry(mode=mode, name=name)
        at = stop


class Tree:
    """What is below a project's folder in a tree of git, as if it were checked out.

    Links are followed as far as they stay in the repository.

    Args:
        root: the project's folder in the work tree; it need not be in the tree.
        name: git's name of a tree of the whole repository, or of a commit.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._root, self._name = root, name
        self._objects = ObjectReader(root)
        self._children: dict[str, dict[str, TreeEntry]] = {"": {}}
        self._sizes: dict[str, int] = {}
        self._last = ("", b"")

    @property
    def folder(self) -> TreePath:
        """The project's folder."""
        return TreePath(self)

    @property
    def submodules(self) -> Submodules:
        """The folders that other repositories keep."""
        return Submodules(self)

    def find(self, parts: Sequence[str], *, follow: bool = True) -> TreeEntry | None:
        """Find what is at a path; None where nothing is.

        Args:
            parts: its names, from the project's folder; ``..`` is the folder above.
            follow: whether to follow a link at its end.

        Raises:
            ToolFailed: there is no such tree, or the repository lacks a part of it.
        """
        at, above, links = [self._project], False, 0
        waiting = [*reversed(parts)]
        while waiting:
            part = waiting.pop()
            if part == ".." and at[-1].is_folder:
                at.pop()
                if not at and not above:
                    at, above = [*self._folders_above], True
                if not at:
                    return None
                continue
            found = self.children(at[-1]).get(part)
            if found is None:
                return None
            if not found.is_link or not (waiting or follow):
                at.append(found)
                continue
            links += 1
            target = self.read(found).decode(errors="replace")
            if links > _MOST_LINKS or not target or target.startswith("/"):
                return None
            waiting += [one for one in reversed(target.split("/")) if one not in ("", ".")]
        return at[-1]

    def children(self, folder: TreeEntry) -> dict[str, TreeEntry]:
        """List what is in a folder by name; nothing where it is no folder.

        Raises:
            ToolFailed: the repository lacks it.
        """
        if not folder.is_folder:
            return {}
        if folder.name not in self._children:
            self._children[folder.name] = self._read_folder(folder.name)
        return self._children[folder.name]

    def _read_folder(self, tree: str) -> dict[str, TreeEntry]:
        found: dict[str, TreeEntry] = {}
        data = self._object(tree, "tree")
        try:
            for name, entry in parse_tree(data, len(tree) // 2, "replace"):
                # Of two with one name the folder counts, and never a link.
                known = found.get(name)
                is_better = known is None or not (entry.is_link or known.is_folder)
                if is_better and name not in _UNUSABLE and "/" not in name:
                    found[name] = entry
        except ValueError:
            raise missing_object(tree) from None  # it is damaged
        return found

    def read(self, file: TreeEntry) -> bytes:
        """Read a file, or where a link leads to; of one that is too large nothing.

        Raises:
            ToolFailed: the repository lacks it.
        """
        return self._object(file.name, "blob", LARGEST)

    def read_kept(self, parts: Sequence[str]) -> bytes | None:
        """Read a file of any size, and follow no link to it; None where there is none.

        Raises:
            ToolFailed: there is no such tree, or the repository lacks a part of it.
        """
        found: TreeEntry | None = self._project
        for part in parts:
            found = self.children(found).get(part) if found is not None else None
        is_kept = found is not None and (found.is_file or found.is_link)
        return self._object(found.name, "blob") if found is not None and is_kept else None

    def size(self, file: TreeEntry) -> int:
        """Count the bytes of a file.

        Raises:
            ToolFailed: the repository lacks it.
        """
        if file.name not in self._sizes:
            self.read(file)
        return self._sizes[file.name]

    def leads_out(self, parts: Sequence[str], entry: TreeEntry) -> bool:
        """Tell whether what is at a path is a link out of the repository, as it is written."""
        if not entry.is_link:
            return False
        target = posixpath.join(*parts[:-1], self.read(entry).decode(errors="replace"))
        path = posixpath.normpath(target)
        if path.startswith("../") or path == "..":
            path = posixpath.normpath(posixpath.join(self._prefix, path))
        return path.startswith(("../", "/")) or path == ".."

    @cached_property
    def _prefix(self) -> str:
        return worktree.prefix_in_worktree(self._root)

    @cached_property
    def _project(self) -> TreeEntry:
        found = self._objects.find(f"{self._name}:./")
        if found is not None and found.kind == "tree":
            self._objects.receive(found)
            return TreeEntry(mode=_FOLDER, name=found.name)
        self._objects.close()
        run_git(self._root, "rev-parse", "--verify", f"{self._name}^{{tree}}")
        return _NO_FOLDER

    @cached_property
    def _folders_above(self) -> list[TreeEntry]:
        """The folders that the project's is in, from the top."""
        parts = self._prefix.split("/")[:-1]
        if not parts:
            return []
        name = run_git(self._root, "rev-parse", "--verify", f"{self._name}^{{tree}}")
        found = [TreeEntry(mode=_FOLDER, name=name.rstrip("\n"))]
        for part in parts[:-1]:
            below = self.children(found[-1]).get(part, _NO_FOLDER)
            found.append(below if below.is_folder else _NO_FOLDER)
        return found

    def _object(self, name: str, kind: str, most: int | None = None) -> bytes:
        known, data = self._last
        if name == known and (most is None or len(data) <= most):
            return data
        found = self._objects.find(name)
        if found is None or found.kind != kind:
            self._objects.close()
            raise missing_object(name)
        self._sizes[name] = found.size
        if most is not None and found.size > most:
            self._objects.close()  # sooner than to take all of it
            return b""
        self._last = (name, self._objects.receive(found))
        return self._last[1]


class Submodules:
    """The folders of a tree that other repositories keep, by path from the project's folder."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def __contains__(self, path: object) -> bool:
        found = self._tree.find(str(path).split("/"))
        return found is not None and found.is_submodule


class TreePath:
    """A file or folder of a tree of git, which is asked as a ``Path`` on the disk is."""

    __slots__ = ("parts", "tree")

    def __init__(self, tree: Tree, parts: tuple[str, ...] = ()) -> None:
        self.tree, self.parts = tree, parts

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, TreePath) and self.tree is other.tree
        return same and self.parts == other.parts  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"TreePath({'/'.join(self.parts)!r})"

    def __truediv__(self, path: str, /) -> TreePath:
        more = tuple(part for part in path.split("/") if part not in ("", "."))
        # Nothing in a tree is where an absolute path leads to, and nothing has such a name.
        absolute = ("/",) if path.startswith("/") else ()
        return TreePath(self.tree, (*self.parts, *absolute, *more))

    @property
    def name(self) -> str:
        """The last part."""
        return self.parts[-1] if self.parts else ""

    @property
    def stem(self) -> str:
        """The last part without the suffix."""
        return self.name.removesuffix(self.suffix)

    @property
    def suffix(self) -> str:
        """The end of the last part, from its last dot that has something on both sides."""
        before, dot, after = self.name.rpartition(".")
        return dot + after if before.strip(".") and after else ""

    @property
    def parent(self) -> TreePath:
        """The folder that it is in."""
        inside = self.parts and self.parts[-1] != ".."
        return TreePath(self.tree, self.parts[:-1] if inside else (*self.parts, ".."))

    def _find(self) -> TreeEntry | None:
        found = self.tree.find(self.parts)
        return None if found is None or found.is_submodule else found

    def exists(self) -> bool:
        """Tell whether something is there."""
        return self._find() is not None

    def is_file(self) -> bool:
        """Tell whether it is a file."""
        return (found := self._find()) is not None and found.is_file

    def is_dir(self) -> bool:
        """Tell whether it is a folder."""
        return (found := self._find()) is not None and found.is_folder

    def is_symlink(self) -> bool:
        """Tell whether it is a symbolic link."""
        found = self.tree.find(self.parts, follow=False)
        return found is not None and found.is_link

    def iterdir(self) -> Iterator[TreePath]:
        """List what is in a folder, but for links out of the repository.

        Raises:
            OSError: it is not there, or no folder.
        """
        folder = self._require()
        if not folder.is_folder:
            raise _error(errno.ENOTDIR)
        for name, entry in self.tree.children(folder).items():
            path = (*self.parts, name)
            if not entry.is_submodule and not self.tree.leads_out(path, entry):
                yield TreePath(self.tree, path)

    def read_bytes(self) -> bytes:
        """Read a file; nothing of one that is larger than ``LARGEST``.

        Raises:
            OSError: it is not there, or no file.
        """
        return self.tree.read(self._require_file())

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        """Read a text file, every end of a line as a line feed.

        Raises:
            OSError: it is not there, or no file.
        """
        text = self.read_bytes().decode(encoding or "utf-8", errors or "strict")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def stat(self) -> os.stat_result:
        """Tell the size of a file, and nothing else.

        Raises:
            OSError: it is not there, or no file.
        """
        size = self.tree.size(self._require_file())
        return os.stat_result((0, 0, 0, 0, 0, 0, size, 0, 0, 0))

    def _require(self) -> TreeEntry:
        if (found := self._find()) is None:
            raise _error(errno.ENOENT)
        return found

    def _require_file(self) -> TreeEntry:
        if not (found := self._require()).is_file:
            raise _error(errno.EISDIR)
        return found


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
