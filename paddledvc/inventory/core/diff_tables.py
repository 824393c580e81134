"""The tables of a change, as plain cells: the same ones on a terminal and in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.inventory.core.model_side import DIGEST, DIGESTS, SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.violations import Verdict
    from paddledvc.inventory.core.model_changes import Difference, Known, ModelChange
    from paddledvc.inventory.core.model_side import VerifyState
    from paddledvc.inventory.core.models_diff import ModelsDiff

SHORT = 10
"""Characters of a digest or of a commit's name that people read."""
NOTHING = "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """A table.

    Attributes:
        words: numbers of the columns that hold words of ours; the others are names and values.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()


def describe_change(change: ModelChange) -> str:
    """Say in a few words what happens to a model.

    >>> from paddledvc.inventory.core.model_changes import ModelChange
    >>> describe_change(ModelChange(name="a", kind="moved", before="v1", after="v2"))
    'v1 -> v2'
    """
    if change.kind in ("added", "removed"):
        return f"{change.after or change.before}, {change.kind}"
    if change.before != change.after:
        return f"{change.before} -> {change.after}"
    return f"{change.after}, {'other bytes' if change.kind == 'moved' else 'changed'}"


def describe_base(diff: ModelsDiff) -> str:
    """Say what a change is compared with."""
    commit = f" at {diff.commit[:SHORT]}" if diff.commit is not None else ", with no commit"
    return f"{diff.base}{commit}"


def count_findings(verdict: Verdict) -> str:
    """Count what `check` finds.

    >>> from paddledvc.gate.core.violations import Verdict
    >>> count_findings(Verdict(title="main", role="production", violations=()))
    'no findings by the rules of production'
    """
    counts = ((len(verdict.errors), "error"), (len(verdict.warnings), "warning"))
    parts = [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
    if verdict.waived:
        parts.append(f"{len(verdict.waived)} waived")
    return f"{', '.join(parts) or 'no findings'} by the rules of {verdict.role}"


def list_tables(change: ModelChange) -> Iterator[Cells]:
    """Yield the tables of a model that have any row."""
    rows = tuple(_list_properties(change))
    if rows:
        yield Cells(head=("what", "before", "after"), rows=rows, words=frozenset((0,)))
    if change.params:
        shown = tuple((one.what, _show(one.before), _show(one.after)) for one in change.params)
        yield Cells(head=("hyperparameter", "before", "after"), rows=shown)
    if change.metrics:
        yield Cells(
            head=("metric", "measured on", "before", "after", "direction", "tolerance", "result"),
            rows=tuple(_list_metrics(change)),
            words=frozenset((1, 4, 5, 6)),
        )


def list_notes(change: ModelChange) -> Iterator[str]:
    """Say of a model what is in no table."""
    if change.settings:
        yield f"models.yaml: {', '.join(change.settings)} changed"
    if change.unmeasured and change.kind != "removed":
        yield f"not measured: {change.unmeasured}"
    if change.incomparable:
        yield f"not comparable: {change.incomparable}"


def _list_properties(change: ModelChange) -> Iterator[tuple[str, str, str]]:
    for one in change.properties:
        yield one.what, _show_property(one.what, one.before), _show_property(one.what, one.after)
    states = (change.verify_before, change.verify_after)
    if states != (None, None):
        yield "verify", _show_standing(states[0]), _show_standing(states[1])
        if any(one is not None and one.path for one in states):
            yield "largest error", _show_error(states[0]), _show_error(states[1])
    for timed in change.latency:
        yield f"latency {timed.what}", _show_ms(timed), _show_ms(timed, after=True)
    found = change.documentation
    if found is not None and found.file is not None:
        was = NOTHING if found.state in ("added", "missing") else found.file
        state = found.state if found.state != "added" else found.file
        yield "docs", was, state


def _show(value: Known) -> str:
    return NOTHING if value is None else str(value)


def _show_property(what: str, value: Known) -> str:
    if value is None:
        return NOTHING
    kind, text = what.rpartition(" ")[2], str(value)
    if kind == DIGEST:
        name, colon, digits = text.partition(":")
        return f"{name}{colon}{digits[:SHORT]}…"
    if kind in DIGESTS:
        return text if len(text) <= SHORT else f"{text[:SHORT]}…"
    return f"{value:,} bytes" if kind == SIZE and isinstance(value, int) else str(value)


def _show_standing(state: VerifyState | None) -> str:
    return NOTHING if state is None else state.standing


def _show_error(state: VerifyState | None) -> str:
    if state is None or not state.path:
        return NOTHING
    error = "not finite" if state.error is None else f"{state.error:.3g}"
    share = "" if state.share is None else f", {100 * state.share:.3g} % of its tolerance"
    return f"{error}{share} ({state.path})"


def _show_ms(timed: Difference, *, after: bool = False) -> str:
    value = timed.after if after else timed.before
    return NOTHING if value is None else f"{value} ms"


def _list_metrics(change: ModelChange) -> Iterator[tuple[str, ...]]:
    for one in change.metrics:
        yield (
            one.name,
            one.path if one.source == "measured" else one.source,
            one.show(one.before) or NOTHING,
            one.show(one.after) or NOTHING,
            one.direction or NOTHING,
            one.shown_tolerance or NOTHING,
            f"{one.state}, below floor" if one.misses_floor else one.state,
        )
