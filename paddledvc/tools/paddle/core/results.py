"""What a process that runs Paddle hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddledvc.comparison.untaken_branches import Branch
    from paddledvc.models.model import Input

FORETELLING = {
    "in-place": "an operation in place became one that is not, so views do not follow it",
    "branch-types": "branches on a tensor return different types, which are made one",
}
"""Export warnings after which a program often computes something else, by our name for them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes:
        files: names of the files, sorted.
        warnings: export warnings that were let pass, by their names in ``FORETELLING``.
    """

    files: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wide:
    """How far a dynamic network is from itself in float64: the noise that float32 has anyway.

    Attributes:
        errors: the largest scaled error of a sample, for each output that is a float, by its name.
        reason: why there are none; empty where there are.
    """

    errors: tuple[tuple[str, float], ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """What exported files take.

    Attributes:
        inputs: the arguments, in order.
    """

    inputs: tuple[Input, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Where a disagreement begins.

    Attributes:
        sublayer: the innermost sublayer whose own export disagrees; empty for the network itself.
        kind: the class of that sublayer; empty where the files are of another network.
        scaled_error: of that sublayer alone; infinite for the network itself, or where the
            sublayer does not run.
        cause: what likely goes wrong, as the end of a sentence; empty if nobody knows.
        advice: what to do about it.
    """

    sublayer: str
    kind: str
    scaled_error: float
    cause: str
    advice: str

    def __str__(self) -> str:
        why = f"{self.cause}; {self.advice}" if self.cause else ""
        if not self.kind:
            return why
        where = f"sublayer {self.sublayer} ({self.kind})" if self.sublayer else self.kind
        return f"it begins in {where}{f': {why}' if why else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """How long one call takes, after a warm-up.

    Attributes:
        batch: samples in the call.
        median_ms: median, in milliseconds.
        p95_ms: 95th percentile, in milliseconds.
        calls: number of calls that were timed.
        fastest_ms: the shortest, in milliseconds.
        q1_ms: first quartile, in milliseconds.
        q3_ms: third quartile, in milliseconds.
    """

    batch: int
    median_ms: float
    p95_ms: float
    calls: int
    fastest_ms: float
    q1_ms: float
    q3_ms: float

    @property
    def throughput(self) -> float:
        """Samples a second, in calls that take the median."""
        return round(self.batch * 1000 / self.median_ms, 1) if self.median_ms else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a process took.

    Attributes:
        peak_mib: the most memory that it had, in MiB.
        seconds: how long each part of the work took, in the order of the work: ``import``,
            ``load``, ``calls``, ``latency``.
    """

    peak_mib: float
    seconds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """What ran: facts that belong to every number it gave."""

    paddle: str
    commit: str
    device: str
    flags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """How a network or a program ran on the samples.

    Attributes:
        outputs: names of the outputs, in the order of the exported program.
        batches: number of samples in each call.
        starts: number of the first sample of each call, among all samples.
        repeatable: whether a second run gave the same bytes.
        batch_error: scaled error of the samples of the largest batch from what each gives alone;
            None where that was not looked at.
        branches: where a tensor decided how the dynamic network goes on.
        edges: the edge of each call, empty for a usual one.
        refused: sentences about calls that the dynamic network itself does not run.
    """

    outputs: tuple[str, ...]
    batches: tuple[int, ...]
    starts: tuple[int, ...]
    repeatable: bool
    latency: tuple[Latency, ...]
    runtime: Runtime
    cost: Cost
    batch_error: float | None = None
    branches: tuple[Branch, ...] = ()
    edges: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a training ended.

    Attributes:
        here: whether the weights were written on this machine.
        runtime: what ran it.
    """

    here: bool
    runtime: Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a job could not be done: the name of an error class, and its text.

    Attributes:
        details: what those see who want to know more.
    """

    error: str
    message: str
    details: str = ""


FAILURE = "failure"
"""File beside the answer that a failure goes to; it counts more than any answer."""
