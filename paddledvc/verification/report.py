"""What a verification leaves in a folder: written, and read back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from paddledvc import names
from paddledvc.errors import InvalidFile, Problem
from paddledvc.tools.git.project_files import read_project_text, write_output_text
from paddledvc.verification.core.evidence import Evidence, Latencies, read_evidence_csv
from paddledvc.verification.core.page import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc.verification.core.verify_report import VerifyReport

T = TypeVar("T")
PAGE_NAME = "verify.html"
"""The page of a model."""


def write_report(root: Path, folder: Path, report: VerifyReport) -> None:
    """Write a report and what DVC draws of it; the verdict comes last.

    Args:
        root: the project's folder.
        folder: where it goes, in the project or elsewhere.
        report: the report.
    """
    write_output_text(root, folder / "verify.csv", report.to_csv())
    write_output_text(root, folder / "latency.json", report.latency_json())
    # Whoever finds a verdict finds what it is about, wherever the process was killed.
    write_output_text(root, folder / "verify.json", report.to_json())


def read_verification(root: Path, slug: str) -> Verification:
    """Read what a verification has left.

    Args:
        root: the project's folder.
        slug: name of the folder of reports.

    Raises:
        InvalidFile: it cannot be read.
    """
    folder = f"{names.REPORTS}/{slug}"
    found = Verification(
        slug=slug,
        evidence=_parse_file(root, f"{folder}/verify.json", Evidence.from_json),
        latencies=Latencies(),
        errors=(),
    )
    if (root / (name := f"{folder}/latency.json")).is_file():
        found = replace(found, latencies=_parse_file(root, name, Latencies.from_json))
    if (root / (name := f"{folder}/verify.csv")).is_file():
        found = replace(found, errors=_parse_file(root, name, read_evidence_csv))
    return found


def _parse_file(root: Path, name: str, parse: Callable[[str], T]) -> T:
    text = read_project_text(root, name)
    try:
        return parse(text)
    except ValueError as error:
        problem = Problem(file=name, line=1, column=1, path="", message=f"it {error}")
        raise InvalidFile([problem]) from error
