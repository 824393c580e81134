"""Paths that disagree by no more than rounding could explain, judged beside the network's noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from paddledvc.comparison import tolerances
from paddledvc.comparison.agreement import measure_agreement
from paddledvc.comparison.samples import OutputValues
from paddledvc.tools.paddle import arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from paddledvc.comparison.agreement import Agreement
    from paddledvc.comparison.samples import Outputs
    from paddledvc.models.verify_settings import Tolerance
    from paddledvc.verification.core.verify_report import PathReport


class MeasureNoise(Protocol):
    """Runs the dynamic network again."""

    def __call__(self, program: Path | None, *, moves: bool) -> Mapping[str, float] | None:
        """Measure.

        Args:
            program: file to write the outputs to of the network that computes as its program does.
            moves: whether inputs and weights are to be moved.

        Returns:
            How far that moves each output; None where the network could not be run.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What was compared, and by what.

    Attributes:
        tolerance: what was stated.
        edges: the edge of each call, empty for a usual one; or nothing for only usual ones.
        outputs: names the file with the outputs of a path.
        expected: the outputs of the dynamic network.
        batches: number of samples of each call.
    """

    tolerance: Tolerance
    edges: tuple[str, ...]
    outputs: Callable[[str], Path]
    expected: Sequence[Outputs]
    batches: Sequence[int]

    def load(self, file: Path) -> list[list[OutputValues]]:
        """Load outputs, and call them what the network does."""
        names = [one.name for one in self.expected[0]]
        return [
            [
                OutputValues(name=name, values=array)
                for name, array in zip(names, call.values(), strict=True)
            ]
            for call in arrays.load_arrays(file)
        ]


def judge_paths_by_noise(
    paths: Sequence[PathReport], compared: Compared, measure: MeasureNoise
) -> tuple[PathReport, ...]:
    """Judge again what is off by no more than rounding could explain.

    Nothing is run where everything agrees, where something is off by more, or where the tolerance
    was stated.

    Args:
        paths: how all paths fared.
        compared: what they were judged by.
        measure: runs the dynamic network again.
    """
    doubtful = [one for one in paths if _is_doubtful(one, compared)]
    if not doubtful:
        return tuple(paths)
    programs = any(one.gate == "program" for one in doubtful)
    moves = any(one.gate != "program" for one in doubtful)
    file = compared.outputs("network as program") if programs else None
    noise = measure(file, moves=moves)
    if noise is None:
        return tuple(paths)
    beside = None if file is None else compared.load(file)
    return tuple(_judged(one, compared, noise, beside) if one in doubtful else one for one in paths)


def _is_doubtful(report: PathReport, compared: Compared) -> bool:
    if report.path == "export" or report.path == "parameters" or report.agreement is None:  # noqa: PLR1714 - mypy
        return False
    stated = compared.tolerance.is_stated(report.path)
    return not stated and tolerances.may_be_noise(report.agreement)


def _judged(
    report: PathReport,
    compared: Compared,
    noise: Mapping[str, float],
    beside: Sequence[Outputs] | None,
) -> PathReport:
    assert report.agreement is not None, "it did not run, and is not doubtful"
    if report.gate != "program":
        found = tolerances.judge_by_noise(report.agreement, noise)
    else:
        assert beside is not None, "a program is doubtful, so this was run"
        measured = partial(
            measure_agreement,
            batches=compared.batches,
            tolerance=report.tolerance,
            edges=compared.edges,
            exact=True,
        )
        agrees = measured(beside, compared.load(compared.outputs(report.path)))
        moved = _errors(measured(compared.expected, beside))
        found = tolerances.judge_by_program(report.agreement, agrees, moved)
    widened = [found.tolerance_of(name) for name in found.noise]
    return replace(report, agreement=found, tolerance=max((report.tolerance, *widened)))


def _errors(found: Agreement) -> dict[str, float]:
    """Tell the largest error of each output; nothing where the two cannot be compared."""
    errors: dict[str, float] = {}
    for one in () if found.problems else found.outputs:
        errors[one.name] = max(one.scaled_error, errors.get(one.name, 0.0))
    return errors
