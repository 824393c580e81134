"""The stages that a project asks for, and how dvc.yaml comes to hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.locking.references import presence
from paddledvc.stages.core import ownership
from paddledvc.stages.core import pipeline as pipelines
from paddledvc.stages.core.pipeline import Pipeline
from paddledvc.tools.code import user_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Reference
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project
    from paddledvc.stages.core.ownership import Merge
    from paddledvc.yaml.document import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What dvc.yaml should hold of ours, by name."""

    stages: Mapping[str, Mapping[str, Any]]
    artifacts: Mapping[str, Mapping[str, Any]]


def wanted(
    project: Project,
    registry: Registry,
    lock: Lock,
    *,
    sources: user_code.Sources | None = None,
    elsewhere: frozenset[str] | None = None,
) -> Wanted:
    """Work out the stages and artifacts of every model; their code is looked at, never run.

    Args:
        project: the project.
        registry: its models.yaml.
        lock: its models.lock.
        sources: the files of code that have been read already.
        elsewhere: folders of git's submodules; by default those that ``.gitmodules`` names.

    Raises:
        InvalidFile: params.yaml, a model's own file of hyperparameters or a file of code is not
            there or breaks its rules.
        InvalidInput: code is named that is not there.
    """
    for model in registry.models:
        project.own_params(model)  # a missing file is told now, not when its training begins
    sources = sources or user_code.Sources(root=project.root)
    there = presence(project, registry, lock, elsewhere)
    pipeline = Pipeline(
        registry=registry,
        lock=lock,
        sections=frozenset(_sections(project, registry)),
        code=_code(project, registry, sources),
        commands={
            model.train.command: user_code.command_files(model.train.command, project.root, sources)
            for model in registry.models
            if model.train is not None and model.train.command is not None
        },
        configs=frozenset(
            model.config_path
            for model in registry.models
            if model.config_path is not None and there.has(model.config_path)
        ),
    )
    return Wanted(
        stages=pipelines.build_stages(pipeline), artifacts=pipelines.build_artifacts(pipeline)
    )


def _sections(project: Project, registry: Registry) -> Iterator[tuple[str, str]]:
    params = project.read_optional(names.PARAMS)
    for model in registry.models:
        key = project.params_key(model, params)
        for section in project.params(model, params):
            yield key, section


def _code(
    project: Project, registry: Registry, sources: user_code.Sources
) -> dict[Reference, tuple[str, ...]]:
    code: dict[Reference, tuple[str, ...]] = {}
    for model in registry.models:
        train = model.train.function if model.train else None
        for reference in (model.network, train, *pipelines.samples_code(model.verify)):
            if reference is not None and reference not in code:
                code[reference] = user_code.code_files(reference, project.root, sources)
    return code


def plan(document: Document, entries: Wanted) -> dict[str, Merge]:
    """Compare dvc.yaml with what it should hold, section by section.

    Raises:
        InvalidFile: it is no mapping, or an entry of the user's has a name that we need.
    """
    if not isinstance(document.value, dict | None):
        raise InvalidFile([document.problem((), "expected a mapping with stages")])
    return {
        "stages": _merge(document, "stages", entries.stages),
        "artifacts": _merge(document, "artifacts", entries.artifacts),
    }


def _merge(document: Document, key: str, entries: Mapping[str, Any]) -> Merge:
    existing = document.value.get(key) if isinstance(document.value, dict) else None
    found = ownership.merge(existing if isinstance(existing, dict) else {}, entries)
    if found.foreign:
        message = (
            "the name is needed for a generated entry, but this one is not marked with "
            "`meta: {generated_by: paddledvc}`; rename it, or delete it to let it be generated"
        )
        raise InvalidFile(
            [document.problem((key, name), message, at_key=True) for name in found.foreign]
        )
    return found
