"""Whether a change makes a metric worse, told from what the samples show by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc import names
from paddledvc.evaluation.core import significance
from paddledvc.evaluation.core.measured import NETWORK, Measured
from paddledvc.gate.core.evidence_rules import list_evidence_differences
from paddledvc.gate.core.metrics.metric_rules import (
    find_metric,
    metric_goal,
    parse_measured,
    read_measured,
    trained_metrics,
    training_report,
)
from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import model_stage_name
from paddledvc.tools.dvc.core.builds import Built

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.evaluation.core.measured import Slice
    from paddledvc.gate.core.facts import Baseline, Facts
    from paddledvc.gate.core.violations import Level, Violation
    from paddledvc.models.evaluate_settings import Evaluate, MetricGoal
    from paddledvc.models.model import Model

_Pair: TypeAlias = "tuple[Sequence[float] | None, Sequence[float] | None]"
_NO_PAIR: _Pair = (None, None)
ROUNDING = 1e-12
"""What a difference of two shares may be off by."""


def judge_regressions(facts: Facts) -> Iterator[Violation]:
    """Compare what was measured of each model with what was where the change goes to."""
    baseline = facts.baseline
    if baseline is None or facts.role.metrics == "none" or facts.registry is None:
        return
    for model in facts.registry.models:
        if model.name in baseline.restored:
            continue  # a rollback is no regression; its floors have been judged
        if model.evaluate is not None:
            yield from _judge_model(facts, baseline, model, model.evaluate)
        elif model.train is not None:
            yield from _judge_training(facts, baseline, model)


def list_not_compared(facts: Facts) -> Iterator[str]:
    """Say of which models nothing was measured where a change goes to."""
    baseline = facts.baseline
    if baseline is None or facts.role.metrics == "none" or facts.registry is None:
        return
    then = baseline.facts.registry
    for model in facts.registry.models:
        settings = model.evaluate
        if settings is None or then is None or model.name not in then.by_name:
            continue
        if model.name in baseline.restored or read_measured(facts, model) is None:
            continue
        if not (read_measured_before(baseline, model) or _measured_anew(baseline, model, settings)):
            yield (
                f"{model.name}: {baseline.where} has no metrics to compare with, so only floors "
                f"are judged; `paddledvc evaluate {model.name} --baseline {baseline.where}` "
                "measures them"
            )


def _judge_model(
    facts: Facts, baseline: Baseline, model: Model, settings: Evaluate
) -> Iterator[Violation]:
    pair = pair_measured(facts, baseline, model, settings)
    if pair is None or pair.before is None:
        return  # nothing was measured here or there
    if pair.repeated:
        if not pair.difference:
            yield from _judge_repeated(facts, baseline, model, pair.now, pair.before)
        return
    if pair.difference:
        level: Level = "error" if facts.role.metrics == "required" else "warning"
        message = (
            f"{pair.difference}, so the two cannot be compared; run `paddledvc evaluate "
            f"{model.name} --baseline {baseline.where}`, and commit what it writes"
        )
        yield find_metric(facts, model, "metric-not-comparable", message, level)
        return
    for goal in settings.metrics:
        compared = Comparison(
            where=baseline.where,
            noise=facts.role.noise,
            goal=goal,
            now=pair.now,
            before=pair.before,
        )
        for message, one in compared.find_drops(settings):
            yield find_metric(facts, model, "metric-regressed", message, one)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredPair:
    """What was measured of a model, now and before.

    Attributes:
        before: None where nothing was measured.
        difference: why the two cannot be compared; empty where they can.
        repeated: whether both are of the same bytes, in the same network.
    """

    now: Measured
    before: Measured | None = None
    difference: str = ""
    repeated: bool = False


def pair_measured(
    facts: Facts, baseline: Baseline, model: Model, settings: Evaluate
) -> MeasuredPair | None:
    """Find what a measurement is compared with; None where nothing is measured of these bytes.

    Args:
        facts: what is judged.
        baseline: where the change goes to.
        model: the model.
        settings: how it is measured.
    """
    now = read_measured(facts, model)
    if now is None:
        return None
    before = read_measured_before(baseline, model)
    anew = _measured_anew(baseline, model, settings)
    if anew is not None and _find_difference(now, anew, baseline.where):
        anew = None
    if before is None:
        return MeasuredPair(now=now, before=anew)
    ran = [
        one.built.get(model_stage_name("evaluate", model), Built(command=""))
        for one in (facts, baseline.facts)
    ]
    difference = _find_difference(now, before, baseline.where) or _find_other_data(
        model, settings, ran, baseline.where
    )
    if _is_of_same_bytes(now, before) and (difference or not _is_other_network(settings, ran)):
        return MeasuredPair(now=now, before=before, difference=difference or "", repeated=True)
    if difference and anew is not None:
        return MeasuredPair(now=now, before=anew)
    return MeasuredPair(now=now, before=before, difference=difference or "")


def read_measured_before(baseline: Baseline, model: Model) -> Measured | None:
    """Give what was measured of the model before, if it is of the bytes that were built then."""
    registry = baseline.facts.registry
    known = registry.by_name.get(model.name) if registry is not None else None
    if known is None or known.evaluate is None:
        return None
    return read_measured(baseline.facts, known)


def _measured_anew(baseline: Baseline, model: Model, settings: Evaluate) -> Measured | None:
    """Give what was measured of the bytes of before with the function of now, if it is of them."""
    then, text = baseline.facts, baseline.measured_anew.get(model.name)
    known = then.registry.by_name.get(model.name) if then.registry is not None else None
    if text is None or known is None or then.lock is None or known.name not in then.lock.by_name:
        return None
    try:
        anew = parse_measured(text)
    except ValueError:
        return None
    exports = bool(evaluated_paths(settings, exports=model.exports and known.exports))
    other = list_evidence_differences(then, known, anew, exported=exports)
    return anew if next(other, None) is None else None


def _is_of_same_bytes(one: Measured, other: Measured) -> bool:
    """Tell whether two reports are of the same weights and exported files."""
    first, second = ({file.path: file.hashes.md5 for file in each.files} for each in (one, other))
    return first == second


def _find_difference(now: Measured, before: Measured, where: str) -> str | None:
    """Say why two reports measure different things; None where they do not."""
    if now.code_sha256 != before.code_sha256:
        return f"measured by other code than {where}"
    if (now.samples, now.ids_sha256) != (before.samples, before.ids_sha256):
        return (
            f"measured on other samples than {where} ({now.samples} {now.ids_sha256[:4]}…, {where} "
            f"{before.samples} {before.ids_sha256[:4]}…)"
        )
    now_fed, before_fed = (one.inputs_sha256.get(NETWORK, "") for one in (now, before))
    if now_fed != before_fed:
        return f"measured on other inputs than {where} ({now_fed[:4]}…, {where} {before_fed[:4]}…)"
    return None


def _find_other_data(
    model: Model, settings: Evaluate, ran: Sequence[Built], where: str
) -> str | None:
    """Say what else a function read than before, which no input of the network shows."""
    now, before = ran
    for path in settings.deps:
        was = before.deps.get(path)
        if was is not None and now.deps.get(path, was) != was:
            return f"measured with another {path} than {where}"
    key = f"{model.slug}.evaluate"
    asked, earlier = ({**one.params.get(key, {}), "batch_size": 0} for one in ran)
    if asked != earlier and before.command:
        return f"measured with other hyperparameters than {where} ({names.PARAMS}: {key})"
    return None


def _is_other_network(settings: Evaluate, ran: Sequence[Built]) -> bool:
    """Tell whether the same weights are in other code of the network, or get other arguments."""
    now, before = (
        (one.command, {path: md5 for path, md5 in one.deps.items() if path not in settings.deps})
        for one in ran
    )
    return now != before


def _judge_repeated(
    facts: Facts, baseline: Baseline, model: Model, now: Measured, before: Measured
) -> Iterator[Violation]:
    """Find other values of the same bytes, inputs and code: then a value means little."""
    if _find_difference(now, before, baseline.where) or now.runtime != before.runtime:
        return
    for name, values in now.metrics.items():
        for path, value in values.items():
            earlier = before.metrics.get(name, {}).get(path)
            if earlier is not None and not math.isclose(value, earlier, rel_tol=1e-9):
                message = (
                    f"{name} is {value:.6g} on {path}, and {earlier:.6g} on {baseline.where}, of "
                    "the same weights, inputs, code and Paddle; seed what the function draws, and "
                    "measure both again"
                )
                yield find_metric(facts, model, "not-repeatable", message, "warning")
                return


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A metric of a model, now and before.

    Attributes:
        where: what people call where the change goes to.
        noise: what a drop is that the samples do not prove.
        goal: what is asked of the metric.
    """

    where: str
    noise: Literal["warn", "fail"]
    goal: MetricGoal
    now: Measured
    before: Measured

    def find_drops(self, settings: Evaluate) -> Iterator[tuple[str, Level]]:
        """Find where the metric is worse: of all samples, else in parts of them."""
        name = self.goal.name
        values, earlier = (one.metrics.get(name, {}) for one in (self.now, self.before))
        pairs = {path: self._pair(path) for path in values}  # once, however many parts there are
        everybody = range(self.now.samples)
        found = [
            self._find_drop(
                name,
                path,
                values[path],
                earlier[path],
                self.goal.allowed_loss(earlier[path]),
                pairs[path],
                everybody,
            )
            for path in _list_paths(values, earlier)
        ]
        if worst := _choose_gravest(found):
            yield worst
            return
        yield from self._find_drops_in_parts(settings, pairs)

    def _find_drops_in_parts(
        self, settings: Evaluate, pairs: Mapping[str, _Pair]
    ) -> Iterator[tuple[str, Level]]:
        name = self.goal.name
        groups = {by: one.group_members(self.now.samples) for by, one in self.now.parts.items()}
        judged = [*self._list_judged_parts(settings)]
        for part, old, tolerance in judged:
            what = f"{name} of the samples whose {part.by} is {part.name}"
            values, before = part.metrics.get(name, {}), old.metrics.get(name, {})
            members = groups.get(part.by, {}).get(part.name, [])
            found = [
                self._find_drop(
                    what,
                    path,
                    values[path],
                    before[path],
                    self.goal.allowed_loss(before[path]) if tolerance is None else tolerance,
                    pairs.get(path, _NO_PAIR),
                    members,
                    parts=len(judged),
                )
                for path in _list_paths(values, before)
            ]
            if worst := _choose_gravest(found):
                yield worst

    def _list_judged_parts(self, settings: Evaluate) -> Iterator[tuple[Slice, Slice, float | None]]:
        """List parts with enough samples: as they are now, before, and what they may lose."""
        earlier = {(one.by, one.name): one for one in self.before.slices}
        asked = {one.name: one for one in settings.slices}
        for part in self.now.slices:
            goal, old = asked.get(part.by), earlier.get((part.by, part.name))
            if goal is None or old is None or min(part.samples, old.samples) < goal.at_least:
                continue
            yield part, old, goal.tolerance

    def _find_drop(  # noqa: PLR0913, PLR0917 - one comparison
        self,
        what: str,
        path: str,
        value: float,
        before: float,
        allowed: float,
        pair: _Pair,
        members: Sequence[int],
        *,
        parts: int = 1,
    ) -> tuple[str, Level] | None:
        """Say how much worse a value is than before, and how sure that is; None if it is not.

        The worst of many parts is worse by chance alone: each has to prove as much more.
        """
        show, loss = self.goal.show, self.goal.loss(before, value)
        if loss <= allowed + ROUNDING:
            return None
        significant = significance.SIGNIFICANT / parts
        p, told, proof = self._weigh(pair, members, significant)
        proven = p is None or p < significant
        level: Level = "error" if proven or self.noise == "fail" else "warning"
        advice = "improve the model, or agree on a waiver of metric-regressed"
        if level == "warning":
            among = f", as the worst of {parts} parts" if parts > 1 else ""
            advice = f"it may be chance{among}: {proof} would prove it"
        tolerance = self.goal.show_difference(allowed)
        message = (
            f"{what} is {show(value)} on {path}, {self.where} has {show(before)} (tolerance "
            f"{tolerance}; {told}); {advice}"
        )
        return message, level

    def _pair(self, path: str) -> _Pair:
        """Give the scores of all samples on a path, now and before; None where they are unknown."""
        name = self.goal.name
        now, before = (
            one.scores[name].of_path(path, one.samples) if name in one.scores else None
            for one in (self.now, self.before)
        )
        return now, before

    def _weigh(
        self, pair: _Pair, members: Sequence[int], significant: float
    ) -> tuple[float | None, str, str]:
        """Tell how often chance does as much, what the samples show, and what would prove it."""
        name = self.goal.name
        if pair[0] is None or pair[1] is None:
            return None, "noise unknown, for no scores of samples are kept", ""
        sign = 1 if self.goal.direction == "higher" else -1
        new, old = ([sign * one[at] for at in members] for one in pair if one is not None)
        if {one.scores[name].kind for one in (self.now, self.before)} != {"bits"}:
            p = significance.bootstrap_p(old, new)
            return p, f"{len(members)} samples, p {_show_p(p)}", "more samples"
        lost = sum(1 for was, now_is in zip(old, new, strict=True) if now_is < was)
        won = sum(1 for was, now_is in zip(old, new, strict=True) if now_is > was)
        p = significance.mcnemar_p(lost, won)
        told = f"{lost} of {len(members)} samples newly wrong, {won} newly right, p {_show_p(p)}"
        enough = significance.samples_to_prove(lost, won, len(members), significant) or 0
        return p, told, f"{enough:,} samples that differ alike"


def _list_paths(now: Mapping[str, float], before: Mapping[str, float]) -> list[str]:
    """List what can be compared; what is deployed comes first, for it is what people get."""
    return [path for path in reversed([*now]) if path in before]


def _choose_gravest(found: Sequence[tuple[str, Level] | None]) -> tuple[str, Level] | None:
    """Choose the finding of the path that says most; the network and its export lose together."""
    drops = [one for one in found if one is not None]
    return next((one for one in drops if one[1] == "error"), drops[0] if drops else None)


def _show_p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"  # noqa: PLR2004 - three digits are shown


def _judge_training(facts: Facts, baseline: Baseline, model: Model) -> Iterator[Violation]:
    """Compare what two trainings say of themselves, where nobody else measures the model."""
    now = trained_metrics(facts.trained.get(model.name))
    before = trained_metrics(baseline.facts.trained.get(model.name))
    if now is None or before is None:
        return
    for metric in model.metrics:
        goal = metric_goal(metric)
        value, earlier = now.get(metric.name), before.get(metric.name)
        if value is None or earlier is None or not math.isfinite(value + earlier):
            continue
        if goal.loss(earlier, value) > goal.tolerance + ROUNDING:
            message = (
                f"{model.name}: {metric.name} is {goal.show(value)} after training, "
                f"{baseline.where} has {goal.show(earlier)} (tolerance "
                f"{goal.show_difference(goal.tolerance)}; noise unknown, for the model has no "
                "`evaluate`); improve the model, or agree on a waiver of metric-regressed"
            )
            file = training_report(model)
            yield facts.found("metric-regressed", message, model=model.name, file=file)
