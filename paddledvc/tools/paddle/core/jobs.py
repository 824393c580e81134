"""What is handed to a process that runs Paddle, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from paddledvc.comparison.untaken_branches import Branch
    from paddledvc.models.model import Input, ProgramFormat, Reference
    from paddledvc.models.verify_settings import Engine, PathName

FLAG = "FLAGS_"
"""What the names of Paddle's flags begin with."""
FORETELLING = {
    # PaddlePaddle/Paddle#79145: eagerly the views follow.
    "in-place": "an operation in place became one that is not, so views do not follow it",
    "branch-types": "branches on a tensor return different types, which are made one",
}
"""Export warnings after which a program often computes something else, by our name for them."""
FAILURE = "failure"
"""File beside the answer that a failure goes to; it counts more than any answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A dynamic network with its weights.

    Attributes:
        root: folder of the project, absolute; the user's code is imported from there.
        reference: the factory that builds the layer.
        arguments: its keyword arguments.
        weights: file of the weights, absolute; None for a network without any.
    """

    root: PurePath
    reference: Reference
    arguments: dict[str, Any]
    weights: PurePath | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportJob:
    """Export a network into an empty folder.

    Attributes:
        allow: names of the export warnings that are let pass.
        format: what the program is written as; None for what the installed Paddle writes.
    """

    network: Network
    inputs: tuple[Input, ...]
    allow: tuple[str, ...]
    folder: PurePath
    format: ProgramFormat | None = None

    def __str__(self) -> str:
        return f"exporting {self.network.reference}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceJob:
    """Make the samples and run the dynamic network on them.

    Attributes:
        samples: a file, a folder of images or a function of the user's; None to draw them.
        preprocess: the function that makes a sample of an image.
        edge_values: whether calls at the edges of the inputs follow.
        cases: file to write the samples to.
        outputs: file to write the network's outputs to.
        initial: file to write the weights to that the network is built with, if those are meant;
            none is written for a network without any.
    """

    network: Network
    inputs: tuple[Input, ...]
    samples: str | None
    input_size: tuple[int, ...]
    batch_sizes: tuple[int, ...]
    seed: int
    cases: PurePath
    outputs: PurePath
    initial: PurePath | None = None
    preprocess: str | None = None
    edge_values: bool = False

    def __str__(self) -> str:
        return f"running {self.network.reference}"


@dataclass(frozen=True, kw_only=True, slots=True)
class WideJob:
    """Run the dynamic network in float64 on the same samples.

    Attributes:
        seed: seed of the run.
        cases: file with the samples.
        outputs: file with the outputs of the network as it is.
    """

    network: Network
    inputs: tuple[Input, ...]
    seed: int
    cases: PurePath
    outputs: PurePath

    def __str__(self) -> str:
        return f"running {self.network.reference} in float64"


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeJob:
    """Tell what exported files take.

    Attributes:
        program: path of the exported files without their suffix.
    """

    program: PurePath

    def __str__(self) -> str:
        return "reading the exported program"


@dataclass(frozen=True, kw_only=True, slots=True)
class PathJob:
    """Run the exported files in one way.

    Attributes:
        program: path of the exported files without their suffix.
        cases: file with the samples.
        outputs: file to write the outputs to.
        device: the device for the paths ``gpu`` and ``tensorrt``.
        edges: the edge of each call, empty for a usual one; or nothing for only usual ones.
    """

    path: PathName
    program: PurePath
    cases: PurePath
    outputs: PurePath
    engine: Engine
    device: str
    edges: tuple[str, ...] = ()

    def __str__(self) -> str:
        # Without the folder: the words go into a report that is the same on every machine.
        return f"running the exported program on the path {self.path}"


WITHOUT_USER_CODE = (DescribeJob, PathJob)
"""Jobs that need nothing of the project but files of data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiagnoseJob:
    """Find the sublayer in which a path parts from the network.

    Attributes:
        call: number of the call that disagrees.
        output: the output that disagrees there; empty where nothing could be compared.
        tolerance: largest scaled error of a sample.
        overrides: that of outputs of the network that have their own, by name.
        path_job: how the path is run.
        folder: an empty folder to work in.
    """

    network: Network
    inputs: tuple[Input, ...]
    call: int
    output: str
    tolerance: float
    overrides: Mapping[str, float]
    path_job: PathJob
    folder: PurePath

    @property
    def path(self) -> PathName:
        """The path that disagrees."""
        return self.path_job.path

    @property
    def cases(self) -> PurePath:
        """The file with the samples."""
        return self.path_job.cases

    def __str__(self) -> str:
        return "looking for the sublayer that disagrees"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainJob:
    """Train a model with a function of the user's.

    Attributes:
        model: name of the model.
        network: its network with the base weights; None where it has no network.
        weights: file that the training is to write, absolute.
        metrics: folder for the curve and the final values, absolute.
        params: hyperparameters.
        params_name: where the hyperparameters stand, for messages.
    """

    model: str
    root: PurePath
    function: Reference
    network: Network | None
    base: PurePath | None
    weights: PurePath
    metrics: PurePath
    params: dict[str, Any]
    params_name: str
    seed: int
    device: str

    def __str__(self) -> str:
        return f"training {self.model} with {self.function}"


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluateJob:
    """Measure a model in one way with a function of the user's.

    Attributes:
        model: name of the model.
        function: the user's function.
        network: the dynamic network with its weights, which is measured where there is no program.
        inputs: what the network takes.
        program: how the exported files are run; None to measure the network itself.
        structure: how the network's own result is nested; of a program only.
        params: hyperparameters.
        params_name: where the hyperparameters stand, for messages.
    """

    model: str
    function: Reference
    network: Network
    inputs: tuple[Input, ...]
    program: PathJob | None
    structure: Any
    params: dict[str, Any]
    params_name: str
    seed: int
    device: str

    def __str__(self) -> str:
        what = "the network" if self.program is None else f"the path {self.program.path}"
        return f"measuring {what} of {self.model} with {self.function}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated:
    """What a function measured.

    Attributes:
        metrics: what it returned.
        ids: of the samples, in the order of the function; nothing where it told of none.
        scores: of every sample, by metric.
        slices: the part that every sample is in, by the property that divides them.
        tables: the tables that it gave, by name: their columns.
        inputs_sha256: digest of all that the model was called with.
        calls: how often it was called.
        samples: how many samples it was called with.
        structure: how its result is nested.
        runtime: what computed.
    """

    metrics: Mapping[str, float]
    ids: tuple[str, ...]
    scores: Mapping[str, tuple[float, ...]]
    slices: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Mapping[str, tuple[Any, ...]]]
    inputs_sha256: str
    calls: int
    samples: int
    structure: Any
    runtime: Runtime


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
