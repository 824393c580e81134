"""A model measured by its team's function, in every way that is asked for, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidInput
from paddledvc.evaluation.core import summary
from paddledvc.evaluation.core.measured import NETWORK, measured_path
from paddledvc.evaluation.core.pictures import draw_changed_svg
from paddledvc.evaluation.measure_paths import Bytes, measure_paths
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.models import registry as registries
from paddledvc.models.evaluate_settings import evaluated_paths
from paddledvc.models.model import exported_model_folder, model_reports_folder
from paddledvc.project import Inputs
from paddledvc.stages.core import settings_digest
from paddledvc.tools.paddle.core.jobs import Network
from paddledvc.tools.system import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.evaluation.core.measured import Measured
    from paddledvc.locking.current import LockUse
    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.project import Project
    from paddledvc.tools.paddle.core.jobs import Evaluated


def evaluate(
    project: Project,
    name: str,
    *,
    pin: str | None = None,
    use: LockUse = UPDATE,
    limit: int | None = None,
) -> Measured:
    """Measure a model with its own function, the network and its export, and write it down.

    Args:
        project: the project.
        name: the model.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        use: how models.lock may be used.
        limit: samples to take, for a quick look: then nothing is written.

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
    # Of two at once, the one would write the report and the other the tables.
    with files.hold_file_lock(project.scratch() / f"evaluate-{model.slug}.lock"):
        given = _choose_bytes(inputs, lock, model, model.evaluate)
        found, measured = measure_paths(inputs, model, model.evaluate, given, limit=limit)
        if limit is None:
            _write(project, model, model.evaluate, found, measured)
    return measured


def _choose_bytes(inputs: Inputs, lock: Lock, model: Model, settings: Evaluate) -> Bytes:
    """Choose what is measured: what the work tree holds."""
    project = inputs.project
    weights = registries.weights_in_registry(inputs.registry, lock, model)
    file = None if weights is None else project.weights(weights, model)
    exported = (
        _exported_files(project, model) if evaluated_paths(settings, exports=model.exports) else []
    )
    assert model.network is not None
    hashed = [*([file] if file else []), *exported]
    return Bytes(
        version=model.requires.text,
        network=Network(
            root=project.root,
            reference=model.network,
            arguments=dict(model.network_args),
            weights=file,
            key=registries.weights_key_in_registry(inputs.registry, lock, model),
            forward=model.forward,
        ),
        program=project.root / exported_model_folder(model) if exported else None,
        files={one.relative_to(project.root).as_posix(): one for one in hashed},
    )


def _exported_files(project: Project, model: Model) -> list[Path]:
    folder = project.root / exported_model_folder(model)
    found = sorted(one for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []
    if not any(file.stem == names.EXPORT_PREFIX for file in found):
        raise InvalidInput(
            f"{exported_model_folder(model)} holds no exported program; "
            f"run `paddledvc export {model.name}`"
        )
    return found


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
        if settings.pictures:
            pictures = {path: one.pictures for path, one in found.items()}
            drawn = draw_changed_svg(summary.list_changed_samples(found), pictures)
            project.write(f"{folder}/changed.svg", drawn)
    project.write(measured_path(model), measured.to_json())
