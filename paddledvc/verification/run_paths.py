"""Exported files, run on samples in every way that they are deployed in, and compared."""

from __future__ import annotations

import glob
import logging
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.comparison import agreement
from paddledvc.comparison.samples import OutputValues
from paddledvc.errors import Finding, InvalidInput, MissingTool, WorkerDied, WorkerStuck
from paddledvc.models.verify_settings import GATES
from paddledvc.tools.paddle import arrays, process
from paddledvc.tools.paddle.core.jobs import PathJob
from paddledvc.tools.paddle.core.results import Ran
from paddledvc.tools.system.threads import side_by_side
from paddledvc.verification.core.path_report import PathReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from paddledvc.models.verify_settings import PathName, Verify

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exports:
    """Exported files that are run in every way that is chosen, each in a process of its own.

    Attributes:
        program: path of the exported files without their suffix, absolute.
        settings: paths, tolerances, engine and device.
        root: the folder to work in.
        folder: a folder for samples, in ``cases.npz``, and outputs on their way.
        edges: the edge of each call, empty for a usual one; or nothing for only usual ones.
    """

    program: Path
    settings: Verify
    root: Path
    folder: Path
    edges: tuple[str, ...] = ()

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
            edges=self.edges,
        )

    def compare(
        self, expected: Sequence[Sequence[OutputValues]], batches: Sequence[int]
    ) -> tuple[PathReport, ...]:
        """Run the files on the samples and compare what they compute with what is expected.

        Args:
            expected: the outputs of each call.
            batches: number of samples of each call.
        """
        # Two cores a path, so that none slows down the latency that another measures.
        jobs = max(1, (os.cpu_count() or 1) // 2)
        run = partial(self._run, expected, batches)
        return side_by_side(run, self.settings.chosen_paths, jobs=jobs)

    @property
    def size(self) -> int:
        """The bytes of the exported files."""
        files = self.program.parent.glob(f"{glob.escape(self.program.name)}.*")
        return sum(file.stat().st_size for file in files)

    def _run(
        self, expected: Sequence[Sequence[OutputValues]], batches: Sequence[int], path: PathName
    ) -> PathReport:
        tolerance = self.settings.tolerance_of(path)
        report = partial(PathReport, path=path, gate=GATES[path], tolerance=tolerance)
        job = self.job(path)
        logger.info("running the path %s", path)
        try:
            # TF32 rounds float32 to ten bits of mantissa: not what a float32 export promises.
            ran = process.run_job(
                job,
                Ran,
                root=self.root,
                timeout=self.settings.timeout,
                loads=self.size,
                NVIDIA_TF32_OVERRIDE="0",
            )
        except WorkerDied as error:
            logger.warning("%s: %s", path, error)
            how = ": ".join((error.how, *_last_words(error.words)))
            return report(failure=how, stuck=isinstance(error, WorkerStuck))
        except (Finding, MissingTool, InvalidInput) as error:
            missing = not isinstance(error, Finding)
            skipped = missing and path in self.settings.optional
            return report(failure=str(error), missing=missing, skipped=skipped)
        found = [
            [OutputValues(name=name, values=array) for name, array in call.items()]
            for call in arrays.load_arrays(job.outputs)
        ]
        return report(
            agreement=agreement.compare_outputs(
                expected,
                found,
                batches,
                tolerance,
                overrides=self.settings.tolerance.for_outputs(path),
                edges=self.edges,
            ),
            repeatable=ran.repeatable,
            latency=ran.latency,
            runtime=ran.runtime,
            cost=ran.cost,
        )


def _last_words(words: str) -> tuple[str, ...]:
    """Find what a library said before it ended its process; Paddle's stack says nothing."""
    said = [line for line in words.splitlines() if line.startswith("[ERROR]")]
    return tuple(said[-1:])
