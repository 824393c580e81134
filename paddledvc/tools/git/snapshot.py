"""The files of a project as they are in its work tree, in the index, in a tree or in a commit."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from paddledvc.errors import ToolFailed
from paddledvc.tools.git import project_files, worktree
from paddledvc.tools.git.command import run_git

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from paddledvc.tools.git.database.tree import Submodules, Tree, TreePath
    from paddledvc.tools.system.files import FilePath

_FILE = "10"
"""Start of the modes of staged files; those of links and submodules are others."""
_SETTLED = "0"
"""What git says of staged files that are in no conflict."""


class Snapshot(ABC):
    """The files of a project in one place. Paths start at the project's folder.

    Patterns are of the last parts of paths: a name, or ``*`` and the end of one.
    """

    def __init__(self, root: Path) -> None:
        """Prepare to read the files below a folder of a work tree."""
        self.root = root

    @staticmethod
    def work_tree(root: Path, *, untracked: bool = False) -> FolderSnapshot:
        """See the files of the work tree, as they are.

        Args:
            root: folder of the project.
            untracked: see what git does not know yet in its folders, too, unless it ignores it.
        """
        return _WorkTree(root, untracked=untracked)

    @staticmethod
    def index(root: Path) -> IndexSnapshot:
        """See the files that are staged below the folder of a project."""
        return IndexSnapshot(root)

    @staticmethod
    def tree(root: Path, name: str) -> FolderSnapshot:
        """See the files of a tree of the whole repository, or of a commit.

        Args:
            root: folder of the project in the work tree; the tree need not have it.
            name: git's name of the tree, or of a commit.
        """
        return _Tree(root, name)

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """Read a file; None where there is none.

        Raises:
            InvalidInput: it is no regular file or too large, or a link that a commit brings leads
                out of the project to it.
        """

    def text(self, path: str) -> str | None:
        """Read a text file; None where there is none.

        Raises:
            InvalidFile: it is not UTF-8, in the work tree; what git keeps is read all the same.
        """
        data = self.read(path)
        return None if data is None else data.decode(errors="replace")

    @abstractmethod
    def names(self, patterns: Sequence[str]) -> list[str]:
        """Name the files that fit; a link counts in the work tree alone, where it leads to one.

        Raises:
            ToolFailed: there is no such tree.
        """

    @abstractmethod
    def texts(self, patterns: Sequence[str]) -> dict[str, str]:
        """Read the text files that fit, by path.

        Raises:
            InvalidFile: one in the work tree is not UTF-8; what git keeps is read all the same.
            ToolFailed: there is no such tree.
        """


class FolderSnapshot(Snapshot):
    """Files whose folders can be looked into, with links followed as in a work tree."""

    @property
    @abstractmethod
    def folder(self) -> FilePath:
        """The project's folder."""

    @property
    @abstractmethod
    def submodules(self) -> Container[str]:
        """The folders whose files other repositories keep, by path."""


class _WorkTree(FolderSnapshot):
    def __init__(self, root: Path, *, untracked: bool) -> None:
        super().__init__(root)
        self._untracked = untracked

    def read(self, path: str) -> bytes | None:
        return project_files.find_project_file(self.root, path)

    def text(self, path: str) -> str | None:
        data = self.read(path)
        try:
            return None if data is None else data.decode()
        except UnicodeDecodeError:
            from paddledvc.tools.system import files  # noqa: PLC0415 - it says what is wrong

            return files.decode_text(data or b"", path)

    def names(self, patterns: Sequence[str]) -> list[str]:
        return [name for name in self._candidates(patterns) if (self.root / name).is_file()]

    def texts(self, patterns: Sequence[str]) -> dict[str, str]:
        found = {name: self.text(name) for name in self._candidates(patterns)}
        return {name: text for name, text in found.items() if text is not None}

    @property
    def folder(self) -> Path:
        return self.root

    @cached_property
    def submodules(self) -> frozenset[str]:
        """Those that ``.gitmodules`` names; their files are there once git has fetched them."""
        for folder in (self.root, *self.root.parents):
            if (folder / ".gitmodules").is_file():
                most = project_files.SETTINGS
                text = project_files.read_project_text(folder, ".gitmodules", most)
                paths = re.findall(r"^\s*path\s*=\s*(.*?)\s*$", text, re.MULTILINE)
                below = (folder / one for one in paths)
                return frozenset(
                    one.relative_to(self.root).as_posix()
                    for one in below
                    if one.is_relative_to(self.root)
                )
            if (folder / ".git").exists():
                break
        return frozenset()

    def _candidates(self, patterns: Sequence[str]) -> list[str]:
        # Those of a new project count before git knows them.
        own = {pattern for pattern in patterns if "*" not in pattern}
        return sorted(
            own.union(worktree.list_worktree_files(self.root, patterns, untracked=self._untracked))
        )


class _Kept(Snapshot):
    """What git keeps."""

    def names(self, patterns: Sequence[str]) -> list[str]:
        return sorted(path for path, _ in self._files(patterns))

    def texts(self, patterns: Sequence[str]) -> dict[str, str]:
        from paddledvc.tools.git.database.objects import ObjectReader  # noqa: PLC0415 - as in `_Tree`

        blobs = dict(self._files(patterns))
        data = dict(ObjectReader(self.root).read_all(blobs.values()))
        return {path: data[name].decode(errors="replace") for path, name in blobs.items()}

    @abstractmethod
    def _files(self, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
        """List the files that fit: path, and git's name of the bytes."""


class _Tree(_Kept, FolderSnapshot):
    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self._name = name

    @cached_property
    def _tree(self) -> Tree:
        from paddledvc.tools.git.database import tree  # noqa: PLC0415 - hooks look at work trees

        return tree.Tree(self.root, self._name)

    @property
    def folder(self) -> TreePath:
        return self._tree.folder

    @property
    def submodules(self) -> Submodules:
        return self._tree.submodules

    def read(self, path: str) -> bytes | None:
        file = self.folder / path
        try:
            if file.is_symlink():  # as in a work tree: rules behind it count like those in a file
                return file.read_bytes() if file.is_file() else None
            return self._tree.read_kept(path.split("/"))
        except ToolFailed:
            return None

    def _files(self, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
        from paddledvc.tools.git.database.tree import parse_tree_listing  # noqa: PLC0415 - as above

        listing = run_git(self.root, "ls-tree", "-r", "-z", self._name)
        fits = match_last_part(patterns)
        for path, entry in parse_tree_listing(listing):
            if entry.is_file and fits(path):
                yield path, entry.name


class IndexSnapshot(_Kept):
    """The files that are staged. Of one in conflict there is no content, but several blobs."""

    def read(self, path: str) -> bytes | None:
        """Read a file; None where there is none."""
        from paddledvc.tools.git.database.objects import ObjectReader  # noqa: PLC0415 - as in `_Tree`

        objects = ObjectReader(self.root)
        try:
            found = objects.find(f":./{path}")
            return None if found is None or found.kind != "blob" else objects.receive(found)
        finally:
            objects.close()

    def blobs(self, patterns: Sequence[str]) -> frozenset[str]:
        """Give git's names of the bytes of the files that fit; in a merge those of all sides."""
        return frozenset(name for _, name, _ in self._staged(patterns))

    def _files(self, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
        return ((path, name) for path, name, side in self._staged(patterns) if side == _SETTLED)

    def _staged(self, patterns: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        fitting = worktree.match_in_worktree(patterns)
        listing = run_git(self.root, "ls-files", "--stage", "-z", "--", *fitting)
        for (mode, name, side), path in worktree.split_listing(listing):
            if mode.startswith(_FILE):
                yield path, name, side


def match_last_part(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Have paths matched whose last part is a name among these, or ends as ``*`` and more says."""
    names = frozenset(one for one in patterns if not one.startswith("*"))
    ends = tuple(one[1:] for one in patterns if one.startswith("*"))

    def fits(path: str) -> bool:
        last = path.rpartition("/")[2]
        return last in names or last.endswith(ends)

    return fits
