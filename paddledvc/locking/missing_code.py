"""The code and files that models.yaml names: whether they are there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile
from paddledvc.models.model import exported_model_folder, model_reports_folder, trained_model_file
from paddledvc.tools.code import check_names, source_files
from paddledvc.tools.code.file_presence import Presence

if TYPE_CHECKING:
    from collections.abc import Collection

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.registry import Registry
    from paddledvc.project import Inputs, ProjectFiles

logger = logging.getLogger(__name__)


def refuse_missing_code(
    inputs: Inputs,
    *,
    models: Collection[str] | None = None,
    sources: source_files.Sources | None = None,
) -> None:
    """See that the code that models.yaml names is there; it is looked at, never run.

    Args:
        inputs: models.yaml, and where the project is.
        models: names of the models that matter; all by default.
        sources: the files that have been read already.

    Raises:
        InvalidFile: with all that is wrong.
    """
    code = check_names.Code.of(sources or source_files.Sources(root=inputs.project.root))
    misnamed = code.misnamed(inputs.registry, models)
    problems = [inputs.models.problem(one.path, one.message) for one in misnamed]
    if problems or code.unreadable:
        raise InvalidFile([*problems, *code.unreadable])


def warn_of_missing_files(inputs: Inputs, there: Presence) -> None:
    """Warn of the files that models.yaml names and that are not there."""
    for one in check_names.check_file_names(inputs.registry, there):
        logger.warning("%s", inputs.models.problem(one.path, one.message))


def look_for_missing_code(project: ProjectFiles, registry: Registry, lock: Lock | None) -> Presence:
    """Tell which files there are, or will be once the stages have run.

    Args:
        project: the files of the project.
        registry: its models.yaml.
        lock: models.lock, which names the files that will be downloaded.
    """
    made = {model.path for model in lock.models if model.path} if lock else set()
    for model in registry.models:
        made |= {exported_model_folder(model), model_reports_folder(model)}
        if model.train is not None:
            made |= {trained_model_file(model), *model.train.outs}
    elsewhere = project.snapshot.submodules
    return Presence(root=project.folder, made=frozenset(made), elsewhere=elsewhere)
