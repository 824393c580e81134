"""A model trained by its user's code, and the record of that."""

from __future__ import annotations

import json
import logging
import os
import platform
import posixpath
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput, PaddleDVCError, UserCodeFailed
from paddledvc.locking import missing_code
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.models import registry as registries
from paddledvc.models.model import model_reports_folder, trained_model_file
from paddledvc.project import Inputs
from paddledvc.stages.core import settings_digest
from paddledvc.stages.core.record import (
    Dataset,
    Hashed,
    Record,
    pick_recorded_variables,
    record_path,
)
from paddledvc.stages.core.settings_digest import list_settings
from paddledvc.tools.dvc import command
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.paddle import device, process
from paddledvc.tools.paddle.core.jobs import Ended, Network, TrainJob
from paddledvc.tools.system import files, shell
from paddledvc.tools.system.hash_cache import hash_md5
from paddledvc.tools.system.threads import map_in_threads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.hashes import Hashes
    from paddledvc.locking.current import LockUse
    from paddledvc.models.model import Model, Train
    from paddledvc.project import Project
    from paddledvc.tools.paddle.core.jobs import Runtime

logger = logging.getLogger(__name__)
READERS = 4
"""Files of a dataset that are read at once."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Trained(Displayed):
    """Weights that a training wrote.

    Attributes:
        path: where they are, relative to the project.
        metrics: the file of the final values, relative to the project.
        hashes: what the bytes hash to; None where another machine of the launch has them.
    """

    name: str
    path: str
    metrics: str
    hashes: Hashes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Places:
    """Where a training reads and writes; all absolute."""

    base: Path | None
    base_key: str | None
    staged: Path
    weights: Path
    metrics: Path


def train(project: Project, name: str, *, pin: str | None = None, use: LockUse = UPDATE) -> Trained:
    """Train a model in processes of its own and move its weights into place when it succeeded.

    What the training prints goes to our standard error.

    Args:
        project: the project.
        name: the model.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        use: how models.lock may be used.

    Raises:
        InvalidInput: the model has no ``train`` section, or its base weights are not there.
        InvalidFile: models.yaml names code of the model that is not there.
        UserCodeFailed: the training failed, or wrote no weights; the old ones are untouched.
        MissingTool: Paddle, or the GPU that ``device`` asks for, is not there.
        StaleStages: the stage was generated for another pin.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.

    Example:
        project = paddledvc.Project.find()
        print(paddledvc.train(project, "digits"))
    """
    inputs = Inputs(project)
    registry = inputs.registry
    model = registry.model(name)
    if model.train is None:
        raise InvalidInput(f"{name} has no `train` section in models.yaml")
    missing_code.refuse_missing_code(inputs, models=[name])
    lock = current_lock(project, registry, use, registry.lineage(name), pin=pin)
    if pin is not None:
        settings_digest.require_digest(
            "train", model, pin, settings_digest.train_digest(registry, lock, model)
        )
    base = registries.base_weights_in_registry(registry, lock, model)
    key = registries.base_key_in_registry(registry, lock, model)
    with files.hold_file_lock(project.scratch() / f"train-{model.slug}.lock"):
        hashes = _train(inputs, model, model.train, (base, key))
    return Trained(
        name=name,
        path=trained_model_file(model),
        metrics=f"{model_reports_folder(model)}/train/metrics.json",
        hashes=hashes,
    )


def _train(
    inputs: Inputs, model: Model, settings: Train, base: tuple[str | None, str | None]
) -> Hashes | None:
    project = inputs.project
    params = dict(project.hyperparameters(model, inputs.params))
    places = _places(project, model, *base)
    began = _begin_training(project.root)
    runtime = None
    try:
        if settings.function is not None:
            ended = _by_function(inputs, model, settings, places, params)
            if not ended.here:
                return None
            runtime = ended.runtime
        else:
            _by_command(project, model, settings, places, params)
        places.staged.replace(places.weights)
    finally:
        shutil.rmtree(places.staged.parent, ignore_errors=True)
    hashes = files.hash_file(places.weights)
    given = Ingredients(base=places.base, params=params, runtime=runtime)
    _record(project, model, began, given, hashes)
    return hashes


def _record(
    project: Project, model: Model, began: Beginning, given: Ingredients, weights: Hashes
) -> None:
    """Write down what made the weights; a training of days does not fail for want of that."""
    try:
        record = _record_training(project.root, model, began, given, weights)
        project.write(record_path(model), record.to_json())
    except (PaddleDVCError, OSError) as error:
        logger.warning("%s was not written: %s", record_path(model), error)


def _places(project: Project, model: Model, base: str | None, key: str | None) -> _Places:
    path = trained_model_file(model)
    if (project.root / path).is_dir():
        raise InvalidInput(f"{path} is a folder; the weights need the name")
    weights = project.make_folder(posixpath.dirname(path)) / posixpath.basename(path)
    base_file = None if base is None else project.weights(base, model)
    # Beside the weights, so that moving them into place is one rename; and of a new name each
    # time, so that a training whose paddledvc was killed cannot give its weights to the next.
    folder = files.fresh_folder(weights.parent, f".train-{model.slug}.")
    return _Places(
        base=base_file,
        base_key=key,
        staged=folder / weights.name,
        weights=weights,
        metrics=project.make_folder(f"{model_reports_folder(model)}/train/plots").parent,
    )


def _by_function(
    inputs: Inputs, model: Model, settings: Train, places: _Places, params: Mapping[str, Any]
) -> Ended:
    assert settings.function is not None
    project, network = inputs.project, None
    if model.network is not None:
        network = Network(
            root=project.root,
            reference=model.network,
            arguments=dict(model.network_args),
            weights=places.base,
            key=places.base_key,
        )
    key = project.params_key(model, inputs.params)
    job = TrainJob(
        model=model.name,
        root=project.root,
        function=settings.function,
        network=network,
        base=places.base,
        weights=places.staged,
        metrics=places.metrics,
        params=dict(params),
        params_name=settings.params or f"{names.PARAMS}: {key}.train",
        seed=settings.seed,
        device=settings.device,
    )
    project.scratch()
    log = project.make_folder(f"{names.SCRATCH}/launch/{model.slug}")
    return process.follow_job_process(
        job, Ended, root=project.root, launch=settings.launch, log=log
    )


def _by_command(
    project: Project, model: Model, settings: Train, places: _Places, params: Mapping[str, Any]
) -> None:
    assert settings.command is not None
    params_file = places.staged.parent / "params.json"
    params_file.write_text(json.dumps(dict(params), default=str))
    metrics = places.metrics / "metrics.json"
    # Those of an earlier training would pass for those of this one.
    metrics.unlink(missing_ok=True)
    environment = {
        **process.process_environment(),
        "PADDLEDVC_MODEL": model.name,
        "PADDLEDVC_WEIGHTS": str(places.staged),
        "PADDLEDVC_BASE": str(places.base or ""),
        "PADDLEDVC_PARAMS": str(params_file),
        "PADDLEDVC_METRICS": str(metrics),
        "PADDLEDVC_SEED": str(settings.seed),
        "PADDLEDVC_DEVICE": settings.device,
    }
    returncode = shell.stream_program(settings.command, cwd=project.root, env=environment)
    if returncode:
        raise UserCodeFailed(f"`{settings.command}` failed with exit code {returncode}")
    if not places.staged.is_file():
        raise UserCodeFailed(
            f"`{settings.command}` wrote no weights; it must write them to the file that "
            "$PADDLEDVC_WEIGHTS names"
        )
    if not metrics.exists():  # DVC fails a stage that lacks one of its outputs
        project.write(f"{model_reports_folder(model)}/train/metrics.json", "{}\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """How things stood when a training began.

    Attributes:
        commit: what was checked out; None outside of git.
        dirty: whether files differed from that commit, but for those that stages write.
        at: the time, UTC.
        clock: the same, on a clock that nobody sets.
    """

    commit: str | None
    dirty: bool
    at: datetime
    clock: float


def _begin_training(root: Path) -> Beginning:
    """Look how things stand, before a training begins."""
    commit, dirty = _commit(root)
    return Beginning(
        commit=commit, dirty=dirty, at=datetime.now(timezone.utc), clock=time.monotonic()
    )


def _commit(root: Path) -> tuple[str | None, bool]:
    """Tell what is checked out; a git that is missing or refuses makes no training fail."""
    # A `dvc repro` has written these already when it comes to a training.
    written = [f":(exclude){path}" for path in (names.DVC_LOCK, names.REPORTS)]
    try:
        commit = worktree.resolve_worktree_commit(root, "HEAD")
        status = ask_git(root, "status", "--porcelain", "--", ":/", *written)
    except PaddleDVCError:
        return None, False
    return commit, commit is not None and bool(status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingredients:
    """What a training was given, and what ran it.

    Attributes:
        base: file of the weights that it started from, absolute; None where there was none.
        params: hyperparameters.
        runtime: what ran; None where nobody says.
    """

    base: Path | None
    params: Mapping[str, Any]
    runtime: Runtime | None


def _record_training(
    root: Path, model: Model, began: Beginning, given: Ingredients, weights: Hashes
) -> Record:
    """Say what made the weights that a training has just ended with.

    Args:
        root: folder of the project.
        model: the model; it has a ``train`` section.
        began: how things stood when the training began.
        given: what it was given.
        weights: what its weights hash to.
    """
    assert model.train is not None
    seconds = time.monotonic() - began.clock
    launch = model.train.launch
    return Record(
        model=model.name,
        version=model.requires.text,
        weights=Hashed(path=trained_model_file(model), hashes=weights),
        base=None if given.base is None else _hashed(root, given.base),
        commit=began.commit,
        dirty=began.dirty,
        params=given.params,
        datasets={
            name: Dataset(path=path, md5=digest_training_data(root, path))
            for name, path in model.train.datasets.items()
        },
        seed=model.train.seed,
        device=model.train.device,
        runtime=given.runtime,
        environment=pick_recorded_variables(os.environ),
        paddle=next(iter(device.installed_paddle_packages().values()), None),
        python=platform.python_version(),
        paddledvc=metadata.version("paddledvc"),
        launch=None if launch is None else list_settings(launch),
        began=began.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 1),
        image=os.environ.get(names.IMAGE_VARIABLE) or None,
    )


def _hashed(root: Path, file: Path) -> Hashed:
    return Hashed(path=file.relative_to(root).as_posix(), hashes=files.hash_file(file))


def digest_training_data(root: Path, path: str) -> str | None:
    """Digest data as DVC does: the MD5 of a file, its name of a folder; None if nothing is there.

    What ``.dvcignore`` leaves out of a folder is left out here too.
    """
    place = root / path
    if place.is_dir():
        kept = command.list_dvc_files(root, place)
        digests = map_in_threads(lambda name: hash_md5(place / name), kept, jobs=READERS)
        return folder_object_name(dict(zip(kept, digests, strict=True)))
    return hash_md5(place) if place.is_file() else None
