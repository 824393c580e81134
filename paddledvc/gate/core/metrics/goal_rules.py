"""Whether a change asks less of a model's metrics than where it goes to.

The goals of the change count, for a floor that rises with a model is in the same commit as the
model. So whoever reviews it is told what it asks for no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.gate.core.metrics.metric_rules import metric_goal
from paddledvc.models.evaluate_settings import evaluated_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Violation
    from paddledvc.models.evaluate_settings import Evaluate, MetricGoal, SliceGoal
    from paddledvc.models.model import Model


def judge_weakened_goals(facts: Facts) -> Iterator[Violation]:
    """Warn of a change after which less would be asked of a model than before."""
    before = facts.baseline.facts.registry if facts.baseline is not None else None
    if before is None or facts.registry is None or facts.role.metrics == "none":
        return
    for old in before.models:
        new = facts.registry.by_name.get(old.name)
        said = list_weakened_goals(old, new) if new is not None else iter(())
        if new is None and old.evaluate is not None:
            news = (one for one in facts.registry.models if one.name not in before.by_name)
            new = next((one for one in news if _is_measured_alike(old, one)), None)
            said = iter((f"calls {old.name} another name, under which nothing was measured",))
        if new is None:
            continue
        at = ("evaluate",) if new.evaluate is not None else ("metrics",) if new.metrics else ()
        for what in said:
            message = f"{new.name}: this change {what}; make sure that it is intended"
            yield facts.of_model("goal-weakened", message, new.name, *at, level="warning")


def _is_measured_alike(old: Model, new: Model) -> bool:
    functions = [one.evaluate.function if one.evaluate else "" for one in (old, new)]
    return functions[0] == functions[1]


def list_weakened_goals(old: Model, new: Model) -> Iterator[str]:
    """Say what is asked for no more, each as the end of a sentence about a change."""
    if old.evaluate is not None:
        if new.evaluate is None:
            yield "takes `evaluate` away, so that the model is measured no more"
            return
        were = evaluated_paths(old.evaluate, exports=old.exports)
        are = evaluated_paths(new.evaluate, exports=new.exports)
        if gone := [path for path in were if path not in are]:
            yield f"no longer measures the model on {', '.join(gone)}"
        yield from _weakened_metrics(old.evaluate.metrics, new.evaluate.metrics)
        yield from _weakened_parts(old.evaluate, new.evaluate)
    elif old.train is not None and new.train is not None and new.evaluate is None:
        goals = (tuple(map(metric_goal, one.metrics)) for one in (old, new))
        yield from _weakened_metrics(*goals)


def _weakened_metrics(
    before: tuple[MetricGoal, ...], after: tuple[MetricGoal, ...]
) -> Iterator[str]:
    known = {one.name: one for one in after}
    for old in before:
        new = known.get(old.name)
        if new is None:
            yield f"no longer asks anything of {old.name}"
        elif new.direction != old.direction:
            yield f"takes a {new.direction} {old.name} for better"
        else:
            yield from _weakened_metric(old, new)


def _weakened_metric(old: MetricGoal, new: MetricGoal) -> Iterator[str]:
    name, show, apart = old.name, old.show, old.show_difference
    if old.floor is not None and new.floor is None:
        yield f"no longer asks for a floor of {name}, which was {show(old.floor)}"
    elif old.floor is not None and new.floor is not None and old.misses_floor(new.floor):
        yield f"moves the floor of {name} from {show(old.floor)} to {show(new.floor)}"
    if _is_wider(old, new):
        yield f"moves the tolerance of {name} from {_tolerance(old)} to {_tolerance(new)}"
    if new.export is not None and (old.export is None or new.export > old.export):
        was = "what the precision implies" if old.export is None else apart(old.export)
        yield f"lets the export's {name} differ by {apart(new.export)}, not {was}"


def _is_wider(old: MetricGoal, new: MetricGoal) -> bool:
    """Tell whether more may be lost than before; what cannot be compared may be more."""
    if old.relative is not None and new.relative is not None:
        return new.relative > old.relative
    if old.relative is not None or new.relative is not None:
        return 0 not in {new.relative, new.tolerance if new.relative is None else None}
    return new.tolerance > old.tolerance


def _tolerance(goal: MetricGoal) -> str:
    if goal.relative is None:
        return goal.show_difference(goal.tolerance)
    return f"{100 * goal.relative:.4g} % of its value"


def _weakened_parts(before: Evaluate, after: Evaluate) -> Iterator[str]:
    known = {one.name: one for one in after.slices}
    for old in before.slices:
        new = known.get(old.name)
        if new is None:
            yield f"no longer judges parts by {old.name}"
            continue
        if _has_wider_parts(old, new):
            yield f"lets parts by {old.name} lose more than before"
        if new.at_least > old.at_least:
            yield (
                f"judges parts by {old.name} from {new.at_least} samples on only, "
                f"not from {old.at_least}"
            )


def _has_wider_parts(old: SliceGoal, new: SliceGoal) -> bool:
    if new.tolerance is None or old.tolerance is None:
        return new.tolerance not in {old.tolerance, 0}
    return new.tolerance > old.tolerance
