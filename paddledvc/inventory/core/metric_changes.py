"""Every metric of a model, before and after a change: what was measured, and what is only said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc.gate.core.metrics.metric_regressions import (
    ROUNDING,
    MeasuredPair,
    pair_measured,
    read_measured_before,
)
from paddledvc.gate.core.metrics.metric_rules import metric_goal, trained_metrics
from paddledvc.models.evaluate_settings import MetricGoal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.inventory.core.model_side import Compared
    from paddledvc.models.model import Model

MetricSource = Literal["measured", "worst part", "training", "published", "stated"]
"""Where a value is from: ``published`` is one that nobody measured here, ``stated`` a target."""
MetricState = Literal[
    "better",
    "same",
    "worse",
    "worse, within tolerance",
    "worse, beyond tolerance",
    "changed",
    "new",
    "gone",
    "not comparable",
]
_STEP = "step"
"""What a training counts beside its metrics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricChange:
    """A metric of a model, before and after.

    Attributes:
        path: what was measured, such as ``network`` or ``deployed``; empty where nobody says.
        source: where the values are from.
        before: None where there was none, or none of these bytes.
        direction: which way is better; None where nobody says.
        tolerance: how much worse it may be than before, in its unit; None where nobody says.
        floor: what it must reach in any case; None where nobody says.
        percent: whether people write it in percent.
        state: what became of it.
    """

    name: str
    path: str
    source: MetricSource
    before: float | None
    after: float | None
    direction: Literal["higher", "lower"] | None
    tolerance: float | None
    floor: float | None
    percent: bool
    state: MetricState

    def show(self, value: float | None) -> str:
        """Write a value of it as people do."""
        return "" if value is None else self._goal.show(value)

    @property
    def shown_tolerance(self) -> str:
        """The tolerance as people write it."""
        return "" if self.tolerance is None else self._goal.show_difference(self.tolerance)

    @property
    def misses_floor(self) -> bool:
        """Whether it is worse now than it may be in any case."""
        return self.after is not None and self._goal.misses_floor(self.after)

    @property
    def _goal(self) -> MetricGoal:
        return MetricGoal(
            name=self.name,
            direction=self.direction or "higher",
            floor=self.floor if self.direction is not None else None,
            percent=self.percent,
        )


def list_metrics(
    sides: Compared, pair: MeasuredPair | None, old: Model | None, new: Model
) -> Iterator[MetricChange]:
    """List every metric: what was measured, else what trainings say, and what is published."""
    yield from _list_measured(sides, pair, old, new)
    yield from _list_trained(sides, old, new)
    yield from _list_published(old, new)


def pair_of_model(sides: Compared, model: Model) -> MeasuredPair | None:
    """Find what was measured of a model, and what it is compared with; None where nothing was."""
    if model.evaluate is None:
        return None
    return pair_measured(sides.after.facts, sides.baseline, model, model.evaluate)


def _list_measured(
    sides: Compared, pair: MeasuredPair | None, old: Model | None, new: Model
) -> Iterator[MetricChange]:
    now = pair.now if pair is not None else None
    was = pair.before if pair is not None else None
    if was is None and old is not None:
        was = read_measured_before(sides.baseline, old)
    goals: dict[str, MetricGoal] = {}
    for model in (new, old):  # what is asked now counts, and else what was asked
        for goal in model.evaluate.metrics if model is not None and model.evaluate else ():
            goals.setdefault(goal.name, goal)
    comparable = pair is None or not pair.difference
    told = [one.metrics for one in (now, was) if one is not None]
    for name in _join([one for one in goals if any(one in some for some in told)], *told):
        values, earlier = (one.metrics.get(name, {}) if one else {} for one in (now, was))
        for path in _join(values, earlier):
            pairs = (earlier.get(path), values.get(path))
            asked = goals.get(name)
            yield _metric(name, "measured", pairs, asked, path=path, comparable=comparable)
        worst = tuple(one.worst_slice.get(name) if one else None for one in (was, now))
        if worst != (None, None):
            values_of_worst = (worst[0], worst[1])
            asked = goals.get(name)
            yield _metric(name, "worst part", values_of_worst, asked, comparable=comparable)


def _list_trained(sides: Compared, old: Model | None, new: Model) -> Iterator[MetricChange]:
    """List what trainings say of themselves, where nobody else measures the model."""
    found: list[Mapping[str, float]] = []
    if new.evaluate is not None:
        return
    for side, model in ((sides.before, old), (sides.after, new)):
        text = side.facts.trained.get(model.name) if model is not None else None
        told = model is not None and not side.find_other_training(model)
        found.append((trained_metrics(text) if told else None) or {})
    stated = {one.name: metric_goal(one) for model in (old, new) if model for one in model.metrics}
    for name in _join(found[1], found[0]):
        values = [one.get(name) for one in found]
        before, after = (one if one is None or math.isfinite(one) else None for one in values)
        if name != _STEP:
            yield _metric(name, "training", (before, after), stated.get(name))


def _list_published(old: Model | None, new: Model) -> Iterator[MetricChange]:
    """List the values that models.yaml states; of weights trained here they are a target."""
    was, now = ({one.name: one for one in model.metrics} if model else {} for model in (old, new))
    for name in _join(now, was):
        said = now.get(name) or was[name]
        before, after = (one[name].value if name in one else None for one in (was, now))
        state: MetricState = "same" if before == after else "changed"
        yield MetricChange(
            name=name,
            path="",
            source="published" if new.train is None else "stated",
            before=before,
            after=after,
            direction=said.direction,
            tolerance=said.tolerance,
            floor=None,
            percent=said.percent,
            state="new" if before is None else "gone" if after is None else state,
        )


def _join(*names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for some in names for name in some))


def _metric(  # noqa: PLR0913 - a row of a table
    name: str,
    source: MetricSource,
    values: tuple[float | None, float | None],
    goal: MetricGoal | None,
    *,
    path: str = "",
    comparable: bool = True,
) -> MetricChange:
    before, after = values
    allowed = None
    # Parts of the samples have tolerances of their own, which the gate judges part by part.
    if goal is not None and source != "worst part":
        allowed = goal.tolerance if before is None else goal.allowed_loss(before)
    return MetricChange(
        name=name,
        path=path,
        source=source,
        before=before,
        after=after,
        direction=goal.direction if goal is not None else None,
        tolerance=allowed,
        floor=goal.floor if goal is not None and source != "worst part" else None,
        percent=goal.percent if goal is not None else False,
        state=_tell_state(before, after, goal, allowed) if comparable else "not comparable",
    )


def _tell_state(
    before: float | None, after: float | None, goal: MetricGoal | None, allowed: float | None
) -> MetricState:
    """Say what became of a value, by the numbers alone."""
    if before is None or after is None:
        return "new" if before is None else "gone"
    if before == after:
        return "same"
    if goal is None:
        return "changed"
    loss = goal.loss(before, after)
    if loss < 0 or allowed is None:
        return "better" if loss < 0 else "worse"
    return "worse, within tolerance" if loss <= allowed + ROUNDING else "worse, beyond tolerance"
