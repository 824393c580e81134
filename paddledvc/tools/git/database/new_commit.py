"""A commit made without the work tree, and the work tree brought to it afterwards.

The branch moves in one step. Whoever is killed behind it finds the new commit, and may finish.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import ask_git, exchange_git, run_git
from paddledvc.tools.git.database.tree import TreeEntry, parse_tree_listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

FILE = "100644"
"""Mode of a file that is no program."""
_GONE = "0"
_LITERAL = ("--literal-pathspecs", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=0")


def list_commit_files(root: Path, commit: str) -> dict[str, TreeEntry]:
    """List the files of a commit below a folder, by path from there."""
    return dict(parse_tree_listing(run_git(root, "ls-tree", "-r", "-z", commit)))


def write_blob(root: Path, data: bytes) -> str:
    """Put bytes into git's database as they are; return their name."""
    return exchange_git(root, "hash-object", "-w", "--stdin", sent=data).decode().strip()


def write_changed_tree(root: Path, base: str, files: Mapping[str, TreeEntry | None]) -> str:
    """Write a tree that differs from a commit, or another tree, in some files; return its name.

    Args:
        root: folder of the project.
        base: the commit or tree.
        files: what is to be at each path from there; None where nothing is.
    """
    prefix = worktree.prefix_in_worktree(root)
    index = worktree.worktree_git_folder(root, f"paddledvc-index-{os.getpid()}")
    env = {"GIT_INDEX_FILE": os.path.abspath(index)}  # noqa: PTH100 - git must not follow a link
    lines = (
        f"{_GONE} {'0' * 40}\t{prefix}{path}\0"
        if entry is None
        else f"{entry.mode} {entry.name}\t{prefix}{path}\0"
        # What goes first, for a folder may come in the place of a file.
        for path, entry in sorted(files.items(), key=lambda one: one[1] is not None)
    )
    try:
        run_git(root, "read-tree", base, env=env)
        sent = "".join(lines).encode(errors="surrogateescape")
        exchange_git(root, "update-index", "-z", "--index-info", sent=sent, env=env)
        return worktree.write_staged_tree(root, env["GIT_INDEX_FILE"])
    finally:
        index.unlink(missing_ok=True)


def write_commit(root: Path, tree: str, parent: str, message: str) -> str:
    """Write a commit that no branch names yet, signed if the user's settings ask for that."""
    signs = ask_git(root, "config", "--type=bool", "commit.gpgsign") == "true"
    signed = ("-S",) if signs else ()
    made = exchange_git(
        root, "commit-tree", *signed, "-p", parent, "-F", "-", tree, sent=message.encode()
    )
    return made.decode().strip()


def move_branch(root: Path, new: str, old: str, why: str) -> None:
    """Move the branch that is checked out to a commit, unless it has moved meanwhile.

    Raises:
        ToolFailed: it has.
    """
    run_git(root, "update-ref", "-m", why, "HEAD", new, old)


def list_changed_files(root: Path, one: str, other: str) -> list[str]:
    """Name the files in which two commits or trees differ, by path from the repository's top."""
    form = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff")
    return sorted(filter(None, run_git(root, *form, one, other).split("\0")))


def list_unclean_files(root: Path, paths: Collection[str]) -> list[str]:
    """Name those of some paths, or what is below them, that are not as HEAD has them.

    Args:
        root: a folder of the repository.
        paths: files and folders, by path from the repository's top.
    """
    form = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    said = _at_top(root, *form, "--ignored", "--", *paths) if paths else ""
    return sorted(line[3:] for line in said.split("\0") if line)


def bring_worktree(root: Path, old: str, new: str) -> list[str]:
    """Bring index and work tree from one commit to another, in the files in which they differ.

    What is as neither of them has it is someone's own, and stays.

    Returns:
        The files that stayed, by path from the repository's top.
    """
    paths = list_changed_files(root, old, new)
    mine = set(paths) & _differing(root, old, paths) & _differing(root, new, paths)
    there = set(_listed(root, new))
    _pass_paths(root, ("checkout", new), [one for one in paths if one in there and one not in mine])
    gone = [one for one in paths if one not in there and one not in mine]
    _pass_paths(root, ("rm", "--quiet", "--force", "--ignore-unmatch"), gone)
    return sorted(mine)


def _listed(root: Path, commit: str) -> Iterable[str]:
    return filter(
        None, run_git(root, "ls-tree", "-r", "-z", "--full-tree", "--name-only", commit).split("\0")
    )


def _differing(root: Path, commit: str, paths: Collection[str]) -> set[str]:
    if not paths:
        return set()
    form = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit)
    return set(_at_top(root, *form, "--", *paths).split("\0"))


def _pass_paths(root: Path, command: tuple[str, ...], paths: Collection[str]) -> None:
    if paths:
        name, *others = command
        form = ("--pathspec-from-file=-", "--pathspec-file-nul")
        sent = "\0".join(paths).encode(errors="surrogateescape")
        exchange_git(_top(root), *_LITERAL, name, *form, *others, sent=sent)


def _at_top(root: Path, *arguments: str) -> str:
    return run_git(_top(root), *_LITERAL, *arguments)


def _top(root: Path) -> Path:
    return root / run_git(root, "rev-parse", "--show-cdup").rstrip("\n")
