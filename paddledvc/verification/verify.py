"""The exported files compared with the dynamic network, on every path they are deployed on."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from paddledvc import names
from paddledvc.display.results import Displayed, Table
from paddledvc.errors import InvalidInput, PaddleDVCError
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.models import registry as registries
from paddledvc.models.model import exported_model_folder, model_reports_folder
from paddledvc.project import Inputs
from paddledvc.stages.core import settings_digest
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.tools.paddle.core.jobs import Network
from paddledvc.tools.paddle.read_program import read_program_outputs
from paddledvc.tools.system import files
from paddledvc.tools.system.threads import map_in_threads
from paddledvc.verification.compare import Comparison
from paddledvc.verification.core.evidence import Evidence, evidence_path
from paddledvc.verification.core.flag_differences import list_flag_differences
from paddledvc.verification.core.verify_report import evidence_of_report
from paddledvc.verification.report import write_report
from paddledvc.verification.saved_errors import SavedErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from paddledvc.locking.current import LockUse
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.verify_settings import Verify
    from paddledvc.project import Project
    from paddledvc.verification.core.verify_report import Verdict, VerifyReport


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Verified(Displayed):
    """What became of one model among several.

    Attributes:
        report: its report; None where it could not be verified.
        error: why it could not; None where it was.
    """

    model: str
    report: VerifyReport | None = None
    error: PaddleDVCError | None = None

    @property
    def verdict(self) -> Verdict | Literal["error"]:
        """What its report says; ``error`` where there is none."""
        return "error" if self.report is None else self.report.verdict

    def _cells(self) -> Mapping[str, object]:
        found = str(self.error) if self.report is None else self.report.worst
        return {"model": self.model, "verdict": self.verdict, "found": found}

    def _summary(self) -> str:
        return ": ".join(map(str, (self.model, self.verdict)))


def verify(
    project: Project, name: str, *, pin: str | None = None, use: LockUse = UPDATE
) -> VerifyReport:
    """Compare the exported files of a model with its dynamic network, and write the evidence.

    Each path runs in a process of its own, so that one that dies is a result too. The report goes
    to ``reports/<slug>/``, whatever the verdict.

    Args:
        project: the project.
        name: the model.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        use: how models.lock may be used.

    Returns:
        The report; its ``verdict`` says whether every path agrees.

    Raises:
        InvalidInput: there is nothing exported, or samples or weights do not fit.
        Finding: the exported program has other outputs than models.yaml states.
        UserCodeFailed: the dynamic network itself fails.
        MissingTool: Paddle is not installed.
        StaleStages: the stage was generated for another pin.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.

    Example:
        project = paddledvc.Project.find()
        report = paddledvc.verify(project, "digits")
        print(report.verdict, report.worst)
    """
    inputs = Inputs(project)
    registry = inputs.registry
    model = registry.model(name)
    if not model.exports:
        raise InvalidInput(f"{name} has no `export` section in models.yaml")
    lock = current_lock(project, registry, use, registry.lineage(name), pin=pin)
    if pin is not None:
        settings_digest.require_digest(
            "verify", model, pin, settings_digest.verify_digest(registry, lock, model)
        )
    return _verify(inputs, lock, model)


def verify_all(
    project: Project,
    names: Iterable[str] = (),
    *,
    jobs: int = 1,
    use: LockUse = UPDATE,
    done: Callable[[Verified], None] = lambda _: None,
) -> tuple[Verified, ...]:
    """Verify several models, each as ``verify`` does.

    Args:
        project: the project.
        names: the models; by default every one that exports.
        jobs: models that are verified at once.
        use: how models.lock may be used.
        done: called with each when it is done.

    Returns:
        What became of each, in the order of models.yaml, or as they were named.

    Raises:
        UnknownModel: one is not in models.yaml.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.

    Example:
        project = paddledvc.Project.find()
        for one in paddledvc.verify_all(project, jobs=2):
            print(one.model, one.verdict)
    """
    inputs = Inputs(project)
    registry = inputs.registry
    models = [registry.model(name) for name in names]
    models = models or [model for model in registry.models if model.exports]
    if not models:
        raise InvalidInput("no model of models.yaml has an `export` section")
    if unfit := [model.name for model in models if not model.exports]:
        raise InvalidInput(f"{', '.join(unfit)}: no `export` section in models.yaml")
    lock = current_lock(project, registry, use)

    def one(model: Model) -> Verified:
        try:
            found = Verified(model=model.name, report=_verify(inputs, lock, model))
        except PaddleDVCError as error:
            found = Verified(model=model.name, error=error)
        done(found)
        return found

    return Table(map_in_threads(one, models, jobs=jobs))


def _verify(inputs: Inputs, lock: Lock, model: Model) -> VerifyReport:
    project = inputs.project
    weights = registries.weights_in_registry(inputs.registry, lock, model)
    weights_file = None if weights is None else project.weights(weights, model)
    exported = _exported_files(project, model)
    project.require_outputs(model, read_program_outputs(_program(project, model)))
    settings = project.verify_settings(model, inputs.params)
    binaries = [*([weights_file] if weights_file else []), *exported]
    key = registries.weights_key_in_registry(inputs.registry, lock, model)
    saved = SavedErrors.of(project.root, model, settings, binaries, key)
    compared = saved.judge(settings) or _compare(project, model, settings, weights_file, key)
    report = replace(compared, files=tuple(_hashed(project, binaries)))
    saved.save(report)
    report = replace(report, since_last=_since_last(project, model, report))
    write_report(project.root, project.root / model_reports_folder(model), report)
    return report


def _since_last(project: Project, model: Model, report: VerifyReport) -> tuple[str, ...]:
    """Name the flags and the like that are not as in the last report: that here, or committed."""
    path = evidence_path(model)
    with suppress(
        PaddleDVCError, ValueError
    ):  # a last report that says nothing is compared with none
        text = find_project_text(project.root, path)
        # DVC removes the one here before it runs the stage.
        text = text or Snapshot.tree(project.root, "HEAD").text(path)
        if text is not None:
            return list_flag_differences(Evidence.from_json(text), evidence_of_report(report))
    return ()


def _compare(
    project: Project, model: Model, settings: Verify, weights: Path | None, key: str | None
) -> VerifyReport:
    assert model.network is not None
    network = Network(
        root=project.root,
        reference=model.network,
        arguments=dict(model.network_args),
        weights=weights,
        key=key,
        forward=model.forward,
    )
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as folder:
        return Comparison(
            model=model.name,
            version=model.requires.text,
            network=network,
            inputs=model.inputs,
            input_size=model.input_size,
            program=_program(project, model),
            settings=settings,
            folder=Path(folder),
            stated=model.outputs,
        ).run()


def _program(project: Project, model: Model) -> Path:
    return project.root / exported_model_folder(model) / names.EXPORT_PREFIX


def _hashed(project: Project, binaries: Iterable[Path]) -> Iterator[Hashed]:
    """Hash the files that the verdict belongs to."""
    for file in binaries:
        path = file.relative_to(project.root).as_posix()
        yield Hashed(path=path, hashes=files.hash_file(file))


def _exported_files(project: Project, model: Model) -> list[Path]:
    folder = project.root / exported_model_folder(model)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    if not any(file.stem == names.EXPORT_PREFIX for file in found):
        raise InvalidInput(
            f"{exported_model_folder(model)} holds no exported program; "
            f"run `paddledvc export {model.name}`"
        )
    return [file for file in found if file.is_file()]
