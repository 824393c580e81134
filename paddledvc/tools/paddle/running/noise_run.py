"""What rounding alone does to a dynamic network: the noise beside which an engine is judged."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.comparison import agreement
from paddledvc.comparison.samples import OutputValues, count_samples
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import calling, network, runtime, user_objects
from paddledvc.tools.paddle.core.jobs import Noise
from paddledvc.tools.paddle.running.program_arithmetic import compute_as_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from paddledvc.comparison.samples import Array, Case, Outputs
    from paddledvc.tools.paddle.core.jobs import NoiseJob

ROUNDS = 3
"""How often everything is moved; the largest counts. One alone is up to half as large."""


def run_noise(job: NoiseJob) -> Noise:
    """Run the network as its program computes, and with all that goes into it moved.

    Raises:
        UserCodeFailed: the network failed.
    """
    runtime.use_runtime_device("cpu")
    runtime.seed_runtime(job.seed)
    layer = network.prepare_network_for_inference(network.build_network(job.network))
    cases, found = arrays.load_arrays(job.cases), arrays.load_arrays(job.outputs)
    call = calling.choose_network_call(layer, job.network, job.inputs)

    def forward(case: Case) -> dict[str, Array]:
        return call.run_arrays(layer, case)

    with user_objects.user_code(f"running {job.network.reference}"), runtime.run_dynamically():
        if job.program is not None:
            with compute_as_program():
                arrays.save_arrays(job.program, [forward(case) for case in cases])
        if not job.moves:
            return Noise(moved=())
        edges = job.edges or ("",) * len(cases)
        usual = [n for n, edge in enumerate(edges) if not edge]
        moved = measure_noise(
            forward, layer, [cases[n] for n in usual], [found[n] for n in usual], job.seed
        )
        return Noise(moved=tuple(moved.items()))


def measure_noise(
    forward: Callable[[Case], dict[str, Array]],
    layer: Any,
    cases: Sequence[Case],
    found: Sequence[dict[str, Array]],
    seed: int,
) -> dict[str, float]:
    """Move inputs and weights by one unit in the last place, and tell how far outputs move.

    Args:
        forward: runs the network on a call.
        layer: what has its weights, if anything has; afterwards they are as they were.
        cases: the calls.
        found: what the network gives for them.
        seed: seed of the directions.

    Returns:
        The largest scaled error of a sample, for each output that is a float, by its name; nothing
        where the network does not take what was moved, such as numbers beyond 1 for an arcsine.
    """
    draw = np.random.default_rng(seed)
    batches = [count_samples(case) for case in cases]
    largest: dict[str, float] = {}
    for _ in range(ROUNDS):
        with _moved_weights(layer, draw):
            moved = [
                forward({name: move_floats(one, draw) for name, one in case.items()})
                for case in cases
            ]
        agreed = agreement.measure_agreement(
            [_floats(call) for call in found], [_floats(call) for call in moved], batches, 0.0
        )
        if agreed.problems:
            return {}
        for one in agreed.outputs:
            largest[one.name] = max(one.scaled_error, largest.get(one.name, 0.0))
    return largest


@contextmanager
def _moved_weights(layer: Any, draw: np.random.Generator) -> Iterator[None]:
    state = layer.state_dict() if hasattr(layer, "state_dict") else {}
    kept = {name: tensor.numpy().copy() for name, tensor in state.items()}
    try:
        for name, array in kept.items():
            if array.dtype.kind == "f":
                state[name].set_value(move_floats(array, draw))
        yield
    finally:
        for name, array in kept.items():
            if array.dtype.kind == "f":
                state[name].set_value(array)


def move_floats(array: Array, draw: np.random.Generator) -> Array:
    """Move each float to one of its two neighbours; zeros, and what is no float, stay.

    >>> bool(abs(move_floats(np.ones(3), np.random.default_rng(0)) - 1).max() < 1e-15)
    True
    """
    if array.dtype.kind != "f":
        return array
    ends = np.where(draw.random(array.shape) < 0.5, -np.inf, np.inf).astype(array.dtype)  # noqa: PLR2004
    return np.where(array == 0, array, np.nextafter(array, ends))


def _floats(call: dict[str, Array]) -> Outputs:
    return [
        OutputValues(name=name, values=array)
        for name, array in call.items()
        if array.dtype.kind in "fc"
    ]
