"""The reference of every comparison: the dynamic network, run eagerly on the CPU."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from paddledvc.comparison import agreement, samples
from paddledvc.comparison.reach import (
    InputReach,
    describe_input_reach,
    draw_reach_probes,
    list_open_inputs,
    reach_inputs,
)
from paddledvc.comparison.samples import (
    OutputValues,
    count_samples,
    describe_sample_shapes,
    free_sample_dimensions,
)
from paddledvc.errors import PaddleDVCError, UserCodeFailed
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import calling, network, parameters, runtime, user_objects
from paddledvc.tools.paddle.core.jobs import Ran, Wide
from paddledvc.tools.paddle.running import sampling, table_reads, timing, truth_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.forward import Forward
    from paddledvc.models.model import Input
    from paddledvc.tools.paddle.core.jobs import ReferenceJob, WideJob
    from paddledvc.tools.paddle.running.sampling import Calls, Extra

    _Run: TypeAlias = Callable[[Case], dict[str, Array]]

logger = logging.getLogger(__name__)
SUMMARY = re.compile(r"\(\w+\)|\w*Error\b")
SHOWN = 160
"""Characters of an error that a sentence has."""
ALONE = 3
"""Samples of a batch that are run alone too."""


def run_reference(job: ReferenceJob) -> Ran:
    """Make the samples, run the network on them, and write both down.

    The first call of each batch size is run again, to see whether the network repeats itself.

    Raises:
        UserCodeFailed: the network or the sample function failed.
        InvalidInput: the samples do not fit the inputs.
    """
    costs = timing.Costs()
    module = runtime.import_paddle()
    costs.done("import")
    runtime.use_runtime_device("cpu")
    runtime.seed_runtime(job.seed)
    given = None if job.samples is None else sampling.sample_calls(job)
    layer = network.prepare_network_for_inference(
        network.build_network(job.network, initial=job.initial is not None)
    )
    if job.initial is not None and (state := layer.state_dict()):
        module.save(state, str(job.initial))
    tensors = parameters.describe_parameters(layer, job.roundings)
    costs.done("load")
    call = calling.choose_network_call(layer, job.network, job.inputs)

    def forward(case: Case) -> dict[str, Array]:
        return call.run_arrays(layer, case)

    run = timing.Stopwatch(forward)
    doing = f"running {job.network.reference}"
    with calling.explained(call), user_objects.user_code(doing), runtime.run_dynamically():
        ran = _run_reached(job, forward, run) if given is None else _run_all(job, run, given)
        calls = ran.calls
        cases = [*calls.cases, *(extra.case for extra in ran.extras)]
        batches = tuple(samples.count_samples(case) for case in cases)
        again = samples.pick_samples_to_repeat(batches)
        second = [run(cases[number]) for number in again]
        batch_error = _batch_error(job, run, calls.cases, ran.found)
        costs.done("calls")
        measured = run.latency(calls.cases)
        costs.done("latency")
    arrays.save_arrays(job.cases, cases)
    arrays.save_arrays(job.outputs, ran.found)
    return Ran(
        outputs=tuple(ran.found[0]),
        batches=batches,
        starts=_starts(calls, batches),
        repeatable=all(map(_equal, [ran.found[number] for number in again], second)),
        latency=measured,
        runtime=runtime.describe_runtime("cpu"),
        cost=costs.cost(),
        batch_error=batch_error,
        branches=ran.asked.branches(Path(job.network.root)),
        edges=(*("" for _ in calls.cases), *(extra.edge for extra in ran.extras)),
        refused=tuple(ran.refused),
        forward=call.call,
        method=job.network.method if network.is_static_method(layer, job.network.method) else "",
        reach=ran.reach,
        # Of weight_norm and others a call makes the weights that an export has.
        parameters=(*tensors, *parameters.describe_parameters(layer, job.roundings, saved=False)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _RanAll:
    """How a network took its calls.

    Attributes:
        calls: the calls.
        found: outputs of the usual calls, and of the extras that it ran.
        extras: those extras.
        refused: sentences about the others.
        asked: what it asked of tensors in all these calls.
        reach: what was tried of inputs of whole numbers that was not everything.
    """

    calls: Calls
    found: list[dict[str, Array]]
    extras: list[Extra]
    refused: list[str]
    asked: truth_values.TruthValues
    reach: tuple[InputReach, ...] = ()


def _run_reached(job: ReferenceJob, forward: _Run, run: _Run) -> _RanAll:
    """Run calls of all that the network can take, or of zeros and ones where it cannot."""
    inputs, failed = _reached_inputs(job, forward), ""
    try:
        ran = _run_all(job, run, sampling.sample_calls(replace(job, inputs=inputs)))
    except UserCodeFailed as error:
        if inputs == job.inputs:
            raise
        logger.info("the network fails on what its tables could take: %s", error)
        inputs, failed = job.inputs, f"it fails on more: {_short(error.__cause__)}"
        runtime.seed_runtime(job.seed)
        ran = _run_all(job, run, sampling.sample_calls(job))
    # An extra call may be at one end only, and proves no more than the usual ones.
    return replace(ran, reach=describe_input_reach(inputs, ran.calls.cases, failed))


def _reached_inputs(job: ReferenceJob, forward: _Run) -> tuple[Input, ...]:
    """Look at which tables inputs of whole numbers arrive, in calls of zeros and ones."""
    if not list_open_inputs(job.inputs):
        return job.inputs
    probes = []
    try:
        for case in draw_reach_probes(job.inputs, job.input_size, min(job.batch_sizes), job.seed):
            with table_reads.watch_table_reads() as reads, user_objects.user_code("a trial call"):
                forward(case)
            probes.append((case, reads))
    except UserCodeFailed:
        return job.inputs  # the usual calls tell
    finally:
        runtime.seed_runtime(job.seed)
    return reach_inputs(job.inputs, probes)


def _run_all(job: ReferenceJob, run: _Run, calls: Calls) -> _RanAll:
    with truth_values.watch_truth_values() as asked:
        found = _usual(job, run, calls)
    ran = _RanAll(calls=calls, found=found, extras=[], refused=[], asked=asked)
    for extra in calls.extras:
        try:
            with truth_values.watch_truth_values() as here, user_objects.user_code("an extra call"):
                ran.found.append(run(extra.case))
        except UserCodeFailed as error:
            ran.refused.append(_refusal(extra, error.__cause__))
        else:
            ran.extras.append(extra)
            ran.asked.answers |= here.answers
    return ran


def _usual(job: ReferenceJob, run: _Run, calls: Calls) -> list[dict[str, Array]]:
    """Run the calls that the network must take; where sizes were chosen, say which."""
    found = []
    for number, case in enumerate(calls.cases):
        try:
            with user_objects.user_code(f"running {job.network.reference}"):
                found.append(run(case))
        except UserCodeFailed as error:
            if job.samples is not None or not _has_chosen_sizes(job):
                raise
            ran = "; ".join(map(describe_sample_shapes, calls.cases[:number])) or "nothing"
            raise UserCodeFailed(
                f"{error}\n  it was called with {describe_sample_shapes(case)}, and ran on {ran} "
                "before: sizes of dynamic dimensions are tried out; state those that it takes by "
                "input_size in models.yaml or by numbers in the shape of the input, or give samples"
            ) from error
    return found


def _has_chosen_sizes(job: ReferenceJob) -> bool:
    return any(
        len(free_sample_dimensions(item)) not in (0, len(job.input_size)) for item in job.inputs
    )


def _short(error: BaseException | None) -> str:
    while isinstance(error, UserCodeFailed):
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # Paddle's errors have a stack of C++ before them.
    what = next(filter(SUMMARY.match, lines), next(iter(lines), ""))
    short = what if len(what) <= SHOWN else f"{what[:SHOWN]}…"
    return f"{type(error).__name__}: {short}" if short else type(error).__name__


def _refusal(extra: Extra, error: BaseException | None) -> str:
    why = _short(error)
    if extra.edge:
        where, so = f"edge value {extra.edge}", "nothing was compared there"
    else:
        where = describe_sample_shapes(extra.case)
        so = "these sizes were not compared; if it takes no others, state them in its inputs"
    return f"the dynamic network itself fails at {where} ({why}), so {so}"


def _starts(calls: Calls, batches: Sequence[int]) -> tuple[int, ...]:
    """Number the first sample of each call; the extra calls have samples of their own."""
    usual = len(calls.cases)
    end = max(start + size for start, size in zip(calls.starts, batches, strict=False))
    # Where there are no extra calls, `initial` alone is one start too many.
    return (*calls.starts, *accumulate(batches[usual:-1], initial=end))[: len(batches)]


def _batch_error(
    job: ReferenceJob,
    run: _Run,
    cases: list[Case],
    found: list[dict[str, Array]],
) -> float | None:
    """Run samples of the largest batch alone, and say how far they are from what the batch gave."""
    batches = [samples.count_samples(case) for case in cases]
    if max(batches) == 1 or any(item.shape[:1] != (None,) for item in job.inputs):
        return None
    order = sorted(range(len(cases)), key=lambda number: batches[number])
    whole = cases[order[-1]]
    alone = [
        _outputs(run({name: array[n : n + 1] for name, array in whole.items()}))
        for n in range(min(ALONE, batches[order[-1]]))
    ]
    calls = [_outputs(found[number]) for number in order]
    return agreement.measure_batch_agreement(calls, [batches[number] for number in order], alone)


def _outputs(call: dict[str, Array]) -> list[OutputValues]:
    return [OutputValues(name=name, values=array) for name, array in call.items()]


def _equal(left: dict[str, Array], right: dict[str, Array]) -> bool:
    return left.keys() == right.keys() and all(
        left[name].tobytes() == right[name].tobytes() for name in left
    )


def run_wide_reference(job: WideJob) -> Wide:
    """Widen the weights and the inputs, run the network on each call, and compare.

    A network that does not run in float64, for example because it names float32 itself, gives a
    reason and no error.
    """
    module = runtime.import_paddle()
    runtime.use_runtime_device("cpu")
    runtime.seed_runtime(job.seed)
    cases, narrow = arrays.load_arrays(job.cases), arrays.load_arrays(job.outputs)
    try:
        layer = network.prepare_network_for_inference(network.build_network(job.network))
        # In place, for layers such as LSTM keep their weights at a second place too; layer.to()
        # would make floats of integers.
        layer._to_impl(dtype="float64", floating_only=True, include_sublayers=True)  # noqa: SLF001
        # What a forward makes anew, for example with paddle.zeros, is of the default type.
        module.set_default_dtype("float64")
        with runtime.run_dynamically():
            call = calling.choose_network_call(layer, job.network, job.inputs).call
            wide = [_run(module, layer, call, case) for case in cases]
    except PaddleDVCError as error:
        return Wide(errors=(), reason=str(error))
    except Exception as error:  # noqa: BLE001 - a network fails in any way
        words = runtime.shorten_runtime_message(str(error))
        return Wide(errors=(), reason=f"the network fails in float64: {words}")
    return _compared(wide, narrow, [count_samples(case) for case in cases])


def _run(module: Any, layer: Any, call: Forward, case: Case) -> Case:
    tensors = {
        name: module.to_tensor(array.astype("float64") if array.dtype.kind == "f" else array)
        for name, array in case.items()
    }
    result = calling.call_network(layer, call, tensors)
    return {name: tensor.numpy() for name, tensor in network.flatten_network_result(result)}


def _compared(wide: list[Case], narrow: list[Case], batches: list[int]) -> Wide:
    """Compare the outputs that are floats; only those are rounded."""
    names = [name for name, array in narrow[0].items() if array.dtype.kind in "fc"]
    if lost := [name for name in names if name not in wide[0]]:
        return Wide(errors=(), reason=f"the network has no output {lost[0]} in float64")
    found = agreement.measure_agreement(
        [_named_outputs(call, names) for call in wide],
        [_named_outputs(call, names) for call in narrow],
        batches,
        tolerance=0.0,
    )
    if found.problems:
        return Wide(
            errors=(), reason=f"in float64 the network differs: {'; '.join(found.problems)}"
        )
    return Wide(errors=tuple((one.name, one.scaled_error) for one in found.outputs), reason="")


def _named_outputs(call: Case, names: list[str]) -> list[OutputValues]:
    return [
        OutputValues(
            name=name,
            values=call[name].astype("complex128" if call[name].dtype.kind == "c" else "float64"),
        )
        for name in names
    ]
