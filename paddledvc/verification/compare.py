"""A dynamic network and its exported files, run on the same samples in every way, and compared."""

from __future__ import annotations

import glob
import logging
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.comparison import agreement
from paddledvc.comparison.nothing_shown import find_nothing_shown
from paddledvc.comparison.samples import OutputValues
from paddledvc.errors import (
    Finding,
    InvalidInput,
    MissingTool,
    PaddleDVCError,
    WorkerDied,
    WorkerStuck,
)
from paddledvc.models.forward import write_forward
from paddledvc.models.verify_settings import GATES, ON_GPU
from paddledvc.names import EXPORT_PREFIX
from paddledvc.tools.paddle import arrays, process
from paddledvc.tools.paddle.core.jobs import (
    DiagnoseJob,
    Network,
    Noise,
    NoiseJob,
    PathJob,
    Ran,
    ReferenceJob,
    Wide,
    WideJob,
)
from paddledvc.tools.paddle.read_program import read_program_outputs
from paddledvc.tools.system import files
from paddledvc.tools.system.threads import map_in_threads
from paddledvc.verification import proof
from paddledvc.verification.core.verify_report import PathReport, VerifyReport
from paddledvc.verification.explain import explain_disagreement
from paddledvc.verification.noise import Compared, judge_paths_by_noise
from paddledvc.verification.trial_export import Attempt, try_export

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.comparison.caveats import Caveat
    from paddledvc.comparison.samples import Case, Outputs
    from paddledvc.models.forward import Forward
    from paddledvc.models.model import Input
    from paddledvc.models.model import Output as Stated
    from paddledvc.models.verify_settings import PathName, Verify
    from paddledvc.verification.proof import ExportedParameters

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is to be compared, of a project or of none.

    Attributes:
        model: what the report calls the model.
        version: version of the model; empty without a project.
        network: the dynamic network with its weights.
        inputs: the arguments of its forward.
        input_size: sizes for dynamic dimensions, if known.
        program: path of the exported files without their suffix, absolute; None to export the
            network into ``exported``, with the weights it is built with if it is given none.
        settings: samples, batch sizes, paths, tolerances.
        folder: an empty folder for samples and outputs on their way between processes.
        stated: what people state of the outputs.
    """

    model: str
    version: str
    network: Network
    inputs: tuple[Input, ...]
    input_size: tuple[int, ...]
    program: Path | None
    settings: Verify
    folder: Path
    stated: tuple[Stated, ...] = ()

    @property
    def exported(self) -> Path:
        """The folder that a network goes to that was not exported yet."""
        return self.folder / "exported"

    @property
    def initial(self) -> Path:
        """The weights that a network is built with, where it is given none."""
        return self.folder / "initial.pdparams"

    def run(self) -> VerifyReport:
        """Run the dynamic network, then every path on the same samples.

        Returns:
            The report, of no files yet.

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
        logger.info("running the dynamic network %s", self.network.reference)
        exported = None if self.program is None else proof.read_parameters(self.program)
        job = self._reference_job(exports.cases, eager, exported)
        timeout, size = self.settings.timeout, files.file_size(self.network.weights)
        reference = process.run_job_in_process(job, Ran, root=root, timeout=timeout, loads=size)
        network = self._loaded(forward=reference.forward, method=reference.method)
        expected = [
            [OutputValues(name=name, values=call[name]) for name in reference.outputs]
            for call in arrays.load_arrays(eager)
        ]
        self._check_names(reference.outputs)
        made = Attempt()
        if self.program is None:
            logger.info("exporting it")
            made = try_export(network, self.inputs, self.exported, timeout)
        exports = replace(exports, edges=reference.edges)
        parameters = None
        if made.failure:
            paths = self._unrun(made.failure)
        else:
            parameters = (exported or proof.read_parameters(exports.program)).compare(
                reference.parameters,
                partial(proof.read_network_values, network.weights, network.key),
                self.settings.tolerance.for_path("jit"),
            )
            paths = exports.compare(expected, reference.batches)
            if reference.repeatable:
                compared = exports.compared(expected, reference.batches)
                measure = partial(self._measure_noise, exports, eager, network)
                paths = judge_paths_by_noise(paths, compared, measure)
                paths = self._diagnosed(exports, paths, network, same_parameters=parameters.same)
            paths = (*proof.report_parameters(parameters), *paths)
        cases = arrays.load_arrays(exports.cases)
        wide = self._wide(exports, eager, network) if self.settings.reference == "float64" else None
        return VerifyReport(
            model=self.model,
            version=self.version,
            repeatable=reference.repeatable,
            starts=reference.starts,
            batches=reference.batches,
            paths=paths,
            files=(),
            samples_sha256=arrays.digest_arrays(cases),
            engine=self.settings.engine,
            tolerance=self.settings.tolerance,
            runtime=reference.runtime,
            latency=reference.latency,
            cost=reference.cost,
            batch_error=reference.batch_error,
            branches=reference.branches,
            edges=reference.edges,
            refused=reference.refused,
            warnings=made.warnings
            + self._fixed()
            + self._called(network)
            + proof.list_partly_tried(reference.reach, parameters),
            float64=wide,
            parameters=parameters,
            outputs=self._outputs(exports.program, reference.outputs),
            caveats=(
                *_caveats(paths, expected, cases, reference.batches),
                *proof.list_caveats(reference.reach, parameters),
            ),
        )

    def _outputs(self, program: Path, names: Sequence[str]) -> tuple[Stated, ...]:
        """Read the outputs of the program, and call them what people, or else the network, do."""
        found = read_program_outputs(program)
        known = [one.name for one in self.stated] or list(names)
        if len(known) != len(found):
            return found
        return tuple(replace(one, name=name) for name, one in zip(known, found, strict=True))

    def _wide(self, exports: Exports, eager: Path, network: Network) -> Wide:
        """Run the dynamic network in float64, in a process of its own: it may well fail there."""
        job = WideJob(
            network=network,
            inputs=self.inputs,
            seed=self.settings.seed,
            cases=exports.cases,
            outputs=eager,
        )
        try:
            size = 2 * files.file_size(job.network.weights)  # as float64
            timeout = self.settings.timeout
            return process.run_job_in_process(
                job, Wide, root=exports.root, timeout=timeout, loads=size
            )
        except WorkerDied as error:
            logger.warning("%s", error)
            return Wide(errors=(), reason=error.how)

    def _measure_noise(
        self,
        exports: Exports,
        eager: Path,
        network: Network,
        program: Path | None,
        *,
        moves: bool,
    ) -> dict[str, float] | None:
        """Run the dynamic network again, as its program computes or with all of it moved."""
        logger.info("measuring what rounding alone does to the network")
        job = NoiseJob(
            network=network,
            inputs=self.inputs,
            seed=self.settings.seed,
            cases=exports.cases,
            outputs=eager,
            edges=exports.edges,
            program=program,
            moves=moves,
        )
        try:
            size, timeout = files.file_size(job.network.weights), self.settings.timeout
            found = process.run_job_in_process(
                job, Noise, root=exports.root, timeout=timeout, loads=size
            )
        except PaddleDVCError as error:
            logger.warning("the effect of rounding is unknown: %s", error)
            return None
        return dict(found.moved)

    def _fixed(self) -> tuple[str, ...]:
        """Say where a program that takes other batch sizes was not asked to show it."""
        return tuple(
            f"the first dimension of {one.name} is fixed at {one.shape[0]}, so no other batch size "
            "was compared; a program does not refuse them, and may compute something else"
            for one in self.inputs
            if one.shape and one.shape[0] is not None
        )

    def _called(self, found: Network) -> tuple[str, ...]:
        """Say how the network was called, where that was found out and is not the usual way."""
        told = []
        if found.method:
            told.append(
                f"{self.program and self.program.name} was exported of the method {found.method}, "
                "so that was called instead of forward"
            )
        usual = (self.network.forward, [one.name for one in self.inputs])
        if found.forward is not None and found.forward not in usual:
            told.append(f"the network was called as forward: {write_forward(found.forward)}")
        return tuple(told)

    def _check_names(self, outputs: Sequence[str]) -> None:
        for name in self.settings.tolerance.outputs:
            if name not in outputs:
                raise InvalidInput(
                    f"tolerance: there is no output {name!r}, expected one of {', '.join(outputs)}"
                )

    def _unrun(self, why: str) -> tuple[PathReport, ...]:
        """Report a failing export, and with it every path that it was for."""
        failed = PathReport(path="export", gate="program", tolerance=0.0, failure=why)
        unrun = "there is nothing to run, because the network cannot be exported"
        return (
            failed,
            *(
                PathReport(
                    path=path,
                    gate=GATES[path],
                    tolerance=self.settings.tolerance_of(path),
                    failure=unrun,
                )
                for path in self.settings.chosen_paths
            ),
        )

    def _loaded(self, forward: Forward | None, method: str) -> Network:
        """Say how the network is called, and what weights it has if it was given none."""
        meant = self.program is None and self.network.weights is None and self.initial.exists()
        weights = self.initial if meant else self.network.weights
        return replace(self.network, weights=weights, forward=forward, method=method)

    def _diagnosed(
        self,
        exports: Exports,
        paths: tuple[PathReport, ...],
        network: Network,
        *,
        same_parameters: bool | None,
    ) -> tuple[PathReport, ...]:
        """Say of the first path that disagrees where that begins; the others follow from it."""
        wrong = (one for one in paths if one.result == "fail" and not one.explained)
        # The sublayers are run on the CPU, where an error of a GPU does not show.
        failed = next((one for one in wrong if one.path not in ON_GPU), None)
        if failed is None:
            return paths
        agreeing = any(one.passed and one.scaled_error <= failed.tolerance for one in paths)
        job = replace(
            self._diagnose_job(exports, failed, network),
            agreeing=agreeing,
            same_parameters=same_parameters,
        )
        found = explain_disagreement(
            job, exports.root, timeout=self.settings.timeout, loads=exports.size
        )
        # A search sees one call, in which columns may not show their units: then all agrees there.
        if found is not None and _only_columns(failed) and not found.kind:
            return paths
        return tuple(replace(one, diagnosis=found) if one is failed else one for one in paths)

    def _diagnose_job(self, exports: Exports, failed: PathReport, network: Network) -> DiagnoseJob:
        assert failed.path != "export", "nothing is diagnosed where nothing was exported"
        assert failed.path != "parameters", "they are no path that runs"
        worst = None if failed.agreement is None else failed.agreement.worst
        folder = self.folder / "parts"
        folder.mkdir()
        return DiagnoseJob(
            network=network,
            inputs=self.inputs,
            call=0 if failed.agreement is None else failed.agreement.worst_call,
            output="" if worst is None else worst.output,
            tolerance=failed.tolerance,
            overrides=self.settings.tolerance.for_outputs(failed.path),
            program_tolerance=self.settings.tolerance.for_path("jit"),
            path_job=exports.job(failed.path),
            folder=folder,
        )

    def _reference_job(
        self, cases: Path, outputs: Path, exported: ExportedParameters | None
    ) -> ReferenceJob:
        return ReferenceJob(
            network=self.network,
            inputs=self.inputs,
            samples=self.settings.samples,
            input_size=self.input_size,
            batch_sizes=self.settings.batch_sizes,
            seed=self.settings.seed,
            preprocess=self.settings.preprocess,
            edge_values=self.settings.edge_values,
            cases=cases,
            outputs=outputs,
            initial=None if self.program else self.initial,
            roundings=exported.roundings if exported else (),
        )


def _only_columns(path: PathReport) -> bool:
    return path.agreement is not None and path.agreement.only_columns


def _caveats(
    paths: Sequence[PathReport],
    expected: Sequence[Outputs],
    cases: Sequence[Case],
    batches: Sequence[int],
) -> tuple[Caveat, ...]:
    """Say what keeps agreement from proving much, where there is any."""
    agreements = [one.agreement for one in paths if one.agreement is not None and one.passed]
    return find_nothing_shown(expected, cases, batches, agreements) if agreements else ()


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
            # A path on the GPU can be asked for by its name while the device is left at cpu.
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
        return map_in_threads(run, self.settings.chosen_paths, jobs=jobs)

    def compared(
        self, expected: Sequence[Sequence[OutputValues]], batches: Sequence[int]
    ) -> Compared:
        """Say what was compared, and by what."""
        return Compared(
            tolerance=self.settings.tolerance,
            edges=self.edges,
            outputs=self.outputs,
            expected=expected,
            batches=batches,
        )

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
            # TF32 rounds float32 to ten bits of mantissa: not what a float32 export promises. What
            # Paddle does by default changed with PaddlePaddle/Paddle#75476 and again with #77781.
            ran = process.run_job_in_process(
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
            agreement=agreement.measure_agreement(
                expected,
                found,
                batches,
                tolerance,
                overrides=self.settings.tolerance.for_outputs(path),
                edges=self.edges,
                exact=GATES[path] == "program",
            ),
            repeatable=ran.repeatable,
            latency=ran.latency,
            runtime=ran.runtime,
            cost=ran.cost,
        )


def _last_words(words: str) -> tuple[str, ...]:
    """Find what a library said before it ended its process; Paddle's stack says nothing."""
    # As paddle2onnx marks them, before it aborts at an operator that it lacks.
    said = [line for line in words.splitlines() if line.startswith("[ERROR]")]
    return tuple(said[-1:])
