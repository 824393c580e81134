"""The exported files compared with the dynamic network, on every path they are deployed on."""

from __future__ import annotations

import logging
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.core import agreement, layout, pins
from paddledvc.core.agreement import Output
from paddledvc.core.jobs import Network, PathJob, Ran, ReferenceJob
from paddledvc.core.reports import Hashed, PathReport, VerifyReport
from paddledvc.core.resolution import require_fresh
from paddledvc.errors import Finding, InvalidInput, MissingTool, WorkerDied
from paddledvc.tools import arrays, files, worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.model import Model, PathName, Verify
    from paddledvc.project import Project

logger = logging.getLogger(__name__)
GATES = {"jit": "program", "predictor": "program", "deployed": "engine", "gpu": "device"}
"""The tolerance that applies to a path."""


def verify(project: Project, name: str, *, pin: str | None = None) -> VerifyReport:
    """Compare the exported files of a model with its dynamic network, and write the evidence.

    Each path runs in a process of its own, so that one that dies is a result too. The report goes
    to ``reports/<slug>/``, whatever the verdict.

    Args:
        project: the project.
        name: the model.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.

    Returns:
        The report; its ``verdict`` says whether every path agrees.

    Raises:
        InvalidInput: there is nothing exported, or samples or weights do not fit.
        UserCodeFailed: the dynamic network itself fails.
        MissingTool: Paddle is not installed.
        StaleStages: the stage was generated for another pin.
        StaleLock: models.lock is not what models.yaml asks for.
    """
    registry, lock = project.registry(), project.lock()
    model = registry.model(name)
    if not model.exports:
        raise InvalidInput(f"{name} has no `export` section in models.yaml")
    require_fresh(registry, lock, registry.lineage(name))
    if pin is not None:
        pins.require_pin("verify", model, pin, pins.verify_pin(registry, lock, model))
    weights = layout.own_weights(registry, lock, model)
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as folder:
        report = _Comparison(
            project=project,
            model=model,
            settings=project.verify_settings(model),
            weights=None if weights is None else project.weights(weights, model),
            folder=Path(folder),
        ).report()
    _write(project, model, report)
    return report


@dataclass(frozen=True, kw_only=True, slots=True)
class _Comparison:
    """One model compared, with its samples and outputs in a temporary folder."""

    project: Project
    model: Model
    settings: Verify
    weights: Path | None
    folder: Path

    def report(self) -> VerifyReport:
        """Run the dynamic network, then every path on the same samples."""
        exported = _exported_files(self.project, self.model)
        reference = worker.call(self._reference_job(), Ran, root=self.project.root)
        expected = [
            [Output(name=name, values=call[name]) for name in reference.outputs]
            for call in arrays.load(self._outputs("eager"))
        ]
        # Two cores a path, so that none slows down the latency that another measures.
        with ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 1) // 2)) as pool:
            run = partial(self._run, expected, reference.batches)
            try:
                paths = tuple(pool.map(run, self.settings.chosen_paths))
            except BaseException:
                worker.end_all()
                raise
        return VerifyReport(
            model=self.model.name,
            version=self.model.requires.text,
            repeatable=reference.repeatable,
            starts=reference.starts,
            batches=reference.batches,
            paths=paths,
            files=tuple(self._hashed(exported)),
            samples_sha256=arrays.digest(arrays.load(self._cases)),
            engine=self.settings.engine,
            runtime=reference.runtime,
            latency=reference.latency,
        )

    @property
    def _cases(self) -> Path:
        return self.folder / "cases.npz"

    def _outputs(self, path: str) -> Path:
        return self.folder / f"{path}.npz"

    def _reference_job(self) -> ReferenceJob:
        assert self.model.network is not None
        return ReferenceJob(
            network=Network(
                root=self.project.root,
                reference=self.model.network,
                arguments=dict(self.model.network_args),
                weights=self.weights,
            ),
            inputs=self.model.inputs,
            samples=self.settings.samples,
            input_size=self.model.input_size,
            batch_sizes=self.settings.batch_sizes,
            seed=self.settings.seed,
            cases=self._cases,
            outputs=self._outputs("eager"),
        )

    def _run(
        self, expected: list[list[Output]], batches: tuple[int, ...], path: PathName
    ) -> PathReport:
        gate = GATES[path]
        tolerance: float = getattr(self.settings.tolerance, gate)
        job = PathJob(
            path=path,
            program=self.project.root / layout.exported(self.model) / layout.EXPORT_PREFIX,
            cases=self._cases,
            outputs=self._outputs(path),
            engine=self.settings.engine,
            device=self.settings.device if self.settings.device != "cpu" else "gpu",
        )
        try:
            # TF32 rounds float32 to ten bits of mantissa: not what a float32 export promises.
            ran = worker.call(job, Ran, root=self.project.root, NVIDIA_TF32_OVERRIDE="0")
        except WorkerDied as error:
            logger.warning("%s: %s", path, error)
            return PathReport(path=path, gate=gate, tolerance=tolerance, failure=error.how)
        except (Finding, MissingTool, InvalidInput) as error:
            return PathReport(path=path, gate=gate, tolerance=tolerance, failure=str(error))
        found = [
            [Output(name=name, values=array) for name, array in call.items()]
            for call in arrays.load(job.outputs)
        ]
        return PathReport(
            path=path,
            gate=gate,
            tolerance=tolerance,
            agreement=agreement.compare(expected, found, batches, tolerance),
            repeatable=ran.repeatable,
            latency=ran.latency,
            runtime=ran.runtime,
        )

    def _hashed(self, exported: list[Path]) -> Iterator[Hashed]:
        """Hash the files that the verdict belongs to."""
        for file in (*([self.weights] if self.weights else []), *exported):
            path = file.relative_to(self.project.root).as_posix()
            yield Hashed(path=path, hashes=files.hash_file(file))


def _exported_files(project: Project, model: Model) -> list[Path]:
    folder = project.root / layout.exported(model)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    if not any(file.stem == layout.EXPORT_PREFIX for file in found):
        raise InvalidInput(
            f"{layout.exported(model)} holds no exported program; "
            f"run `paddledvc export {model.name}`"
        )
    return [file for file in found if file.is_file()]


def _write(project: Project, model: Model, report: VerifyReport) -> None:
    folder = project.root / layout.reports(model)
    files.write_text(folder / "verify.csv", report.to_csv())
    files.write_text(folder / "latency.json", report.latency_json())
    files.write_text(folder / "verify.json", report.to_json())
