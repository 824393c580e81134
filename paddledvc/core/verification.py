"""How an export is compared with its network: the frozen types behind ``verify:``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

PathName = Literal["jit", "predictor", "deployed", "gpu"]
"""A way to run the exported files."""
Gate = Literal["program", "engine", "device"]
"""What a tolerance is for."""
GATES: Mapping[PathName, Gate] = {
    "jit": "program",
    "predictor": "program",
    "deployed": "engine",
    "gpu": "device",
}
"""The tolerance that applies to a path."""


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

    The plain program repeats the dynamic network bit for bit on a CPU, with 1e-7 to spare for one
    rounding; a deployed engine reorders sums, which costs up to 1.6e-6 in float32; a GPU uses other
    kernels altogether.

    Attributes:
        reason: why a model has others than these, for those who read the report.
        outputs: what single outputs may be off by, by the name of the output.
    """

    program: float = 1e-7
    engine: float = 1e-5
    device: float = 1e-4
    reason: str = ""
    outputs: Mapping[str, OutputTolerance] = field(default_factory=dict)

    def of(self, path: PathName) -> float:
        """Give the tolerance of a path, for outputs that have none of their own.

        >>> Tolerance(program=0).of("jit")
        0
        """
        value: float = getattr(self, GATES[path])
        return value

    def of_outputs(self, path: PathName) -> dict[str, float]:
        """Give the tolerances of the outputs that have their own on a path.

        >>> mask = OutputTolerance(engine=1e-3, reason="a sigmoid of large numbers")
        >>> Tolerance(outputs={"mask": mask}).of_outputs("deployed")
        {'mask': 0.001}
        """
        own = {name: getattr(one, GATES[path]) for name, one in self.outputs.items()}
        return {name: value for name, value in own.items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """Settings of the predictor as it will be deployed."""

    onednn: bool = True
    ir_optim: bool = True
    memory_optim: bool = True
    threads: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Verify:
    """How the exported model is compared with the dynamic network.

    Attributes:
        samples: a .npz file, or a function that returns an array per input; None seeds them.
        batch_sizes: the batch sizes to compare at.
        seed: seed of seeded samples.
        device: ``cpu``, or ``gpu`` to compare a predictor on the GPU too.
        paths: the ways to run the exported files; None stands for those that ``device`` implies.
        optional: further ways, which are skipped where what they need is not there.
        tolerance: largest scaled errors.
        engine: the predictor as it will be deployed.
    """

    samples: str | None = None
    batch_sizes: tuple[int, ...] = (1, 3, 8)
    seed: int = 0
    device: str = "cpu"
    paths: tuple[PathName, ...] | None = None
    optional: tuple[PathName, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    engine: Engine = field(default_factory=Engine)

    @property
    def chosen_paths(self) -> tuple[PathName, ...]:
        """The paths to run, in the order of the report."""
        cpu: tuple[PathName, ...] = ("jit", "predictor", "deployed")
        implied = cpu if self.device == "cpu" else (*cpu, "gpu")
        required = implied if self.paths is None else self.paths
        return tuple(dict.fromkeys((*required, *self.optional)))
