"""Where a network and its export part: the innermost sublayer whose own export disagrees."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison import agreement
from paddledvc.comparison.agreement import Agreement
from paddledvc.comparison.likely_causes import guess_cause
from paddledvc.comparison.samples import OutputValues, count_samples
from paddledvc.errors import PaddleDVCError
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import network, runtime
from paddledvc.tools.paddle.core.jobs import Diagnosis
from paddledvc.tools.paddle.running import run_exported
from paddledvc.tools.paddle.running.program_arithmetic import compute_as_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.tools.paddle.core.jobs import DiagnoseJob

STALE = "an export made now agrees, so the files are not of this network with these weights"
AGAIN = "export it again"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What a sublayer was given, and what it gave, when it was called first."""

    given: Case
    found: list[OutputValues]


def diagnose_path(job: DiagnoseJob) -> Diagnosis:
    """Export sublayers one by one, from the outside in, and follow the first that disagrees.

    Raises:
        UserCodeFailed: the network itself fails.
    """
    module = runtime.import_paddle()
    runtime.use_runtime_device("cpu")
    runtime.seed_runtime(0)
    layer = network.prepare_network_for_inference(network.build_network(job.network))
    case = arrays.load_arrays(job.cases)[job.call]
    given = [case[item.name] for item in job.inputs]
    calls = _calls(module, layer, given)
    # The whole first: where an export made now agrees, no sublayer is to blame.
    whole = _compared(job, layer, calls[""], job.tolerance, job.overrides)
    error = float("inf") if whole is None else whole.scaled_error
    if whole is not None and whole.agrees:
        return Diagnosis(sublayer="", kind="", scaled_error=error, cause=STALE, advice=AGAIN)
    with compute_as_program():  # what a division by a number costs is no fault of a sublayer
        calls = _calls(module, layer, given)
    name = ""
    while (inner := _first_wrong(job, layer, calls, name)) is not None:
        name, error = inner
    part = _part(layer, name)
    found = guess_cause(_source(part), job.path)
    return Diagnosis(
        sublayer=name,
        kind=type(part).__name__,
        scaled_error=error,
        cause=found.what if found else "",
        advice=found.advice if found else "",
    )


def _calls(module: Any, layer: Any, given: list[Array]) -> dict[str, RecordedCall]:
    """Run the network once, and keep what goes into and out of it and of every sublayer."""
    inputs: dict[str, Case] = {}
    calls: dict[str, RecordedCall] = {}

    def before(name: str) -> Any:
        def keep(_: Any, arguments: tuple[Any, ...]) -> None:
            # Of a call with anything else no InputSpec can be made.
            if name not in inputs and all(isinstance(one, module.Tensor) for one in arguments):
                # Copies: the sublayer may write into what it is given.
                inputs[name] = {f"x{n}": one.numpy().copy() for n, one in enumerate(arguments)}

        return keep

    def after(name: str) -> Any:
        def keep(_: Any, __: Any, result: Any) -> None:
            if name in inputs and name not in calls:
                pairs = network.flatten_network_result(result)
                found = [OutputValues(name=key, values=one.numpy().copy()) for key, one in pairs]
                calls[name] = RecordedCall(given=inputs[name], found=found)

        return keep

    hooks = []
    for name, part in layer.named_sublayers(include_self=True):
        hooks += [
            part.register_forward_pre_hook(before(name)),
            part.register_forward_post_hook(after(name)),
        ]
    try:
        with module.no_grad():
            layer(*(module.to_tensor(array) for array in given))
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _first_wrong(
    job: DiagnoseJob, layer: Any, calls: dict[str, RecordedCall], name: str
) -> tuple[str, float] | None:
    """Find the first sublayer right inside of another that disagrees with its own export."""
    start = f"{name}." if name else ""
    inside = [
        one
        for one in calls
        if one.startswith(start) and one != name and "." not in one.removeprefix(start)
    ]
    tolerance = job.overrides.get(job.output, job.tolerance)
    for one in inside:
        found = _compared(job, _part(layer, one), calls[one], tolerance, {})
        if found is not None and not found.agrees:
            return one, found.scaled_error
    return None


def _compared(
    job: DiagnoseJob,
    part: Any,
    call: RecordedCall,
    tolerance: float,
    overrides: Mapping[str, float],
) -> Agreement | None:
    """Compare a sublayer with its own export; None if it cannot be exported by itself."""
    module = runtime.import_paddle()
    folder = Path(job.folder) / str(len(list(Path(job.folder).iterdir())))
    specs = [
        module.static.InputSpec(shape=[None, *array.shape[1:]], dtype=str(array.dtype), name=name)
        for name, array in call.given.items()
    ]
    prefix = folder / "part"
    try:
        module.jit.save(part, str(prefix), input_spec=specs)
    except Exception:  # noqa: BLE001 - Paddle fails in any way, and the next sublayer may tell
        return None
    outputs = folder / "outputs.npz"
    cases = folder / "cases.npz"
    arrays.save_arrays(cases, [call.given])
    try:
        run_exported.run_exported_path(
            replace(job.path_job, program=prefix, cases=cases, outputs=outputs)
        )
    except PaddleDVCError as error:
        return Agreement(tolerance=tolerance, problems=(str(error),), outputs=(), samples=())
    found = [
        OutputValues(name=key, values=one) for key, one in arrays.load_arrays(outputs)[0].items()
    ]
    batches = [count_samples(call.given)]
    return agreement.measure_agreement(
        [call.found], [found], batches, tolerance, overrides=overrides
    )


def _part(layer: Any, name: str) -> Any:
    return dict(layer.named_sublayers(include_self=True))[name]


def _source(part: Any) -> str:
    """Return the source of a forward, without that of Paddle itself."""
    if type(part).__module__.startswith("paddle."):
        return ""
    try:
        return textwrap.dedent(inspect.getsource(type(part).forward))
    except (OSError, TypeError):
        return ""
