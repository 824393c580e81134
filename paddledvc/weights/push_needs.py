"""What the commits on the way to a branch or tag need that is about to be pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.tools.git import refs, worktree
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core.tracked import PATTERNS
from paddledvc.weights.expected import read_expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paddledvc.project import Project
    from paddledvc.tools.git.refs import PushedRef
    from paddledvc.weights.core.tracked import Tracked

COMMITTED_PATTERNS = tuple(pattern for pattern in PATTERNS if pattern != names.REGISTRY)
"""Names of the files that say which weights belong to a commit."""


def pick_belonging(outputs: Iterable[Tracked]) -> tuple[Tracked, ...]:
    """Pick what belongs in a remote."""
    return tuple(one for one in outputs if one.pushed and one.oid)


class History:
    """The commits that a push takes along; no version of their files is read twice."""

    def __init__(self, project: Project, to: str | None) -> None:
        """Prepare to look at them.

        Args:
            project: the project.
            to: the git remote that is pushed to; None, or a URL, if it has no name.
        """
        self._project, self._to = project, to
        self._read: dict[frozenset[tuple[str, str]], tuple[Tracked, ...]] = {}

    def needs(self, pushed: PushedRef) -> Mapping[Tracked, str]:
        """List what belongs in a remote, each with the newest commit that needs it.

        A commit whose files cannot be read is left out: whoever checks it out gets nothing anyway.
        """
        found: dict[Tracked, str] = {}
        for commit in self._new(pushed):
            for one in self._outputs(commit):
                found.setdefault(one, commit)
        return found

    def _outputs(self, commit: str) -> tuple[Tracked, ...]:
        texts = Snapshot.tree(self._project.root, commit).texts(COMMITTED_PATTERNS)
        key = frozenset(texts.items())
        if key not in self._read:
            try:
                self._read[key] = pick_belonging(read_expected(self._project, texts))
            except InvalidFile:
                self._read[key] = ()
        return self._read[key]

    def _new(self, pushed: PushedRef) -> list[str]:
        """Name the commits that change such files and are new there, newest first."""
        root, files = self._project.root, worktree.match_anywhere(COMMITTED_PATTERNS)
        asked = ("rev-list", "--full-history", pushed.commit, "--not")
        if pushed.old is not None:
            listed = worktree.ask_git(root, *asked, pushed.old, "--", *files)
            if listed is not None:  # else somebody else pushed what this clone has not fetched
                return listed.split()
        known = f"--remotes={self._to}" if self._to in refs.git_remotes(root) else "--remotes"
        return worktree.run_git(root, *asked, known, "--", *files).split()
