"""The reports of verifications as pages of HTML that need no other file and no network."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from paddledvc.core import svg
from paddledvc.core.edges import said_at
from paddledvc.core.jobs import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Cell = str | float | None

WORST = 12
"""Samples that a page lists."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --dim: #5d6b7a; --paper: #fff; --rule: #d9dfe6;
  --bad: #c0392b; --good: #1e7e4f; --c0: #2f6fd0; --c1: #d07c1f; --c2: #2a9168; --c3: #8457c9;
  --c4: #6b7785; --c5: #c2477f; --c6: #8a7a18; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #98a5b3; --paper: #14181d;
  --rule: #323a44; --bad: #ff7a6b; --good: #5fd39b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.verdict { font-weight: 700; } .pass { color: var(--good); } .fail { color: var(--bad); }
.dim, figcaption { color: var(--dim); } figure { margin: 0; overflow-x: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--rule); }
td.number, th.number { text-align: right; } code { font-size: .85em; overflow-wrap: anywhere; }
svg { width: 100%; min-width: 34rem; height: auto; font: 11px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .tick { fill: var(--dim); }
svg .grid { stroke: var(--rule); } svg .axis { stroke: var(--dim); }
svg .tolerance { stroke: var(--bad); stroke-dasharray: 5 4; }
svg text.tolerance { stroke: none; fill: var(--bad); }
svg .median { stroke: var(--paper); stroke-width: 2; }
.c0 { fill: var(--c0); stroke: var(--c0); } .c1 { fill: var(--c1); stroke: var(--c1); }
.c2 { fill: var(--c2); stroke: var(--c2); } .c3 { fill: var(--c3); stroke: var(--c3); }
.c4 { fill: var(--c4); stroke: var(--c4); } .c5 { fill: var(--c5); stroke: var(--c5); }
.c6 { fill: var(--c6); stroke: var(--c6); } svg circle { fill-opacity: .6; stroke: none; }
svg circle.bad { fill-opacity: 1; stroke: var(--bad); stroke-width: 2; }
i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .3em; }
i.c0 { background: var(--c0); } i.c1 { background: var(--c1); } i.c2 { background: var(--c2); }
i.c3 { background: var(--c3); } i.c4 { background: var(--c4); } i.c5 { background: var(--c5); }
i.c6 { background: var(--c6); }
"""


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
            _Html(f'<a href="{escape(one.slug)}/verify.html">{escape(one.details["model"])}</a>'),
            str(one.details["model_version"]),
            _Html(_verdict(one.verdict)),
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
        f"{_table(head, rows)}"
    )
    return _page("Verified models", body)


def page(evidence: Evidence) -> str:
    """Write the page of a model."""
    return _page(f"{evidence.details['model']}: {evidence.verdict}", "".join(_sections(evidence)))


def _sections(evidence: Evidence) -> Iterator[str]:
    details, report = evidence.details, evidence.report
    sizes = ", ".join(map(str, details["batch_sizes"]))
    runtime = details["runtime"]
    title = f"{details['model']} {details['model_version']}".strip()
    yield (
        f"<h1>{escape(title)}: {_verdict(evidence.verdict)}</h1>"
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
        rows = [(name, _number(error)) for name, error in wide.items()]
        yield (
            '<p class="dim">The dynamic network beside itself in float64: the noise that float32 '
            f"has anyway.</p>{_table(['output', 'scaled error'], rows)}"
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
            _Html(_verdict(_result(path))),
            _number(evidence.report["scaled_error"].get(path["path"])),
            path["tolerance"],
            _number(evidence.report["tolerance_used"].get(path["path"])),
            path["gate"],
        )
        for path in evidence.details["paths"]
    ]
    return _table(head, rows)


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
    return _table(head, told)


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
            *(_number(output.get(key)) for key in keys),
        )
        for path in evidence.details["paths"]
        for output in path["outputs"]
    ]
    return _table(["path", "output", *keys.values()], rows)


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
            _number(rates.get(one["path"])),
            one["peak_mib"],
            ", ".join(f"{part} {seconds:g}" for part, seconds in one["seconds"].items()),
        )
        for one in evidence.latency.get("processes", [])
    ]
    return _table(["path", "samples / s", "peak MiB", "seconds"], rows) if rows else ""


def _files(evidence: Evidence) -> str:
    rows = [
        (
            file["path"],
            _Html(f"<code>{escape(str(file['sha256'] or file['md5']))}</code>"),
            file["size"],
        )
        for file in evidence.details["files"]
    ]
    samples = evidence.details["samples_sha256"]
    rows.append(("samples", _Html(f"<code>{escape(str(samples))}</code>"), None))
    return _table(["file", "digest", "bytes"], rows)


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><tr>{names}</tr>{body}</table></div>'


def _cell(value: Cell) -> str:
    if isinstance(value, _Html):
        return f"<td>{value}</td>"
    if isinstance(value, float):
        return f"<td>{value:.3g}</td>"
    return f"<td>{'' if value is None else escape(str(value))}</td>"


def _number(value: object) -> Cell:
    return value if isinstance(value, float) else None if value is None else str(value)


def _result(path: Mapping[str, Any]) -> str:
    if path.get("skipped"):
        return "skipped"
    return "pass" if path["passed"] else "fail"


def _verdict(verdict: str) -> str:
    kind = {"pass": "pass", "skipped": "dim"}.get(verdict, "fail")
    return f'<span class="verdict {kind}">{escape(verdict)}</span>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )
