"""How a model is measured, and what its metrics must be: the frozen types behind ``evaluate:``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.models.percentages import is_percentage, read_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.models.verify_settings import PathName

Direction = Literal["higher", "lower"]
"""Which way of a metric is better."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricGoal:
    """What is asked of a metric. All numbers are in its unit; ``1%`` of a share is 0.01.

    Attributes:
        name: for example ``accuracy``.
        direction: which way is better.
        tolerance: how far a new value may fall behind the one before.
        relative: the same, as a share of the one before; None where ``tolerance`` is said.
        floor: what it must reach, whatever it was before; of a metric that is better lower, what
            it must not exceed.
        export: how far the exported files may be from the network, either way; None for what the
            precision of the engine implies.
        percent: whether people write it in percent.
    """

    name: str
    direction: Direction
    tolerance: float = 0.0
    relative: float | None = None
    floor: float | None = None
    export: float | None = None
    percent: bool = False

    def loss(self, before: float, now: float) -> float:
        """Tell how much worse a value is than the one before; below 0 where it is better.

        >>> MetricGoal(name="loss", direction="lower").loss(0.25, 0.5)
        0.25
        """
        return before - now if self.direction == "higher" else now - before

    def allowed_loss(self, before: float) -> float:
        """Tell how much worse than the one before a value may be.

        >>> MetricGoal(name="map", direction="higher", relative=0.01).allowed_loss(0.5)
        0.005
        """
        return self.tolerance if self.relative is None else self.relative * abs(before)

    def misses_floor(self, value: float) -> bool:
        """Tell whether a value is worse than what is asked in any case."""
        return self.floor is not None and self.loss(self.floor, value) > 0

    def show(self, value: float) -> str:
        """Write a value as people do.

        >>> MetricGoal(name="a", direction="higher", percent=True).show(0.9588)
        '95.88 %'
        """
        return f"{100 * value:.2f} %" if self.percent else f"{value:.4g}"

    def show_difference(self, value: float) -> str:
        """Write how far two values are apart, as people do.

        >>> MetricGoal(name="a", direction="higher", percent=True).show_difference(0.01)
        '1 point'
        """
        if not self.percent:
            return f"{value:.4g}"
        points = f"{100 * value:.4g}"
        return f"{points} point{'' if points == '1' else 's'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceGoal:
    """What is asked of the parts that samples are divided into by one of their properties.

    Attributes:
        name: of the property, as the function gives it to ``run.samples``.
        tolerance: how far a metric may fall behind in a part, in the unit of the metric; None for
            that of the metric.
        at_least: samples that a part must have to be judged; smaller ones are only shown.
    """

    name: str
    tolerance: float | None = None
    at_least: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """A table of the function that ``dvc plots`` draws.

    Attributes:
        name: of the table, as the function gives it to ``run.table``.
        template: how DVC draws it; None for a line.
        x: the column along the horizontal axis.
        y: the column along the vertical axis.
    """

    name: str
    template: str | None = None
    x: str | None = None
    y: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluate:
    """How a model is measured.

    Attributes:
        function: the team's own, which takes the model and a ``paddledvc.Evaluation``.
        metrics: what is asked of what it returns, in the order of models.yaml.
        deps: data and code that it reads, besides what its imports show.
        slices: what is asked of parts of the samples.
        plots: its tables that DVC draws.
        pictures: whether the samples that change are kept as pictures.
        paths: ways to run the exported files that are measured besides the network; None for
            ``deployed`` where the model exports.
        seed: seed of Paddle, NumPy and Python.
        device: ``cpu``, or ``gpu``.
        timeout: seconds that each process may take.
    """

    function: str
    metrics: tuple[MetricGoal, ...]
    deps: tuple[str, ...] = ()
    slices: tuple[SliceGoal, ...] = ()
    plots: tuple[Plot, ...] = ()
    pictures: bool = False
    paths: tuple[PathName, ...] | None = None
    seed: int = 0
    device: str = "cpu"
    timeout: float = 3600.0

    def goal(self, name: str) -> MetricGoal | None:
        """Give what is asked of a metric; None where nothing is."""
        return next((one for one in self.metrics if one.name == name), None)


def evaluated_paths(settings: Evaluate, *, exports: bool) -> tuple[PathName, ...]:
    """List the ways to run the exported files that are measured."""
    if not exports:
        return ()
    return ("deployed",) if settings.paths is None else settings.paths


def read_evaluate_settings(section: Mapping[str, Any]) -> Evaluate:
    """Read an ``evaluate:`` section that has been checked."""
    plain = ("pictures", "seed", "device", "timeout")
    return Evaluate(
        function=section["function"],
        metrics=tuple(_goal(name, said) for name, said in section["metrics"].items()),
        deps=tuple(section.get("deps", ())),
        slices=tuple(
            SliceGoal(name=name, **_numbers(said or {}))
            for name, said in section.get("slices", {}).items()
        ),
        plots=tuple(Plot(name=name, **said) for name, said in section.get("plots", {}).items()),
        paths=tuple(section["paths"]) if "paths" in section else None,
        **{key: section[key] for key in plain if key in section},
    )


def _goal(name: str, said: Mapping[str, Any]) -> MetricGoal:
    percent = any(is_percentage(one) for key, one in said.items() if key != "relative")
    return MetricGoal(name=name, percent=percent, **_numbers(said))


def _numbers(said: Mapping[str, Any]) -> dict[str, Any]:
    words = ("direction", "at_least")
    return {key: one if key in words else read_number(one) for key, one in said.items()}
