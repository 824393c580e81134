"""Sublayers of a network, each compared with an export of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison import agreement, causes
from paddledvc.comparison.agreement import Agreement
from paddledvc.comparison.samples import OutputValues, count_samples
from paddledvc.errors import PaddleDVCError
from paddledvc.models.verify_settings import GATES
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import exporting, network
from paddledvc.tools.paddle.core.jobs import ExportJob
from paddledvc.tools.paddle.diagnosing import record_calls
from paddledvc.tools.paddle.running import run_exported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.comparison.causes import Cause
    from paddledvc.comparison.samples import Case
    from paddledvc.tools.paddle.core.jobs import DiagnoseJob
    from paddledvc.tools.paddle.diagnosing.record_calls import RecordedCall


class Parts:
    """The sublayers of a network, each of which can be compared with an export of its own."""

    def __init__(self, job: DiagnoseJob, layer: Any, calls: Mapping[str, RecordedCall]) -> None:
        """Take a network whose calls were recorded."""
        self.job, self.layer, self.calls = job, layer, calls

    def part(self, name: str) -> Any:
        """Give a sublayer; the network itself for no name."""
        return dict(self.layer.named_sublayers(include_self=True))[name]

    def first_wrong(self, name: str) -> str | None:
        """Find the first sublayer right inside of another that disagrees with its own export.

        What holds sublayers and is never called itself, such as a LayerList, is no step between.
        """
        start = f"{name}." if name else ""
        inside = [one for one in self.calls if one != name and one.startswith(start)]
        nearest = [
            one for one in inside if not any(one.startswith(f"{other}.") for other in inside)
        ]
        for one in nearest:
            found = self.compare(one)
            if found is not None and not found.agrees:
                return one
        return None

    def agree(self, name: str) -> bool:
        """Tell whether a sublayer could be exported and agrees."""
        found = self.compare(name)
        return found is not None and found.agrees

    def compare(self, name: str) -> Agreement | None:
        """Compare a sublayer with its own export; None if it cannot be exported by itself."""
        prefix = self.export(name)
        if prefix is None:
            return None
        found = self.run(name, prefix)
        return self.judge(name, self.calls[name].found or [], found)

    def judge(
        self, name: str, expected: list[OutputValues], found: list[OutputValues] | PaddleDVCError
    ) -> Agreement:
        """Judge what an export computed, or why it did not run."""
        job = self.job
        overrides = {} if name else job.overrides
        tolerance = job.overrides.get(job.output, job.tolerance) if name else job.tolerance
        if isinstance(found, PaddleDVCError):
            problems = (str(found),)
            return Agreement(tolerance=tolerance, problems=problems, outputs=(), samples=())
        batches = [count_samples(self.calls[name].given)]
        return agreement.measure_agreement(
            [expected],
            [found],
            batches,
            tolerance,
            overrides=overrides,
            exact=GATES[job.path] == "program",
        )

    def export(self, name: str) -> Path | None:
        """Export a sublayer by itself; None if it cannot be."""
        folder, job = self.folder(), self.job
        if name:
            prefix = folder / "part"
            saved = record_calls.export_part(self.part(name), self.calls[name], prefix)
            return prefix if saved else None
        whole = ExportJob(network=job.network, inputs=job.inputs, allow=(), folder=folder)
        try:
            with network.keep_network_methods(self.layer):
                return exporting.save_network(self.layer, whole)
        except Exception:  # noqa: BLE001 - Paddle fails in any way
            return None

    def run(self, name: str, prefix: Path) -> list[OutputValues] | PaddleDVCError:
        """Run an export on what the sublayer was given."""
        # The export of the whole takes inputs by their names.
        whole = [] if name else arrays.load_arrays(self.job.cases)
        given = self.calls[name].given if name else whole[self.job.call]
        try:
            [found] = self.outputs(prefix, [given])
        except PaddleDVCError as error:
            return error
        return found

    def outputs(self, prefix: Path, cases: list[Case]) -> list[list[OutputValues]]:
        """Run an export on some calls."""
        folder = self.folder()
        outputs = folder / "outputs.npz"
        arrays.save_arrays(folder / "cases.npz", cases)
        run_exported.run_exported_path(
            replace(
                self.job.path_job,
                program=prefix,
                cases=folder / "cases.npz",
                outputs=outputs,
                edges=(),
            )
        )
        return [
            [OutputValues(name=key, values=one) for key, one in call.items()]
            for call in arrays.load_arrays(outputs)
        ]

    def folder(self) -> Path:
        """Make a folder."""
        folder = Path(self.job.folder) / str(len(list(Path(self.job.folder).iterdir())))
        folder.mkdir()
        return folder

    def engine_cause(self, name: str) -> Cause | None:
        """Find the setting of the engine without which a sublayer agrees."""
        job = self.job
        if job.path == "onnx":
            return causes.ONNX
        plain: dict[str, Any] = {"precision": "float32"}
        plain |= dict.fromkeys(("onednn", "ir_optim", "memory_optim"), False)
        for setting, value in plain.items():
            if getattr(job.path_job.engine, setting) != value:
                engine = replace(job.path_job.engine, **{setting: value})
                other = replace(job, path_job=replace(job.path_job, engine=engine))
                if Parts(other, self.layer, self.calls).agree(name):
                    return causes.ENGINES[setting]
        return None
