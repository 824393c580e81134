"""How an export is compared with its network: the frozen types behind ``verify:``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

PathName = Literal["jit", "predictor", "deployed", "onnx", "gpu", "tensorrt"]
"""A way to run the exported files."""
Precision = Literal["float32", "bfloat16", "float16"]
"""The type of numbers that an engine computes in."""
Gate = Literal["program", "engine", "device"]
"""What a tolerance is for."""
GATES: Mapping[PathName, Gate] = {
    "jit": "program",
    "predictor": "program",
    "deployed": "engine",
    "onnx": "engine",
    "gpu": "device",
    "tensorrt": "device",
}
"""The tolerance that applies to a path."""
ON_GPU: tuple[PathName, ...] = ("gpu", "tensorrt")
"""The paths that need a GPU."""
NOT_YET = "not yet run on a GPU"
"""What is true of our own code for these paths; ``make test-gpu`` on one makes it untrue."""
REDUCIBLE: tuple[PathName, ...] = ("deployed", *ON_GPU)
"""The paths that compute in the precision of the engine; the others do as the program says."""
USUAL_TOLERANCES: Mapping[Precision, Mapping[Gate, float]] = {
    "float32": {"program": 1e-7, "engine": 1e-5, "device": 1e-4},
    # Reckoned from its ten bits, not measured: Paddle computes in it on GPUs only.
    "float16": {"program": 1e-7, "engine": 2e-3, "device": 2e-3},
    "bfloat16": {"program": 1e-7, "engine": 2e-2, "device": 2e-2},
}
"""The tolerances that hold where none is stated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputTolerance:
    """What one output may be off by, instead of what its model may; None where that is the same.

    Attributes:
        reason: why, for those who read the report.
    """

    reason: str
    program: float | None = None
    engine: float | None = None
    device: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerance:
    """Largest scaled error, max|d| / max|ref| of a sample, by gate.

    The plain program repeats the dynamic network bit for bit on a CPU, but for divisions by numbers
    and powers; a deployed engine reorders sums, which costs about as much as moving inputs and
    weights by one unit in the last place does; a GPU uses other kernels altogether. A tolerance
    that is stated is never widened.

    Attributes:
        program: for the plain program; None for the usual one.
        engine: for a deployed engine; None for what its precision implies.
        device: for a GPU; None for what the precision implies.
        reason: why a model has others than the usual ones, for those who read the report.
        outputs: what single outputs may be off by, by the name of the output.
    """

    program: float | None = None
    engine: float | None = None
    device: float | None = None
    reason: str = ""
    outputs: Mapping[str, OutputTolerance] = field(default_factory=dict)

    def for_path(self, path: PathName, precision: Precision = "float32") -> float:
        """Tell the tolerance of a path, for outputs that have none of their own.

        >>> Tolerance().for_path("deployed"), Tolerance().for_path("deployed", "bfloat16")
        (1e-05, 0.02)
        >>> Tolerance(engine=1e-3).for_path("deployed", "bfloat16")
        0.001
        """
        gate = GATES[path]
        stated: float | None = getattr(self, gate)
        return (
            USUAL_TOLERANCES[precision if path in REDUCIBLE else "float32"][gate]
            if stated is None
            else stated
        )

    def for_outputs(self, path: PathName) -> dict[str, float]:
        """Tell the tolerances of the outputs that have their own on a path.

        >>> mask = OutputTolerance(engine=1e-3, reason="a sigmoid of large numbers")
        >>> Tolerance(outputs={"mask": mask}).for_outputs("deployed")
        {'mask': 0.001}
        """
        own = {name: getattr(one, GATES[path]) for name, one in self.outputs.items()}
        return {name: value for name, value in own.items() if value is not None}

    def beyond_usual(self, precision: Precision) -> Tolerance:
        """Leave out what changes nothing: what a reduced precision implies anyway, stated or not.

        In float32 a tolerance that is stated is never widened, which one that is implied may be.
        """
        if precision == "float32":
            return self
        usual = USUAL_TOLERANCES[precision]
        return replace(
            self,
            engine=None if self.engine == usual["engine"] else self.engine,
            device=None if self.device == usual["device"] else self.device,
        )

    def is_stated(self, path: PathName) -> bool:
        """Tell whether somebody chose the tolerance of a path."""
        return getattr(self, GATES[path]) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """Settings of the predictor as it will be deployed.

    Attributes:
        precision: what it computes in, on the CPU and on a GPU.
    """

    onednn: bool = True
    ir_optim: bool = True
    memory_optim: bool = True
    threads: int = 1
    precision: Precision = "float32"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verify:
    """How the exported model is compared with the dynamic network.

    Attributes:
        samples: a .npz or .npy file, a folder of images, or a function that returns an array per
            input; None seeds them.
        preprocess: the function that makes a sample of an image.
        edge_values: whether zeros, ends of ranges, infinities and NaNs are compared too.
        timeout: seconds that each process may take: the network, its export, and each path.
        batch_sizes: the batch sizes to compare at.
        seed: seed of seeded samples.
        device: ``cpu``, or ``gpu`` to compare a predictor on the GPU too.
        paths: the ways to run the exported files; None stands for those that ``device`` implies.
        optional: further ways, which are skipped where what they need is not there.
        tolerance: largest scaled errors.
        engine: the predictor as it will be deployed.
        reference: ``float64`` to tell too how far the dynamic network itself is from the same
            network in float64.
    """

    samples: str | None = None
    batch_sizes: tuple[int, ...] = (1, 3, 8)
    seed: int = 0
    device: str = "cpu"
    paths: tuple[PathName, ...] | None = None
    optional: tuple[PathName, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    engine: Engine = field(default_factory=Engine)
    reference: Literal["float32", "float64"] = "float32"
    preprocess: str | None = None
    edge_values: bool = False
    timeout: float = 900.0

    def tolerance_of(self, path: PathName) -> float:
        """Tell the tolerance of a path, for outputs that have none of their own."""
        return self.tolerance.for_path(path, self.engine.precision)

    @property
    def chosen_paths(self) -> tuple[PathName, ...]:
        """The paths to run, in the order of the report."""
        cpu: tuple[PathName, ...] = ("jit", "predictor", "deployed")
        implied = cpu if self.device == "cpu" else (*cpu, "gpu")
        required = implied if self.paths is None else self.paths
        return tuple(dict.fromkeys((*required, *self.optional)))


def is_verify_folder(samples: str) -> bool:
    """Tell a folder of images from files and functions, by how it is written.

    >>> [is_verify_folder(one) for one in ("data/val", "data/x.npz", "data.py:samples")]
    [True, False, False]
    """
    return ":" not in samples and not samples.endswith((".npy", ".npz"))


def read_verify_settings(section: Mapping[str, Any]) -> Verify:
    """Read a ``verify:`` section, of a model or of params.yaml."""
    plain = ("samples", "preprocess", "edge_values", "seed", "device", "reference", "timeout")
    lists = ("batch_sizes", "paths", "optional")
    settings: dict[str, Any] = {
        **{key: section[key] for key in plain if key in section},
        **{key: tuple(section[key]) for key in lists if key in section},
    }
    if "samples" in settings:
        settings["samples"] = settings["samples"].rstrip("/")
    return Verify(
        **settings,
        tolerance=_tolerance(Tolerance(), section.get("tolerance", {})),
        engine=Engine(**section.get("engine", {})),
    )


def override_verify_settings(settings: Verify, section: Mapping[str, Any]) -> Verify:
    """Let the ``verify`` section of params.yaml win over the model's own, key by key."""
    read = read_verify_settings(section)
    changes = {key: getattr(read, key) for key in section}
    if "engine" in section:
        changes["engine"] = replace(settings.engine, **section["engine"])
    if "tolerance" in section:
        changes["tolerance"] = _tolerance(settings.tolerance, section["tolerance"])
    return replace(settings, **changes)


def _tolerance(base: Tolerance, section: Mapping[str, Any]) -> Tolerance:
    own = {name: OutputTolerance(**one) for name, one in section.get("outputs", {}).items()}
    return replace(base, **{**section, "outputs": {**base.outputs, **own}})
