"""What git would make of a merge, without touching any work tree."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, ToolFailed
from paddledvc.tools.git.command import ask_git, git_command_line, run_git, try_git
from paddledvc.tools.git.merge import merge_driver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paddledvc.tools.system.shell import Finished

_CONFLICT, _USAGE = 1, 129
# A team that lets us merge its files names our driver in .gitattributes, which git clones; what
# the driver is, is in each clone's own configuration, which CI lacks.
_DRIVER = f"merge.{merge_driver.DRIVER}.driver"


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """What a merge gave.

    Attributes:
        tree: git's name of the tree that it gave; None where it has conflicts.
        conflicts: files in which both sides changed the same, by path from the repository's root.
    """

    tree: str | None
    conflicts: tuple[str, ...] = ()


def merge_commits(root: Path, base: str, head: str) -> Merged:
    """Merge one commit into another, as git and our merge driver do.

    Args:
        root: a folder of the repository.
        base: the commit to merge into.
        head: the commit to merge.

    Raises:
        InvalidInput: the two have nothing in common that is known here.
        ToolFailed: git failed.
    """
    if _contains(root, head, base):
        return Merged(tree=_tree_of(root, head))
    options = ("--write-tree", "-z", "--name-only", "--no-messages")
    # At the top, for git names files from the folder that it runs in.
    top = root / run_git(root, "rev-parse", "--show-cdup").rstrip("\n")
    asked = ("merge-tree", *options, base, head)
    done = try_git(top, *_settings(root), *asked)
    if done.returncode == _USAGE:  # git before 2.38
        return merge_aside(root, base, head)
    if done.returncode > _CONFLICT or not done.output:
        raise _failure(root, asked, done)
    tree, *conflicts = filter(None, done.output.split("\0"))
    if done.returncode == _CONFLICT:
        return Merged(tree=None, conflicts=tuple(sorted(set(conflicts))))
    return Merged(tree=tree)


def _tree_of(root: Path, revision: str) -> str:
    """Give git's name of the tree of a commit."""
    return run_git(root, "rev-parse", "--verify", f"{revision}^{{tree}}").rstrip("\n")


def _contains(root: Path, commit: str, other: str) -> bool:
    return ask_git(root, "merge-base", "--is-ancestor", other, commit) is not None


def _settings(root: Path) -> tuple[str, ...]:
    driver = merge_driver.merge_driver_command(root)
    return ("-c", "core.quotePath=false", "-c", f"{_DRIVER}={driver}")


def _failure(root: Path, asked: Sequence[str], done: Finished) -> Exception:
    if "unrelated histories" in done.errors:
        shallow = ask_git(root, "rev-parse", "--is-shallow-repository") == "true"
        advice = (
            "; this clone is shallow: run `git fetch --unshallow`, in CI set `fetch-depth: 0` or "
            "`GIT_DEPTH: 0`"
        )
        known = "have no commit in common"
        return InvalidInput(f"{asked[-2]} and {asked[-1]} {known}{advice if shallow else ''}")
    return ToolFailed(git_command_line(*asked), done.returncode, done.errors)


def merge_aside(root: Path, base: str, head: str) -> Merged:
    """Merge in a work tree that lives only as long, for git before 2.38."""
    with _aside(root, base) as folder:
        quiet = ("--quiet", "--no-commit", "--no-ff", "--no-verify")
        asked = ("merge", *quiet)
        done = try_git(folder, *_settings(root), *_NO_HOOKS, *asked, head, env=_NOBODY)
        form = ("diff", "--name-only", "--diff-filter=U", "-z")
        conflicts = tuple(filter(None, run_git(folder, *form).split("\0")))
        if conflicts:
            return Merged(tree=None, conflicts=conflicts)
        if done.returncode:
            raise _failure(root, (*asked, base, head), done)
        return Merged(tree=run_git(folder, "write-tree").rstrip("\n"))


_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
_NOBODY = {
    f"GIT_{who}_{what}": "paddledvc"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


@contextlib.contextmanager
def _aside(root: Path, commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as scratch:
        folder = Path(scratch) / "merge"
        run_git(root, *_NO_HOOKS, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            run_git(root, "worktree", "remove", "--force", str(folder))
