"""A model measured by its team's function, in every way that is asked for, and written down."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidInput, UserCodeFailed
from paddledvc.evaluation.core import summary
from paddledvc.evaluation.core.measured import NETWORK, Measured, measured_path
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.models import registry as registries
from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import Reference, exported_model_folder, model_reports_folder
from paddledvc.project import Inputs
from paddledvc.stages.core import settings_digest
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.code.source_files import source_files_of_code
from paddledvc.tools.git.project_files import read_project_file
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import Evaluated, EvaluateJob, Network, PathJob
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from paddledvc.locking.current import LockUse
    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.project import Project

logger = logging.getLogger(__name__)


def evaluate(
    project: Project, name: str, *, pin: str | None = None, use: LockUse = UPDATE
) -> Measured:
    """Measure a model with its own function, the network and its export, and write it down.

    Args:
        project: the project.
        name: the model.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        use: how models.lock may be used.

    Returns:
        What was measured, which is in ``reports/<slug>/evaluate.json`` too, however bad it is.

    Raises:
        InvalidInput: the model has no ``evaluate`` section, or its weights or export are not there.
        UserCodeFailed: the function failed, or returned what is no measurement.
        Finding: the exported files do not run.
        MissingTool: Paddle, or the GPU that ``device`` asks for, is not there.
        StaleStages: the stage was generated for another pin.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.evaluate(project, "digits").metrics)
    """
    inputs = Inputs(project)
    registry = inputs.registry
    model = registry.model(name)
    if model.evaluate is None:
        raise InvalidInput(f"{name} has no `evaluate` section in models.yaml")
    lock = current_lock(project, registry, use, registry.lineage(name), pin=pin)
    if pin is not None:
        settings_digest.require_digest(
            "evaluate", model, pin, settings_digest.evaluate_digest(registry, lock, model)
        )
    found, measured = _measure(inputs, lock, model, model.evaluate)
    _write(project, model, model.evaluate, found, measured)
    return measured


def _measure(
    inputs: Inputs, lock: Lock, model: Model, settings: Evaluate
) -> tuple[Mapping[str, Evaluated], Measured]:
    project = inputs.project
    weights = registries.weights_in_registry(inputs.registry, lock, model)
    weights_file = None if weights is None else project.weights(weights, model)
    paths = evaluated_paths(settings, exports=model.exports)
    exported = _exported_files(project, model) if paths else []
    params = dict(project.section(model, "evaluate", inputs.params))
    key = f"{names.PARAMS}: {project.params_key(model, inputs.params)}.evaluate"
    assert model.network is not None
    network = Network(
        root=project.root,
        reference=model.network,
        arguments=dict(model.network_args),
        weights=weights_file,
    )
    engine = project.verify_settings(model, inputs.params).engine
    job = EvaluateJob(
        model=model.name,
        function=Reference.parse(settings.function),
        network=network,
        inputs=model.inputs,
        program=None,
        structure=None,
        params=params,
        params_name=key,
        seed=settings.seed,
        device=settings.device,
    )
    sizes = sum(one.stat().st_size for one in exported or filter(None, [weights_file]))
    found: dict[str, Evaluated] = {}
    program = project.root / exported_model_folder(model) / names.EXPORT_PREFIX

    def run(name: str, job: EvaluateJob) -> None:
        logger.info("measuring %s of %s", name, model.name)
        found[name] = process.run_job_in_process(
            job, Evaluated, root=project.root, timeout=settings.timeout, loads=sizes
        )

    run(NETWORK, job)
    for path in paths:
        how = PathJob(
            path=path,
            program=program,
            cases=project.root,
            outputs=project.root,
            engine=engine,
            device=settings.device,
        )
        run(path, replace(job, program=how, structure=found[NETWORK].structure))
    if why := summary.find_disagreement(settings.function, settings, found):
        raise UserCodeFailed(why)
    measured = replace(
        summary.summarise_measured(settings, found),
        model=model.name,
        model_version=model.requires.text,
        files=tuple(_hash(project, [*([weights_file] if weights_file else []), *exported])),
        code_sha256=_digest_code(project, settings),
        engine=engine,
    )
    return found, measured


def _exported_files(project: Project, model: Model) -> list[Path]:
    folder = project.root / exported_model_folder(model)
    found = sorted(one for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []
    if not any(file.stem == names.EXPORT_PREFIX for file in found):
        raise InvalidInput(
            f"{exported_model_folder(model)} holds no exported program; "
            f"run `paddledvc export {model.name}`"
        )
    return found


def _hash(project: Project, measured: list[Path]) -> Iterator[Hashed]:
    for file in measured:
        path = file.relative_to(project.root).as_posix()
        yield Hashed(path=path, hashes=files.hash_file(file))


def _digest_code(project: Project, settings: Evaluate) -> str:
    """Hash the code of the function, and what it imports of the project."""
    sha256 = hashlib.sha256()
    for path in source_files_of_code(Reference.parse(settings.function), project.root):
        sha256.update(f"{path}\0".encode())
        sha256.update(hashlib.sha256(read_project_file(project.root, path)).digest())
    return sha256.hexdigest()


def _write(
    project: Project,
    model: Model,
    settings: Evaluate,
    found: Mapping[str, Evaluated],
    measured: Measured,
) -> None:
    """Write the report and its tables; the report comes last."""
    folder = f"{model_reports_folder(model)}/evaluate"
    shown = found.get("deployed", found[NETWORK])
    for plot in settings.plots:
        columns = shown.tables[plot.name]
        rows = zip(*columns.values(), strict=True)
        project.write(f"{folder}/{plot.name}.csv", summary.write_table_csv(list(columns), rows))
    if settings.slices:
        project.write(f"{folder}/slices.csv", summary.write_slices_csv(measured.slices))
    if len(found) > 1:
        project.write(f"{folder}/changed.csv", summary.write_changed_csv(found))
    project.write(measured_path(model), measured.to_json())
