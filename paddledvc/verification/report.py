"""What a verification leaves in a folder: written, read back, and shown as pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput, Problem
from paddledvc.tools.git.project_files import read_project_text, write_output_text
from paddledvc.verification.core import page
from paddledvc.verification.core.evidence import Evidence, Latencies, read_evidence_csv
from paddledvc.verification.core.page import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc.project import Project
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


def _read_verification(root: Path, slug: str) -> Verification:
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


def report(project: Project) -> tuple[Path, ...]:
    """Write a page for each model that was verified, and one that names them all.

    Args:
        project: the project.

    Returns:
        The pages; the one that names all is the first.

    Raises:
        InvalidInput: nothing was verified yet.
        InvalidFile: a report cannot be read.

    Example:
        project = paddledvc.Project.find()
        for page in paddledvc.report(project):
            print(page)
    """
    folder = project.root / names.REPORTS
    found = [
        _read_verification(project.root, path.parent.name)
        for path in sorted(folder.glob("*/verify.json"))
    ]
    if not found:
        raise InvalidInput(f"there is no {names.REPORTS}/*/verify.json; run `dvc repro` first")
    written = [folder / "index.html"]
    project.write(f"{names.REPORTS}/index.html", page.render_overview_page(found))
    for one in found:
        written.append(folder / one.slug / PAGE_NAME)
        project.write(f"{names.REPORTS}/{one.slug}/{PAGE_NAME}", page.render_page(one))
    return tuple(written)
