"""What is handed to a process that runs Paddle, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from paddledvc.comparison.parameters import Parameter
    from paddledvc.comparison.reach import InputReach
    from paddledvc.comparison.suspects import Suspect
    from paddledvc.comparison.untaken_branches import Branch
    from paddledvc.models.forward import Forward
    from paddledvc.models.model import Input, ProgramFormat, Reference
    from paddledvc.models.verify_settings import Engine, PathName

FLAG = "FLAGS_"
"""What the names of Paddle's flags begin with."""
RECORDED_VARIABLES = ("FLAGS_", "OMP_", "MKL_", "ONEDNN_", "DNNL_", "CUBLAS_", "CUDNN_")
"""What the names of variables begin with that decide numbers: flags, threads, oneDNN, CUDA's."""
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
        key: the entry of that file that is the state dict; None where the file is one itself.
        forward: how it is called with its inputs; None where nobody says so.
        method: what to call instead of ``forward`` if its author has made it static; empty for
            ``forward`` itself.
    """

    root: PurePath
    reference: Reference
    arguments: dict[str, Any]
    weights: PurePath | None
    key: str | None = None
    forward: Forward | None = None
    method: str = ""


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
        roundings: types that the exported files may have rounded parameters to.
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
    roundings: tuple[str, ...] = ()

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
class NoiseJob:
    """Tell what rounding alone does to the dynamic network.

    Attributes:
        seed: seed of the run, and of what is moved.
        cases: file with the samples.
        outputs: file with the outputs of the network as it is.
        edges: the edge of each call, empty for a usual one; or nothing for only usual ones.
        program: file to write the outputs to of the network that computes as its program does;
            None where nobody asks.
        moves: whether inputs and weights are to be moved by one unit in the last place.
    """

    network: Network
    inputs: tuple[Input, ...]
    seed: int
    cases: PurePath
    outputs: PurePath
    edges: tuple[str, ...]
    program: PurePath | None
    moves: bool

    def __str__(self) -> str:
        return f"measuring what rounding does to {self.network.reference}"


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
        program_tolerance: that of the program itself, for a path that is an engine.
        path_job: how the path is run; its outputs are there.
        agreeing: whether another path runs the same files and agrees.
        same_parameters: whether the files hold the parameters of the network; None if unknown.
        folder: an empty folder to work in.
    """

    network: Network
    inputs: tuple[Input, ...]
    call: int
    output: str
    tolerance: float
    overrides: Mapping[str, float]
    program_tolerance: float
    path_job: PathJob
    folder: PurePath
    agreeing: bool = False
    same_parameters: bool | None = None

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
class CauseJob:
    """Try out what in the code of a sublayer makes its program disagree.

    Attributes:
        search: the search that found the sublayer; its path is one that runs the program as it is.
        sublayer: its name; empty for the network itself.
        functions: file and first line of each function that runs in it.
    """

    search: DiagnoseJob
    sublayer: str
    functions: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return "trying out what makes it disagree"


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
        parameters: names of the parameters of the network's ``forward``; of a program only.
        params: hyperparameters.
        params_name: where the hyperparameters stand, for messages.
        pictures: whether pictures of samples are asked for.
        outcomes: the network's outcome of every sample, by metric; of a program only, where
            pictures are asked for.
    """

    model: str
    function: Reference
    network: Network
    inputs: tuple[Input, ...]
    program: PathJob | None
    structure: Any
    parameters: tuple[str, ...]
    params: dict[str, Any]
    params_name: str
    seed: int
    device: str
    pictures: bool = False
    outcomes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

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
        parameters: names of the parameters of its ``forward``.
        runtime: what computed.
        pictures: the samples whose outcome is not the network's, as JPEG in base64, by id.
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
    parameters: tuple[str, ...]
    runtime: Runtime
    pictures: Mapping[str, str] = field(default_factory=dict)


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
class Noise:
    """What rounding alone does to a dynamic network.

    Attributes:
        moved: the largest scaled error of a sample when inputs and weights are moved by one unit in
            the last place, for each output; nothing where it was not measured.
    """

    moved: tuple[tuple[str, float], ...]


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
        kind: the class of that sublayer; empty where an export made now agrees.
        scaled_error: of that sublayer alone; infinite where it does not run.
        cause: what goes wrong, as was tried out; empty if nobody knows.
        advice: what to do about it.
        place: file and line of what is to be changed; empty where that is no line of code.
    """

    sublayer: str
    kind: str
    scaled_error: float
    cause: str
    advice: str
    place: str = ""

    def __str__(self) -> str:
        """Say first what to change, and then where that was seen.

        >>> from dataclasses import replace
        >>> said = Diagnosis(sublayer="a", kind="A", scaled_error=1, cause="", advice="")
        >>> str(said), str(replace(said, cause="it drops", advice="keep it", place="a.py:7"))
        ('it begins in sublayer a (A)', 'a.py:7: it drops; keep it; it begins in sublayer a (A)')
        """
        begins = ""
        if self.kind:
            where = f"sublayer {self.sublayer} ({self.kind})" if self.sublayer else self.kind
            begins = f"it begins in {where}"
        said = "; ".join(filter(None, (self.cause, self.advice, begins)))
        return f"{self.place}: {said}" if self.place else said


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """Where a disagreement begins, and what to look at for its cause.

    Attributes:
        search: the search to go on with; None where the cause is known, or not in the code.
        functions: file and first line of each function that runs in the sublayer.
    """

    diagnosis: Diagnosis
    search: DiagnoseJob | None = None
    functions: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What was tried out to be the cause.

    Attributes:
        suspects: the places that have to change, and no others; empty where that is not known.
        values: what those were in the network and while it was traced, by the number of the place.
    """

    suspects: tuple[Suspect, ...]
    values: tuple[tuple[int, str, str], ...] = ()


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
    """What ran: facts that belong to every number it gave.

    Attributes:
        image: the container image that it ran in, as ``PADDLEDVC_IMAGE`` names it; None where
            nothing does. The same Paddle in another one is still the same.
    """

    paddle: str
    commit: str
    device: str
    flags: tuple[tuple[str, str], ...]
    image: str | None = field(default=None, compare=False, metadata={"omit": True})


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
        reach: what was tried of inputs of whole numbers that was not everything.
        parameters: the parameters and buffers of the dynamic network.
        forward: how the dynamic network was called with its inputs.
        method: which of its methods that was; empty for ``forward``.
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
    reach: tuple[InputReach, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    forward: Forward | None = None
    method: str = ""


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


def pick_numeric_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick the variables of an environment that decide which numbers come out.

    >>> pick_numeric_variables({"FLAGS_use_mkldnn": "1", "OMP_NUM_THREADS": "2", "HOME": "/root"})
    {'FLAGS_use_mkldnn': '1', 'OMP_NUM_THREADS': '2'}
    """
    return {
        name: value for name, value in environment.items() if name.startswith(RECORDED_VARIABLES)
    }
