"""The result of a verification: what was compared, and how far it was off."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.comparison.agreement import Agreement, OutputAgreement  # noqa: TC001 - types of
from paddledvc.comparison.caveats import Caveat, describe_verdict
from paddledvc.comparison.parameters import ParameterComparison  # noqa: TC001
from paddledvc.comparison.samples import describe_sample_edge
from paddledvc.comparison.untaken_branches import Branch  # noqa: TC001 - fields are read
from paddledvc.display.results import Displayed
from paddledvc.models.model import Output  # noqa: TC001
from paddledvc.models.verify_settings import (
    NOT_YET,
    ON_GPU,
    REDUCIBLE,
    USUAL_TOLERANCES,
    Engine,
    PathName,
    Tolerance,
)
from paddledvc.stages.core.record import Hashed  # noqa: TC001
from paddledvc.tools.paddle.core.jobs import (  # noqa: TC001
    Cost,
    Diagnosis,
    Latency,
    Runtime,
    Wide,
)
from paddledvc.verification.core.evidence import (
    CallTime,
    ErrorRow,
    Evidence,
    Latencies,
    OutputEvidence,
    PathEvidence,
    Process,
    round_evidence_error,
    write_evidence_csv,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JUDGED_ANEW = "judged again from the saved errors: only tolerances have changed, and nothing ran"
Verdict = Literal["pass", "fail", "not-repeatable"]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class VerifyReport(Displayed):
    """The result of a verification.

    Attributes:
        repeatable: whether the dynamic network gave the same bytes twice.
        starts: number of the first sample of each call, among all samples.
        batches: number of samples in each call; some samples are in several.
        files: the weights and exported files that the verdict belongs to.
        samples_sha256: digest of all inputs that were compared on.
        engine: settings of the path ``deployed``.
        runtime: what ran the dynamic network.
        latency: of the dynamic network.
        cost: what the process of the dynamic network took.
        batch_error: scaled error of samples in a batch from what each gives alone; None where that
            was not looked at.
        warnings: sentences about what the export was warned of, and what could not be compared.
        tolerance: what its outputs may be off by, and why that is more or less than usual.
        float64: how far the dynamic network is from itself in float64; None where nobody asked.
        branches: where a tensor decided how the dynamic network goes on.
        edges: the edge of each call, empty for a usual one; or nothing for only usual ones.
        refused: sentences about calls that the dynamic network itself does not run.
        outputs: the outputs of the exported program; nothing where they are unknown.
        caveats: why agreement proves little.
        parameters: how the parameters of the exported files compare with those of the network;
            None where there was nothing to compare.
        judged_anew: whether nothing ran, for only tolerances differ from those of the last run.
        since_last: sentences about flags and the like that are not as in the last report.
    """

    model: str
    version: str
    repeatable: bool
    starts: tuple[int, ...]
    batches: tuple[int, ...]
    paths: tuple[PathReport, ...]
    files: tuple[Hashed, ...]
    samples_sha256: str
    engine: Engine
    runtime: Runtime
    latency: tuple[Latency, ...]
    cost: Cost | None = None
    batch_error: float | None = None
    warnings: tuple[str, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    float64: Wide | None = None
    branches: tuple[Branch, ...] = ()
    edges: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    parameters: ParameterComparison | None = None
    judged_anew: bool = False
    since_last: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Say, a sentence a thing, what is not wrong and yet worth to know."""
        wanted = self.engine.precision
        exact = tuple(
            f"{path.path}: no output is off by more than in float32; little or nothing of the "
            f"network was computed in {wanted}"
            for path in self.paths
            if wanted != "float32"
            and path.path in REDUCIBLE
            and path.agreement is not None
            and path.scaled_error <= USUAL_TOLERANCES["float32"]["engine"]
        )
        if self.float64 is not None and self.float64.reason:
            exact = (*exact, f"no error against float64: {self.float64.reason}")
        if unseen := [one.path for one in self.paths if one.path in ON_GPU]:
            what = (
                f"{' and '.join(unseen)}: what paddledvc does for this was {NOT_YET} by its makers"
            )
            exact = (*exact, what)
        exact += self._judged_by_noise()
        compared = [path for path in self.paths if not path.skipped]
        if compared and all(path.gate != "program" for path in compared):
            widest = round_reported_error(max(path.tolerance for path in compared))
            missed = f"what is off by less than {widest} was not looked for"
            exact = (*exact, f"{missed}: that takes the path jit or predictor")
        one_sided = tuple(filter(None, map(str, self.branches)))
        anew = (JUDGED_ANEW,) if self.judged_anew else ()
        # Of a pass they are in the verdict itself.
        little = () if self.verdict == "pass" else tuple(map(str, self.caveats))
        return anew + self.warnings + one_sided + self.refused + exact + little

    def _judged_by_noise(self) -> tuple[str, ...]:
        """Say what agrees only beside what rounding does, once for all paths of which it is so."""
        said: dict[str, list[str]] = {}
        for path in self.paths:
            for note in path.notes:
                said.setdefault(note, []).append(path.path)
        return tuple(f"{', '.join(paths)}: {note}" for note, paths in said.items())

    @property
    def samples(self) -> int:
        """Number of different samples that were compared."""
        ends = (first + size for first, size in zip(self.starts, self.batches, strict=True))
        return max(ends, default=0)

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The batch sizes that were compared at, each once."""
        return tuple(sorted(set(self.batches)))

    @property
    def verdict(self) -> Verdict:
        """Whether every path agrees; a network that disagrees with itself proves nothing."""
        if not self.repeatable:
            return "not-repeatable"
        counted = [path for path in self.paths if not path.skipped]
        return "pass" if counted and all(path.passed for path in counted) else "fail"

    @property
    def conclusion(self) -> str:
        """The verdict, and of a pass what keeps it from meaning much."""
        return describe_verdict(self.verdict, self.caveats)

    @property
    def worst(self) -> str:
        """Say which path is nearest to its tolerance or beyond it, in a few words."""
        ran = [path for path in self.paths if path.agreement is not None]
        failed = next((path for path in self.paths if path.result == "fail"), None)
        if failed is not None and failed.agreement is None:
            return f"{failed.path} {'differ' if failed.path == 'parameters' else 'did not run'}"
        if not ran:
            return "no path ran"
        path = max(ran, key=lambda one: (one is failed, float(one.tolerance_used)))
        return f"worst {path.scaled_error:.2g} of {path.tolerance:g} on {path.path}"

    def _summary(self) -> str:
        named = f"{self.model} {self.version}".rstrip()
        return f"{named}: {self.conclusion}, {self.samples} samples, {self.worst}"

    def _rows(self) -> Iterator[Mapping[str, object]]:
        for path in self.paths:
            error = "" if path.agreement is None else f"{path.scaled_error:.3g}"
            yield {
                "path": path.path,
                "result": path.result,
                "error": error,
                "tolerance": f"{path.tolerance:g}",
                "why": path.failure,
            }

    def to_json(self) -> str:
        """Write the report: the same bytes whenever the same bytes were verified."""
        return evidence_of_report(self).to_json()

    def latency_json(self) -> str:
        """Write how long a call takes on each path, in milliseconds, and what its process took."""
        return latencies_of_report(self).to_json()

    def to_csv(self) -> str:
        """Write the scaled error of every sample, for ``dvc plots``."""
        return write_evidence_csv(errors_of_report(self), edges=any(self.edges))


def evidence_of_report(report: VerifyReport) -> Evidence:
    """Give what a report says: the same whenever the same bytes were verified."""
    compared = [path for path in report.paths if not path.skipped]
    return Evidence(
        verdict=report.verdict,
        scaled_error={
            path.path: float(round_reported_error(path.scaled_error)) for path in compared
        },
        tolerance_used={path.path: float(path.tolerance_used) for path in compared},
        samples=report.samples,
        model=report.model,
        model_version=report.version,
        batch_sizes=report.batch_sizes,
        repeatable=report.repeatable,
        batch_error=None
        if report.batch_error is None
        else float(round_reported_error(report.batch_error)),
        float64_error=_float64(report.float64),
        notes=report.notes,
        branches=report.branches,
        edge_values=tuple(filter(None, report.edges)),
        outputs=report.outputs,
        caveats=report.caveats,
        parameters=report.parameters and _rounded_parameters(report.parameters),
        runtime=report.runtime,
        files=report.files,
        samples_sha256=report.samples_sha256,
        engine=report.engine,
        tolerance=report.tolerance,
        paths=tuple(_path_evidence(path) for path in report.paths),
    )


def latencies_of_report(report: VerifyReport) -> Latencies:
    """Give how long a call takes on each path, in milliseconds, and what its process took."""
    every = [
        ("eager", report.latency, report.cost),
        *((path.path, path.latency, path.cost) for path in report.paths),
    ]
    measured = [(name, latency) for name, latency, _ in every if latency]
    costs = [(name, cost) for name, _, cost in every if cost is not None]
    return Latencies(
        median_ms=tuple((name, latency[-1].median_ms) for name, latency in measured),
        samples_per_second=tuple((name, latency[-1].throughput) for name, latency in measured),
        peak_mib=tuple((name, cost.peak_mib) for name, cost in costs),
        calls=tuple(
            CallTime(path=name, **asdict(one), samples_per_second=one.throughput)
            for name, latency in measured
            for one in latency
        ),
        processes=tuple(
            Process(path=name, peak_mib=cost.peak_mib, seconds=cost.seconds) for name, cost in costs
        ),
    )


def errors_of_report(report: VerifyReport) -> tuple[ErrorRow, ...]:
    """List the scaled error of every sample on every path."""
    return tuple(
        ErrorRow(
            sample=report.starts[error.case] + error.sample,
            batch=report.batches[error.case],
            path=path.path,
            output=error.output,
            scaled_error=float(round_reported_error(error.scaled_error)),
            edge=error.edge,
            tolerance=path.agreement.tolerance_of(error.output),
        )
        for path in report.paths
        if path.agreement is not None
        for error in path.agreement.samples
    )


def _float64(wide: Wide | None) -> tuple[tuple[str, float], ...] | None:
    if wide is None:
        return None
    return tuple((name, float(round_reported_error(error))) for name, error in wide.errors)


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

    path: PathName | Literal["export", "parameters"]
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
    def explained(self) -> bool:
        """Whether it is known without a search why it fails."""
        repeats = self.agreement is not None and self.agreement.repeats
        return self.missing or self.stuck or repeats

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
        return round_reported_error(max(shares, default=0.0))

    @property
    def notes(self) -> tuple[str, ...]:
        """Say, a sentence a thing, which outputs agree only beside what rounding does."""
        found = self.agreement
        if found is None:
            return ()
        return tuple(
            f"{output.name} is off by {round_reported_error(output.scaled_error)}; "
            + (self._of_program() if self.gate == "program" else self._of_engine(output.name))
            for output in found.outputs
            if output.name in found.noise
            and found.tolerance < output.scaled_error <= found.tolerance_of(output.name)
        )

    def _of_program(self) -> str:
        return (
            "a program multiplies by the reciprocal of a number that the network divides by, and "
            "has another kernel for powers: the network computed so agrees with it"
        )

    def _of_engine(self, output: str) -> str:
        assert self.agreement is not None, "there is an output"
        return (
            "that is within its noise: to move inputs and weights by one unit in the last place "
            f"moves it by {round_reported_error(self.agreement.noise[output])}"
        )

    @property
    def findings(self) -> tuple[str, ...]:
        """Say, a sentence a thing, what is wrong."""
        if self.agreement is None:
            return (self.failure,)
        over = tuple(
            f"{output.name}: scaled error {round_reported_error(output.scaled_error)} "
            f"over the tolerance {self.agreement.tolerance_of(output.name):g}"
            f"{_column(output)}{describe_sample_edge(output.edge)}"
            for output in self.agreement.outputs
            if output.scaled_error > self.agreement.tolerance_of(output.name)
        )
        return self.agreement.problems + over


def _column(output: OutputAgreement) -> str:
    return "" if output.column is None else f" in column {output.column}, which has its own unit"


def _path_evidence(report: PathReport) -> PathEvidence:
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
    return replace(diagnosis, scaled_error=float(round_reported_error(diagnosis.scaled_error)))


def _rounded_parameters(parameters: ParameterComparison) -> ParameterComparison:
    rounded = (
        replace(one, scaled_error=float(round_reported_error(one.scaled_error)))
        for one in parameters.differing
    )
    return replace(parameters, differing=tuple(rounded))


def _of_output(agreement: Agreement, output: OutputAgreement) -> OutputEvidence:
    measures: dict[str, Any] = asdict(output.closeness)
    if output.ranking is not None:
        measures |= asdict(output.ranking)
    noise = agreement.noise.get(output.name)
    for name, value in measures.items():
        measures[name] = float(round_reported_error(value)) if isinstance(value, float) else value
    return OutputEvidence(
        name=output.name,
        edge=output.edge,
        column=output.column,
        scaled_error=float(round_reported_error(output.scaled_error)),
        tolerance=agreement.tolerance_of(output.name),
        noise=None if noise is None else float(round_reported_error(noise)),
        **measures,
    )


def round_reported_error(error: float) -> float | str:
    """Round an error to what is worth reading; an infinite one is text, for JSON has none.

    >>> round_reported_error(1.23456e-7), round_reported_error(float("inf"))
    (1.23e-07, 'inf')
    """
    return "inf" if error == float("inf") else round_evidence_error(error)
