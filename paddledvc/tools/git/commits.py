"""Files of many commits of a git repository at once."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.command import ask_git, exchange_git, run_git
from paddledvc.tools.git.core.log import LOG_FORM, parse_log
from paddledvc.tools.git.database.objects import ObjectReader, missing_object
from paddledvc.tools.git.database.tree import parse_tree
from paddledvc.tools.git.snapshot import match_last_part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from paddledvc.tools.git.core.log import LoggedCommit

# A user's settings must not change what is listed.
_LOG = ("-c", "log.showSignature=false", "-c", "log.showRoot=true", "log", "--encoding=UTF-8")

_ADDRESS = re.compile(r"<([^<>]+)>")


def whole_commits(root: Path, commits: Collection[str]) -> set[str]:
    """Name those of some commits, or tags, that are here with all their files and history."""
    if not commits or _is_whole(root, commits):
        return set(commits)
    return {name for name in commits if _is_whole(root, [name])}


def _is_whole(root: Path, commits: Collection[str]) -> bool:
    sent = "".join(f"{name}\n" for name in commits).encode()
    form = ("--objects", "--quiet", "--stdin", "--not", "--all")
    try:
        exchange_git(root, "rev-list", *form, sent=sent)
    except ToolFailed:
        return False
    return True


def list_commits_since(root: Path, commit: str, head: str = "HEAD") -> set[str]:
    """Name the commits that one has and another commit has not; none where there is no HEAD."""
    said = ask_git(root, "rev-list", "--end-of-options", f"{commit}..{head}")
    return set((said or "").split())


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
    files: list[tuple[str, Blob]]
    folders: list[tuple[str, str]]


class CommitFiles:
    """The files of commits whose names fit; every folder of git is read once, whoever has it.

    That is what makes hundreds of branches a matter of seconds.

    Args:
        root: a folder of the repository.
        patterns: of the last parts of paths: a name, or ``*`` and the end of one.
        top: where to start, as git writes it behind a commit: by default in ``root``.
        links: whether symbolic links count, and names that are not UTF-8 as they are.
    """

    def __init__(
        self, root: Path, patterns: Sequence[str], *, top: str = ":./", links: bool = False
    ) -> None:
        self._fits, self._top, self._links = match_last_part(patterns), top, links
        self._objects = ObjectReader(root)
        self._folders: dict[str, _Folder] = {}

    @classmethod
    def everywhere(cls, root: Path, patterns: Sequence[str]) -> CommitFiles:
        """Look at whole commits, and at links too."""
        return cls(root, patterns, top="^{tree}", links=True)

    def of(self, commit: str) -> dict[str, Blob]:
        """Find the files of a commit, or of a tag of one, by path; none if there is no such one."""
        return dict(self._walk([commit]))

    def of_all(self, commits: Iterable[str]) -> dict[Blob, str]:
        """Find the files of several commits, each once, with one of its paths."""
        found: dict[Blob, str] = {}
        for path, blob in self._walk(commits, seen=set()):
            found.setdefault(blob, path)
        return found

    def read(self, blobs: Iterable[Blob]) -> Iterator[tuple[str, bytes]]:
        """Read files, each once: git's names of their bytes, and those.

        Raises:
            ToolFailed: the repository lacks one of them.
        """
        return self._objects.read_all(blob.name for blob in blobs)

    def _walk(
        self, commits: Iterable[str], seen: set[str] | None = None
    ) -> Iterator[tuple[str, Blob]]:
        """Go down level by level; into no folder twice, whatever its path, with ``seen``."""
        tops = [f"{commit}{self._top}" for commit in commits]
        self._read_folders(tops)
        level = [("", top) for top in tops if top in self._folders]
        while level:
            below: list[tuple[str, str]] = []
            for path, tree in level:
                folder = self._folders[tree]
                yield from ((f"{path}{name}", blob) for name, blob in folder.files)
                below += ((f"{path}{name}/", tree) for name, tree in folder.folders)
            if seen is not None:
                firsts = {tree: path for path, tree in reversed(below) if tree not in seen}
                below = [(path, tree) for tree, path in firsts.items()]
                seen.update(firsts)
            if lacking := self._read_folders([tree for _, tree in below]):
                raise missing_object(lacking[0])
            level = below

    def _read_folders(self, names: Iterable[str]) -> list[str]:
        """Read folders, as far as they are not known yet; name those that are not there."""
        new = sorted({name for name in names if name not in self._folders})
        for name, (known, data) in zip(new, self._objects.read_each(new), strict=True):
            if known is not None and known.kind == "tree":
                self._folders[name] = self._parse(known.name, data)
        return [name for name in new if name not in self._folders]

    def _parse(self, tree: str, data: bytes) -> _Folder:
        found = _Folder(files=[], folders=[])
        errors = "surrogateescape" if self._links else "replace"
        try:
            for name, entry in parse_tree(data, len(tree) // 2, errors):
                if entry.is_folder:
                    found.folders.append((name, entry.name))
                elif self._fits(name) and (entry.is_file or (entry.is_link and self._links)):
                    found.files.append((name, Blob(name=entry.name, link=entry.is_link)))
        except ValueError:
            raise missing_object(tree) from None  # it is damaged
        return found


def folder_in_commits(root: Path, path: str) -> Iterator[dict[str, bytes]]:
    """Yield what a folder held in every commit that changed it, by path from it.

    Args:
        root: folder of the repository.
        path: the folder, from the root of the repository.
    """
    wanted = ("rev-list", "--all", "--reflog", "--full-history", "--", f":(top,literal){path}")
    found = CommitFiles(root, ("*",), top=f":{path}")
    for commit in run_git(root, *wanted).split():
        files = found.of(commit)
        data = dict(found.read(files.values()))
        yield {name: data[blob.name] for name, blob in files.items()}


def log_first_parents(root: Path, start: str, paths: Sequence[str]) -> list[LoggedCommit]:
    """List what a branch itself was, newest first: its commits that changed some files.

    What was merged into it counts as the merge commit.

    Args:
        root: a folder of the repository; all paths start there.
        start: full name of the newest commit.
        paths: the files, as patterns of git.
    """
    form = ("-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--relative", "-m")
    said = exchange_git(root, *_LOG, *form, "--first-parent", LOG_FORM, start, "--", *paths)
    return list(parse_log(said.decode(errors="replace")))


def log_merges(root: Path) -> list[tuple[str, str, str]]:
    """List the merges of two that any branch or tag has: name, what was merged, and title."""
    form = ("--all", "--min-parents=2", "--max-parents=2", "-z", "--format=%H %P %s")
    said = exchange_git(root, *_LOG, *form).decode(errors="replace")
    lines = (line.split(" ", 3) for line in filter(None, said.split("\0")))
    return [(name, merged, title) for name, _, merged, title in lines]


def list_change_authors(
    root: Path, commit: str, before: Iterable[str], paths: Sequence[str]
) -> frozenset[str]:
    """List the addresses of who changed files: authors, co-authors and committers.

    Whoever merges changed what differs from both sides, line by line: a merge that git makes by
    itself makes no one an author.

    Args:
        root: a folder of the repository; all paths start there.
        commit: the newest commit.
        before: commits that, with all before them, do not count.
        paths: the files, as patterns of git.
    """
    mark = secrets.token_hex(16)  # so that no text of a commit is taken for the next one
    said = "%ae%x00%ce%x00%(trailers:key=Co-authored-by,valueonly,separator=%x2C)%x00"
    range_ = ("--full-history", f"--format={mark}{said}", commit, *(f"^{one}" for one in before))
    plain = ("--no-ext-diff", "--no-textconv", "--no-renames")
    found: set[str] = set()
    for which in (("--no-merges", "--no-patch"), ("--merges", "--cc", "--patch", *plain)):
        printed = exchange_git(root, *_LOG, *which, *range_, "--", *paths)
        for part in printed.decode(errors="replace").split(mark)[1:]:
            author, committer, others, changed = part.split("\0", 3)
            if changed.strip() or "--merges" not in which:
                found |= {author, committer, *_ADDRESS.findall(others)}
    return frozenset(one.casefold() for one in found if one)


def find_blobs_in_commits(root: Path, asked: Iterable[tuple[str, str]]) -> list[str | None]:
    """Find git's names of files below a folder, each in a revision; None where there is none.

    Args:
        root: the folder.
        asked: revisions, each with a path.
    """
    sent = "".join(f"{revision}:./{file}\n" for revision, file in asked).encode()
    form = ("cat-file", "--batch-check=%(objecttype) %(objectname)")
    answer = exchange_git(root, *form, sent=sent) if sent else b""
    kinds = [line.partition(" ") for line in answer.decode(errors="replace").splitlines()]
    return [name if kind == "blob" else None for kind, _, name in kinds]
