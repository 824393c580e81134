"""Whether the work tree has what its files name, without touching anything."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc.display.results import Displayed
from paddledvc.tools.dvc.cache import Cache
from paddledvc.weights.core.decide import Decision
from paddledvc.weights.core.transfer_results import cells_of
from paddledvc.weights.tree.records import read_placed
from paddledvc.weights.tree.survey import Survey, Surveyor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.weights.core.tracked import Tracked

Condition: TypeAlias = Literal["ok", "missing", "stale", "changed", "unbuilt", "unknown"]
"""What an output in the work tree is.

``ok`` is what the files name; ``stale`` is what another commit named; ``changed`` is somebody's
own; ``unbuilt`` is one that nobody has hashed yet; ``unknown`` one whose bytes cannot be compared.
"""
PULL = "paddledvc pull"
_UNCOMPARED: dict[str, tuple[Condition, str, str]] = {
    "unhashed": ("unbuilt", "nobody has made it yet", "dvc repro"),
    "old": ("unknown", "its hash is one of DVC 1 or 2, not of its bytes", "dvc commit --force"),
    "unlisted": ("unknown", "the listing of its files is not in the cache", PULL),
}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Here(Displayed):
    """An output, as it is in the work tree.

    Attributes:
        tracked: what ought to be there.
        state: what is there.
        version: the version that is there, where it is another one and that is known.
        problem: what is wrong, as the end of a sentence; empty if nothing is.
        mend: the command that mends it; empty if nothing is wrong.
    """

    tracked: Tracked
    state: Condition
    version: str | None = None
    problem: str = ""
    mend: str = ""

    def _cells(self) -> Mapping[str, object]:
        told = {"state": self.state, "why": self.problem, "mend it by": self.mend}
        return {**cells_of(self.tracked), **told}


def inspect_tree(project: Project, wanted: Sequence[Tracked]) -> tuple[Here, ...]:
    """Look at outputs in the work tree; files that changed since they were hashed are hashed."""
    entries, cache = read_placed(project), Cache.of(project.root)
    surveyor = Surveyor(project, cache, wanted=wanted, before=(), entries=entries, force=False)
    surveys = {one.path: one for one in surveyor.every(prune=False)}
    return tuple(_here(one, surveys[one.path]) for one in wanted)


def _here(tracked: Tracked, survey: Survey) -> Here:
    state: Condition
    problem = mend = ""
    version = None
    match survey:
        case Survey(obstacle="unhashed" | "old" as obstacle):
            state, problem, mend = _UNCOMPARED[obstacle]
        case Survey(seen=seen) if not seen:
            state, problem, mend = "missing", "it is not there", PULL
        case Survey(obstacle="unlisted"):
            state, problem, mend = _UNCOMPARED["unlisted"]
        case Survey(decision=Decision(act="leave")):
            state = "ok"
        case Survey(decision=Decision(act="keep", why=why)):
            path = quote(tracked.path)
            keep = f"dvc commit {path}" if not tracked.pinned else "copy it elsewhere"
            state, problem, mend = "changed", why, f"{keep}, or {PULL} --force {path}"
        case _:
            version = None if survey.version == tracked.version else survey.version
            state, problem, mend = "stale", f"{version or 'something else'} is there", PULL
    return Here(tracked=tracked, state=state, version=version, problem=problem, mend=mend)
