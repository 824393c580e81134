"""About a hundred small layers, each with what verify must say of it; seen with Paddle 3.3.1."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddledvc.comparison import agreement
from paddledvc.comparison.samples import OutputValues
from paddledvc.tools.paddle import arrays
from tests.installed import needs_paddle

DIED = {"died": ""}
"""What run.py writes before a layer, and takes back after it."""
WAYS = ("jit", "predictor", "deployed")
TOLERANCES = {"jit": 1e-7, "predictor": 1e-7, "deployed": 1e-5}
AGREES = ("agrees", "agrees", "agrees")
DIFFERS = ("differs", "differs", "differs")
ENGINE_FAILS = ("agrees", "agrees", "fails")
FED_THROUGH = ("differs", "fails", "fails")
"""An input that is returned with a constant added, which jit.save drops."""
EXPECTED: dict[str, tuple[str, ...] | str] = {
    **dict.fromkeys(
        (
            *("Plain", "Classifier", "NestedOutputs", "Integers", "TwoInputs", "TensorIf"),
            *("TensorWhile", "BreakInLoop", "ShapeIf", "BatchLoop", "ZerosOfBatch", "Constant"),
            *("Lstm", "Attention", "ConvBatchNorm", "Embedding", "DynamicLength", "DropoutLayer"),
            *("LogSumExp", "Gather", "TopK", "Einsum"),
            *(
                "GroupNorm",
                "ConvTranspose",
                "Bicubic",
                "GridSample",
                "PixelShuffle",
                "Dropout2D",
                "FixedBatch",
                "ScalarInput",
                "BooleanInput",
                "IntegerInput",
                "Float64",
                "Float16In",
                "Gru",
                "NamedStates",
                "BatchSecond",
                "ParameterOutput",
                "ConstantOutput",
                "NumberOutput",
                "NestedTuples",
                "NonZero",
                "MaskedSelect",
                "Sort",
                "SetColumn",
                "SetByMask",
                "SetInput",
                "TensorConstant",
                "DropoutInBranch",
                "BatchMean",
                "TinyVariance",
                "LogOfNegative",
                "DividedByZero",
                "Linear1D",
                "Round",
                "Hooked",
                "BufferNotSaved",
                "TensorAttribute",
                "Float16Out",
            ),
            "Overflows",  # denormals that an engine takes for zero, beside usual outputs
        ),
        AGREES,
    ),
    **dict.fromkeys(
        (
            *("AddedToParameter", "ReshapedView", "SlicedBase", "TransposedBase"),
            *("FlattenedView", "InDynamicMode", "IsTensor", "InPlaceInput", "ShortCircuit"),
            *("AutoCast", "SpectralNorm", "WeightNorm", "UniqueCast"),
        ),
        DIFFERS,
    ),
    **dict.fromkeys(("AddedToInput", "ShiftedIds"), FED_THROUGH),
    "EqualOutputs": ("agrees", "fails", "agrees"),
    **dict.fromkeys(("Identity", "Complex"), ("agrees", "fails", "fails")),
    **dict.fromkeys(("Denormals", "Bfloat16Out"), ("agrees", "differs", "differs")),
    **dict.fromkeys(("Nearest", "Bilinear", "PadChannelsLast", "EmptyOutput"), ENGINE_FAILS),
    **dict.fromkeys(
        (
            *("RandomInEval", "DropoutInEval", "CountsItsCalls", "BufferUpdated", "RandomNumpy"),
            *("Alternates", "DependsOnTime"),
        ),
        "not repeatable",
    ),
    **dict.fromkeys(
        (
            *("HistogramEdges", "IsInOfBooleans", "EarlyReturnOfOtherType"),
            *("InPlaceIntermediate", "ScatterOfUnknownBatch", "ViewOfProduct", "SublayersInList"),
        ),
        "no export",
    ),
}


SOONER = {
    *("Plain", "NestedOutputs", "TensorIf", "BatchLoop", "Lstm", "ConvBatchNorm", "Embedding"),
    *("DropoutLayer", "FixedBatch", "ScalarInput", "NumberOutput", "BufferNotSaved"),
    *("AddedToParameter", "SlicedBase", "InDynamicMode", "AutoCast", "AddedToInput"),
    *("EqualOutputs", "Identity", "Overflows", "Bfloat16Out", "Nearest", "EmptyOutput"),
    *("RandomInEval", "CountsItsCalls", "DependsOnTime"),
    *("HistogramEdges", "InPlaceIntermediate", "SublayersInList"),
}
"""Some of each kind, which `make test` tries too."""


pytestmark = [pytest.mark.slow, needs_paddle("3.3.")]


@pytest.fixture(scope="module")
def wanted(request: pytest.FixtureRequest) -> set[str]:
    """The layers that tests of this run are about."""
    chosen = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    return {params["layer"] for params in chosen if "layer" in params}


@pytest.fixture(scope="module")
def found(
    wanted: set[str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, ...] | str]:
    """What became of the layers, each way to compute in one process for all of them."""
    folder = tmp_path_factory.mktemp("corpus")
    told = {way: run_all(way, folder, wanted) for way in ("export", "eager", *WAYS)}
    return {name: judged(name, told, folder) for name in sorted(wanted)}


def run_all(way: str, folder: Path, wanted: set[str]) -> dict[str, Any]:
    """Run layers; of one that ends the process that is told, and a new one runs the rest."""
    found: dict[str, Any] = dict.fromkeys(EXPECTED.keys() - wanted)
    run = str(Path(__file__).with_name("run.py"))
    (folder / f"{way}.jsonl").touch()
    command = [sys.executable, "-X", "faulthandler", run, way, str(folder)]
    while True:
        done = subprocess.run(
            [*command, *found], capture_output=True, text=True, cwd=folder, check=False
        )
        lines = [json.loads(line) for line in (folder / f"{way}.jsonl").read_text().splitlines()]
        if done.returncode == 0:
            return dict(lines) | found
        name, outcome = lines[-1] if lines else ("", None)
        assert outcome == DIED, done.stderr
        assert name not in found, done.stderr
        died = {"died": f"{way} ends the process: {done.stderr}"}
        found = dict(lines) | found | {name: died}


def judged(name: str, told: dict[str, Any], folder: Path) -> tuple[str, ...] | str:
    for outcomes in told.values():
        if outcomes[name] is not None and "died" in outcomes[name]:
            return str(outcomes[name]["died"])
    if told["export"][name] is not None:
        return "no export"
    eager = told["eager"][name]
    if not eager.get("repeatable"):
        return "not repeatable"
    expected = [
        [OutputValues(name=output, values=call[output]) for output in eager["outputs"]]
        for call in arrays.load_arrays(folder / name / "eager.npz")
    ]
    return tuple(compared(name, way, told, folder, expected) for way in WAYS)


def compared(
    name: str, way: str, told: dict[str, Any], folder: Path, expected: list[list[OutputValues]]
) -> str:
    if told[way][name] is not None:
        return "fails"
    calls = [
        [OutputValues(name=key, values=values) for key, values in call.items()]
        for call in arrays.load_arrays(folder / name / f"{way}.npz")
    ]
    batches = told["eager"][name]["batches"]
    agrees = agreement.measure_agreement(
        expected, calls, batches, TOLERANCES[way], exact=way != "deployed"
    ).agrees
    return "agrees" if agrees else "differs"


@pytest.mark.parametrize(
    "layer",
    [pytest.param(name, marks=() if name in SOONER else pytest.mark.thorough) for name in EXPECTED],
)
def test_verify_says_of_a_layer_what_is_true(layer, found):
    assert found[layer] == EXPECTED[layer]


def test_every_layer_of_the_corpus_is_judged():
    written = ast.parse(Path(__file__).with_name("layers.py").read_text(encoding="utf-8")).body
    classes = {one.name for one in written if isinstance(one, ast.ClassDef)}

    assert classes - {"Base"} == EXPECTED.keys()
    assert EXPECTED.keys() > SOONER
