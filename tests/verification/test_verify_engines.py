"""Verify: engines of other precisions, ONNX, TensorRT, and the network beside itself in float64."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import paddledvc
from paddledvc.cli import verify as command
from paddledvc.errors import Finding, InvalidInput, MissingTool
from paddledvc.models.verify_settings import Engine, PathName, Verify
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.core.jobs import PathJob
from paddledvc.tools.paddle.running import engine as engines
from paddledvc.tools.paddle.running import onnx

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc import VerifyReport

CODE = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.register_buffer("order", paddle.to_tensor([2, 0, 1]))

    def forward(self, x, ids):
        scores = F.relu(self.fc(x)) + paddle.full([1], 0.25)
        return {"scores": scores, "top": scores.argmax(1), "ids": self.order[ids] * 2}
"""
INPUTS = [
    {"name": "x", "shape": [None, 4]},
    {"name": "ids", "shape": [None, 2], "dtype": "int64", "range": [0, 3]},
]
ODD = """
class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        if x.dtype == paddle.float64:
            raise TypeError("this network takes float32 only")
        return paddle.erfinv(F.sigmoid(self.fc(x)))
"""
ONNX_REASON = "paddle2onnx has no wheels for every Python that paddledvc runs on"


@pytest.fixture(scope="module")
def verified(
    lay_out: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., VerifyReport]:
    """Export a network and verify it."""

    def verify(code: str, weights: dict[str, Any], **entry: Any) -> VerifyReport:
        project = lay_out(tmp_path_factory.mktemp("net"), code, weights, **entry)
        paddledvc.export(project, "net")
        return paddledvc.verify(project, "net")

    return verify


@pytest.fixture(scope="module")
def report(verified: Callable[..., VerifyReport], linear_weights: dict[str, Any]) -> VerifyReport:
    """A network that is verified in bfloat16, as ONNX and through TensorRT, and in float64."""
    weights = {**linear_weights, "order": linear_weights["fc.bias"].argsort()}
    settings = {
        "paths": ["jit", "deployed", "onnx", "tensorrt"],
        "batch_sizes": [3],
        "engine": {"precision": "bfloat16"},
        "reference": "float64",
    }
    return verified(CODE, weights, inputs=INPUTS, verify=settings)


@pytest.fixture(scope="module")
def odd(verified: Callable[..., VerifyReport], linear_weights: dict[str, Any]) -> VerifyReport:
    """A network that neither ONNX nor float64 can take."""
    settings = {"paths": ["onnx"], "batch_sizes": [1], "reference": "float64"}
    return verified(ODD, linear_weights, verify=settings)


def of(report: VerifyReport, name: str) -> Any:
    return next(path for path in report.paths if path.path == name)


@pytest.fixture
def needs_onnx() -> None:
    for name in ("paddle2onnx", "onnxruntime"):
        try:
            distribution(name)
        except PackageNotFoundError:
            pytest.skip(ONNX_REASON)


def has_gpu_build() -> bool:
    try:
        distribution("paddlepaddle-gpu")
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.slow
def test_an_engine_in_bfloat16_is_compared_with_the_tolerance_of_bfloat16(report):
    path = of(report, "deployed")
    if path.missing:
        assert path.findings[0].endswith("needs a CPU with AVX-512; this one has none")
        pytest.skip("this CPU has no AVX-512")

    # bfloat16 rounds to 8 bits; float32 would be off by less than 1e-5.
    unseen = "tensorrt: what paddledvc does for this was not yet run on a GPU by its makers"
    assert (path.passed, path.tolerance, report.notes) == (True, 2e-2, (unseen,))
    assert 1e-4 < path.scaled_error < 2e-2


@pytest.mark.slow
def test_the_plain_program_stays_what_it_is_beside_an_engine_in_bfloat16(report):
    assert (of(report, "jit").scaled_error, of(report, "jit").tolerance) == (0.0, 1e-7)


@pytest.mark.slow
def test_onnx_runtime_computes_what_the_network_computes(report, needs_onnx):
    path = of(report, "onnx")

    assert (path.findings, path.gate, path.tolerance) == ((), "engine", 1e-5)
    assert [one.name for one in path.agreement.outputs] == ["out.ids", "out.scores", "out.top"]
    assert path.latency


@pytest.mark.slow
@pytest.mark.skipif(has_gpu_build(), reason="this Paddle may have TensorRT")
def test_tensorrt_that_is_not_there_fails_and_never_passes(report):
    path = of(report, "tensorrt")
    version = distribution("paddlepaddle").version

    assert (report.verdict, path.gate, path.tolerance) == ("fail", "device", 2e-2)
    assert path.findings == (
        (
            "the path tensorrt needs a GPU, and a Paddle that is built with TensorRT, which Paddle "
            f"{version} here is not; run it in an image of Paddle with TensorRT"
        ),
    )


@pytest.mark.slow
def test_the_outputs_that_are_floats_are_compared_with_float64(report):
    (error,) = report.float64.errors

    assert error[0] == "out.scores"
    assert 0 < error[1] < 1e-6


@pytest.mark.slow
def test_a_network_that_does_not_run_in_float64_gives_a_note_and_no_error(odd):
    reason = "the network fails in float64: this network takes float32 only"

    assert (odd.float64.errors, odd.notes[0]) == ((), f"no error against float64: {reason}")


@pytest.mark.slow
def test_an_operator_that_the_converter_lacks_is_a_result_with_a_name(odd, needs_onnx):
    assert of(odd, "onnx").findings == (
        (
            f"the process that was {a_job(path='onnx')} was killed by SIGABRT: "
            "[ERROR][Paddle2ONNX] Due to the unsupported operators, the conversion is aborted."
        ),
    )


@pytest.mark.slow
def test_the_command_takes_a_precision_and_tells_the_noise_of_float32(report, cli, monkeypatch):
    given = {}
    monkeypatch.setattr(command, "verify_files", lambda *_, **more: given.update(more) or report)

    done = cli(
        *("verify", "--network", "net.py:Net", "--export", "net", "--path", "tensorrt"),
        *("--precision", "float16", "--float64"),
    )

    assert given["settings"] == Verify(
        paths=("tensorrt",), device="gpu", engine=Engine(precision="float16"), reference="float64"
    )
    assert "out.scores: the dynamic network itself is off by " in done.stdout


@pytest.mark.slow
def test_the_command_tells_notes(odd, cli, monkeypatch):
    monkeypatch.setattr(command, "verify_files", lambda *_, **__: odd)

    done = cli("verify", "--network", "net.py:Net", "--export", "net", "--path", "onnx")

    assert "note: no error against float64: the network fails in float64: " in done.stdout


@pytest.mark.slow
def test_the_report_in_json_tells_the_precision_and_the_noise(report):
    told = json.loads(report.to_json())["evidence"][0]

    assert (told["engine"]["precision"], list(told["float64_error"])) == (
        "bfloat16",
        ["out.scores"],
    )


def a_job(path: PathName = "deployed", **engine: Any) -> PathJob:
    return PathJob(
        path=path,
        program=Path("net"),
        cases=Path("cases"),
        outputs=Path("outputs"),
        engine=Engine(**engine),
        device="cpu",
    )


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ({"precision": "float16"}, "which Paddle computes in on GPUs only; set bfloat16, or"),
        ({"precision": "bfloat16", "onednn": False}, "which a CPU computes in with oneDNN only"),
    ],
)
def test_a_precision_that_a_cpu_has_no_engine_for_is_refused(engine, message):
    with pytest.raises(InvalidInput, match=message):
        engines.require_engine(a_job(**engine))


@pytest.mark.parametrize("able", [True, False])
def test_a_cpu_without_bfloat16_is_told_and_never_takes_float32(able, monkeypatch):
    monkeypatch.setattr(engines, "_core", lambda: SimpleNamespace(supports_bfloat16=lambda: able))

    if able:
        engines.require_engine(a_job(precision="bfloat16"))
    else:
        with pytest.raises(MissingTool, match="needs a CPU with AVX-512; this one has none"):
            engines.require_engine(a_job(precision="bfloat16"))


class Config:
    """As much of Paddle's configuration as switches bfloat16 on."""

    def __init__(self, *passes: str) -> None:
        self.passes, self.called = passes, 0

    def enable_mkldnn_bfloat16(self) -> None:
        self.called += 1

    def pass_builder(self) -> Any:
        return SimpleNamespace(all_passes=lambda: [*self.passes])


def test_bfloat16_is_switched_on_under_the_name_of_paddle_2_too():
    config = Config("cpu_bfloat16_placement_pass", "cpu_bfloat16_pass")

    engines.set_engine_precision(config, "float32")
    assert config.called == 0
    engines.set_engine_precision(config, "bfloat16")
    assert config.called == 1


def test_a_paddle_that_leaves_bfloat16_off_is_told(monkeypatch):
    monkeypatch.setattr(runtime, "import_paddle", lambda: SimpleNamespace(__version__="3.9"))

    with pytest.raises(MissingTool, match=r"which Paddle 3\.9 here does not switch on"):
        engines.set_engine_precision(Config("conv_bn_fuse_pass"), "bfloat16")


def test_onnx_without_its_packages_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(MissingTool) as caught:
        onnx.load_onnx(a_job(), Path("net.json"))

    assert str(caught.value) == (
        "the path onnx needs onnxruntime; run `pip install 'paddledvc[onnx]'`"
    )


def test_a_converter_for_a_later_paddle_names_the_one_to_install(monkeypatch, tmp_path):
    (tmp_path / "paddle2onnx.py").write_text("raise ValueError('should not be less than 3.0')")
    (tmp_path / "onnxruntime.py").write_text("")
    for name in ("onnxruntime", "paddle2onnx"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(runtime, "import_paddle", lambda: SimpleNamespace(__version__="2.6.2"))

    with pytest.raises(MissingTool) as caught:
        onnx.load_onnx(a_job(), Path("net.pdmodel"))

    assert str(caught.value) == (
        "the installed paddle2onnx is not compatible with Paddle 2.6.2: run `pip install "
        "'paddle2onnx<2'`"
    )
    sys.modules.pop("onnxruntime", None)


def converter(*, gives: bytes = b"", error: Exception | None = None) -> SimpleNamespace:
    """A converter that ends the process over an error, as paddle2onnx does."""

    def export(*_: Any, **__: Any) -> bytes:
        if error is None:
            return gives
        end = SystemExit(-1)
        end.__context__ = error
        raise end

    return SimpleNamespace(export=export)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (converter(error=ValueError("no opset")), "paddle2onnx does not convert it: no opset"),
        (converter(), "paddle2onnx does not convert it, and does not say why"),
    ],
)
def test_a_conversion_that_fails_is_a_finding(found, message, monkeypatch, tmp_path):
    paddle = SimpleNamespace(disable_signal_handler=lambda: None)
    monkeypatch.setattr(runtime, "import_paddle", lambda: paddle)
    monkeypatch.setattr(
        onnx, "_tools", lambda: (found, SimpleNamespace(SessionOptions=SimpleNamespace))
    )

    with pytest.raises(Finding) as caught:
        onnx.load_onnx(a_job(), tmp_path / "net.json")

    assert str(caught.value) == message
