"""Compare a network with exports of it, right and wrong ones: ``run.py NAME FOLDER SWEEP``.

All is weighed by the code that verify runs, in one process, for to import Paddle for each of the
comparisons would take longer than all the rest. What was found goes to ``FOLDER/found.json``. The
sweep is ``quick``, ``all``, for ten seeds and every fault on every path, or ``untouched``.
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import networks
import numpy as np
import paddle

from paddledvc.comparison import agreement
from paddledvc.comparison.samples import OutputValues
from paddledvc.comparison.tolerances import widen_tolerance
from paddledvc.models.model import Input, Reference
from paddledvc.models.verify_settings import Engine, PathName, Tolerance, Verify
from paddledvc.names import EXPORT_PREFIX
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import exporting
from paddledvc.tools.paddle.building.network import build_network, flatten_network_result
from paddledvc.tools.paddle.core.jobs import ExportJob, Network, ReferenceJob
from paddledvc.tools.paddle.running import noise_run, reference_run, run_exported, timing
from paddledvc.verification.compare import Exports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOUND = "found.json"
SEEDS = 10
BATCH_SIZES = (1, 2, 7, 32)
FLIPPED = (3, 19)
"""The call, of 32 samples, and the sample in it that is given to the export mirrored."""
WAYS: tuple[tuple[PathName, int], ...] = (
    ("jit", 1),
    ("predictor", 1),
    ("predictor", 2),
    ("deployed", 1),
    ("deployed", 2),
)
"""Paths, and the threads of each."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What is known of a network of this folder.

    Attributes:
        given: its input; the first dimension is the batch.
        epsilon: a wrong one; None for a network without such a thing.
        first: the weights that the features of the input meet first, and the axis of these.
        one: the weights that are made 0.1 % larger.
        quick: how faults are run in the quick sweep. To make ready an engine for many convolutions
            takes seconds, and each fault needs one.
    """

    given: Input
    epsilon: float | None
    first: tuple[str, int]
    one: str
    quick: tuple[tuple[PathName, int], ...] = (("predictor", 1), ("deployed", 1))


ARCHITECTURES = {
    "resnet18": Architecture(
        given=Input(name="image", shape=(None, 3, 32, 32)),
        epsilon=1e-3,
        first=("conv1.weight", 1),
        one="layer3.0.conv1.weight",
        quick=(("predictor", 1),),
    ),
    "mobilenet_v3_small": Architecture(
        given=Input(name="image", shape=(None, 3, 32, 32)),
        epsilon=1e-5,
        first=("conv.0.weight", 1),
        one="blocks.5.linear_conv.0.weight",
        quick=(("predictor", 1),),
    ),
    "transformer": Architecture(
        given=Input(name="x", shape=(None, 16, 8)),
        epsilon=1e-3,
        first=("project.weight", 0),
        one="encoder.layers.1.linear1.weight",
    ),
    "tagger": Architecture(
        given=Input(name="ids", shape=(None, 12), dtype="int64", range=(0, 100)),
        epsilon=None,
        first=("words.weight", 1),
        one="tags.weight",
    ),
    "crnn": Architecture(
        given=Input(name="image", shape=(None, 3, 32, 100)),
        epsilon=1e-3,
        first=("features.0.weight", 1),
        one="features.11.weight",
    ),
}


WIDE = Architecture(
    given=Input(name="x", shape=(None, 512, 5, 5)), epsilon=None, first=("", 0), one=""
)


class Bench:
    """One network with its weights and samples, and what it computes of these."""

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        self.name, self.folder, self.seed = name, folder, seed
        self.about = ARCHITECTURES.get(name, WIDE)
        self.weights = networks.random_weights(name, seed)
        self.whole = self.exported("right", self.weights)
        self.samples()
        self.calls, self.batches = self.computed()
        self.noise = self.measured()

    def exported(self, fault: str, weights: dict[str, Any], **arguments: Any) -> Path:
        """Export the network with such weights, and return the folder of it all."""
        here = self.folder / fault
        (here / "export").mkdir(parents=True)
        paddle.save(
            {k: paddle.to_tensor(v) for k, v in weights.items()}, str(here / "net.pdparams")
        )
        network = self.network(here, **arguments)
        inputs = (self.about.given,)
        exporting.export_network(
            ExportJob(network=network, inputs=inputs, allow=(), folder=here / "export")
        )
        return here

    def network(self, here: Path, **arguments: Any) -> Network:
        return Network(
            root=Path(__file__).parent,
            reference=Reference.parse(f"networks.py:{self.name}"),
            arguments=arguments,
            weights=here / "net.pdparams",
        )

    def samples(self) -> None:
        random = np.random.default_rng(self.seed)
        shape = (max(BATCH_SIZES), *self.about.given.shape[1:])
        drawn = (
            random.standard_normal(shape)
            if self.about.given.range is None
            else random.integers(*map(int, self.about.given.range), shape)
        )
        np.savez(
            self.folder / "samples.npz",
            **{self.about.given.name: drawn.astype(self.about.given.dtype)},
        )

    def computed(self) -> tuple[list[list[OutputValues]], tuple[int, ...]]:
        """Run the dynamic network."""
        outputs = self.whole / "eager.npz"
        ran = reference_run.run_reference(
            ReferenceJob(
                network=self.network(self.whole),
                inputs=(self.about.given,),
                samples=str(self.folder / "samples.npz"),
                input_size=(),
                batch_sizes=BATCH_SIZES,
                seed=0,
                cases=self.whole / "cases.npz",
                outputs=outputs,
            )
        )
        assert ran.repeatable
        calls = [
            [OutputValues(name=one, values=call[one]) for one in ran.outputs]
            for call in arrays.load_arrays(outputs)
        ]
        return calls, ran.batches

    def measured(self) -> float:
        """Measure what rounding alone does to the dynamic network, as verify does."""
        layer = build_network(self.network(self.whole))
        layer.eval()

        def forward(case: dict[str, Any]) -> dict[str, Any]:
            with paddle.no_grad():
                result = layer(paddle.to_tensor(case[self.about.given.name]))
            return {name: one.numpy() for name, one in flatten_network_result(result)}

        cases = arrays.load_arrays(self.whole / "cases.npz")
        found = arrays.load_arrays(self.whole / "eager.npz")
        return max(noise_run.measure_noise(forward, layer, cases, found, self.seed).values())

    def compared(self, here: Path, path: PathName, threads: int, cases: Path) -> dict[str, Any]:
        """Run exported files in one way, and compare."""
        settings = Verify(engine=Engine(threads=threads))
        exports = Exports(
            program=here / "export" / EXPORT_PREFIX, settings=settings, root=here, folder=cases
        )
        run_exported.run_exported_path(exports.job(path))
        found = [
            [OutputValues(name=key, values=values) for key, values in call.items()]
            for call in arrays.load_arrays(exports.outputs(path))
        ]
        tolerance = Tolerance().for_path(path)
        if path == "deployed":
            tolerance = widen_tolerance(tolerance, self.noise)
        agreed = agreement.measure_agreement(self.calls, found, self.batches, tolerance)
        return {
            "name": self.name,
            "seed": self.seed,
            "fault": here.name,
            "path": path,
            "threads": threads,
            "noise": self.noise,
            "tolerance": tolerance,
            "scaled_error": agreed.scaled_error,
            "problems": agreed.problems,
            "samples": len(agreed.samples),
            "over": [
                (one.case, one.sample, one.output)
                for one in agreed.samples
                if one.scaled_error > tolerance
            ],
        }

    def untouched(self) -> Iterator[dict[str, Any]]:
        for path, threads in WAYS:
            yield self.compared(self.whole, path, threads, self.whole)

    def faults(self, ways: tuple[tuple[PathName, int], ...]) -> Iterator[dict[str, Any]]:
        for fault, changed in FAULTS.items():
            weights, arguments = changed(self)
            here = self.exported(fault, weights, **arguments)
            for path, threads in ways:
                yield self.compared(here, path, threads, self.whole)
        yield from self.flipped(ways)

    def flipped(self, ways: tuple[tuple[PathName, int], ...]) -> Iterator[dict[str, Any]]:
        """Give the right export one sample mirrored, or a sequence backwards."""
        here = self.folder / "flipped sample"
        here.mkdir()
        cases = arrays.load_arrays(self.whole / "cases.npz")
        call, sample = FLIPPED
        array = cases[call][self.about.given.name]
        array[sample] = np.flip(array[sample], -1 if array.ndim == 4 else 0)
        arrays.save_arrays(here / "cases.npz", cases)
        for path, threads in ways:
            yield {**self.compared(self.whole, path, threads, here), "fault": here.name}


Changed = tuple[dict[str, Any], dict[str, Any]]


def epsilon(bench: Bench) -> Changed:
    """Another epsilon; of an LSTM, the 1.0 that TensorFlow adds to its forget gate is missing."""
    if bench.about.epsilon is not None:
        return bench.weights, {"epsilon": bench.about.epsilon}
    weights = {key: array.copy() for key, array in bench.weights.items()}
    for key, array in weights.items():
        if "bias_ih" in key:
            quarter = len(array) // 4
            array[quarter : 2 * quarter] -= 1.0
    return weights, {}


def float16(bench: Bench) -> Changed:
    return {
        key: array.astype("float16").astype("float32") for key, array in bench.weights.items()
    }, {}


def swapped(bench: Bench) -> Changed:
    """Blue for red; of sequences, the first feature for the third."""
    key, axis = bench.about.first
    order = np.arange(bench.weights[key].shape[axis])
    order[[0, 2]] = order[[2, 0]]
    return {**bench.weights, key: np.take(bench.weights[key], order, axis)}, {}


def not_loaded(bench: Bench) -> Changed:
    return networks.random_weights(bench.name, bench.seed + 1000), {}


def one_tensor(bench: Bench) -> Changed:
    key = bench.about.one
    return {**bench.weights, key: bench.weights[key] * np.float32(1.001)}, {}


FAULTS: dict[str, Callable[[Bench], Changed]] = {
    "epsilon": epsilon,
    "float16 weights": float16,
    "swapped channels": swapped,
    "weights not loaded": not_loaded,
    "one tensor +0.1 %": one_tensor,
}


def main(name: str, folder: Path, sweep: str) -> None:
    """Compare the untouched export, and the faults, as far as the sweep goes."""
    # Nobody asks how long calls take, which would be most of what they take here.
    timing.Stopwatch.latency = lambda *_: ()
    found: list[dict[str, Any]] = []
    for seed in range(SEEDS if sweep == "all" else 1):
        bench = Bench(name, folder / str(seed), seed)
        found += bench.untouched()
        if seed == 0 and sweep != "untouched":
            found += bench.faults(WAYS if sweep == "all" else bench.about.quick)
    (folder / FOUND).write_text(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
