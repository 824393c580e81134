"""Which weights are not what they should be: in the work tree, or in the remotes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc.display.results import Displayed
from paddledvc.errors import PaddleDVCError
from paddledvc.names import LOCK
from paddledvc.paths import quote_path
from paddledvc.tools.dvc import shortcuts
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.git.hook_scripts import state as hook_states
from paddledvc.weights.core.decide import Decision
from paddledvc.weights.core.pins import MIGRATE, OLD_HASH, Disagreement
from paddledvc.weights.core.tracked import tracked_cells
from paddledvc.weights.expected import list_expected
from paddledvc.weights.select_outputs import select_outputs
from paddledvc.weights.tree.preconditions import LOOK
from paddledvc.weights.tree.records import read_placed_records
from paddledvc.weights.tree.survey import Survey, Surveyor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.ledger import LedgerEntry
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Inspected

Condition: TypeAlias = Literal[
    "ok", "missing", "stale", "changed", "contradicted", "damaged", "unbuilt", "unknown"
]
"""What an output in the work tree is.

``ok`` is what the files name; ``stale`` is what another commit named; ``changed`` is somebody's
own; ``contradicted`` is one of which DVC's file names bytes that models.lock does not pin;
``damaged`` is in place, and its object in the cache is not what its name says; ``unbuilt`` is one
that nobody has hashed yet; ``unknown`` one whose bytes cannot be compared.
"""
PULL = "paddledvc pull"
_UNCOMPARED: dict[str, tuple[Condition, str, str]] = {
    "unhashed": ("unbuilt", "it has not been built yet", "dvc repro"),
    "old": ("unknown", OLD_HASH, f"{MIGRATE}; commit"),
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
        told = {"state": self.state, "why": self.problem, "fix": self.mend}
        return {**tracked_cells(self.tracked), **told}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Status(Displayed):
    """What is in the work tree.

    Attributes:
        outputs: each output that the files of the work tree name.
        hookless: why git's hooks do not bring the weights; empty if they do.
        unfinished: outputs that are not wanted, whose removal was cut short.
    """

    _table_of = "outputs"
    outputs: tuple[Here, ...]
    hookless: str = ""
    unfinished: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every output is what the files name."""
        return not self.unfinished and all(one.state == "ok" for one in self.outputs)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Looked(Displayed):
    """An output that branches or tags need in a remote.

    Attributes:
        inspected: what the remote has of it.
        holders: the branches and tags, by name.
    """

    inspected: Inspected
    holders: tuple[str, ...]

    def _cells(self) -> Mapping[str, object]:
        found = self.inspected
        told = {"remote": found.remote, "state": found.state, "needed by": ", ".join(self.holders)}
        return {**tracked_cells(found.tracked), **told}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class RemoteStatus(Displayed):
    """What the remotes have of what branches and tags need.

    Attributes:
        outputs: each output that is different, sorted by path.
        holders: the branches and tags that were looked at.
        unreadable: branches and tags whose files cannot be read, and why, one sentence each.
    """

    _table_of = "outputs"
    outputs: tuple[Looked, ...]
    holders: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether all of it is there, and intact as far as that was looked at."""
        states = {one.inspected.state for one in self.outputs}
        return not self.unreadable and states <= {"present"}


def status(
    project: Project,
    names: Sequence[str] = (),
    *,
    deep: bool = False,
    progress: NamedProgress | None = None,
) -> Status:
    """Compare the work tree with what its files name, without DVC and without any network.

    Args:
        project: the project.
        names: models, outputs, or folders with outputs in them; all by default.
        deep: read every byte, there and in the cache; otherwise a file that looks as it was put
            there, or hashed, is not read again.
        progress: told how many bytes were read so.

    Raises:
        InvalidInput: nothing is called so.
        InvalidFile: a file that names outputs cannot be read.

    Example:
        project = paddledvc.Project.find()
        for output in paddledvc.status(project).outputs:
            print(output.tracked.path, output.state, output.mend)
    """
    every, entries = list_expected(project), read_placed_records(project)
    outputs = select_outputs(project, every, names)
    with shortcuts.allow_shortcuts():  # shells and editors ask it over and over
        found = _inspect_tree(project, outputs, entries, deep=deep, progress=progress)
    begun = {path for path, entry in entries.items() if entry.pending}
    return Status(
        outputs=found,
        hookless=_hookless(project),
        unfinished=() if names else tuple(sorted(begun - {one.path for one in every})),
    )


def _inspect_tree(
    project: Project,
    wanted: Sequence[Tracked],
    entries: Mapping[str, LedgerEntry],
    *,
    deep: bool,
    progress: NamedProgress | None,
) -> tuple[Here, ...]:
    """Look at outputs in the work tree; files that changed since they were hashed are hashed."""
    cache = Cache.of(project.root)
    damaged: Mapping[str, tuple[str, str]] = {}
    if deep:
        from paddledvc.weights.tree.reread import reread_outputs  # noqa: PLC0415 - hardly ever asked

        damaged = reread_outputs(project.root, cache, wanted, progress)
    surveyor = Surveyor(
        project, cache, wanted=wanted, before=(), entries=entries, force=False, deep=deep
    )
    surveys = {one.path: one for one in surveyor.every(prune=False)}
    found = (_here(one, surveys[one.path]) for one in wanted)
    return tuple(_with_damage(one, damaged.get(one.tracked.path)) for one in found)


def _with_damage(here: Here, damage: tuple[str, str] | None) -> Here:
    """Tell of an object in the cache that is damaged, unless something is wrong already."""
    if damage is None or here.state != "ok":
        return here
    expected, found = damage
    problem = f"its object in the cache is damaged: expected {expected}, found {found}"
    mend = f"{PULL} --no-checkout {quote_path(here.tracked.path)}"
    return replace(here, state="damaged", problem=problem, mend=mend)


def _here(tracked: Tracked, survey: Survey) -> Here:
    state: Condition
    problem = mend = ""
    version = None
    match survey:
        case Survey(obstacle="unhashed" | "old" as obstacle):
            state, problem, mend = _UNCOMPARED[obstacle]
        case Survey(obstacle="refused", why=why):
            state, problem, mend = "unknown", why, LOOK
        case Survey(disagreement=Disagreement() as told):
            state, problem, mend = "contradicted", str(told), f"dvc repro, if {LOCK} is right"
        case Survey(seen=seen) if not seen:
            state, problem, mend = "missing", "it is not in the work tree", PULL
        case Survey(obstacle="unlisted"):
            state, problem, mend = _UNCOMPARED["unlisted"]
        case Survey(decision=Decision(act="leave")):
            state = "ok"
        case Survey(decision=Decision(act="keep", why=why)):
            path = quote_path(tracked.path)
            may_commit = survey.begun_here and not tracked.pinned
            keep = f"dvc commit {path}" if may_commit else "copy it elsewhere"
            state, problem, mend = "changed", why, f"{keep}, or {PULL} --force {path}"
        case _:
            version = None if survey.version == tracked.version else survey.version
            state, problem, mend = "stale", f"{version or 'something else'} is there", PULL
    return Here(tracked=tracked, state=state, version=version, problem=problem, mend=mend)


def _hookless(project: Project) -> str:
    try:
        states = hook_states.hook_states(project.root)
    except PaddleDVCError as error:
        return str(error)
    if all(one.state == "missing" for one in states):
        return "they are not installed"
    return ", ".join(f"{one.name} is {one.state}" for one in states if one.state != "live")


def remote_status(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    branches: Sequence[str] = (),
    deep: bool = False,
    jobs: int | None = None,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> RemoteStatus:
    """Ask the remotes whether they have what branches and tags need, each object once.

    Args:
        project: the project.
        names: models, outputs, or folders with outputs in them; all by default.
        branches: branches and tags; by default those of production and integration, all tags, and
            the branch that is checked out.
        deep: also read every object, and hash its bytes.
        jobs: how many objects are looked at, or read, at a time.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how the bytes arrive that are hashed.

    Raises:
        InvalidInput: there is no such branch or tag, or nothing is called so.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.remote_status(project, branches=["main"], deep=True).clean)
    """
    from paddledvc.tools.dvc.trust.approve import approve_first  # noqa: PLC0415 - nor is this
    from paddledvc.weights.history import list_history_demands, list_history_holders  # noqa: PLC0415
    from paddledvc.weights.transfer.inspect_remote import inspect_remote  # noqa: PLC0415 - not for the work tree

    approve_first(project.root)
    found = list_history_demands(project, list_history_holders(project, project.policy(), branches))
    picked = {
        one.path for one in select_outputs(project, [one.tracked for one in found.outputs], names)
    }
    asked = [one for one in found.outputs if one.tracked.path in picked]
    looked = []
    for remote in dict.fromkeys(one.remote for one in asked):
        group = [one for one in asked if one.remote == remote and one.tracked.pushed]
        outputs = {one.tracked: one.holders for one in group}
        answers = inspect_remote(
            project,
            outputs,
            remote,
            deep=deep,
            jobs=jobs,
            offline=offline,
            progress=progress,
        )
        looked += [Looked(inspected=one, holders=outputs[one.tracked]) for one in answers]
    looked.sort(key=lambda one: (one.inspected.tracked.path, one.inspected.remote))
    return RemoteStatus(outputs=tuple(looked), holders=found.holders, unreadable=found.unreadable)
