"""What became of the weights in the work tree, and how to say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc import names
from paddledvc.display.results import display_size
from paddledvc.errors import RemoteNotTrusted
from paddledvc.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PlacedState: TypeAlias = Literal[
    "unchanged", "placed", "removed", "left", "kept", "missing", "refused", "failed"
]
"""What became of an output.

``unchanged`` was right already; ``placed`` came from the cache; ``removed`` is no longer wanted;
``left`` is neither wanted nor removed, for its successor is not in place; ``kept`` is somebody's
own; ``missing`` is not in the cache; ``refused`` would lie where nothing may, or is not what
models.lock pins; ``failed`` could not be written.
"""
MANY_OUTPUTS = 3
"""Changes that are told one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedOutput:
    """What became of one output.

    Attributes:
        path: where it lies, from the root of the project.
        model: name of the model whose weights or export it is; None for other outputs.
        before: the version that was there; None if there was none, or it has none.
        after: the version that is wanted.
        size: bytes of it; None if that is not known.
        problem: why it is not what the commit says, as the end of a sentence.
        mend: the command that mends it.
        back: where the cache has what was there, and how it comes back, if nothing else has it.
    """

    path: str
    state: PlacedState
    model: str | None = None
    before: str | None = None
    after: str | None = None
    size: int | None = None
    problem: str = ""
    mend: str = ""
    back: str = ""

    @property
    def wanted(self) -> str:
        """What people call what ought to be there: ``resnet50 v3.3.0``, or its path."""
        return names.display_name(self.model, self.after, self.path)

    @property
    def title(self) -> str:
        """What people call the change: ``resnet50 v3.2.0 → v3.3.0``, or its path."""
        if self.model is None or (self.before or self.after) is None:
            return self.path
        versions = dict.fromkeys(one for one in (self.before, self.after) if one is not None)
        return names.display_name(self.model, " → ".join(versions), self.path)

    @property
    def part(self) -> str:
        """What it is of its model: empty for the weights that models.lock pins."""
        return "" if self.model is None else names.name_stage_outputs(self.model).get(self.path, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """What became of all outputs.

    Attributes:
        outputs: one each, sorted by path.
        busy: why nothing was touched, as a sentence; empty if nothing was in the way.
        folders: where the files of the outputs lie, from the root of the project, sorted.
    """

    outputs: tuple[PlacedOutput, ...] = ()
    folders: tuple[str, ...] = ()
    busy: str = ""

    def of(self, *states: PlacedState) -> tuple[PlacedOutput, ...]:
        """Pick the outputs of which this became."""
        return tuple(one for one in self.outputs if one.state in states)

    @property
    def complete(self) -> bool:
        """Whether everything is in place, apart from what somebody made their own."""
        return not self.busy and not self.of("missing", "refused", "failed")

    def after(self, first: Placed) -> Placed:
        """Add what became of the outputs in a first try, before this one."""
        done = {one.path: one for one in first.of("placed", "removed")}
        now = {one.path: one for one in self.outputs}
        both = {**done, **{path: one for path, one in now.items() if path not in done}}
        outputs = tuple(both[path] for path in sorted(both))
        return Placed(outputs=outputs, folders=self.folders, busy=self.busy)


def describe_outcome(
    placed: Placed,
    sources: Mapping[str, str] | None = None,
    untrusted: Mapping[str, str] | None = None,
) -> list[str]:
    """Say what became of the weights: one line in all, and one for each that needs a hand.

    Args:
        placed: what became of them.
        sources: where an output was brought from, by path; the others were in the cache.
        untrusted: what keeps an output from a remote that is not approved, by path.

    >>> one = PlacedOutput(path="a", state="placed", model="a", before="v1", after="v2", size=5)
    >>> describe_outcome(Placed(outputs=(one, PlacedOutput(path="b", state="unchanged"))))
    ['weights: a v1 → v2 (5 B, cache), 1 unchanged']
    """
    if placed.busy:
        return [f"weights: not touched: {placed.busy}"]
    said = [*_changes(placed.of("placed"), sources or {}), *_removals(placed)]
    unchanged = len(placed.of("unchanged"))
    others = [f"{unchanged} unchanged"] if unchanged else []
    told = [f"weights: {', '.join(said + others)}"] if said else []
    known = untrusted or {}
    unasked = {one: known[one.path] for one in placed.of("missing") if one.path in known}
    troubles = placed.of("kept", "missing", "refused", "failed")
    left = [one for one in troubles if one not in unasked]
    return [*told, *describe_ways_back(placed), *_troubles(left), *_unasked(unasked)]


def describe_ways_back(placed: Placed) -> list[str]:
    """Say of what gave way and is in the cache alone how it comes back."""
    gone = [one for one in placed.of("placed", "removed") if one.back]
    return [f"weights: {describe_way_back(one.path, one.back)}" for one in gone]


def describe_way_back(path: str, back: str) -> str:
    """Say that what gave way is in the cache alone."""
    return f"{path} held changes that no commit has; the cache keeps them {back}"


def _unasked(outputs: Mapping[PlacedOutput, str]) -> Iterator[str]:
    """Say in a line what is missing since nobody may be asked for it."""
    for cause in dict.fromkeys(outputs.values()):
        its = [one.wanted for one, its_cause in outputs.items() if its_cause == cause]
        why, _, todo = cause.partition(RemoteNotTrusted.UNSENT)
        lacking = f"{its[0]} is missing" if len(its) == 1 else f"{len(its)} weights are missing"
        yield f"paddledvc: {why}. Nothing was sent, {lacking}. {todo}; then: paddledvc pull"


def _changes(outputs: tuple[PlacedOutput, ...], sources: Mapping[str, str]) -> Iterable[str]:
    # The weights of models are what people look for; exports and the like follow them.
    ordered = sorted(outputs, key=lambda one: (one.model is None, one.part == "export", one.path))
    shown = ordered if len(ordered) <= MANY_OUTPUTS + 1 else ordered[:MANY_OUTPUTS]
    for one in shown:
        source = sources.get(one.path, "cache")
        about = source if one.size is None else f"{display_size(one.size)}, {source}"
        yield f"{one.title} ({about})"
    if others := ordered[len(shown) :]:
        size = sum(one.size or 0 for one in others)
        yield f"{len(others)} more ({display_size(size)})"


def _removals(placed: Placed) -> Iterable[str]:
    """Name what is gone and has no successor under the same model's name."""
    stays = (one for one in placed.outputs if one.state != "removed" and one.model is not None)
    succeeded = {(one.model, one.part == "export") for one in stays}
    removed = placed.of("removed")
    gone = [one for one in removed if (one.model, one.part == "export") not in succeeded]
    if len(gone) > MANY_OUTPUTS:
        return [f"{len(gone)} removed"]
    return [f"{one.title} removed" for one in gone]


def _troubles(outputs: Iterable[PlacedOutput]) -> Iterator[str]:
    """Say what needs a hand; what is wrong with many for one reason is said once."""
    alike: dict[tuple[bool, str, str], list[PlacedOutput]] = {}
    for one in outputs:
        alike.setdefault((one.state == "kept", one.problem, one.mend), []).append(one)
    for (kept, problem, mend), its in alike.items():
        if len(its) <= MANY_OUTPUTS + 1:
            yield from map(_trouble, its)
            continue
        names = ", ".join(one.path if kept else one.wanted for one in its[:MANY_OUTPUTS])
        what = f"{'kept' if kept else 'no'} {names} and {len(its) - MANY_OUTPUTS} more"
        yield f"weights: {what}: {problem}{f'; {mend}' if mend else ''}"


def _trouble(one: PlacedOutput) -> str:
    mend = f"; {one.mend}" if one.mend else ""
    if one.state == "kept":
        return f"weights: kept {one.path}: {one.problem}{mend}"
    same = one.before in (None, one.after)
    if one.model is None or (one.part and same):
        return f"weights: stale {one.wanted}: {one.problem}{mend}"
    stays = "" if same else f" ({one.before} stays)"
    return f"weights: no {one.wanted}{stays}: {one.problem}{mend}"
