"""What git ignores, and by which line of which file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.errors import ToolFailed
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import exchange_git
from paddledvc.tools.git.core.ignored import IgnoredFile, list_ignored_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from paddledvc.tools.git.core.ignored import Pattern


def find_ignoring(root: Path, paths: Iterable[str]) -> tuple[Pattern, ...]:
    """Find the patterns by which git ignores files; what it tracks it does not ignore.

    Args:
        root: folder of the project, in a repository.
        paths: files below it, whether they are there or not.
    """
    found = tuple(_ignored(root, paths))
    return tuple(list_ignored_patterns(found, worktree.prefix_in_worktree(root))) if found else ()


def _ignored(root: Path, paths: Iterable[str]) -> list[IgnoredFile]:
    sent = "".join(f"{path}\0" for path in paths).encode()
    try:
        said = exchange_git(root, "check-ignore", "--verbose", "-z", "--stdin", sent=sent)
    except ToolFailed:  # it ignores none of them, or one is behind a link
        return []
    fields = said.decode(errors="replace").split("\0")[:-1]
    found = zip(fields[::4], fields[1::4], fields[2::4], fields[3::4], strict=True)
    return [
        IgnoredFile(source=source, line=int(line), pattern=pattern, path=path)
        for source, line, pattern, path in found
        if not pattern.startswith("!")
    ]
