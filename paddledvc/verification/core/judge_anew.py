"""Errors that were measured before, judged by other tolerances; and how they are kept, unrounded.

Only a pass is said of them. Of a failure people want the cause, which takes runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc.verification.core.json_values import (
    decode_value,
    dump_json,
    encode_value,
    parse_json,
)
from paddledvc.verification.core.verify_report import PathReport, VerifyReport

if TYPE_CHECKING:
    from paddledvc.models.verify_settings import Verify


def judge_report_anew(saved: VerifyReport, settings: Verify) -> VerifyReport | None:
    """Judge saved errors by the tolerances of today.

    Args:
        saved: what was measured, by the same settings but for the tolerances.
        settings: the settings of today.

    Returns:
        The report; None where it must be measured again: the tolerances are the same, so somebody
        wants it to run; something was not compared, or does not agree by these tolerances; or a
        tolerance is of an output that was not there.
    """
    if saved.tolerance == settings.tolerance or not saved.repeatable:
        return None
    if settings.tolerance.for_path("jit") < saved.tolerance.for_path("jit"):
        return None  # it is one of parameters too, whose errors are not saved
    known = {
        output.name
        for path in saved.paths
        if path.agreement is not None
        for output in path.agreement.outputs
    }
    paths = tuple(_judged(path, settings) for path in saved.paths)
    if not settings.tolerance.outputs.keys() <= known or not all(one.passed for one in paths):
        return None
    return replace(saved, paths=paths, tolerance=settings.tolerance, judged_anew=True)


def _judged(path: PathReport, settings: Verify) -> PathReport:
    if path.agreement is None or path.path == "export" or path.path == "parameters":  # noqa: PLR1714 - mypy
        return path
    tolerance = settings.tolerance_of(path.path)
    overrides = settings.tolerance.for_outputs(path.path)
    agreement = replace(path.agreement, tolerance=tolerance, overrides=overrides)
    found = replace(path, tolerance=tolerance, agreement=agreement)
    return replace(found, diagnosis=None) if found.passed else found


def render_saved_report(report: VerifyReport, made_of: str) -> str:
    """Write a report with every digit of its errors.

    Args:
        report: the report.
        made_of: digest of all that it was made of but the tolerances.
    """
    return dump_json({"made_of": made_of, "report": encode_value(VerifyReport, report)})


def parse_saved_report(text: str) -> tuple[VerifyReport, str] | None:
    """Read what was saved, and the digest of what it is of; None where that cannot be read."""
    try:
        value = parse_json(text)
        return decode_value(VerifyReport, value["report"]), value["made_of"]
    # Another version of paddledvc wrote it, or nobody of ours.
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None
