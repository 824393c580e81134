"""A dynamic network and its exported files, run on the same samples and compared."""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.core import agreement
from paddledvc.core.agreement import Output
from paddledvc.core.jobs import DiagnoseJob, Diagnosis, Network, PathJob, Ran, ReferenceJob
from paddledvc.core.reports import PathReport, VerifyReport
from paddledvc.core.verification import GATES
from paddledvc.errors import Finding, InvalidInput, MissingTool, PaddleDVCError, WorkerDied
from paddledvc.tools import arrays, worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paddledvc.core.model import Input
    from paddledvc.core.reports import Hashed
    from paddledvc.core.verification import Engine, PathName, Verify

logger = logging.getLogger(__name__)
DIAGNOSIS = 600.0
"""Seconds that the search for the sublayer may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What a comparison found.

    Attributes:
        reference: how the dynamic network ran.
        paths: how each way to run the exported files fared.
        samples_sha256: digest of the inputs that they were compared on.
    """

    reference: Ran
    paths: tuple[PathReport, ...]
    samples_sha256: str

    def report(
        self, model: str, version: str, files: Iterable[Hashed], engine: Engine
    ) -> VerifyReport:
        """Make the report of a model's files."""
        return VerifyReport(
            model=model,
            version=version,
            repeatable=self.reference.repeatable,
            starts=self.reference.starts,
            batches=self.reference.batches,
            paths=self.paths,
            files=tuple(files),
            samples_sha256=self.samples_sha256,
            engine=engine,
            runtime=self.reference.runtime,
            latency=self.reference.latency,
            batch_error=self.reference.batch_error,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Exports:
    """Exported files that are run in every way that is chosen, each in a process of its own.

    Attributes:
        program: path of the exported files without their suffix, absolute.
        settings: paths, tolerances, engine and device.
        root: the folder to work in.
        folder: a folder for samples, in ``cases.npz``, and outputs on their way.
    """

    program: Path
    settings: Verify
    root: Path
    folder: Path

    @property
    def cases(self) -> Path:
        """The file with the samples."""
        return self.folder / "cases.npz"

    def outputs(self, path: str) -> Path:
        """Name the file with the outputs of a path."""
        return self.folder / f"{path}.npz"

    def job(self, path: PathName) -> PathJob:
        """Say how to run the files in one way."""
        return PathJob(
            path=path,
            program=self.program,
            cases=self.cases,
            outputs=self.outputs(path),
            engine=self.settings.engine,
            device=self.settings.device if self.settings.device != "cpu" else "gpu",
        )

    def compare(
        self, expected: Sequence[Sequence[Output]], batches: Sequence[int]
    ) -> tuple[PathReport, ...]:
        """Run the files on the samples and compare what they compute with what is expected.

        Args:
            expected: the outputs of each call.
            batches: number of samples of each call.
        """
        # Two cores a path, so that none slows down the latency that another measures.
        with ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 1) // 2)) as pool:
            run = partial(self._run, expected, batches)
            try:
                return tuple(pool.map(run, self.settings.chosen_paths))
            except BaseException:
                worker.end_all()
                raise

    def _run(
        self, expected: Sequence[Sequence[Output]], batches: Sequence[int], path: PathName
    ) -> PathReport:
        gate = GATES[path]
        tolerance: float = getattr(self.settings.tolerance, gate)
        job = self.job(path)
        try:
            # TF32 rounds float32 to ten bits of mantissa: not what a float32 export promises.
            ran = worker.call(job, Ran, root=self.root, NVIDIA_TF32_OVERRIDE="0")
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is to be compared, of a project or of none.

    Attributes:
        network: the dynamic network with its weights.
        inputs: the arguments of its forward.
        input_size: sizes for dynamic dimensions, if known.
        program: path of the exported files without their suffix, absolute.
        settings: samples, batch sizes, paths, tolerances.
        folder: an empty folder for samples and outputs on their way between processes.
    """

    network: Network
    inputs: tuple[Input, ...]
    input_size: tuple[int, ...]
    program: Path
    settings: Verify
    folder: Path

    def run(self) -> Compared:
        """Run the dynamic network, then every path on the same samples.

        Raises:
            InvalidInput: samples or weights do not fit.
            UserCodeFailed: the dynamic network itself fails.
            MissingTool: Paddle is not installed.
        """
        root = Path(self.network.root)
        exports = Exports(
            program=self.program, settings=self.settings, root=root, folder=self.folder
        )
        eager = exports.outputs("eager")
        reference = worker.call(self._reference_job(exports.cases, eager), Ran, root=root)
        expected = [
            [Output(name=name, values=call[name]) for name in reference.outputs]
            for call in arrays.load(eager)
        ]
        paths = exports.compare(expected, reference.batches)
        if reference.repeatable:
            paths = self._diagnosed(exports, paths)
        digest = arrays.digest(arrays.load(exports.cases))
        return Compared(reference=reference, paths=paths, samples_sha256=digest)

    def _diagnosed(self, exports: Exports, paths: tuple[PathReport, ...]) -> tuple[PathReport, ...]:
        """Say of the first path that disagrees where that begins; the others follow from it."""
        failed = next((one for one in paths if not one.passed and one.path != "gpu"), None)
        if failed is None:
            return paths
        folder = self.folder / "parts"
        folder.mkdir()
        samples = () if failed.agreement is None else failed.agreement.samples
        worst = max(samples, key=lambda one: one.scaled_error, default=None)
        job = DiagnoseJob(
            network=self.network,
            inputs=self.inputs,
            call=0 if worst is None else worst.case,
            tolerance=failed.tolerance,
            path_job=exports.job(failed.path),
            folder=folder,
        )
        try:
            found = worker.call(job, Diagnosis, root=exports.root, timeout=DIAGNOSIS)
        except PaddleDVCError as error:
            logger.warning("nobody knows where it begins: %s", error)
            return paths
        return tuple(replace(one, diagnosis=found) if one is failed else one for one in paths)

    def _reference_job(self, cases: Path, outputs: Path) -> ReferenceJob:
        return ReferenceJob(
            network=self.network,
            inputs=self.inputs,
            samples=self.settings.samples,
            input_size=self.input_size,
            batch_sizes=self.settings.batch_sizes,
            seed=self.settings.seed,
            cases=cases,
            outputs=outputs,
        )
