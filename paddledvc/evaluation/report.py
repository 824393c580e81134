"""What verify and evaluate have left of every model, shown as pages."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidInput, PaddleDVCError
from paddledvc.evaluation.core import metrics_page
from paddledvc.evaluation.core.measured import Measured
from paddledvc.hashes import Hashes
from paddledvc.models.model import exported_model_folder
from paddledvc.models.registry import weights_in_registry
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.ignores import find_ignoring
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.verification.core import page
from paddledvc.verification.core.page import Metrics, Origin, Unverified
from paddledvc.verification.report import PAGE_NAME, read_verification
from paddledvc.weights.expected import list_expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from paddledvc.models.model import Model
    from paddledvc.project import Project
    from paddledvc.verification.core.evidence import Evidence
    from paddledvc.verification.core.page import Verification
    from paddledvc.weights.core.tracked import Tracked

logger = logging.getLogger(__name__)
IGNORED_PAGES = "*.html\n"
"""What a project that was made before its pages were ignored gets, beside them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Origins:
    """Where the reports of a project come from, and what they have to be of.

    Attributes:
        models: what models.yaml says of each model that has reports, by their folder.
        versions: the locked version of each model, by its name.
        weights: where the weights of each model are, by its name.
        tracked: what the lock files say of weights and exported files, by path.
        changed: the reports that are not as they were committed.
    """

    root: Path
    models: Mapping[str, Model] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str | None] = field(default_factory=dict)
    tracked: Mapping[str, Tracked] = field(default_factory=dict)
    changed: str

    @classmethod
    def of(cls, project: Project) -> _Origins:
        asked = ("status", "--porcelain", "-z", "--untracked-files=all", "--", names.REPORTS)
        changed = ask_git(project.root, *asked)
        found = cls(root=project.root, changed="/" if changed is None else changed)
        # Reports are shown whether the rest of the project can be read or not.
        with suppress(PaddleDVCError):
            registry = project.registry()
            found = replace(found, models={model.slug: model for model in registry.models})
            lock = project.lock()
            found = replace(
                found,
                versions={one.name: one.version for one in lock.models if one.version},
                weights={
                    model.name: weights_in_registry(registry, lock, model)
                    for model in registry.models
                    if model.name in lock.by_name
                },
            )
            known = list_expected(project, untracked=True)
            found = replace(found, tracked={one.path: one for one in known})
        return found

    def find(self, slug: str, report: str) -> Origin:
        """Tell whose a report is, and which commit brought it."""
        model, path = self.models.get(slug), f"{names.REPORTS}/{slug}/{report}"
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

    def wanted(self, slug: str, measured: Measured) -> dict[str, Hashes]:
        """Tell what is built of a model now, as far as the lock files know."""
        model = self.models.get(slug)
        if model is None:
            return {}
        folder = exported_model_folder(model) if len(measured.paths) > 1 else None
        paths = (self.weights.get(model.name), folder)
        known = [self.tracked[path] for path in paths if path is not None and path in self.tracked]
        # The size of a folder is that of its files, and no report says it.
        return {one.path: Hashes(md5=one.hashes.md5) if one.folder else one.hashes for one in known}


def _read_metrics(origins: _Origins, slug: str, evidence: Evidence | None) -> Metrics | None:
    """Read what was measured of a model, or why it cannot be shown; None where nothing was."""
    folder = f"{names.REPORTS}/{slug}"
    name = f"{folder}/evaluate.json"
    problem: str | None
    try:
        text = find_project_text(origins.root, name)
        if text is None:
            return None
        measured = Measured.from_json(text)
    except (InvalidInput, ValueError) as error:
        problem = str(error) if isinstance(error, ValueError) else f"cannot be read: {error}"
    else:
        model = origins.models.get(slug)
        if model is not None and measured.model != model.name:
            problem = f"is of the model {measured.model}, expected {model.name}"
        else:
            wanted = origins.wanted(slug, measured)
            problem = metrics_page.find_other_bytes(measured, wanted, evidence)
        if problem is None:
            confusion, changed, pictures = (
                _find_table(origins.root, f"{folder}/evaluate/{table}")
                for table in ("confusion.csv", "changed.csv", "changed.svg")
            )
            goals = model.evaluate.metrics if model is not None and model.evaluate else ()
            return metrics_page.describe_metrics(
                measured,
                confusion=confusion,
                changed=changed,
                pictures=pictures,
                first=goals[0].name if goals else None,
            )
    logger.warning("%s %s; run `dvc repro`", name, problem)
    return Metrics(problem=problem)


def _find_table(root: Path, name: str) -> str | None:
    try:
        return find_project_text(root, name)
    except InvalidInput as error:
        logger.warning("%s", error)
        return None


def _ignore_pages(project: Project) -> None:
    """Let git ignore the pages, unless it does already, or somebody has decided otherwise."""
    page, own = f"{names.REPORTS}/index.html", f"{names.REPORTS}/.gitignore"
    decided = (project.root / own).exists() or ask_git(project.root, "ls-files", "--", page)
    if not decided and not find_ignoring(project.root, [page]):
        project.write(own, IGNORED_PAGES)


def report(project: Project) -> tuple[Path, ...]:
    """Write a page for each model that was verified or measured, and one that names them all.

    Args:
        project: the project.

    Returns:
        The pages; the one that names all is the first.

    Raises:
        InvalidInput: nothing was verified or measured yet.
        InvalidFile: a report of verify cannot be read; of one of evaluate the page says it.

    Example:
        project = paddledvc.Project.find()
        for page in paddledvc.report(project):
            print(page)
    """
    folder = project.root / names.REPORTS
    found = list(_read_models(project))
    if not found:
        raise InvalidInput(
            f"there is no {names.REPORTS}/*/verify.json or evaluate.json; run `dvc repro` first"
        )
    _ignore_pages(project)
    written = [folder / "index.html"]
    project.write(f"{names.REPORTS}/index.html", page.render_overview_page(found))
    for one in found:
        written.append(folder / one.slug / PAGE_NAME)
        text = (
            page.render_metrics_page(one) if isinstance(one, Unverified) else page.render_page(one)
        )
        project.write(f"{names.REPORTS}/{one.slug}/{PAGE_NAME}", text)
    return tuple(written)


def _read_models(project: Project) -> Iterator[Verification | Unverified]:
    """Read what every model has left, in the order of their folders."""
    folder, origins = project.root / names.REPORTS, _Origins.of(project)
    verified, measured = (
        {one.parent.name for one in folder.glob(f"*/{name}")}
        for name in ("verify.json", "evaluate.json")
    )
    for slug in sorted(verified | measured):
        if slug in verified:
            one = read_verification(project.root, slug)
            metrics = _read_metrics(origins, slug, one.evidence)
            yield replace(one, origin=origins.find(slug, "verify.json"), metrics=metrics)
        elif metrics := _read_metrics(origins, slug, None):
            origin = origins.find(slug, "evaluate.json")
            yield Unverified(slug=slug, metrics=metrics, origin=origin)
