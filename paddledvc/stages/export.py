"""A dynamic network exported as a static program."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.models import registry as registries
from paddledvc.models.model import exported_model_folder
from paddledvc.stages.core import settings_digest
from paddledvc.tools.paddle import process, read_program
from paddledvc.tools.paddle.core.jobs import Exported, ExportJob, Network
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from paddledvc.hashes import Hashes
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ExportedModel(Displayed):
    """The files of an export.

    Attributes:
        folder: where they are, relative to the project.
        files: what each file hashes to, by its name.
        warnings: export warnings that the model is allowed, by name.
    """

    name: str
    folder: str
    files: dict[str, Hashes]
    warnings: tuple[str, ...]


def export(
    project: Project, name: str, *, pin: str | None = None, use: LockUse = UPDATE
) -> ExportedModel:
    """Export a model with ``paddle.jit.save`` in a fresh process, byte for byte reproducibly.

    Args:
        project: the project.
        name: the model.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        use: how models.lock may be used.

    Raises:
        InvalidInput: the model has no ``export`` section, or its weights are not there or do not
            fit the network.
        Finding: a warning foretells that the program will not compute what the network does, or
            it has other outputs than models.yaml states.
        UserCodeFailed: the network cannot be built or exported.
        WorkerDied: the export killed its process.
        MissingTool: Paddle is not installed.
        StaleStages: the stage was generated for another pin.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.export(project, "digits"))
    """
    registry = project.registry()
    model = registry.model(name)
    if model.export is None or model.network is None:
        raise InvalidInput(f"{name} has no `export` section in models.yaml")
    lock = current_lock(project, registry, use, registry.lineage(name), pin=pin)
    if pin is not None:
        settings_digest.require_digest(
            "export", model, pin, settings_digest.export_digest(registry, lock, model)
        )
    weights = registries.weights_in_registry(registry, lock, model)
    network = Network(
        root=project.root,
        reference=model.network,
        arguments=dict(model.network_args),
        weights=None if weights is None else project.weights(weights, model),
        key=registries.weights_key_in_registry(registry, lock, model),
        forward=model.forward,
    )
    path = exported_model_folder(model)
    target = project.make_folder(posixpath.dirname(path)) / posixpath.basename(path)
    lock_file = project.scratch() / f"export-{model.slug}.lock"
    with files.hold_file_lock(lock_file), files.replace_folder(target) as folder:
        job = ExportJob(
            network=network,
            inputs=model.inputs,
            allow=model.export.allow,
            folder=folder,
            format=model.export.format,
        )
        done = process.run_job_in_process(job, Exported, root=project.root)
        project.require_outputs(
            model, read_program.read_program_outputs(folder / names.EXPORT_PREFIX)
        )
    return ExportedModel(
        name=name,
        folder=exported_model_folder(model),
        files={file: files.hash_file(target / file) for file in done.files},
        warnings=done.warnings,
    )
