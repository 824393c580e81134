"""Files of many commits of a git repository at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.errors import ToolFailed
from paddledvc.tools.git import worktree
from paddledvc.tools.git.objects import ObjectReader, missing_object
from paddledvc.tools.git.snapshot import fits
from paddledvc.tools.git.tree import parse_tree
from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path


def whole_commits(root: Path, commits: Collection[str]) -> set[str]:
    """Name those of some commits, or tags, that are here with all their files and history."""
    if not commits or _is_whole(root, commits):
        return set(commits)
    return {name for name in commits if _is_whole(root, [name])}


def _is_whole(root: Path, commits: Collection[str]) -> bool:
    sent = "".join(f"{name}\n" for name in commits).encode()
    command = ["git", "rev-list", "--objects", "--quiet", "--stdin", "--not", "--all"]
    try:
        shell.exchange_bytes(command, cwd=root, sent=sent)
    except ToolFailed:
        return False
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file of a commit.

    Attributes:
        name: git's name of its bytes.
        link: whether they are where a symbolic link points to.
    """

    name: str
    link: bool


class _Folder(NamedTuple):
    files: tuple[tuple[str, Blob], ...]
    folders: tuple[tuple[str, str], ...]


class CommitFiles:
    """The files of commits whose names fit; every folder of git is read once, whoever has it.

    That is what makes hundreds of branches a matter of seconds.

    Args:
        root: a folder of the repository.
        patterns: of the last parts of paths: a name, or ``*`` and the end of one.
        top: where to start, as git writes it behind a commit: by default in ``root``.
        links: whether symbolic links count.
        errors: what becomes of bytes of a name that are not UTF-8, as for ``bytes.decode``.
    """

    def __init__(
        self,
        root: Path,
        patterns: Sequence[str],
        *,
        top: str = ":./",
        links: bool = False,
        errors: str = "replace",
    ) -> None:
        self._patterns, self._top, self._links, self._errors = patterns, top, links, errors
        self._objects = ObjectReader(root)
        self._tops: dict[str, str] = {}
        self._folders: dict[str, _Folder] = {}

    @classmethod
    def everywhere(cls, root: Path, patterns: Sequence[str]) -> CommitFiles:
        """Look at whole commits, at links too; what no name fits exactly is there all the same."""
        return cls(root, patterns, top="^{tree}", links=True, errors="surrogateescape")

    def of(self, commit: str) -> dict[str, Blob]:
        """Find the files of a commit, or of a tag of one, by path; none if there is no such one."""
        return dict(self._walk(self._find_tops([commit])))

    def of_all(self, commits: Iterable[str]) -> dict[Blob, str]:
        """Find the files of several commits, each once, with one of its paths."""
        found: dict[Blob, str] = {}
        for path, blob in self._walk(self._find_tops(commits), seen=set()):
            found.setdefault(blob, path)
        return found

    def read(self, blobs: Iterable[Blob]) -> Iterator[tuple[str, bytes]]:
        """Read files, each once: git's names of their bytes, and those.

        Raises:
            ToolFailed: the repository lacks one of them.
        """
        return self._objects.read_all(blob.name for blob in blobs)

    def _find_tops(self, commits: Iterable[str]) -> list[str]:
        """Name the folders where commits start, as far as they are there."""
        asked = list(dict.fromkeys(commits))
        new = [commit for commit in asked if commit not in self._tops]
        found = self._read_folders([f"{commit}{self._top}" for commit in new])
        self._tops |= {commit: tree for commit, tree in zip(new, found, strict=True) if tree}
        return [self._tops[commit] for commit in asked if commit in self._tops]

    def _walk(
        self, trees: Iterable[str], seen: set[str] | None = None
    ) -> Iterator[tuple[str, Blob]]:
        """Go down level by level; into no folder twice, whatever its path, with ``seen``."""
        level = [("", tree) for tree in trees]
        while level:
            if seen is not None:
                level = [(path, tree) for tree, path in {t: p for p, t in reversed(level)}.items()]
                level = [(path, tree) for path, tree in level if tree not in seen]
                seen.update(tree for _, tree in level)
            new = {tree for _, tree in level if tree not in self._folders}
            if lacking := new.difference(self._read_folders(sorted(new))):
                raise missing_object(min(lacking))
            below: list[tuple[str, str]] = []
            for path, tree in level:
                folder = self._folders[tree]
                yield from ((f"{path}{name}", blob) for name, blob in folder.files)
                below += ((f"{path}{name}/", tree) for name, tree in folder.folders)
            level = below

    def _read_folders(self, names: Sequence[str]) -> list[str | None]:
        """Read folders, and give git's name of each; None where there is none."""
        found: list[str | None] = []
        for known, data in self._objects.read_each(names):
            if known is None or known.kind != "tree":
                found.append(None)
                continue
            found.append(known.name)
            if known.name not in self._folders:
                self._folders[known.name] = self._parse(known.name, data)
        return found

    def _parse(self, tree: str, data: bytes) -> _Folder:
        try:
            entries = [*parse_tree(data, len(tree) // 2, self._errors)]
        except ValueError:
            raise missing_object(tree) from None  # it is damaged
        return _Folder(
            files=tuple(
                (path, Blob(name=entry.name, link=entry.is_link))
                for path, entry in entries
                if (entry.is_file or (entry.is_link and self._links)) and fits(path, self._patterns)
            ),
            folders=tuple((path, entry.name) for path, entry in entries if entry.is_folder),
        )


def folders_at(root: Path, path: str) -> Iterator[dict[str, bytes]]:
    """Yield what a folder held in every commit that changed it, by path from it.

    Args:
        root: folder of the repository.
        path: the folder, from the root of the repository.
    """
    wanted = ("rev-list", "--all", "--reflog", "--full-history", "--", f":(top,literal){path}")
    found = CommitFiles(root, ("*",), top=f":{path}")
    for commit in worktree.run_git(root, *wanted).split():
        files = found.of(commit)
        data = dict(found.read(files.values()))
        yield {name: data[blob.name] for name, blob in files.items()}
