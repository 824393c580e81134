"""What was locked, released and in which release stage, when and by whom: from git alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput, UnknownModel
from paddledvc.inventory import read_history
from paddledvc.inventory.core.history_rows import (
    HistoryRow,
    list_happened,
    list_held,
    list_standing,
    moved_before,
)
from paddledvc.inventory.core.moments import parse_moment
from paddledvc.inventory.core.past_models import PastModel
from paddledvc.names import slug, suggest_name
from paddledvc.tools.git import refs, repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.core.gto import IgnoredTag
    from paddledvc.inventory.core.history_rows import Happened, Moved, What
    from paddledvc.inventory.core.past_models import Trace
    from paddledvc.inventory.read_history import PastFiles, TaggedCommits, Walked
    from paddledvc.project import Project


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class History(Displayed):
    """What happened to models, newest first; or what was so at a time, by model.

    Attributes:
        rows: what happened.
        branch: the branch whose locks these are; None where nothing is committed yet.
        at: the time that it is about; None for all of the past.
        ignored: tags that look like GTO's and do not count.
        incomplete: what this clone lacks of the past, and the command that gets it; else None.
    """

    _table_of = "rows"
    rows: tuple[HistoryRow, ...]
    branch: str | None
    at: str | None = None
    ignored: tuple[IgnoredTag, ...] = ()
    incomplete: str | None = None


class _Draft(NamedTuple):
    """A row before the bytes of its commit are read."""

    model: str
    what: What
    time: int
    commit: str
    trace: Trace | None
    by: str
    title: str = ""
    tag: str | None = None
    version: str | None = None
    stage: str | None = None
    until: int | None = None


def history(  # noqa: PLR0913 - each is a question of its own
    project: Project,
    name: str | None = None,
    *,
    at: str | None = None,
    stage: str | None = None,
    branch: str | None = None,
    since: str | None = None,
    metric: str | None = None,
) -> History:
    """Tell what was locked, released and in which release stage, from git alone.

    Commits of the branch count by the time at which they were committed, tags by that of the tag.

    Args:
        project: the project.
        name: the model; None for all.
        at: a day or a time, such as ``2026-11-30`` or ``2026-11-30T15:04+01:00``: tell what was so
            at its end, and not what happened. Without a zone the local one is meant.
        stage: a release stage: tell what it held.
        branch: the branch whose first parents are read, also a deleted one that a merge commit
            names; by default the production branch, else the one that is checked out.
        since: a day or a time: leave out what happened before it began.
        metric: a metric that somebody wants to see; refused if no row has it, and others are.

    Raises:
        InvalidInput: there is no such branch or metric, or a day is none.
        UnknownModel: no commit of the branch, no tag and not models.yaml know such a model.

    Example:
        import paddledvc

        project = paddledvc.Project.find(".")
        for row in paddledvc.history(project, "detector", stage="prod").rows:
            print(row.at, row.until, row.version, row.weights)
    """
    if at is not None and since is not None:
        raise InvalidInput("--at is about one moment, --since about all since then; give either")
    root, time, start = project.root, _seconds(at, end=True), _seconds(since, end=False)
    if repository.find_repository_root(root) is None:
        raise InvalidInput(f"{root} is in no git repository, which is what history is read from")
    walked = (
        read_history.find_walk(root, branch)
        if branch is not None
        else read_history.find_default_walk(root, project.policy())
    )
    past, tagged = read_history.PastFiles(root), read_history.read_tagged(root)
    moves = past.moves(walked) if walked is not None else []
    known = {one.name for one in moves} | _registered(project)
    if name is not None and name not in known and slug(name) not in tagged.events:
        hint = suggest_name(name, known) or f"; known are {', '.join(sorted(known)) or 'none'}"
        where = walked.title if walked is not None else "this clone"
        raise UnknownModel(f"no commit of {where} and no tag has a model {name!r}{hint}")
    called = {slug(one): one for one in sorted(known)}
    if name is not None:
        called = {slug(name): name}
        moves = [one for one in moves if one.name == name]
    tags = _list_tagged(tagged, called if name is not None else None, time, stage)
    drafts = [*_of_tags(past, tags, called)]
    if stage is None:
        shown = moves if time is None else moved_before(moves, time)
        drafts += map(_of_move, shown)
    drafts = [one for one in drafts if start is None or _is_since(one, start)]
    # Stable: of one second, what a tag did came after what its commit did.
    drafts.sort(key=lambda one: -one.time)
    if time is not None:
        order = ("locked", "built", "measured", "released", "deprecated", "held")
        drafts.sort(key=lambda one: (one.model, order.index(one.what), one.stage or ""))
    found = History(
        rows=tuple(_rows(past, drafts, standing=time is not None)),
        branch=walked.title if walked is not None else None,
        at=None if time is None else _iso(time),
        ignored=tuple(one for one in tagged.ignored if one.artifact.rpartition(":")[2] in called),
        incomplete=refs.explain_incomplete_refs(root),
    )
    _require_metric(found.rows, metric)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeHistory:
    """All that happened to all models, read from git once.

    Attributes:
        rows: what happened, newest first.
        held: what each release stage held, and how long, newest first.
    """

    rows: tuple[HistoryRow, ...]
    held: tuple[HistoryRow, ...]


def read_whole_history(project: Project, walked: Walked) -> WholeHistory:
    """Read what happened along the first parents of a branch, and what tags did.

    Args:
        project: the project.
        walked: the branch.
    """
    past, tagged = read_history.PastFiles(project.root), read_history.read_tagged(project.root)
    moves = past.moves(walked)
    called = {slug(one): one for one in sorted({move.name for move in moves})}
    events = [one for its in tagged.events.values() for one in its]
    happened = [*_of_tags(past, _list_tagged(tagged, None, None, None), called)]
    happened += map(_of_move, moves)
    held = [
        draft
        for stage in sorted({one.stage for one in events if one.stage})
        for draft in _of_tags(past, _list_tagged(tagged, None, None, stage), called)
    ]
    # As in `history`: of one second, what a tag did came after what its commit did.
    happened.sort(key=lambda one: -one.time)
    held.sort(key=lambda one: -one.time)
    return WholeHistory(
        rows=tuple(_rows(past, happened, standing=False)),
        held=tuple(_rows(past, held, standing=False)),
    )


def _seconds(text: str | None, *, end: bool) -> float | None:
    if text is None:
        return None
    try:
        return parse_moment(text, end=end).timestamp()  # of the local zone where it names none
    except (OverflowError, OSError, ValueError) as error:
        raise InvalidInput(f"found {text!r}, which is no time that this machine knows") from error


def _iso(time: float) -> str:
    try:
        return datetime.fromtimestamp(time).astimezone().isoformat()
    except (OverflowError, OSError, ValueError):  # a commit may say any number
        return f"@{time:.0f}"


def _registered(project: Project) -> set[str]:
    """Name the models of models.yaml; what is wrong with that is no matter of the past."""
    try:
        return {model.name for model in project.registry().models}
    except InvalidInput:
        return set()


def _list_tagged(
    tagged: TaggedCommits, slugs: Mapping[str, str] | None, time: float | None, stage: str | None
) -> Iterator[Happened]:
    """List what tags did, or what stood at a time, of some models or all."""
    for one, events in sorted(tagged.events.items()):
        if slugs is not None and one not in slugs:
            continue
        if time is not None:
            yield from list_standing(one, events, time, None if stage is None else (stage,))
        elif stage is not None:
            yield from list_held(one, events, stage)
        else:
            yield from list_happened(one, events)


def _of_tags(
    past: PastFiles, happened: Iterable[Happened], called: Mapping[str, str]
) -> Iterator[_Draft]:
    """Say what tags did; those of what no models.lock knows are about something else."""
    every = list(happened)
    found = past.tagged((one.commit, one.slug) for one in every)
    for one in every:
        name, trace = found.get((one.commit, one.slug), (called.get(one.slug), None))
        if name is not None:
            yield _Draft(
                model=name,
                what=one.what,
                time=one.event.time,
                commit=one.commit,
                trace=None if one.what == "deprecated" else trace,
                by=one.event.by,
                tag=one.event.tag,
                version=one.version,
                stage=one.stage,
                until=one.until,
            )


def _of_move(one: Moved) -> _Draft:
    return _Draft(
        model=one.name,
        what=one.what,
        time=one.commit.time,
        commit=one.commit.name,
        trace=one.trace,
        by=one.commit.author,
        title=one.commit.title,
    )


def _is_since(draft: _Draft, start: float) -> bool:
    """Tell whether something happened, or a stage still held it, since a time."""
    if draft.what != "held":
        return draft.time >= start
    return draft.until is None or draft.until > start


def _rows(past: PastFiles, drafts: Sequence[_Draft], *, standing: bool) -> Iterator[HistoryRow]:
    reports = past.reports(one.trace for one in drafts if one.trace is not None)
    known: dict[tuple[str, Trace | None], PastModel] = {}
    for one in drafts:
        key = one.model, one.trace
        if key not in known:
            known[key] = (
                PastModel()
                if one.trace is None
                else past.reader.describe(one.model, one.trace, reports)
            )
        state = known[key]
        is_lock = standing and one.what in {"built", "measured"}
        yield HistoryRow(
            model=one.model,
            what="locked" if is_lock else one.what,
            at=_iso(one.time),
            until=None if one.until is None else _iso(one.until),
            version=one.version or state.version,
            stage=one.stage,
            weights=state.weights,
            size=state.size,
            export=state.export,
            image=state.image,
            image_digest=state.image_digest,
            metrics=state.metrics,
            of_other_bytes=state.of_other_bytes,
            by=one.by,
            commit=one.commit,
            tag=one.tag,
            title=one.title,
        )


def _require_metric(rows: Sequence[HistoryRow], metric: str | None) -> None:
    """Refuse a metric that nothing has where others are known: it is misspelt."""
    known = sorted({name for row in rows for name in row.metrics})
    if metric is not None and known and metric not in known:
        hint = suggest_name(metric, known) or f"; known are {', '.join(known)}"
        raise InvalidInput(f"no report here has a metric {metric!r}{hint}")
