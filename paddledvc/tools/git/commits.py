"""Files of many commits of a git repository at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.errors import ToolFailed
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import ask_git, exchange_git, run_git
from paddledvc.tools.git.tree import parse_tree, parse_tree_listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


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


def _looked_up(root: Path, names: Collection[str]) -> dict[str, str | None]:
    """Find what git calls each object in full; None where there is none."""
    asked = sorted(set(names))
    sent = "".join(f"{name}\n" for name in asked).encode()
    answer = exchange_git(root, "cat-file", "--batch-check=%(objectname)", sent=sent)
    found = answer.decode().splitlines()
    return {name: None if " " in known else known for name, known in zip(asked, found, strict=True)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file of a commit.

    Attributes:
        name: git's name of its bytes.
        link: whether they are where a symbolic link points to.
    """

    name: str
    link: bool


def files_of(root: Path, commits: Collection[str], suffixes: tuple[str, ...]) -> dict[Blob, str]:
    """Find the files in the trees of commits whose names end so, each once, with one of its paths.

    Every folder is read once, however many commits have it; that is what makes hundreds of
    branches a matter of seconds.

    Args:
        root: folder of the repository.
        commits: commits, or tags of them; those that are none are left out.
        suffixes: ends of the names.
    """
    trees = _looked_up(root, [f"{name}^{{tree}}" for name in commits]).values()
    level = dict.fromkeys(filter(None, trees), "")
    seen: set[str] = set()
    found: dict[Blob, str] = {}
    while level:
        seen.update(level)
        below: dict[str, str] = {}
        for tree, data in worktree.read_blobs(root, level).items():
            for name, entry in parse_tree(data, len(tree) // 2, "surrogateescape"):
                path = f"{level[tree]}{name}"
                if entry.is_folder:
                    below.setdefault(entry.name, f"{path}/")
                elif (entry.is_file or entry.is_link) and name.endswith(suffixes):
                    found.setdefault(Blob(name=entry.name, link=entry.is_link), path)
        level = {name: path for name, path in below.items() if name not in seen}
    return found


def folders_at(root: Path, path: str) -> Iterator[dict[str, bytes]]:
    """Yield what a folder held in every commit that changed it, by path from it, each state once.

    Args:
        root: folder of the repository.
        path: the folder, from the root of the repository.
    """
    wanted = ("rev-list", "--all", "--reflog", "--full-history", "--", f":(top,literal){path}")
    commits = run_git(root, *wanted).split()
    trees = set(_looked_up(root, [f"{commit}:{path}" for commit in commits]).values())
    for tree in filter(None, trees):
        listed = ask_git(root, "ls-tree", "-r", "-z", "--full-tree", tree)
        names = {
            name: entry.name
            for name, entry in parse_tree_listing(listed or "")  # None of no folder
            if entry.is_file
        }
        data = worktree.read_blobs(root, set(names.values()))
        yield {name: data[blob] for name, blob in names.items()}
