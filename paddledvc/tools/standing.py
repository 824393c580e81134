"""Where a work tree stands, asked of git at once: each question would be a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from paddledvc.tools import worktree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Standing(NamedTuple):
    """Where a work tree stands.

    Attributes:
        commit: full name of the commit that is checked out; None before the first one.
        branch: name of the branch; None where HEAD is detached.
        changed: paths, from the top of the work tree, that are not as in that commit.
        torn: those of them with merge conflicts.
    """

    commit: str | None
    branch: str | None
    changed: tuple[str, ...]
    torn: tuple[str, ...]


def standing(root: Path, patterns: Sequence[str]) -> Standing:
    """Ask where the work tree of a project stands, and which of some files have changed.

    Args:
        root: the project.
        patterns: of the names of files below it; ``*`` is anything.

    Raises:
        ToolFailed: the folder is in no git work tree.
    """
    form = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames")
    paths = worktree.anywhere(patterns)
    said = worktree.git(root, "status", *form, "--ignore-submodules=all", "--", *paths)
    return parse(said)


def parse(text: str) -> Standing:
    r"""Read what ``git status --porcelain=v2 --branch -z --no-renames`` prints.

    >>> parse("# branch.oid 0a\0# branch.head main\0").branch
    'main'
    """
    about: dict[str, str] = {}
    changed: list[str] = []
    torn: list[str] = []
    for line in filter(None, text.split("\0")):
        kind, _, rest = line.partition(" ")
        if kind == "#":
            key, _, value = rest.partition(" ")
            about[key] = value
        elif kind in _FIELDS:
            changed.append(line.split(" ", _FIELDS[kind])[-1])
            torn += changed[-1:] if kind == "u" else []
    commit, branch = about.get("branch.oid"), about.get("branch.head")
    return Standing(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        changed=tuple(changed),
        torn=tuple(torn),
    )


_FIELDS = {"1": 8, "u": 10}
"""Fields before the path in a line about a file, by the kind of the line."""
