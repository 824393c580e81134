"""A dynamic network and its exported files, run on the same samples and compared."""

from __future__ import annotations

import glob
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.core import agreement
from paddledvc.core.agreement import Output
from paddledvc.core.jobs import (
    FORETELLING,
    DiagnoseJob,
    Diagnosis,
    Exported,
    ExportJob,
    Network,
    PathJob,
    Ran,
    ReferenceJob,
)
from paddledvc.core.layout import EXPORT_PREFIX
from paddledvc.core.reports import PathReport, VerifyReport
from paddledvc.core.verification import GATES
from paddledvc.errors import (
    Finding,
    InvalidInput,
    MissingTool,
    PaddleDVCError,
    UserCodeFailed,
    WorkerDied,
)
from paddledvc.tools import arrays, memory, worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paddledvc.core.model import Input
    from paddledvc.core.reports import Hashed
    from paddledvc.core.verification import PathName, Verify

logger = logging.getLogger(__name__)
_ERROR = re.compile(r"\s*[\w.]+(?:Error|Exception|Warning|Exit): ")
PROCESS = 400 * 2**20
"""Bytes that a process with Paddle takes before it loads anything."""
COPIES = 4
"""Times that a path holds the exported files in memory, of which a fused engine has its own."""
DIAGNOSIS = 600.0
"""Seconds that the search for the sublayer may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What a comparison found.

    Attributes:
        reference: how the dynamic network ran.
        paths: how each way to run the exported files fared.
        samples_sha256: digest of the inputs that they were compared on.
        notes: sentences about what nobody is to overlook.
    """

    reference: Ran
    paths: tuple[PathReport, ...]
    samples_sha256: str
    notes: tuple[str, ...] = ()

    def report(
        self, model: str, version: str, files: Iterable[Hashed], settings: Verify
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
            engine=settings.engine,
            tolerance=settings.tolerance,
            runtime=self.reference.runtime,
            latency=self.reference.latency,
            batch_error=self.reference.batch_error,
            notes=self.notes,
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
        with ThreadPoolExecutor(max_workers=self._side_by_side()) as pool:
            run = partial(self._run, expected, batches)
            try:
                return tuple(pool.map(run, self.settings.chosen_paths))
            except BaseException:
                worker.end_all()
                raise

    def _side_by_side(self) -> int:
        """Count the paths that may run at once, within the memory that is left."""
        # Two cores a path, so that none slows down the latency that another measures.
        wanted = max(1, (os.cpu_count() or 1) // 2)
        files = self.program.parent.glob(f"{glob.escape(self.program.name)}.*")
        need = PROCESS + COPIES * sum(file.stat().st_size for file in files)
        left = memory.available()
        return wanted if left is None else max(1, min(wanted, left // need))

    def _run(
        self, expected: Sequence[Sequence[Output]], batches: Sequence[int], path: PathName
    ) -> PathReport:
        gate, tolerance = GATES[path], self.settings.tolerance.of(path)
        job = self.job(path)
        try:
            # TF32 rounds float32 to ten bits of mantissa: not what a float32 export promises.
            ran = worker.call(job, Ran, root=self.root, NVIDIA_TF32_OVERRIDE="0")
        except WorkerDied as error:
            logger.warning("%s: %s", path, error)
            return PathReport(path=path, gate=gate, tolerance=tolerance, failure=error.how)
        except (Finding, MissingTool, InvalidInput) as error:
            skipped = isinstance(error, MissingTool) and path in self.settings.optional
            return PathReport(
                path=path, gate=gate, tolerance=tolerance, failure=str(error), skipped=skipped
            )
        found = [
            [Output(name=name, values=array) for name, array in call.items()]
            for call in arrays.load(job.outputs)
        ]
        return PathReport(
            path=path,
            gate=gate,
            tolerance=tolerance,
            agreement=agreement.compare(
                expected, found, batches, tolerance, self.settings.tolerance.of_outputs(path)
            ),
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
        program: path of the exported files without their suffix, absolute; None to export the
            network into ``exported``, with the weights it is built with if it is given none.
        settings: samples, batch sizes, paths, tolerances.
        folder: an empty folder for samples and outputs on their way between processes.
    """

    network: Network
    inputs: tuple[Input, ...]
    input_size: tuple[int, ...]
    program: Path | None
    settings: Verify
    folder: Path

    @property
    def exported(self) -> Path:
        """The folder that a network goes to that was not exported yet."""
        return self.folder / "exported"

    @property
    def initial(self) -> Path:
        """The weights that a network is built with, where it is given none."""
        return self.folder / "initial.pdparams"

    def run(self) -> Compared:
        """Run the dynamic network, then every path on the same samples.

        Raises:
            InvalidInput: samples or weights do not fit.
            UserCodeFailed: the dynamic network itself fails.
            MissingTool: Paddle is not installed.
        """
        root = Path(self.network.root)
        exports = Exports(
            program=self.program or self.exported / EXPORT_PREFIX,
            settings=self.settings,
            root=root,
            folder=self.folder,
        )
        eager = exports.outputs("eager")
        reference = worker.call(self._reference_job(exports.cases, eager), Ran, root=root)
        expected = [
            [Output(name=name, values=call[name]) for name in reference.outputs]
            for call in arrays.load(eager)
        ]
        notes: tuple[str, ...] = ()
        failed: tuple[PathReport, ...] = ()
        if self.program is None:
            notes, failed = self._export()
        self._check_names(reference.outputs)
        paths = failed or exports.compare(expected, reference.batches)
        if reference.repeatable and not failed:
            paths = self._diagnosed(exports, paths)
        digest = arrays.digest(arrays.load(exports.cases))
        return Compared(reference=reference, paths=paths, samples_sha256=digest, notes=notes)

    def _check_names(self, outputs: Sequence[str]) -> None:
        for name in self.settings.tolerance.outputs:
            if name not in outputs:
                raise InvalidInput(
                    f"tolerance: there is no output {name!r}, expected one of {', '.join(outputs)}"
                )

    def _export(self) -> tuple[tuple[str, ...], tuple[PathReport, ...]]:
        """Export the network; give what it was warned of, and the paths where that fails."""
        self.exported.mkdir()
        job = ExportJob(
            network=self._loaded(),
            inputs=self.inputs,
            allow=tuple(FORETELLING),  # the comparison tells what came of it
            folder=self.exported,
        )
        try:
            exported = worker.call(job, Exported, root=Path(self.network.root))
        except (WorkerDied, UserCodeFailed) as error:
            logger.warning("export: %s", error)
            why = error.how if isinstance(error, WorkerDied) else _raised(str(error))
            return (), self._unrun(why)
        return tuple(f"the export warns: {FORETELLING[one]}" for one in exported.warnings), ()

    def _unrun(self, why: str) -> tuple[PathReport, ...]:
        """Report a failing export, and with it every path that it was for."""
        failed = PathReport(path="export", gate="program", tolerance=0.0, failure=why)
        unrun = "there is nothing to run, for the network cannot be exported"
        of = self.settings.tolerance.of
        return (
            failed,
            *(
                PathReport(path=path, gate=GATES[path], tolerance=of(path), failure=unrun)
                for path in self.settings.chosen_paths
            ),
        )

    def _loaded(self) -> Network:
        """Give the network the weights it was built with, if it was given none."""
        meant = self.program is None and self.network.weights is None and self.initial.exists()
        return replace(self.network, weights=self.initial) if meant else self.network

    def _diagnosed(self, exports: Exports, paths: tuple[PathReport, ...]) -> tuple[PathReport, ...]:
        """Say of the first path that disagrees where that begins; the others follow from it."""
        failed = next((one for one in paths if one.result == "fail" and one.path != "gpu"), None)
        if failed is None or failed.path == "export":
            return paths
        folder = self.folder / "parts"
        folder.mkdir()
        samples = () if failed.agreement is None else failed.agreement.samples
        worst = max(samples, key=lambda one: one.scaled_error, default=None)
        job = DiagnoseJob(
            network=self._loaded(),
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
            initial=None if self.program else self.initial,
        )


def _raised(message: str) -> str:
    """Leave out where in the code it was raised, which differs from machine to machine."""
    first, *rest = message.splitlines()
    told = [line.strip() for line in rest if _ERROR.match(line)]
    return f"{first} {told[-1]}" if told else first
