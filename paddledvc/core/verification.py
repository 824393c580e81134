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
class Tolerance:
    """Largest scaled error, max|d| / max|ref| of a sample, by gate.

    The plain program repeats the dynamic network bit for bit on a CPU, with 1e-7 to spare for one
    rounding; a deployed engine reorders sums, which costs up to 1.6e-6 in float32; a GPU uses other
    kernels altogether.
    """

    program: float = 1e-7
    engine: float = 1e-5
    device: float = 1e-4


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
        tolerance: largest scaled errors.
        engine: the predictor as it will be deployed.
    """

    samples: str | None = None
    batch_sizes: tuple[int, ...] = (1, 3, 8)
    seed: int = 0
    device: str = "cpu"
    paths: tuple[PathName, ...] | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)
    engine: Engine = field(default_factory=Engine)

    @property
    def chosen_paths(self) -> tuple[PathName, ...]:
        """The paths to run, in the order of the report."""
        if self.paths is not None:
            return self.paths
        cpu: tuple[PathName, ...] = ("jit", "predictor", "deployed")
        return cpu if self.device == "cpu" else (*cpu, "gpu")
