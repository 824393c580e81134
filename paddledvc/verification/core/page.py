"""The reports of verifications as pages of HTML that need no other file and no network."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.extra_calls import said_at
from paddledvc.display.html import Cell, Html, document, number, table, verdict
from paddledvc.tools.paddle.core.results import Diagnosis
from paddledvc.verification.core import svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WORST = 12
"""Samples that a page lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a verification of a model has left.

    Attributes:
        slug: the folder of its reports.
        report: ``verify.json``.
        latency: ``latency.json``; empty if it is not there.
        errors: the rows of ``verify.csv``.
    """

    slug: str
    report: Mapping[str, Any]
    latency: Mapping[str, Any]
    errors: Sequence[Mapping[str, str]]

    @property
    def details(self) -> Mapping[str, Any]:
        """The part of the report that is in lists, for DVC's sake."""
        found: Mapping[str, Any] = self.report["evidence"][0]
        return found

    @property
    def verdict(self) -> str:
        """What it says of itself."""
        return str(self.report["verdict"])

    @property
    def share(self) -> float:
        """The largest error as a share of its tolerance: above 1 a path fails."""
        return max(map(float, self.report["tolerance_used"].values()), default=0.0)


def overview(every: Sequence[Evidence]) -> str:
    """Write the page of all models, those that fail first."""
    ordered = sorted(every, key=lambda one: (one.verdict == "pass", one.slug))
    rows = [
        (
            Html(f'<a href="{escape(one.slug)}/verify.html">{escape(one.details["model"])}</a>'),
            str(one.details["model_version"]),
            Html(verdict(one.verdict)),
            one.share,
            ", ".join(path["path"] for path in one.details["paths"]),
            str(one.details["runtime"]["paddle"]),
        )
        for one in ordered
    ]
    passed = sum(one.verdict == "pass" for one in every)
    head = ["model", "version", "verdict", "error / tolerance", "paths", "Paddle"]
    body = (
        f"<h1>{passed} of {len(every)} models pass</h1>"
        '<p class="dim">Each exported model beside its dynamic network, on every path.</p>'
        f"{table(head, rows)}"
    )
    return document("Verified models", body)


def page(evidence: Evidence) -> str:
    """Write the page of a model."""
    return document(
        f"{evidence.details['model']}: {evidence.verdict}", "".join(_sections(evidence))
    )


def _sections(evidence: Evidence) -> Iterator[str]:
    details, report = evidence.details, evidence.report
    sizes = ", ".join(map(str, details["batch_sizes"]))
    runtime = details["runtime"]
    title = f"{details['model']} {details['model_version']}".strip()
    yield (
        f"<h1>{escape(title)}: {verdict(evidence.verdict)}</h1>"
        f'<p class="dim">{report["samples"]} samples at batch sizes {sizes}; Paddle '
        f"{escape(str(runtime['paddle']))} on {escape(str(runtime['device']))}</p>"
    )
    if not details["repeatable"]:
        yield "<p class=fail>The dynamic network gives other outputs when it is run again.</p>"
    for path in details["paths"]:
        kind = "dim" if path.get("skipped") else "fail"
        for finding in path["findings"]:
            yield f'<p class="{kind}">{escape(path["path"])}: {escape(finding)}</p>'
        if begins := path.get("diagnosis"):
            yield f"<p>{escape(path['path'])}: {escape(str(Diagnosis(**begins)))}</p>"
    for note in details.get("notes", []):
        yield f'<p class="dim">note: {escape(note)}</p>'
    yield f"<h2>Paths</h2>{_paths(evidence)}"
    if series := _series(evidence):
        names = "".join(
            f'<span><i class="{svg.color(one.path)}"></i>{escape(one.path)} </span>'
            for one in series
        )
        yield (
            f"<h2>Errors</h2><figure>{svg.errors(series)}<figcaption>{names} The scaled error, "
            "max|d| / max|ref|, of every sample; the worst of its outputs.</figcaption></figure>"
        )
        yield f"<h2>Largest errors</h2>{_worst(evidence)}"
    yield f"<h2>Outputs</h2>{_outputs(evidence)}"
    if wide := details.get("float64_error"):
        rows = [(name, number(error)) for name, error in wide.items()]
        yield (
            '<p class="dim">The dynamic network beside itself in float64: the noise that float32 '
            f"has anyway.</p>{table(['output', 'scaled error'], rows)}"
        )
    if boxes := _boxes(evidence):
        yield (
            f"<h2>Time</h2><figure>{svg.times(boxes)}<figcaption>Calls at the largest batch size: "
            "from the fastest to the 95th percentile, the middle half as a box.</figcaption>"
            f"</figure>{_costs(evidence)}"
        )
    yield f"<h2>What it belongs to</h2>{_files(evidence)}"


def _paths(evidence: Evidence) -> str:
    head = ["path", "result", "scaled error", "tolerance", "error / tolerance", "gate"]
    rows = [
        (
            path["path"],
            Html(verdict(_result(path))),
            number(evidence.report["scaled_error"].get(path["path"])),
            path["tolerance"],
            number(evidence.report["tolerance_used"].get(path["path"])),
            path["gate"],
        )
        for path in evidence.details["paths"]
    ]
    return table(head, rows)


def _series(evidence: Evidence) -> list[svg.Series]:
    worst: dict[str, dict[int, float]] = {}
    for row in evidence.errors:
        path = worst.setdefault(row["path"], {})
        sample, error = int(row["sample"]), float(row["scaled_error"])
        path[sample] = max(error, path.get(sample, 0.0))
    return [
        svg.Series(
            path=path["path"],
            tolerance=path["tolerance"],
            errors=tuple(found.get(number, 0.0) for number in range(max(found) + 1)),
        )
        for path in evidence.details["paths"]
        if (found := worst.get(path["path"]))
    ]


def _worst(evidence: Evidence) -> str:
    tolerances = {path["path"]: path["tolerance"] for path in evidence.details["paths"]}

    def share(row: Mapping[str, str]) -> float:
        error, tolerance = float(row["scaled_error"]), tolerances.get(row["path"], 0.0)
        return error / tolerance if tolerance else error

    rows = sorted((row for row in evidence.errors if share(row) > 0), key=share, reverse=True)
    if not rows:
        return '<p class="dim">No output differs in any bit.</p>'
    head = ["sample", "batch", "path", "output", "scaled error", "error / tolerance"]
    told: list[tuple[Cell, ...]] = [
        (
            *(row[key] for key in head[:3]),
            row["output"] + said_at(row.get("edge", "")),
            float(row["scaled_error"]),
            share(row),
        )
        for row in rows[:WORST]
    ]
    return table(head, told)


def _outputs(evidence: Evidence) -> str:
    keys = {
        "scaled_error": "scaled",
        "absolute_error": "absolute",
        "relative_error": "relative",
        "mean_error": "mean",
        "cosine_distance": "1 - cos",
        "ulps": "ulps",
        "top1_changed": "top-1 changed",
    }
    rows = [
        (
            path["path"],
            output["name"] + said_at(output.get("edge", "")),
            *(number(output.get(key)) for key in keys),
        )
        for path in evidence.details["paths"]
        for output in path["outputs"]
    ]
    return table(["path", "output", *keys.values()], rows)


def _boxes(evidence: Evidence) -> list[svg.Box]:
    calls = evidence.latency.get("calls", [])
    largest = {call["path"]: call for call in sorted(calls, key=lambda one: one["batch"])}
    return [
        svg.Box(
            path=name,
            fastest=call.get("fastest_ms", call["median_ms"]),
            q1=call.get("q1_ms", call["median_ms"]),
            median=call["median_ms"],
            q3=call.get("q3_ms", call["median_ms"]),
            p95=call["p95_ms"],
        )
        for name, call in largest.items()
    ]


def _costs(evidence: Evidence) -> str:
    """Say what each process took."""
    rates = evidence.latency.get("samples_per_second", {})
    rows = [
        (
            one["path"],
            number(rates.get(one["path"])),
            one["peak_mib"],
            ", ".join(f"{part} {seconds:g}" for part, seconds in one["seconds"].items()),
        )
        for one in evidence.latency.get("processes", [])
    ]
    return table(["path", "samples / s", "peak MiB", "seconds"], rows) if rows else ""


def _files(evidence: Evidence) -> str:
    rows = [
        (
            file["path"],
            Html(f"<code>{escape(str(file['sha256'] or file['md5']))}</code>"),
            file["size"],
        )
        for file in evidence.details["files"]
    ]
    samples = evidence.details["samples_sha256"]
    rows.append(("samples", Html(f"<code>{escape(str(samples))}</code>"), None))
    return table(["file", "digest", "bytes"], rows)


def _result(path: Mapping[str, Any]) -> str:
    if path.get("skipped"):
        return "skipped"
    return "pass" if path["passed"] else "fail"
