"""What a verification leaves in a folder: written, read back, and shown as pages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput, PaddleDVCError, Problem
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.ignores import find_ignoring
from paddledvc.tools.git.project_files import read_project_text, write_output_text
from paddledvc.verification.core import page
from paddledvc.verification.core.evidence import Evidence, Latencies, read_evidence_csv
from paddledvc.verification.core.page import Origin, Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from paddledvc.models.model import Model
    from paddledvc.project import Project
    from paddledvc.verification.core.verify_report import VerifyReport

T = TypeVar("T")
PAGE_NAME = "verify.html"
"""The page of a model."""
IGNORED_PAGES = "*.html\n"
"""What a project that was made before its pages were ignored gets, beside them."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Origins:
    """Where the reports of a project come from.

    Attributes:
        models: what models.yaml says of each model that has reports, by their folder.
        versions: the locked version of each model, by its name.
        changed: the reports that are not as they were committed.
    """

    root: Path
    models: Mapping[str, Model]
    versions: Mapping[str, str]
    changed: str

    @classmethod
    def of(cls, project: Project) -> _Origins:
        models: dict[str, Model] = {}
        versions: dict[str, str] = {}
        # Reports are shown whether the rest of the project can be read or not.
        with suppress(PaddleDVCError):
            models = {model.slug: model for model in project.registry().models}
            versions = {one.name: one.version for one in project.lock().models if one.version}
        asked = ("status", "--porcelain", "-z", "--untracked-files=all", "--", names.REPORTS)
        changed = ask_git(project.root, *asked)
        return cls(
            root=project.root,
            models=models,
            versions=versions,
            changed="/" if changed is None else changed,
        )

    def find(self, slug: str) -> Origin:
        """Tell whose a report is, and which commit brought it."""
        model, path = self.models.get(slug), f"{names.REPORTS}/{slug}/verify.json"
        said = None
        if f"{path}\0" not in self.changed:
            asked = ("log", "-1", "--format=%h%n%cs", "--no-show-signature", "--", path)
            said = ask_git(self.root, *asked)
        commit, _, date = (said or "").partition("\n")
        return Origin(
            owner=(model.owner or "") if model is not None else "",
            version=self.versions.get(model.name, "") if model is not None else "",
            commit=commit,
            date=date,
        )


def _ignore_pages(project: Project) -> None:
    """Let git ignore the pages, unless it does already, or somebody has decided otherwise."""
    page, own = f"{names.REPORTS}/index.html", f"{names.REPORTS}/.gitignore"
    decided = (project.root / own).exists() or ask_git(project.root, "ls-files", "--", page)
    if not decided and not find_ignoring(project.root, [page]):
        project.write(own, IGNORED_PAGES)


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
    origins = _Origins.of(project)
    found = [
        replace(one, origin=origins.find(one.slug))
        for path in sorted(folder.glob("*/verify.json"))
        for one in (_read_verification(project.root, path.parent.name),)
    ]
    if not found:
        raise InvalidInput(f"there is no {names.REPORTS}/*/verify.json; run `dvc repro` first")
    _ignore_pages(project)
    written = [folder / "index.html"]
    project.write(f"{names.REPORTS}/index.html", page.render_overview_page(found))
    for one in found:
        written.append(folder / one.slug / PAGE_NAME)
        project.write(f"{names.REPORTS}/{one.slug}/{PAGE_NAME}", page.render_page(one))
    return tuple(written)
