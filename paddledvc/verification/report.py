"""What a verification leaves in a folder: written, read back, and shown as pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput, Problem
from paddledvc.tools.system import files
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


def write_report(folder: Path, report: VerifyReport) -> None:
    """Write a report and what DVC draws of it; the verdict comes last."""
    files.write_text_file(folder / "verify.csv", report.to_csv())
    files.write_text_file(folder / "latency.json", report.latency_json())
    # Whoever finds a verdict finds what it is about, wherever the process was killed.
    files.write_text_file(folder / "verify.json", report.to_json())


def _read_verification(folder: Path, root: Path) -> Verification:
    """Read what a verification has left.

    Args:
        folder: where it is.
        root: the folder that messages name files from.

    Raises:
        InvalidFile: it cannot be read.
    """
    found = Verification(
        slug=folder.name,
        evidence=_parse_file(folder / "verify.json", root, Evidence.from_json),
        latencies=Latencies(),
        errors=(),
    )
    if (file := folder / "latency.json").is_file():
        found = replace(found, latencies=_parse_file(file, root, Latencies.from_json))
    if (file := folder / "verify.csv").is_file():
        found = replace(found, errors=_parse_file(file, root, read_evidence_csv))
    return found


def _parse_file(file: Path, root: Path, parse: Callable[[str], T]) -> T:
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    text = files.read_text_file(file, name)
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
        _read_verification(path.parent, project.root)
        for path in sorted(folder.glob("*/verify.json"))
    ]
    if not found:
        raise InvalidInput(f"there is no {names.REPORTS}/*/verify.json; run `dvc repro` first")
    written = [folder / "index.html"]
    files.write_text_file(written[0], page.render_overview_page(found))
    for one in found:
        written.append(folder / one.slug / PAGE_NAME)
        files.write_text_file(written[-1], page.render_page(one))
    return tuple(written)
