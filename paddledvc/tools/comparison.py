"""A dynamic network and its exported files, run on the same samples and compared."""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.core import agreement
from paddledvc.core.agreement import Output
from paddledvc.core.jobs import Network, PathJob, Ran, ReferenceJob
from paddledvc.core.reports import PathReport
from paddledvc.errors import Finding, InvalidInput, MissingTool, WorkerDied
from paddledvc.tools import arrays, worker

if TYPE_CHECKING:
    from paddledvc.core.model import Input, PathName, Verify

logger = logging.getLogger(__name__)
GATES = {"jit": "program", "predictor": "program", "deployed": "engine", "gpu": "device"}
"""The tolerance that applies to a path."""


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
        reference = worker.call(self._reference_job(), Ran, root=self._root)
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
        digest = arrays.digest(arrays.load(self._cases))
        return Compared(reference=reference, paths=paths, samples_sha256=digest)

    @property
    def _root(self) -> Path:
        return Path(self.network.root)

    @property
    def _cases(self) -> Path:
        return self.folder / "cases.npz"

    def _outputs(self, path: str) -> Path:
        return self.folder / f"{path}.npz"

    def _reference_job(self) -> ReferenceJob:
        return ReferenceJob(
            network=self.network,
            inputs=self.inputs,
            samples=self.settings.samples,
            input_size=self.input_size,
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
            program=self.program,
            cases=self._cases,
            outputs=self._outputs(path),
            engine=self.settings.engine,
            device=self.settings.device if self.settings.device != "cpu" else "gpu",
        )
        try:
            # TF32 rounds float32 to ten bits of mantissa: not what a float32 export promises.
            ran = worker.call(job, Ran, root=self._root, NVIDIA_TF32_OVERRIDE="0")
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
