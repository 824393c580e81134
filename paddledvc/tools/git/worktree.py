"""The git work tree of a project: its branch, commits and files, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.command import ask_git, exchange_git, run_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_FIELDS = {"1": 8, "u": 10}
"""Fields before the path in a line about a file, by the kind of the line."""


def worktree_branch(root: Path) -> str | None:
    """Name the branch that is checked out; None where HEAD is detached."""
    return ask_git(root, "symbolic-ref", "--quiet", "--short", "HEAD")


def resolve_worktree_commit(root: Path, revision: str) -> str | None:
    """Give the full name of a commit; None if there is no such one."""
    return ask_git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")


def worktree_git_folder(root: Path, what: str) -> Path:
    """Name one of git's own folders or files, such as ``hooks``, for this very work tree."""
    return root / run_git(root, "rev-parse", "--git-path", what).rstrip("\n")


def git_folder_of_worktrees(root: Path) -> Path:
    """Name the ``.git`` folder that all work trees of the repository share."""
    return (root / run_git(root, "rev-parse", "--git-common-dir").rstrip("\n")).resolve()


def has_linked_worktrees(root: Path) -> bool:
    """Tell whether there is a repository, and it has more than one work tree."""
    told = ask_git(root, "rev-parse", "--git-common-dir")
    folder = None if told is None else root / told.rstrip("\n") / "worktrees"
    return folder is not None and folder.is_dir() and any(folder.iterdir())


def folders_of_clone(root: Path) -> tuple[Path, Path] | None:
    """Name the top of the work tree and the ``.git`` that all share; None outside repositories."""
    said = ask_git(root, "rev-parse", "--show-toplevel", "--git-common-dir")
    if said is None:
        return None
    top, _, common = said.partition("\n")
    return (root / top).resolve(), (root / common).resolve()


def prefix_in_worktree(root: Path) -> str:
    """Name a folder in its repository, with a slash at its end; empty for the top.

    Raises:
        ToolFailed: there is no repository.
    """
    return run_git(root, "rev-parse", "--show-prefix").rstrip("\n")


OF_THE_CLONE = (
    ".dvc/config.local",
    ".dvc/cache",
    ".dvc/tmp",
    ".paddledvc/remote",
    ".paddledvc/tmp",
)
"""What belongs to a clone alone, in a project: git ignores it, and overwrites what it ignores."""


def list_tracked_files(root: Path, paths: Sequence[str] = OF_THE_CLONE) -> tuple[str, ...]:
    """Name the files of the commit at or below some paths, whatever their case; one call for all.

    What should be the clone's alone is a branch's where this names any.

    Args:
        root: folder of the work tree; the paths start there.
        paths: files or folders.
    """
    asked = [f":(icase,literal){path}" for path in paths]
    return tuple(filter(None, run_git(root, "ls-files", "-z", "--", *asked).split("\0")))


def list_worktree_files(
    root: Path, patterns: Sequence[str], *, untracked: bool = False
) -> list[str]:
    """Name the files of the work tree, below ``root``, that git knows and whose name fits.

    Args:
        root: folder of the work tree; the paths start there.
        patterns: of the names, in any folder; ``*`` is anything.
        untracked: name the files that git does not know yet too, unless it ignores them.
    """
    kinds = ("--cached", "--others", "--exclude-standard") if untracked else ("--cached",)
    listed = run_git(root, "ls-files", "-z", *kinds, "--", *match_in_worktree(patterns))
    return sorted(set(filter(None, listed.split("\0"))))


def match_in_worktree(patterns: Iterable[str]) -> list[str]:
    """Have git look for names in any folder, below the one where it starts."""
    return [f":(glob)**/{pattern}" for pattern in patterns]


def pick_differing(
    root: Path, one: str, others: Sequence[str], patterns: Sequence[str]
) -> list[str]:
    """Pick the commits with other files below ``root`` than ``one``, of those whose names fit."""
    # Each commit with the one that it is compared to, as if that were its parent.
    sent = "".join(f"{other} {one}\n" for other in others).encode()
    form = ("diff-tree", "--stdin", "-r", "--name-only", "-z", "--")
    try:
        said = exchange_git(root, *form, *match_in_worktree(patterns), sent=sent)
    except ToolFailed:  # one of them is gone
        return list(others)
    different = said.decode(errors="replace").split("\0")
    return [other for other in others if other in different]


def write_staged_tree(root: Path, index: str | None = None) -> str:
    """Write what is staged as a tree of the whole repository; return its name.

    Args:
        root: the project.
        index: git's index, absolute, where it is not the usual one.

    Raises:
        ToolFailed: it is in conflict.
    """
    env = {"GIT_INDEX_FILE": index} if index is not None else None
    return run_git(root, "write-tree", env=env).rstrip("\n")


def split_listing(listing: str) -> Iterator[tuple[list[str], str]]:
    r"""Split the lines of ``git ls-tree -z`` and ``git ls-files --stage -z``: words, and a path.

    >>> list(split_listing("100644 blob 0a\ta b.py\0"))
    [(['100644', 'blob', '0a'], 'a b.py')]
    """
    for line in filter(None, listing.split("\0")):
        words, _, path = line.partition("\t")
        yield words.split(), path


class Standing(NamedTuple):
    """Where a work tree stands.

    Attributes:
        commit: full name of the commit that is checked out; None before the first one.
        branch: name of the branch; None where HEAD is detached.
        changed: paths, from the top of the work tree, that are not as in that commit.
        conflicted: those of them with merge conflicts.
    """

    commit: str | None
    branch: str | None
    changed: tuple[str, ...]
    conflicted: tuple[str, ...]


def read_worktree_standing(root: Path, patterns: Sequence[str]) -> Standing:
    """Ask where the work tree of a project stands, and which of some files have changed.

    Args:
        root: the project.
        patterns: of the names of files below it; ``*`` is anything.

    Raises:
        ToolFailed: the folder is in no git work tree.
    """
    form = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames")
    paths = match_in_worktree(patterns)
    said = run_git(root, "status", *form, "--ignore-submodules=all", "--", *paths)
    return _parse_status(said)


def _parse_status(text: str) -> Standing:
    r"""Read what ``git status --porcelain=v2 --branch -z --no-renames`` prints.

    >>> _parse_status("# branch.oid 0a\0# branch.head main\0").branch
    'main'
    """
    about: dict[str, str] = {}
    changed: list[str] = []
    conflicted: list[str] = []
    for line in filter(None, text.split("\0")):
        kind, _, rest = line.partition(" ")
        if kind == "#":
            key, _, value = rest.partition(" ")
            about[key] = value
        elif kind in _FIELDS:
            changed.append(line.split(" ", _FIELDS[kind])[-1])
            conflicted += changed[-1:] if kind == "u" else []
    commit, branch = about.get("branch.oid"), about.get("branch.head")
    return Standing(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        changed=tuple(changed),
        conflicted=tuple(conflicted),
    )
