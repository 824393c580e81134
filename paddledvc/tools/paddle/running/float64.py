"""The dynamic network in float64: how far the same network in float32 is from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddledvc.comparison import agreement
from paddledvc.comparison.samples import OutputValues, batch_of
from paddledvc.errors import PaddleDVCError
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import network, runtime
from paddledvc.tools.paddle.core.results import Wide

if TYPE_CHECKING:
    from paddledvc.comparison.samples import Array, Case
    from paddledvc.tools.paddle.core.jobs import WideJob


def run_wide(job: WideJob) -> Wide:
    """Widen the weights and the inputs, run the network on each call, and compare.

    A network that does not run in float64, for example because it names float32 itself, gives a
    reason and no error.
    """
    module = runtime.import_paddle()
    runtime.use_device("cpu")
    runtime.seed_all(job.seed)
    cases, narrow = arrays.load_arrays(job.cases), arrays.load_arrays(job.outputs)
    try:
        layer = network.for_inference(network.build_network(job.network))
        # In place, for layers such as LSTM keep their weights at a second place too; layer.to()
        # would make floats of integers.
        layer._to_impl(dtype="float64", floating_only=True, include_sublayers=True)  # noqa: SLF001
        # What a forward makes anew, for example with paddle.zeros, is of the default type.
        module.set_default_dtype("float64")
        with module.no_grad():
            wide = [_run(module, layer, [case[item.name] for item in job.inputs]) for case in cases]
    except PaddleDVCError as error:
        return Wide(errors=(), reason=str(error))
    except Exception as error:  # noqa: BLE001 - a network fails in any way
        words = runtime.shorten_message(str(error))
        return Wide(errors=(), reason=f"the network fails in float64: {words}")
    return _compared(wide, narrow, [batch_of(case) for case in cases])


def _run(module: Any, layer: Any, given: list[Array]) -> Case:
    tensors = [
        module.to_tensor(array.astype("float64") if array.dtype.kind == "f" else array)
        for array in given
    ]
    return {name: tensor.numpy() for name, tensor in network.flatten_result(layer(*tensors))}


def _compared(wide: list[Case], narrow: list[Case], batches: list[int]) -> Wide:
    """Compare the outputs that are floats; only those are rounded."""
    names = [name for name, array in narrow[0].items() if array.dtype.kind in "fc"]
    if lost := [name for name in names if name not in wide[0]]:
        return Wide(errors=(), reason=f"the network has no output {lost[0]} in float64")
    found = agreement.compare_outputs(
        [_outputs(call, names) for call in wide],
        [_outputs(call, names) for call in narrow],
        batches,
        tolerance=0.0,
    )
    if found.problems:
        return Wide(
            errors=(), reason=f"in float64 the network differs: {'; '.join(found.problems)}"
        )
    return Wide(errors=tuple((one.name, one.scaled_error) for one in found.outputs), reason="")


def _outputs(call: Case, names: list[str]) -> list[OutputValues]:
    return [
        OutputValues(
            name=name,
            values=call[name].astype("complex128" if call[name].dtype.kind == "c" else "float64"),
        )
        for name in names
    ]
