"""How one way to run the exported files fared."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.comparison.extra_calls import said_at
from paddledvc.verification.core.evidence import OutputEvidence, PathEvidence

if TYPE_CHECKING:
    from paddledvc.comparison.agreement import Agreement, OutputAgreement
    from paddledvc.models.verify_settings import PathName
    from paddledvc.tools.paddle.core.results import Cost, Diagnosis, Latency, Runtime

DIGITS = 3
"""Significant digits of errors in a report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PathReport:
    """How one way to run the exported files fared.

    Attributes:
        path: the way.
        gate: which tolerance applies: ``program``, ``engine`` or ``device``.
        agreement: the comparison; None where the path did not run.
        failure: why it did not run; empty where it did.
        skipped: whether it is an optional one, and what it needs is not there.
        repeatable: whether a second run gave the same bytes.
        runtime: what ran; None where nothing did.
        cost: what its process took; None where nothing ran.
        diagnosis: where the disagreement begins; None where nobody looked.
        missing: whether it did not run for want of something, such as a GPU.
        stuck: whether it was ended, for it took longer than it may.
    """

    path: PathName | Literal["export"]
    gate: str
    tolerance: float
    agreement: Agreement | None = None
    failure: str = ""
    skipped: bool = False
    repeatable: bool = True
    latency: tuple[Latency, ...] = ()
    runtime: Runtime | None = None
    cost: Cost | None = None
    diagnosis: Diagnosis | None = None
    missing: bool = False
    stuck: bool = False

    @property
    def passed(self) -> bool:
        """Whether the path ran and agrees with the dynamic network."""
        return self.agreement is not None and self.agreement.agrees

    @property
    def result(self) -> Literal["pass", "fail", "skipped"]:
        """How it fared, in a word."""
        if self.skipped:
            return "skipped"
        return "pass" if self.passed else "fail"

    @property
    def scaled_error(self) -> float:
        """The largest scaled error of a sample; infinite where nothing could be compared."""
        return float("inf") if self.agreement is None else self.agreement.scaled_error

    @property
    def tolerance_used(self) -> float | str:
        """The largest scaled error as a share of its tolerance: above 1 the path fails."""
        if self.agreement is None or self.agreement.problems:
            return "inf"
        shares = [
            self.agreement.tolerance_used(one.name, one.scaled_error)
            for one in self.agreement.outputs
        ]
        return round_error(max(shares, default=0.0))

    @property
    def findings(self) -> tuple[str, ...]:
        """Say, a sentence a thing, what is wrong."""
        if self.agreement is None:
            return (self.failure,)
        over = tuple(
            f"{output.name}: scaled error {round_error(output.scaled_error)} "
            f"over the tolerance {self.agreement.tolerance_of(output.name):g}{said_at(output.edge)}"
            for output in self.agreement.outputs
            if output.scaled_error > self.agreement.tolerance_of(output.name)
        )
        return self.agreement.problems + over


def path_evidence(report: PathReport) -> PathEvidence:
    """Give what a report says of a path."""
    found = report.agreement
    return PathEvidence(
        path=report.path,
        passed=report.passed,
        skipped=report.skipped,
        gate=report.gate,
        tolerance=report.tolerance,
        repeatable=report.repeatable,
        runtime=report.runtime,
        findings=() if report.passed else report.findings,
        diagnosis=report.diagnosis and _rounded(report.diagnosis),
        outputs=() if found is None else tuple(_of_output(found, one) for one in found.outputs),
    )


def _rounded(diagnosis: Diagnosis) -> Diagnosis:
    return replace(diagnosis, scaled_error=float(round_error(diagnosis.scaled_error)))


def _of_output(agreement: Agreement, output: OutputAgreement) -> OutputEvidence:
    measures: dict[str, Any] = asdict(output.closeness)
    if output.ranking is not None:
        measures |= asdict(output.ranking)
    for name, value in measures.items():
        measures[name] = float(round_error(value)) if isinstance(value, float) else value
    return OutputEvidence(
        name=output.name,
        edge=output.edge,
        scaled_error=float(round_error(output.scaled_error)),
        tolerance=agreement.tolerance_of(output.name),
        **measures,
    )


def round_error(error: float) -> float | str:
    """Round an error to what is worth reading; an infinite one is text, for JSON has none.

    >>> round_error(1.23456e-7), round_error(float("inf"))
    (1.23e-07, 'inf')
    """
    return "inf" if error == float("inf") else float(f"{error:.{DIGITS}g}")
