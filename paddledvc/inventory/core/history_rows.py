"""Rows of the history of models: what happened on a branch, and what GTO's tags did."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import dropwhile
from typing import TYPE_CHECKING, Literal, NamedTuple

from paddledvc.catalogs.core.gto import GtoAction
from paddledvc.catalogs.core.gto_standing import GtoStanding
from paddledvc.display.results import Displayed
from paddledvc.inventory.core.past_models import TRAINING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.core.gto import GtoEvent
    from paddledvc.inventory.core.past_models import Trace
    from paddledvc.tools.git.core.log import LoggedCommit

What = Literal[
    "locked",
    "built",
    "measured",
    "removed",
    "released",
    "withdrawn",
    "assigned",
    "unassigned",
    "deprecated",
    "held",
]
"""What happened to a model, or in ``held`` what a release stage has."""
_OF_ACTIONS: Mapping[GtoAction, What] = {
    GtoAction.DEPRECATE: "deprecated",
    GtoAction.ASSIGN: "assigned",
    GtoAction.UNASSIGN: "unassigned",
    GtoAction.REGISTER: "released",
    GtoAction.CANCEL: "withdrawn",
}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class HistoryRow(Displayed):
    """Something that happened to a model.

    Attributes:
        model: its name.
        what: what happened. ``locked``, ``built`` and ``measured`` say that its entry in
            models.lock, in dvc.lock, or only its reports changed on the branch.
        at: when, with the offset of the local zone.
        until: when the release stage held it no more; None while it does, and for other rows.
        version: the version that was locked, or that the tag is of.
        stage: the release stage.
        weights: digest of the weights, such as ``md5:…``.
        size: their bytes.
        export: digest of the export.
        image: the container image that was locked.
        image_digest: what its tag named then, as ``sha256:…``.
        metrics: values by metric and path.
        of_other_bytes: whether evaluate.json is of other weights than these.
        by: the author of the commit, or who made the tag.
        commit: the commit.
        tag: the tag; None where it is no tag's.
        title: the first line of the commit's message; empty for tags.
    """

    model: str
    what: What
    at: str
    until: str | None = None
    version: str | None = None
    stage: str | None = None
    weights: str | None = None
    size: int | None = None
    export: str | None = None
    image: str | None = None
    image_digest: str | None = None
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    of_other_bytes: bool = False
    by: str = ""
    commit: str = ""
    tag: str | None = None
    title: str = ""

    def _summary(self) -> str:
        parts = (self.at[:10], self.model, self.what, self.stage, self.version)
        return " ".join(filter(None, parts))


class Moved(NamedTuple):
    """A change of a model on a branch; ``trace`` is None where it went."""

    name: str
    what: What
    commit: LoggedCommit
    trace: Trace | None


class Happened(NamedTuple):
    """What a tag did to a model, or how long a release stage held it.

    Attributes:
        slug: the slug of the model, as its artifact is called.
        what: what happened.
        event: the tag.
        commit: the commit with the bytes.
        version: the version that it is about; None where no tag names one.
        stage: the release stage; None for what is about none.
        until: when a release stage held it no more, in seconds since 1970.
    """

    slug: str
    what: What
    event: GtoEvent
    commit: str
    version: str | None
    stage: str | None = None
    until: int | None = None


def list_moves(
    commit: LoggedCommit, before: Mapping[str, Trace], now: Mapping[str, Trace]
) -> list[Moved]:
    """Say what a commit moved, model by model."""
    pairs = ((name, before.get(name), now.get(name)) for name in sorted(before.keys() | now.keys()))
    return [Moved(name, _moved(old, new), commit, new) for name, old, new in pairs if old != new]


def _moved(old: Trace | None, new: Trace | None) -> What:
    if new is None:
        return "removed"
    if old is None or old.lock != new.lock:
        return "locked"
    return "measured" if old[:3] == new[:3] else "built"


def moved_before(moves: Iterable[Moved], time: float) -> list[Moved]:
    """Say what stood on a branch at a time: of each model the last change before it.

    Args:
        moves: what happened, newest first.
        time: seconds since 1970.
    """
    last: dict[str, Moved] = {}
    # As of `git rev-list -1 --until`: what the newest commit follows that is not later counts.
    for one in dropwhile(lambda one: one.commit.time > time, moves):
        last.setdefault(one.name, one)
    return [last[name] for name in sorted(last) if last[name].trace is not None]


def list_happened(slug: str, events: Sequence[GtoEvent]) -> list[Happened]:
    """Say what every tag of an artifact did, newest first."""
    whole = GtoStanding(events)
    found = []
    for event in events:
        version = event.version or whole.version_of(event.commit)
        if event.action is GtoAction.DEPRECATE:
            version = None
        what = _OF_ACTIONS[event.action]
        found.append(Happened(slug, what, event, event.commit, version, event.stage or None))
    return found[::-1]


def list_held(slug: str, events: Sequence[GtoEvent], stage: str) -> list[Happened]:
    """Say what a release stage held over time, newest first."""
    standing = GtoStanding()
    found: list[Happened] = []
    for event in events:
        standing.apply(event)
        held = None if standing.deprecated else standing.holder(stage)
        version = None if held is None else standing.version_of(held.commit)
        last = found[-1] if found and found[-1].until is None else None
        if last is not None and held is not None and last.commit == held.commit:
            found[-1] = last._replace(version=version)  # it may have been registered since
            continue
        if last is not None:
            found[-1] = last._replace(until=event.time)
        if held is not None:
            # Where a newer assignment was taken back, an older one holds again since then.
            found.append(Happened(slug, "held", event, held.commit, version, stage))
    return [one for one in reversed(found) if one.until is None or one.until > one.event.time]


def list_standing(
    slug: str, events: Sequence[GtoEvent], time: float, stages: Container[str] | None
) -> Iterator[Happened]:
    """Say what was released of an artifact at a time, and what its release stages held.

    Args:
        slug: the artifact.
        events: what its tags did, in order.
        time: seconds since 1970.
        stages: the release stages that are asked for, and nothing else; None for all.
    """
    known = [one for one in events if one.time <= time]
    standing = GtoStanding(known)
    if (event := standing.deprecated) is not None:
        yield Happened(slug, "deprecated", event, event.commit, None)
        return
    if stages is None and (latest := standing.latest()) is not None:
        yield Happened(slug, "released", latest, latest.commit, latest.version)
    for stage, held in sorted(standing.stages().items()):
        if stages is None or stage in stages:
            version = standing.version_of(held.commit)
            yield Happened(slug, "held", held, held.commit, version, stage)


def describe_metric(row: HistoryRow, metric: str) -> str | None:
    """Say the value of a metric in few words; None where the row has none.

    >>> row = HistoryRow(model="a", what="locked", at="", metrics={"acc": {"network": 0.5}})
    >>> describe_metric(row, "acc"), describe_metric(row, "loss")
    ('0.5', None)
    """
    paths = row.metrics.get(metric)
    if not paths:
        return None
    shown = {path: f"{value:.6g}" for path, value in paths.items()}
    if len(set(shown.values())) == 1:
        text = next(iter(shown.values()))
        text += " (training)" if set(shown) == {TRAINING} else ""
    else:
        text = ", ".join(f"{value} {path}" for path, value in shown.items())
    return f"{text} (of other bytes)" if row.of_other_bytes and TRAINING not in shown else text
