"""What a model is: the frozen types behind an entry of models.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.display.results import Displayed
from paddledvc.models.images import Image, matches_image_paddle
from paddledvc.models.verify_settings import Verify
from paddledvc.names import (
    REPORTS,
    name_exported_folder,
    name_params_key,
    name_trained_file,
    slug,
    suggest_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from paddledvc.models.evaluate_settings import Evaluate
    from paddledvc.models.forward import Forward
    from paddledvc.models.versions import Requirement
    from paddledvc.names import StageKind

_INPUT = re.compile(
    r"(?P<name>[A-Za-z_]\w*)(?::(?P<dtype>bool|u?int(?:8|16|32|64)|float(?:16|32|64)))?"
    r"\[(?P<shape>(?:(?:\?|[0-9]+)(?:,|(?=\])))*)\]"
)
DTYPES = (
    "float32",
    "float64",
    "float16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
)
"""What an input may be. Paddle has no wider integers without a sign: uint16 is its bfloat16."""
ProgramFormat = Literal["json", "pdmodel"]
"""What an exported program is written as: as Paddle 3 does, or as Paddle 2 does."""
TABLE_CATALOGS = ("paddle.vision", "paddlespeech", "paddlex")
"""Catalogs that installed packages carry."""
OTHER_NAMES = {"paddleocr": "paddlex"}
"""Packages whose models are in the catalog of another: PaddleOCR gets them through PaddleX."""
HUBS = ("huggingface", "modelscope")
BUILT_IN = (*TABLE_CATALOGS, *HUBS)
"""Catalogs that are there without any declaration; each is called as its kind."""


def suggest_catalog(name: str, known: Collection[str]) -> str:
    """Suggest a catalog, as the end of a sentence that says that there is none of a name.

    >>> suggest_catalog("paddleocr", BUILT_IN), suggest_catalog("paddlexx", BUILT_IN)
    ('; its models are in paddlex', "; did you mean 'paddlex'?")
    """
    if name in OTHER_NAMES:
        return f"; its models are in {OTHER_NAMES[name]}"
    return suggest_name(name, known) or f"; the catalogs are {', '.join(sorted(known))}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A name in a user's Python code: ``package.module:name`` or ``path/file.py:name``."""

    module: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Split a reference; the schema has checked its form.

        >>> Reference.parse("digits/network.py:DigitNet").is_file
        True
        """
        module, _, name = text.rpartition(":")
        return cls(module=module, name=name)

    @property
    def is_file(self) -> bool:
        """Whether the module is given as a file of the project."""
        return self.module.endswith(".py")

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A published or measured number, and how much worse a new one may be.

    Attributes:
        name: for example ``accuracy_top1``.
        value: the number; a percentage is a fraction, so ``76.8%`` is 0.768.
        direction: which way is better.
        tolerance: how far a new value may fall behind, in the units of ``value``.
        percent: whether it is written in percent.
    """

    name: str
    value: float
    direction: Literal["higher", "lower"] = "higher"
    tolerance: float = 0.0
    percent: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One argument of the network's ``forward``.

    Attributes:
        name: name of the argument.
        shape: sizes; None marks a dynamic dimension, and the first one is the batch.
        dtype: element type, as numpy names it.
        range: low (included) and high (excluded) of seeded samples; None for the default.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    range: tuple[float, float] | None = None

    @classmethod
    def parse(cls, text: str) -> Input:
        """Read ``NAME:DTYPE[SHAPE]``, or ``NAME[SHAPE]`` for float32; ``?`` marks a dynamic size.

        Raises:
            ValueError: it is none.

        >>> Input.parse("ids:int64[?,16]").shape
        (None, 16)
        """
        match = _INPUT.fullmatch(text.replace(" ", ""))
        if match is None:
            raise ValueError(f"found {text!r}, expected NAME:DTYPE[SHAPE] such as x:float32[?,3]")
        sizes = (size for size in match["shape"].split(",") if size)
        shape = tuple(None if size == "?" else int(size) for size in sizes)
        return cls(name=match["name"], shape=shape, dtype=match["dtype"] or "float32")


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """One result of the network's ``forward``, as models.yaml states it.

    Attributes:
        name: what people call it.
        shape: sizes, None for a dynamic one; None where nothing is stated.
        dtype: element type, as numpy names it; None where nothing is stated.
    """

    name: str
    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """How a training is spread over processes and machines."""

    processes: int = 1
    nodes: int = 1
    master: str | None = None
    backend: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Train:
    """How a model is trained: a Python function or a command line, exactly one of them.

    Attributes:
        datasets: paths of the data that it learns from, by name.
        params: the file that its hyperparameters are in; None for params.yaml.
    """

    function: Reference | None = None
    command: str | None = None
    deps: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)
    params: str | None = None
    launch: Launch | None = None
    seed: int = 0
    device: str = "cpu"


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """How a model is exported.

    Attributes:
        format: what the program is written as; None for what the installed Paddle writes.
        allow: names of the export warnings that this model is known to survive.
    """

    format: ProgramFormat | None = None
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """What a model runs in.

    Attributes:
        image: container image.
        stated_paddle: version of Paddle in it, where people state it.
        cuda: version of CUDA in it, where people state it.
        python: version of Python in it, where people state it.
        mirrors: other registries' names of the same image.
    """

    image: str | None = None
    stated_paddle: str | None = None
    cuda: str | None = None
    python: str | None = None
    mirrors: tuple[str, ...] = ()

    @property
    def paddle(self) -> str | None:
        """Version of Paddle in it, maybe without its last numbers; None if nothing tells.

        Where people state less of it than the image's tag names, the tag counts.

        >>> Environment(image="paddlepaddle/paddle:3.3.1-gpu-cuda12.9-cudnn9.9").paddle
        '3.3.1'
        """
        stated, tagged = self.stated_paddle, self.tagged_paddle
        if stated is None or tagged is None:
            return stated or tagged
        return (
            tagged
            if matches_image_paddle(tagged, stated) and not matches_image_paddle(stated, tagged)
            else stated
        )

    @property
    def tagged_paddle(self) -> str | None:
        """Version of Paddle that the image's tag names; None if it names none."""
        try:
            return Image.parse(self.image or "").paddle
        except ValueError:  # models.yaml has none such, a models.lock written by hand may
            return None


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Model(Displayed):
    """One entry of models.yaml.

    Attributes:
        source: the catalog that lists its versions, or a note where there is no such catalog.
        source_name: the model's name in its source; None where it is the same.
        revision: branch, tag or commit of the source to look at.
        file: the one file to take of a source that holds several.
        key: the entry of its weights that is the state dict, where they hold several.
        paddle: range of the Paddle versions that load the weights.
        base_requires: the versions of its base that this model can start from.
        urls: where the weights are, in the order to try: ``weights_url``, ``hub_url``, ``urls``.
        base: name of the model whose weights this one starts from.
        network: what builds the dynamic network.
        forward: how the network is called with its inputs; None where that is found out.
        outputs: what the network gives, as far as it is stated.
        docs: the file that documents it.
        evaluate: how it is measured; None where it is not.
        environment: what it runs in; None for that of the registry.
    """

    name: str
    requires: Requirement
    source: str | None = None
    source_name: str | None = None
    revision: str | None = None
    file: str | None = None
    key: str | None = None
    paddle: str | None = None
    urls: tuple[str, ...] = ()
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    format: str | None = None
    task: str | None = None
    description: str | None = None
    license: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    config_path: str | None = None
    input_size: tuple[int, ...] = ()
    base: str | None = None
    base_requires: Requirement | None = None
    network: Reference | None = None
    network_args: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    forward: Forward | None = None
    outputs: tuple[Output, ...] = ()
    docs: str | None = None
    train: Train | None = None
    export: Export | None = None
    verify: Verify = field(default_factory=Verify)
    evaluate: Evaluate | None = None
    environment: Environment | None = None
    meta: Any = None

    @property
    def slug(self) -> str:
        """The form of the name that DVC, GTO and file systems can carry."""
        return slug(self.name)

    @property
    def params_key(self) -> str:
        """The key of its hyperparameters in params.yaml, which `dvc exp run -S` can address."""
        return name_params_key(self.name)

    @property
    def exports(self) -> bool:
        """Whether the model has what an export needs: an ``export`` section and a network."""
        return self.export is not None and self.network is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """A catalog of models.yaml.

    Attributes:
        kind: what it is, such as ``index`` or ``git``.
        settings: the rest of its entry under ``catalogs:``.
    """

    kind: str
    settings: Mapping[str, Any]


def trained_model_file(model: Model) -> str:
    """Name the file that ``train`` writes; it bears no version, for the commit is its version."""
    return name_trained_file(model.name)


def exported_model_folder(model: Model) -> str:
    """Name the folder that ``export`` writes."""
    return name_exported_folder(model.name)


def model_reports_folder(model: Model) -> str:
    """Name the folder of a model's metrics and plots."""
    return f"{REPORTS}/{model.slug}"


def model_stage_name(kind: StageKind, model: Model) -> str:
    """Name a stage.

    >>> from paddledvc.models.model import Model
    >>> from paddledvc.models.versions import Requirement
    >>> model = Model(name="PP-YOLOE+_L", requires=Requirement.parse("v1"))
    >>> model_stage_name("sync", model)
    'sync-PP-YOLOEplus_L'
    """
    return f"{kind}-{model.slug}"
