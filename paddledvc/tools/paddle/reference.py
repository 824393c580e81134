"""The reference of every comparison: the dynamic network, run eagerly on the CPU."""

from __future__ import annotations

import zipfile
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.core import agreement, samples
from paddledvc.core.agreement import Output
from paddledvc.core.jobs import Ran, ReferenceJob
from paddledvc.core.model import Reference
from paddledvc.errors import InvalidInput
from paddledvc.tools import arrays, references
from paddledvc.tools.paddle import network, runtime, timing

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc.core.samples import Array, Case

ALONE = 3
"""Samples of a batch that are run alone too."""


def do(job: ReferenceJob) -> Ran:
    """Make the samples, run the network on them, and write both down.

    The first call of each batch size is run again, to see whether the network repeats itself.

    Raises:
        UserCodeFailed: the network or the sample function failed.
        InvalidInput: the samples do not fit the inputs.
    """
    costs = timing.Costs()
    module = runtime.paddle()
    costs.done("import")
    runtime.use_device("cpu")
    runtime.seed_all(job.seed)
    cases, starts = _cases(job)
    layer = network.for_inference(network.build(job.network, initial=job.initial is not None))
    if job.initial is not None and (state := layer.state_dict()):
        module.save(state, str(job.initial))
    arrays.save(job.cases, cases)
    costs.done("load")

    def forward(case: Case) -> dict[str, Array]:
        # Tensors are made anew for each call, for a network may write into its inputs.
        tensors = [module.to_tensor(case[item.name]) for item in job.inputs]
        return {name: tensor.numpy() for name, tensor in network.flatten(layer(*tensors))}

    run = timing.Stopwatch(forward)
    with references.user_code(f"running {job.network.reference}"), module.no_grad():
        first = list(map(run, cases))
        batches = tuple(samples.batch_of(case) for case in cases)
        again = samples.one_of_each(batches)
        second = [run(cases[number]) for number in again]
        batch_error = _batch_error(job, run, cases, first)
        costs.done("calls")
        measured = run.latency(cases)
        costs.done("latency")
    arrays.save(job.outputs, first)
    return Ran(
        outputs=tuple(first[0]),
        batches=batches,
        starts=starts,
        repeatable=all(map(_equal, [first[number] for number in again], second)),
        latency=measured,
        runtime=runtime.describe("cpu"),
        cost=costs.cost(),
        batch_error=batch_error,
    )


def _batch_error(
    job: ReferenceJob,
    run: Callable[[Case], dict[str, Array]],
    cases: list[Case],
    found: list[dict[str, Array]],
) -> float | None:
    """Run samples of the largest batch alone, and say how far they are from what the batch gave."""
    batches = [samples.batch_of(case) for case in cases]
    if max(batches) == 1 or any(item.shape[:1] != (None,) for item in job.inputs):
        return None
    order = sorted(range(len(cases)), key=lambda number: batches[number])
    whole = cases[order[-1]]
    alone = [
        _outputs(run({name: array[n : n + 1] for name, array in whole.items()}))
        for n in range(min(ALONE, batches[order[-1]]))
    ]
    calls = [_outputs(found[number]) for number in order]
    return agreement.batch_error(calls, [batches[number] for number in order], alone)


def _outputs(call: dict[str, Array]) -> list[Output]:
    return [Output(name=name, values=array) for name, array in call.items()]


def _cases(job: ReferenceJob) -> tuple[list[Case], tuple[int, ...]]:
    """Make the calls, and number the first sample of each."""
    if job.samples is None:
        cases = samples.seeded(job.inputs, job.input_size, job.batch_sizes, job.seed)
        sizes = [samples.batch_of(case) for case in cases]
        return cases, tuple(accumulate(sizes[:-1], initial=0))
    made = _arrays(job, job.samples)
    try:
        cases = samples.split(made, job.inputs, job.batch_sizes)
    except ValueError as error:
        raise InvalidInput(f"samples {job.samples}: {error}") from error
    calls = samples.windows(samples.batch_of(made), job.inputs, job.batch_sizes)
    return cases, tuple(start for start, _ in calls)


def _arrays(job: ReferenceJob, source: str) -> dict[str, Array]:
    root = Path(job.network.root)
    if ":" not in source:
        try:
            with zipfile.ZipFile(root / source):
                pass  # np.load takes other formats too, by their first bytes
            with np.load(root / source, allow_pickle=False) as file:
                return dict(file)
        except OSError as error:
            raise InvalidInput(f"samples {source}: {error.strerror or error}") from error
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InvalidInput(f"samples {source}: not an .npz file: {error}") from error
    function = references.load(Reference.parse(source), root)
    with references.user_code(f"making samples with {source}"):
        made: Any = function()
    if not isinstance(made, dict):
        raise InvalidInput(
            f"samples {source}: it returned a {type(made).__name__}, "
            "expected a dict of an array for each input"
        )
    return {str(name): np.asarray(value) for name, value in made.items()}


def _equal(left: dict[str, Array], right: dict[str, Array]) -> bool:
    return left.keys() == right.keys() and all(
        left[name].tobytes() == right[name].tobytes() for name in left
    )
