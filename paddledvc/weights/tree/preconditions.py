"""What keeps an output from being put into, or removed from, the work tree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.paths import find_output_fault, quote_path
from paddledvc.tools.git import project_files
from paddledvc.tools.git.command import ask_git

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.tools.dvc.cache import Cache
    from paddledvc.weights.core.outcome import PlacedState
    from paddledvc.weights.tree.survey import Survey

RUN_PULL = "run `paddledvc pull`"
LOOK = "check who wrote that path"


class Refused(Exception):
    """An output must not or cannot be touched.

    Attributes:
        state: what becomes of it.
        problem: why, as the end of a sentence.
        mend: what to do about it, as the end of a sentence.
    """

    def __init__(self, state: PlacedState, problem: str, mend: str = "") -> None:
        self.state, self.problem, self.mend = state, problem, mend
        super().__init__(problem)


class Obstacles:
    """Knows what must not be touched.

    Args:
        root: the project.
        cache: its cache.
        paths: the outputs that are about to change.
    """

    def __init__(self, root: Path, cache: Cache, paths: Iterable[str]) -> None:
        self._root, self._cache = str(root), cache
        asked = tuple(paths)
        form = ("--literal-pathspecs", "ls-files", "-z", "--")
        known = ask_git(root, *form, *asked) if asked else None
        self._tracked = frozenset(filter(None, (known or "").split("\0")))

    def require_way(self, path: str) -> None:
        """Require that the way to an output is none that a commit brings out of the project.

        Raises:
            Refused: it is.
        """
        if fault := find_output_fault(path):
            raise Refused("refused", f"no output may lie there: {fault}", LOOK)
        try:
            project_files.require_beneath(Path(self._root), path.rpartition("/")[0])
        except InvalidInput as error:
            raise Refused("failed", str(error)) from error

    def require_free(self, path: str) -> None:
        """Require that an output is in the project, and none of git's files.

        Raises:
            Refused: it is not.
        """
        self.require_way(path)
        if self._leads_out(path):
            raise Refused(
                "failed",
                "a link on the way to it leads out of the project",
                "make that a folder again, or move DVC's cache there by `dvc cache dir` and "
                "`dvc config cache.type symlink`",
            )
        if any(one == path or one.startswith(f"{path}/") for one in self._tracked):
            raise Refused(
                "kept", "git tracks it", f"run `git rm --cached {quote_path(path)}` or move it"
            )

    def _leads_out(self, path: str) -> bool:
        """Tell whether a folder on the way to an output is a link that leads out of the project."""
        folder = path.rpartition("/")[0]
        top = os.path.realpath(self._root)
        real = os.path.realpath(f"{top}/{folder}")
        if not folder or real == top:
            return False
        return not real.startswith(f"{top}/") or real.startswith(f"{top}/.git/")

    def require_held(self, survey: Survey) -> None:
        """Require that the cache holds all that is to be put there.

        Raises:
            Refused: it does not.
        """
        for name in survey.decision.put:
            hashes = (survey.content or {})[name]
            if hashes.md5 is None or not self._cache.holds(hashes.md5, hashes.size):
                raise Refused("missing", "it is not in the cache", RUN_PULL)

    def require_saved(self, survey: Survey) -> None:
        """Require that the cache holds all that is to go away; add what it does not.

        Raises:
            Refused: it is not what it was taken for.
            OutsideFailure: the cache cannot be written to.
        """
        found = survey.found or {}
        for name in {*survey.decision.put, *survey.decision.drop} & found.keys():
            md5 = found[name].md5
            if md5 is None or self._cache.holds(md5, found[name].size):
                continue
            path = f"{survey.path}/{name}".rstrip("/")
            if not self._cache.adopt(f"{self._root}/{path}", md5, path):
                raise Refused("kept", "it changed in the meantime", RUN_PULL)
