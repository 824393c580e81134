"""The stages that a project asks for, and how dvc.yaml comes to hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc.errors import InvalidFile
from paddledvc.models.model import Reference
from paddledvc.stages.core import pipeline as pipelines
from paddledvc.stages.core.pipeline import ENGINE, Pipeline
from paddledvc.tools.code import source_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.registry import Registry
    from paddledvc.project import ProjectFiles
    from paddledvc.stages.core.pipeline import Merge
    from paddledvc.tools.code.file_presence import Presence
    from paddledvc.yaml.document import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What dvc.yaml should hold of ours, by name."""

    stages: Mapping[str, Mapping[str, Any]]
    artifacts: Mapping[str, Mapping[str, Any]]


def require_planned_params(project: ProjectFiles, registry: Registry) -> None:
    """Refuse a model's own file of hyperparameters now that its training would refuse one day.

    Raises:
        InvalidFile: it is not there, or breaks its rules.
    """
    for model in registry.models:
        project.own_params(model)


def plan_entries(  # noqa: PLR0913
    project: ProjectFiles,
    registry: Registry,
    lock: Lock,
    *,
    params: Document,
    there: Presence,
    sources: source_files.Sources,
) -> Wanted:
    """Work out the stages and artifacts of every model; their code is looked at, never run.

    Args:
        project: the files of the project.
        registry: its models.yaml.
        lock: its models.lock.
        params: its params.yaml.
        there: which of its files are there.
        sources: the files of code that have been read already.

    Raises:
        InvalidFile: params.yaml or a file of code is not there or breaks its rules.
        InvalidInput: code is named that is not there.
    """
    pipeline = Pipeline(
        registry=registry,
        lock=lock,
        sections=frozenset(_sections(project, registry, params)),
        code=_code(project, registry, sources),
        commands={
            model.train.command: source_files.source_files_of_command(
                model.train.command, project.folder, sources
            )
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


def _sections(
    project: ProjectFiles, registry: Registry, params: Document
) -> Iterator[tuple[str, str]]:
    for model in registry.models:
        key = project.params_key(model, params)
        for section, said in project.params(model, params).items():
            yield key, section
            if section == "verify" and "engine" in (said or {}):
                yield key, ENGINE


def _code(
    project: ProjectFiles, registry: Registry, sources: source_files.Sources
) -> dict[Reference, tuple[str, ...]]:
    code: dict[Reference, tuple[str, ...]] = {}
    for model in registry.models:
        train = model.train.function if model.train else None
        measured = Reference.parse(model.evaluate.function) if model.evaluate else None
        functions = (train, measured, *pipelines.list_stage_sample_files(model.verify))
        for reference in (model.network, *functions):
            if reference is not None and reference not in code:
                code[reference] = source_files.source_files_of_code(
                    reference, project.folder, sources
                )
    return code


def plan_changes(document: Document, entries: Wanted) -> dict[str, Merge]:
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
    found = pipelines.merge_pipeline_section(
        existing if isinstance(existing, dict) else {}, entries
    )
    if found.foreign:
        message = (
            "the name is needed for a generated entry, but this one is not marked with "
            "`meta: {generated_by: paddledvc}`; rename it, or delete it to let it be generated"
        )
        raise InvalidFile(
            [document.problem((key, name), message, at_key=True) for name in found.foreign]
        )
    return found
