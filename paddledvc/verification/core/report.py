"""The evidence that a verification leaves: what was compared, with what result."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.display.results import Displayed
from paddledvc.models.verify_settings import REDUCIBLE, USUAL, Tolerance
from paddledvc.verification.core.path_report import PathReport, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.comparison.other_measures import Ranking
    from paddledvc.comparison.untaken_branches import Branch
    from paddledvc.hashes import Hashed
    from paddledvc.models.model import Output
    from paddledvc.models.verify_settings import Engine
    from paddledvc.tools.paddle.core.results import Cost, Diagnosis, Latency, Runtime, Wide

Verdict = Literal["pass", "fail", "not-repeatable"]
VERSION = 1


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
            and path.scaled_error <= USUAL["float32"]["engine"]
        )
        if self.float64 is not None and self.float64.reason:
            exact = (*exact, f"no error against float64: {self.float64.reason}")
        one_sided = tuple(filter(None, map(str, self.branches)))
        return self.warnings + one_sided + self.refused + exact

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
    def worst(self) -> str:
        """Say which path is nearest to its tolerance or beyond it, in a few words."""
        ran = [path for path in self.paths if path.agreement is not None]
        failed = next((path for path in self.paths if path.result == "fail"), None)
        if failed is not None and failed.agreement is None:
            return f"{failed.path} did not run"
        if not ran:
            return "no path ran"
        path = max(ran, key=lambda one: (one is failed, float(one.tolerance_used)))
        return f"worst {path.scaled_error:.2g} of {path.tolerance:g} on {path.path}"

    def _summary(self) -> str:
        named = f"{self.model} {self.version}".rstrip()
        return f"{named}: {self.verdict}, {self.samples} samples, {self.worst}"

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
        """Write the report: the same bytes whenever the same bytes were verified.

        DVC shows every number and text of a metrics file except what is inside a list; so the
        verdict and the errors are outside and the evidence is inside lists.
        """
        compared = [path for path in self.paths if not path.skipped]
        return _json(
            {
                "verdict": self.verdict,
                "scaled_error": {path.path: rounded(path.scaled_error) for path in compared},
                # DVC shows five digits, which of an error are often five zeros.
                "tolerance_used": {path.path: path.tolerance_used for path in compared},
                "samples": self.samples,
                "evidence": [
                    {
                        "version": VERSION,
                        "model": self.model,
                        "model_version": self.version,
                        "batch_sizes": list(self.batch_sizes),
                        "repeatable": self.repeatable,
                        "batch_error": _rounded(self.batch_error),
                        "float64_error": _float64(self.float64),
                        "notes": list(self.notes),
                        "branches": [asdict(branch) for branch in self.branches],
                        "edge_values": list(filter(None, self.edges)),
                        "outputs": [_output(output) for output in self.outputs],
                        "runtime": _runtime(self.runtime),
                        "files": [
                            {"path": item.path, **asdict(item.hashes)} for item in self.files
                        ],
                        "samples_sha256": self.samples_sha256,
                        "engine": asdict(self.engine),
                        "tolerance": asdict(self.tolerance),
                        "paths": [_path(path) for path in self.paths],
                    }
                ],
            }
        )

    def latency_json(self) -> str:
        """Write how long a call takes on each path, in milliseconds, and what its process took.

        As in ``to_json``, what DVC is to show in its table is outside lists: time and samples a
        second at the largest batch size, and memory.
        """
        every = [
            ("eager", self.latency, self.cost),
            *((path.path, path.latency, path.cost) for path in self.paths),
        ]
        measured = [(name, latency) for name, latency, _ in every if latency]
        costs = [(name, cost) for name, _, cost in every if cost is not None]
        return _json(
            {
                "median_ms": {name: latency[-1].median_ms for name, latency in measured},
                "samples_per_second": {name: latency[-1].throughput for name, latency in measured},
                "peak_mib": {name: cost.peak_mib for name, cost in costs},
                "calls": [
                    {"path": name, **asdict(one), "samples_per_second": one.throughput}
                    for name, latency in measured
                    for one in latency
                ],
                "processes": [
                    {"path": name, "peak_mib": cost.peak_mib, "seconds": dict(cost.seconds)}
                    for name, cost in costs
                ],
            }
        )

    def to_csv(self) -> str:
        """Write the scaled error of every sample, for ``dvc plots``."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        edges = any(self.edges)
        head = ["sample", "batch", "path", "output", "scaled_error"]
        writer.writerow([*head, "edge"] if edges else head)
        for path in self.paths:
            for error in path.agreement.samples if path.agreement else ():
                number = self.starts[error.case] + error.sample
                batch, scaled = self.batches[error.case], rounded(error.scaled_error)
                row = [number, batch, path.path, error.output, scaled]
                writer.writerow([*row, error.edge] if edges else row)
        return text.getvalue()


def _path(path: PathReport) -> dict[str, Any]:
    outputs = [] if path.agreement is None else path.agreement.outputs
    return {
        "path": path.path,
        "passed": path.passed,
        "skipped": path.skipped,
        "gate": path.gate,
        "tolerance": path.tolerance,
        "repeatable": path.repeatable,
        "runtime": None if path.runtime is None else _runtime(path.runtime),
        "findings": [] if path.passed else list(path.findings),
        "diagnosis": None if path.diagnosis is None else _diagnosis(path.diagnosis),
        "outputs": [
            {
                "name": output.name,
                **({"edge": output.edge} if output.edge else {}),
                "scaled_error": rounded(output.scaled_error),
                "tolerance": path.agreement.tolerance_of(output.name) if path.agreement else None,
                **{key: _rounded(value) for key, value in asdict(output.closeness).items()},
                **_ranking(output.ranking),
            }
            for output in outputs
        ],
    }


def _output(output: Output) -> dict[str, Any]:
    shape = None if output.shape is None else list(output.shape)
    return {"name": output.name, "dtype": output.dtype, "shape": shape}


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {**asdict(diagnosis), "scaled_error": rounded(diagnosis.scaled_error)}


def _float64(wide: Wide | None) -> dict[str, float | str] | None:
    return None if wide is None else {name: rounded(error) for name, error in wide.errors}


def _rounded(value: float | None) -> float | str | None:
    return rounded(value) if isinstance(value, float) else value


def _ranking(ranking: Ranking | None) -> dict[str, Any]:
    if ranking is None:
        return {"top1_changed": None}
    return {key: _rounded(value) for key, value in asdict(ranking).items()}


def _runtime(runtime: Runtime) -> dict[str, Any]:
    return {
        "paddle": runtime.paddle,
        "commit": runtime.commit,
        "device": runtime.device,
        "flags": dict(runtime.flags),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
