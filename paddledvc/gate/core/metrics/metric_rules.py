"""Whether metrics are measured, of the very bytes that are built, and as good as is asked."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from paddledvc.evaluation.core.measured import NETWORK, Measured, measured_path
from paddledvc.gate.core.evidence_rules import list_evidence_differences
from paddledvc.models.evaluate_settings import MetricGoal, evaluated_paths
from paddledvc.models.model import model_reports_folder
from paddledvc.yaml.formats import NewerFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Level, Violation
    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.models.model import Metric, Model

EVALUATE = "run `dvc repro` and commit the report"
_EXPORT = {"float32": 0.001, "bfloat16": 0.01, "float16": 0.01}
"""Share of a metric that exported files may be from the network, as MLPerf Inference allows it."""


def judge_metrics(facts: Facts) -> Iterator[Violation]:
    """Judge what was measured of each model, by itself."""
    if facts.role.metrics == "none" or facts.registry is None:
        return
    for model in facts.registry.models:
        if model.evaluate is not None:
            yield from _judge_model(facts, model, model.evaluate)
        else:
            yield from _judge_training(facts, model)


@lru_cache(maxsize=64)
def parse_measured(text: str) -> Measured:
    """Read a report; several rules ask for the same one, and to add its samples up takes a while.

    Raises:
        ValueError: it is none, or contradicts itself.
    """
    return Measured.from_json(text)


def read_measured(facts: Facts, model: Model) -> Measured | None:
    """Give what was measured of a model, if it can be read and is of the bytes that are built."""
    text = facts.measured.get(model.name)
    if text is None:
        return None
    try:
        measured = parse_measured(text)
    except ValueError:
        return None
    return None if next(_of_other_bytes(facts, model, measured), None) else measured


def explain_unmeasured(facts: Facts, model: Model) -> str:
    """Say why no measurement of a model counts; empty where one does."""
    text = facts.measured.get(model.name)
    if model.evaluate is None:
        return "models.yaml has no `evaluate` of it"
    if text is None:
        return f"there is no {measured_path(model)}"
    try:
        measured = parse_measured(text)
    except ValueError as error:
        return f"{measured_path(model)} {error}"
    return next(_of_other_bytes(facts, model, measured), "")


def _judge_model(facts: Facts, model: Model, settings: Evaluate) -> Iterator[Violation]:
    text = facts.measured.get(model.name)
    if text is None:
        if facts.role.metrics == "required":
            message = (
                f"{model.name}: there is no {measured_path(model)}, expected what its function "
                f"measures; {EVALUATE}"
            )
            yield facts.of_model("metric-missing", message, model.name, "evaluate")
        return
    try:
        measured = parse_measured(text)
    except ValueError as error:
        advice = "" if isinstance(error, NewerFormat) else f"; {EVALUATE}"
        yield find_metric(facts, model, "metric-invalid", f"the report {error}{advice}")
        return
    if difference := next(_of_other_bytes(facts, model, measured), None):
        level: Level = "error" if facts.role.metrics == "required" else "warning"
        message = f"{difference}; {EVALUATE}"
        yield find_metric(facts, model, "metric-of-other-weights", message, level)
        return
    for goal in settings.metrics:
        yield from _judge_goal(facts, model, settings, goal, measured)
    for part in settings.slices:
        if part.name not in measured.parts:
            message = f"the report has no parts by {part.name}; {EVALUATE}"
            yield find_metric(facts, model, "metric-missing", message)
    yield from _judge_published(facts, model, _of_network(measured))


def find_metric(
    facts: Facts, model: Model, rule: str, message: str, level: Level = "error"
) -> Violation:
    """Make a finding about the report of a model."""
    sentence = f"{model.name}: {message}"
    return facts.found(rule, sentence, level=level, model=model.name, file=measured_path(model))


def _of_other_bytes(facts: Facts, model: Model, measured: Measured) -> Iterator[str]:
    """Say which bytes a report is not of."""
    assert model.evaluate is not None
    exports = evaluated_paths(model.evaluate, exports=model.exports)
    for sentence in list_evidence_differences(facts, model, measured, exported=bool(exports)):
        yield sentence.replace("the report is", f"{measured_path(model)} is")


def _judge_goal(
    facts: Facts, model: Model, settings: Evaluate, goal: MetricGoal, measured: Measured
) -> Iterator[Violation]:
    """Judge a metric of a model on every path."""
    values = measured.metrics.get(goal.name, {})
    wanted = (NETWORK, *evaluated_paths(settings, exports=model.exports))
    if missing := [path for path in wanted if path not in values]:
        message = f"the report has no {goal.name} of {missing[0]}; {EVALUATE}"
        yield find_metric(facts, model, "metric-missing", message)
        return
    if below := [path for path in wanted if goal.misses_floor(values[path])]:
        assert goal.floor is not None
        bound = "at least" if goal.direction == "higher" else "at most"
        shown = " and ".join(f"{goal.show(values[path])} on {path}" for path in reversed(below))
        message = (
            f"{goal.name} is {shown}, expected {bound} {goal.show(goal.floor)}; improve the model, "
            "or change the floor in models.yaml"
        )
        yield find_metric(facts, model, "metric-below-floor", message)
    for path in wanted[1:]:
        yield from _judge_export(facts, model, goal, measured, path)


def _judge_export(
    facts: Facts, model: Model, goal: MetricGoal, measured: Measured, path: str
) -> Iterator[Violation]:
    """Judge whether the exported files are as good as the network, and no better."""
    network, exported = measured.metrics[goal.name][NETWORK], measured.metrics[goal.name][path]
    share = _EXPORT[measured.engine.precision if path in {"deployed", "gpu"} else "float32"]
    allowed = share * abs(network) if goal.export is None else goal.export
    if abs(network - exported) <= allowed + 1e-12:
        return
    told = f" ({measured.changed} samples changed)" if measured.changed else ""
    message = (
        f"{goal.name} is {goal.show(network)} for the network and {goal.show(exported)} for the "
        f"exported files on {path}{told}, expected at most {goal.show_difference(allowed)} apart; "
        f"run `paddledvc verify {model.name}`, which names the sublayer, and see that both get "
        "the same inputs"
    )
    yield find_metric(facts, model, "export-metric-differs", message)


def _of_network(measured: Measured) -> dict[str, float]:
    return {name: values[NETWORK] for name, values in measured.metrics.items() if NETWORK in values}


def trained_metrics(text: str | None) -> Mapping[str, float] | None:
    """Read what a training wrote of its metrics; None where it is no JSON object.

    >>> trained_metrics('{"step": 3, "accuracy": 0.5, "loss": "nan"}')
    {'step': 3.0, 'accuracy': 0.5, 'loss': nan}
    """
    try:
        value: Any = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    numbers = {}
    for name, one in value.items():
        try:
            numbers[name] = math.nan if isinstance(one, bool) else float(one)
        except (TypeError, ValueError, OverflowError):
            numbers[name] = math.nan
    return numbers


def metric_goal(metric: Metric) -> MetricGoal:
    """Say what a value that models.yaml states asks of a training: no worse than its tolerance."""
    sign = -1 if metric.direction == "higher" else 1
    return MetricGoal(
        name=metric.name,
        direction=metric.direction,
        tolerance=metric.tolerance,
        floor=metric.value + sign * metric.tolerance,
        percent=metric.percent,
    )


def _judge_training(facts: Facts, model: Model) -> Iterator[Violation]:
    """Judge what a training says of itself, where nobody else measures the model."""
    if model.train is None or not model.metrics:
        return
    found = trained_metrics(facts.trained.get(model.name))
    if found is not None:
        yield from _judge_published(facts, model, found)


def _judge_published(facts: Facts, model: Model, found: Mapping[str, float]) -> Iterator[Violation]:
    """Compare what is measured with what models.yaml states that it is.

    Of a model that is trained here it is what the training must reach; of others somebody else has
    published it, and may have measured otherwise.
    """
    for metric in model.metrics:
        value = found.get(metric.name)
        if value is None:
            continue  # nobody measures it: it is published, and not missing
        goal = metric_goal(metric)
        at = ("metrics", metric.name)
        if not math.isfinite(value):
            message = f"{model.name}: {metric.name} is no finite number; {EVALUATE}"
            yield facts.of_model("metric-invalid", message, model.name, *at)
        elif model.train is not None and goal.misses_floor(value):
            assert goal.floor is not None
            bound = "at least" if goal.direction == "higher" else "at most"
            message = (
                f"{model.name}: {metric.name} is {goal.show(value)}, expected {bound} "
                f"{goal.show(goal.floor)}; train it better, or state another value"
            )
            yield facts.of_model("metric-below-floor", message, model.name, *at)
        elif model.train is None and abs(goal.loss(metric.value, value)) > max(
            metric.tolerance, 0.001 * abs(metric.value)
        ):
            message = (
                f"{model.name}: {metric.name} is {goal.show(value)} as measured here, and "
                f"{goal.show(metric.value)} as published; see whether data and preprocessing are "
                "those of the publication, or state what is measured"
            )
            yield facts.of_model(
                "metric-not-as-published", message, model.name, *at, level="warning"
            )


def training_report(model: Model) -> str:
    """Name the file of metrics that a training writes."""
    return f"{model_reports_folder(model)}/train/metrics.json"
