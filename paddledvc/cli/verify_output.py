"""What ``paddledvc verify`` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from paddledvc.cli.printer import echo, echo_table
from paddledvc.verification.core.verify_report import round_reported_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.verification.core.verify_report import PathReport, VerifyReport
    from paddledvc.verification.verify import Verified

BATCH_NOISE = 1e-5
"""Scaled error above which a sample depends on its batch by more than the order of sums."""


def echo_report(report: VerifyReport, advice: str = "") -> None:
    """Print what was compared, and what is wrong, then the verdict.

    Args:
        report: the report.
        advice: where more is to be seen, for one that does not pass.
    """
    rows = [
        (
            path.path,
            "FAIL" if path.result == "fail" else path.result,
            "" if path.skipped else round_reported_error(path.scaled_error),
            f"{path.tolerance:g}",
            path.latency[-1].median_ms if path.latency else "",
        )
        for path in report.paths
    ]
    echo_table(
        ["path", "result", "scaled error", "tolerance", f"ms at batch {max(report.batch_sizes)}"],
        rows,
    )
    for path in report.paths:
        for line in _wrong(path):
            echo(line)
    if not report.repeatable:
        echo("the dynamic network gives different outputs when it is run again")
    for name, error in report.float64.errors if report.float64 else ():
        echo(
            f"{name}: the dynamic network itself is off by {round_reported_error(error)} "
            "from float64"
        )
    for difference in report.since_last:
        echo(f"changed since the last report: {difference}")
    for note in report.notes:
        echo(f"note: {note}")
    if report.batch_error is not None and report.batch_error > BATCH_NOISE:
        echo(
            "note: outputs depend on the rest of the batch: run one by one, samples "
            f"differ by a scaled error of {round_reported_error(report.batch_error)}"
        )
    if advice and report.verdict != "pass":
        echo(advice)
    sizes = ", ".join(map(str, report.batch_sizes))
    edges = ", ".join(filter(None, report.edges))
    told = f", and at edge values {edges}" if edges else ""
    count = f"{report.samples} samples at batch sizes {sizes}{told}"
    end = "," if report.conclusion == report.verdict else ";"
    echo(f"{report.model}: {report.conclusion}{end} {count}")


def _wrong(path: PathReport) -> list[str]:
    found = [] if path.passed else [f"{path.path}: {finding}" for finding in path.findings]
    return found + ([f"{path.path}: {path.diagnosis}"] if path.diagnosis is not None else [])


def echo_reports(every: Sequence[Verified], advice: str) -> None:
    """Print a line for each of several models, and what is wrong with those that fail.

    Args:
        every: what became of them.
        advice: what to say where one fails.
    """
    echo_table(["model", "verdict", "paths", "error / tolerance"], [_row(one) for one in every])
    for one in every:
        if one.report is not None:
            for path in one.report.paths:
                for line in _wrong(path) if path.result == "fail" else ():
                    echo(f"{one.model}: {line}")
            if one.report.conclusion != one.verdict:
                echo(f"{one.model}: {one.report.conclusion}")
    if any(one.report is not None and one.verdict != "pass" for one in every):
        echo(advice)
    passed = sum(one.verdict == "pass" for one in every)
    echo(f"{passed} of {len(every)} models pass")


def _row(one: Verified) -> tuple[object, ...]:
    if one.report is None:
        return one.model, "ERROR", "", ""
    counted = [path for path in one.report.paths if path.result != "skipped"]
    verdict = one.verdict if one.verdict == "pass" else one.verdict.upper()
    verdict += "" if one.report.conclusion == one.verdict else ", but"
    paths = ", ".join(path.path for path in counted)
    return one.model, verdict, paths, max((path.tolerance_used for path in counted), key=float)


def reports_json(every: Sequence[Verified]) -> str:
    """Write what became of several models: the report of each, or why there is none."""
    models = [
        {
            "model": one.model,
            "verdict": one.verdict,
            "error": None if one.error is None else str(one.error),
            "report": None if one.report is None else json.loads(one.report.to_json()),
        }
        for one in every
    ]
    return json.dumps({"models": models}, indent=2, ensure_ascii=False)
