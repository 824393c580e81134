"""What is known of the models of a registry: by branch, by release stage and over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from paddledvc.cards.core.card import Card
    from paddledvc.inventory.core.history_rows import HistoryRow
    from paddledvc.verification.core.evidence import Latencies

OF_BRANCHES = frozenset(("locked", "built", "measured", "removed"))
"""What rows say of a commit on the branch, and not of a tag."""
STEP = "step"
"""What a training counts beside its metrics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """What a commit says of a model.

    Attributes:
        where: the branch that is described.
        card: its card; None for a model that is not locked.
        latencies: what calls of its export took; None where nothing is known of the export of now.
        goals: its metrics, in the order of models.yaml.
        bases: slug and name of the models that it starts from, nearest first.
        used_by: slug and name of the models that start from it.
        groups: the groups that it moves with.
    """

    where: str
    card: Card | None
    latencies: Latencies | None = None
    goals: tuple[str, ...] = ()
    bases: tuple[tuple[str, str], ...] = ()
    used_by: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A model of the registry, or of its past.

    Attributes:
        slug: the name of its page.
        versions: branch and locked version, of each branch that locks it.
        described: what the first of these branches says of it; None where none has it now.
        rows: what happened to it, newest first.
        held: what release stages held, newest first.
    """

    slug: str
    name: str
    versions: tuple[tuple[str, str], ...] = ()
    described: Described | None = None
    rows: tuple[HistoryRow, ...] = ()
    held: tuple[HistoryRow, ...] = ()

    @property
    def stages(self) -> tuple[tuple[str, str], ...]:
        """The release stages that hold a version now, and that version."""
        return tuple((one.stage or "", one.version or "") for one in self.held if not one.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownBranch:
    """A branch that is shown.

    Attributes:
        title: what people call it.
        commit: its newest commit.
        problem: why it says nothing of models; empty where it does.
    """

    title: str
    commit: str
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """All that a site shows.

    Attributes:
        branches: the branches, production first.
        entries: the models.
        notes: sentences about what is not known.
    """

    branches: tuple[ShownBranch, ...]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """How long a branch or a release stage had a version.

    Attributes:
        where: the branch or the release stage.
        stage: whether it is a release stage.
        first: what it begins with.
        begin: since when, in seconds since 1970.
        until: when it ended; None while it lasts.
    """

    where: str
    stage: bool
    first: HistoryRow
    begin: int
    until: int | None


def list_intervals(entry: Entry, branch: str) -> list[Interval]:
    """Say what release stages and the branch had of a model, and how long, newest first.

    Args:
        entry: the model.
        branch: the branch whose commits its rows are of.
    """
    found = [
        Interval(
            where=row.stage or "",
            stage=True,
            first=row,
            begin=read_moment(row.at),
            until=None if row.until is None else read_moment(row.until),
        )
        for row in entry.held
    ]
    return [*found, *reversed(list(_list_locked(entry.rows, branch)))]


def _list_locked(rows: Sequence[HistoryRow], branch: str) -> Iterator[Interval]:
    moves = [row for row in reversed(rows) if row.what in OF_BRANCHES]
    runs = [next(run) for _, run in groupby(moves, key=_bytes)]
    ends: list[int | None] = [*(read_moment(row.at) for row in runs[1:]), None]
    for row, until in zip(runs, ends, strict=False):
        if row.what != "removed":
            yield Interval(
                where=branch, stage=False, first=row, begin=read_moment(row.at), until=until
            )


def _bytes(row: HistoryRow) -> tuple[object, ...]:
    removed = row.what == "removed"
    return removed, row.version, row.weights, row.export, row.image, row.image_digest


def list_metrics(rows: Iterable[HistoryRow], goals: Sequence[str] = ()) -> tuple[str, ...]:
    """Name what was ever measured of a model: what models.yaml names first, then the others.

    Args:
        rows: what happened to it.
        goals: the metrics that models.yaml names.
    """
    known = {name for row in rows for name in row.metrics} - {STEP}
    return (*(name for name in goals if name in known), *sorted(known.difference(goals)))


def find_first_metric(card: Card, goals: Iterable[str]) -> tuple[str, str, float] | None:
    """Give the metric that counts most: its name, what it was measured on, and its value."""
    name = next((one for one in (*goals, *card.metrics) if card.metrics.get(one)), None)
    if name is None:
        return None
    path, value = next(iter(card.metrics[name].items()))
    return name, path, value


def read_moment(at: str) -> int:
    """Read the time of a row, in seconds since 1970.

    >>> read_moment("1970-01-01T01:00:01+01:00"), read_moment("@-7")
    (1, -7)
    """
    return int(at[1:]) if at.startswith("@") else int(datetime.fromisoformat(at).timestamp())


def show_moment(seconds: int) -> str:
    """Write a time as the same text in every zone.

    >>> show_moment(0), show_moment(10**15)
    ('1970-01-01 00:00', '@1000000000000000')
    """
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"
    except (OverflowError, OSError, ValueError):  # a commit may say any number
        return f"@{seconds}"
