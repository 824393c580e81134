"""What is handed to a process that runs Paddle, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from paddledvc.models.model import Input, ProgramFormat, Reference
    from paddledvc.models.verify_settings import Engine, PathName

FLAG = "FLAGS_"
"""What the names of Paddle's flags begin with."""


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
