"""The reports of verifications as pages of HTML that need no other file and no network."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.comparison.samples import describe_sample_edge
from paddledvc.display.templates import fill_template
from paddledvc.verification.core import svg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.verification.core.evidence import ErrorRow, Evidence, Latencies

WORST = 12
"""Samples that a page lists."""
MEASURES = {
    "scaled_error": "scaled",
    "absolute_error": "absolute",
    "relative_error": "relative",
    "mean_error": "mean",
    "cosine_distance": "1 - cos",
    "ulps": "ulps",
    "top1_changed": "top-1 changed",
}
"""What a page tells of each output, and the heads of its columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What a project knows of a report beside what it says itself.

    Attributes:
        owner: who answers for the model; empty where nobody is named.
        version: the version that is locked; empty where none is.
        commit: short name of the commit that brought the report; empty where none has it as it is.
        date: the day of that commit.
    """

    owner: str = ""
    version: str = ""
    commit: str = ""
    date: str = ""


UNKNOWN = Origin()


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of a page.

    Attributes:
        title: what stands above it.
        head: the heads of its columns.
        rows: its cells, numbers or texts.
        note: a sentence below it; empty for none.
        drawing: an SVG above it, in base64; empty for none.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    note: str = ""
    drawing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """What a page shows of what was measured of a model.

    Attributes:
        model: its name.
        version: its version.
        first: the first metric, for the page of all models; empty where nothing is shown.
        problem: why nothing is shown; empty where something is.
        notes: sentences about it.
        tables: all of it.
    """

    model: str = ""
    version: str = ""
    first: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What a verification of a model has left.

    Attributes:
        slug: the folder of its reports.
        evidence: ``verify.json``.
        latencies: ``latency.json``; empty if it is not there.
        errors: ``verify.csv``.
        origin: whose it is, and since when.
        metrics: what was measured of the model; None where nothing was.
    """

    slug: str
    evidence: Evidence
    latencies: Latencies
    errors: tuple[ErrorRow, ...]
    origin: Origin = UNKNOWN
    metrics: Metrics | None = None

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.evidence.model

    @property
    def verdict(self) -> str:
        """What the report says, where its paths say so too."""
        said = self.evidence.verdict
        return "fail" if said == "pass" and not self.evidence.passes else said

    @property
    def version(self) -> str:
        """The version of the model, as exactly as it is known."""
        return self.origin.version or self.evidence.model_version

    @property
    def share(self) -> float:
        """The largest error as a share of its tolerance: above 1 a path fails."""
        return max(self.evidence.tolerance_used.values(), default=0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unverified:
    """What a model has left that was measured, and that no report of verify is of.

    Attributes:
        slug: the folder of its reports.
        metrics: what was measured.
        origin: whose it is, and since when.
    """

    slug: str
    metrics: Metrics
    origin: Origin = UNKNOWN
    verdict: str = "not verified"

    @property
    def model(self) -> str:
        """The name of the model, as far as it is known."""
        return self.metrics.model or self.slug

    @property
    def version(self) -> str:
        """The version of the model, as exactly as it is known."""
        return self.origin.version or self.metrics.version


def render_overview_page(every: Sequence[Verification | Unverified]) -> str:
    """Write the page of all models, those that fail first."""
    rank = {"not verified": 1, "pass": 2}
    ordered = sorted(every, key=lambda one: (rank.get(one.verdict, 0), one.slug))
    verdicts = Counter(one.verdict for one in every)
    return _fill(
        "overview.html", every=ordered, passed=verdicts["pass"], unverified=verdicts["not verified"]
    )


def render_metrics_page(one: Unverified) -> str:
    """Write the page of a model that is measured and not verified."""
    return _fill("measured.html", one=one)


def render_page(one: Verification, *, linked: bool = True) -> str:
    """Write the page of a model.

    Args:
        one: what its verification has left.
        linked: whether it is one of several pages, behind the one that names all models.
    """
    return _fill(
        "model.html",
        measures=MEASURES,
        describe_sample_edge=describe_sample_edge,
        svg=svg,
        one=one,
        linked=linked,
        answers=_answers(one),
        series=_series(one),
        worst=_worst(one),
        boxes=list_latency_boxes(one.latencies),
        rates=dict(one.latencies.samples_per_second),
    )


def _fill(name: str, **values: object) -> str:
    return fill_template("paddledvc.verification", name, **values)


def _series(one: Verification) -> list[svg.Series]:
    worst: dict[str, dict[int, float]] = {}
    for row in one.errors:
        path = worst.setdefault(row.path, {})
        path[row.sample] = max(row.scaled_error, path.get(row.sample, 0.0))
    return [
        svg.Series(
            path=path.path,
            tolerance=path.tolerance,
            errors=tuple(found.get(number, 0.0) for number in range(max(found) + 1)),
        )
        for path in one.evidence.paths
        if (found := worst.get(path.path))
    ]


def _answers(one: Verification) -> list[str]:
    """Say how many samples get another first class from the export, where there are classes."""
    counts = Counter((row.path, row.output, row.edge) for row in one.errors)
    samples = one.evidence.samples
    lines, asked = [], set()
    for path in one.evidence.paths:
        for output in path.outputs:
            if output.top1_changed is None:
                continue
            count = counts[path.path, output.name, output.edge]
            asked.add(count)
            if output.top1_changed:
                what = f"{path.path}: {output.top1_changed} of {count} first answers change"
                many = "; a sample counts in each of its calls" if count > samples else ""
                lines.append(f"{what} ({output.name}{describe_sample_edge(output.edge)}{many})")
    if asked and not lines:
        return [f"0 of {max(asked)} first answers change"]
    return lines


def _worst(one: Verification) -> list[tuple[object, ...]]:
    """List the samples with the largest errors, each once, as rows of a table."""
    tolerances = {
        (path.path, output.name): output.tolerance
        for path in one.evidence.paths
        for output in path.outputs
        if output.tolerance is not None
    }
    usual = {path.path: path.tolerance for path in one.evidence.paths}

    def share(row: ErrorRow) -> float:
        tolerance = tolerances.get((row.path, row.output), usual.get(row.path, 0.0))
        return row.scaled_error / tolerance if tolerance else row.scaled_error

    samples: dict[int, list[ErrorRow]] = {}
    for row in one.errors:
        if share(row) > 0:
            samples.setdefault(row.sample, []).append(row)
    worst = sorted(((max(rows, key=share), rows) for rows in samples.values()), key=_by(share))
    return [
        (
            row.sample,
            row.batch,
            row.path,
            row.output + describe_sample_edge(row.edge),
            row.scaled_error,
            share(row),
            ", ".join(dict.fromkeys(other.path for other in rows if share(other) > 1)),
        )
        for row, rows in worst[:WORST]
    ]


def _by(share: Callable[[ErrorRow], float]) -> Callable[[tuple[ErrorRow, object]], float]:
    return lambda found: -share(found[0])


def list_latency_boxes(latencies: Latencies) -> list[svg.Box]:
    """Say how long a call of each path takes, at its largest batch size."""
    largest = {call.path: call for call in sorted(latencies.calls, key=lambda one: one.batch)}
    return [
        svg.Box(
            path=call.path,
            fastest=call.median_ms if call.fastest_ms is None else call.fastest_ms,
            q1=call.median_ms if call.q1_ms is None else call.q1_ms,
            median=call.median_ms,
            q3=call.median_ms if call.q3_ms is None else call.q3_ms,
            p95=call.p95_ms,
        )
        for call in largest.values()
    ]
