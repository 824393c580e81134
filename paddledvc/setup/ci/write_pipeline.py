"""The files of a pipeline, written into a project."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.models.model import Reference
from paddledvc.setup.ci.core.codeowners import NEW, PLACES, list_owners, with_owners
from paddledvc.setup.ci.core.render_pipeline import render_pipeline
from paddledvc.tools.code.source_files import source_files_of_code, source_files_of_command
from paddledvc.tools.git import refs
from paddledvc.tools.git.project_files import find_project_text, write_project_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.models.model import Model
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project

Forge = Literal["github", "gitlab"]
FILES: dict[Forge, dict[str, str]] = {
    "github": {
        ".github/workflows/models.yml": "github.yml",
        ".github/dependabot.yml": "dependabot.yml",
    },
    "gitlab": {".gitlab-ci.yml": "gitlab.yml"},
}
"""Templates of the files that each forge reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenPipeline:
    """What was written for a forge.

    Attributes:
        files: each file, and whether it was written.
        notes: what people should know of it, a sentence each.
    """

    files: tuple[tuple[str, bool], ...]
    notes: tuple[str, ...]


def write_pipeline(project: Project, forge: Forge, *, force: bool = False) -> WrittenPipeline:
    """Write the pipeline of a forge, and the owners that it asks for reviews.

    Args:
        project: the project, at the top of its repository.
        forge: which forge.
        force: replace files of other content.

    Raises:
        InvalidInput: a file cannot be written, or the policy names no branch for releases.
        InvalidFile: models.yaml cannot be read.
    """
    root = project.root
    registry = project.registry()
    done, notes = [], []
    for name, template in FILES[forge].items():
        text = _render(template, registry, root)
        found = find_project_text(root, name)
        if found is not None and found != text and not force:
            notes.append(f"{name} has other content and stays; --force replaces it")
        done.append((name, (found is None or force) and write_project_text(root, name, text)))
    owners = list_owners(registry.models, {one.name: _files(one, root) for one in registry.models})
    place = next((one for one in PLACES[forge] if (root / one).is_file()), NEW[forge])
    before = find_project_text(root, place) or ""
    after = with_owners(before, owners.lines)
    if after:
        done.append((place, write_project_text(root, place, after)))
    return WrittenPipeline(files=tuple(done), notes=(*notes, *owners.notes))


def _render(template: str, registry: Registry, root: Path) -> str:
    default = refs.find_default_branch(root)
    return render_pipeline(
        (files("paddledvc.setup.ci") / "templates" / template).read_text(encoding="utf-8"),
        policy=registry.policy,
        default=default.name.removeprefix("refs/remotes/origin/") if default else None,
        deploy=registry.deploy,
        requirement=f"paddledvc=={metadata.version('paddledvc')}",
    )


def _files(model: Model, root: Path) -> Iterator[str]:
    """List the files that make a model what it is: its code, and its documentation."""
    train, evaluate = model.train, model.evaluate
    trained = None if train is None else train.function
    evaluated = None if evaluate is None else Reference.parse(evaluate.function)
    for reference in (model.network, trained, evaluated):
        if reference is not None:
            # A file that is not there, or is no Python, is for `check` to find.
            with suppress(InvalidInput, InvalidFile):
                yield from source_files_of_code(reference, root)
    if train is not None and train.command is not None:
        with suppress(InvalidInput, InvalidFile):
            yield from source_files_of_command(train.command, root)
    if model.docs is not None:
        yield model.docs
