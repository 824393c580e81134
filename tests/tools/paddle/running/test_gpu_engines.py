"""GPUs and TensorRT, as far as can be told without one: stand-ins are what Paddle has there.

What was seen on a GPU stands in docs/verify.md; ``make test-gpu`` runs the paths themselves.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from paddledvc.errors import Finding, InvalidInput, MissingTool
from paddledvc.models.verify_settings import Engine, PathName
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.core.jobs import PathJob
from paddledvc.tools.paddle.running import engine

if TYPE_CHECKING:
    from collections.abc import Callable


def a_job(path: PathName = "gpu", outputs: Path = Path("outputs"), **settings: Any) -> PathJob:
    return PathJob(
        path=path,
        program=Path("net"),
        cases=Path("cases"),
        outputs=outputs,
        engine=Engine(**settings),
        device="gpu:1",
    )


INFERENCE = SimpleNamespace(
    PrecisionType=SimpleNamespace(Float32="float32", Bfloat16="bfloat16", Half="float16"),
    Config=lambda program, weights: SimpleNamespace(
        files=(program, weights), disable_glog_info=lambda: None
    ),
    get_trt_compile_version=lambda: (8, 6, 1),
)


@pytest.fixture
def paddle(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for a Paddle that sees two GPUs."""
    cuda = SimpleNamespace(
        device_count=lambda: 2,
        get_device_capability=lambda number: (7, 5 + number),
        get_device_name=lambda _: "Tesla T4",
    )
    found = SimpleNamespace(
        __version__="3.9",
        is_compiled_with_cuda=lambda: True,
        device=SimpleNamespace(cuda=cuda),
        inference=INFERENCE,
    )
    monkeypatch.setattr(runtime, "import_paddle", lambda: found)
    monkeypatch.setitem(sys.modules, "paddle", found)
    return found


@pytest.mark.parametrize("path", ["gpu", "tensorrt"])
@pytest.mark.parametrize(
    ("precision", "has", "needs"),
    [
        ("float32", (3, 5), None),
        ("float16", (5, 3), None),
        ("float16", (5, 2), "5.3"),
        ("bfloat16", (8, 0), None),
        ("bfloat16", (12, 0), None),
        ("bfloat16", (7, 5), "8.0"),
    ],
)
def test_a_precision_that_a_gpu_is_too_old_for_is_refused(
    precision: str, has: tuple[int, int], needs: str | None, path: PathName, paddle: Any
) -> None:
    paddle.device.cuda.get_device_capability = {1: has}.__getitem__
    job = a_job(path, precision=precision)
    if needs is None:
        engine.require_engine(job)
        return
    with pytest.raises(MissingTool) as caught:
        engine.require_engine(job)

    assert str(caught.value) == (
        f"engine.precision is {precision}, which needs a GPU of compute capability {needs} or "
        f"later; gpu:1 (Tesla T4) has {has[0]}.{has[1]}"
    )


@pytest.mark.parametrize(("path", "wanted"), [("gpu", "float16"), ("tensorrt", "float32")])
def test_a_gpu_that_paddle_leaves_off_is_no_gpu(path: PathName, wanted: str, paddle: Any) -> None:
    given: list[Any] = []
    config = SimpleNamespace(enable_use_gpu=lambda *how: given.extend(how), use_gpu=lambda: True)
    job = a_job(path, precision="float16")
    engine.switch_engine_to_gpu(INFERENCE, config, job)
    assert given == [256, 1, wanted]

    config.use_gpu = lambda: False
    with pytest.raises(MissingTool, match=r"^Paddle 3\.9 here does not switch gpu:1 on$"):
        engine.switch_engine_to_gpu(INFERENCE, config, job)


def test_without_parameters_a_predictor_is_given_no_file_of_them(tmp_path: Path) -> None:
    program = tmp_path / "a.b.pdmodel"
    assert engine.make_engine_config(INFERENCE, program).files == (str(program), "")

    (tmp_path / "a.b.pdiparams").touch()
    assert engine.make_engine_config(INFERENCE, program).files == (
        str(program),
        str(tmp_path / "a.b.pdiparams"),
    )


def test_without_the_passes_no_pdmodel_is_run_by_tensorrt() -> None:
    job = a_job("tensorrt", ir_optim=False)
    with pytest.raises(InvalidInput, match=r"^engine\.ir_optim is false, without which Paddle "):
        engine.prepare_engine_program(job, Path("net.pdmodel"), [])

    used = a_job("tensorrt")
    program = Path("net.pdmodel")
    assert engine.prepare_engine_program(used, program, []) == program


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        (["feed", "tensorrt_engine", "fetch"], None),
        (["relu", "conv2d", "relu"], "what ran is conv2d, relu"),
        ([], "what ran is unknown"),
    ],
)
def test_what_a_predictor_runs_tells_whether_tensorrt_took_part(
    ran: list[str], said: str | None
) -> None:
    hooks: list[Callable[..., None]] = []
    predictor = SimpleNamespace(register_output_hook=hooks.append)

    def run() -> None:
        for operation in ran:
            hooks[0](operation, "its output", "a tensor")

    if said is None:
        engine.require_tensorrt_part(predictor, run)
        return
    with pytest.raises(Finding) as caught:
        engine.require_tensorrt_part(predictor, run)

    assert str(caught.value) == (
        f"TensorRT takes no part of the program that has 3 operators or more; {said}"
    )


@pytest.mark.parametrize("operations", [["pd_op.feed", "pd_op.tensorrt_engine"], ["pd_op.relu"]])
def test_a_program_of_paddle_3_is_converted_with_the_samples_and_must_hold_an_engine(
    operations: list[str], paddle: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, Any] = {}
    ops = [SimpleNamespace(name=lambda name=name: name) for name in operations]
    export = ModuleType("paddle.tensorrt.export")
    vars(export).update(
        Input=lambda **one: one,
        PrecisionMode={"FP32": "FP32"},
        TensorRTConfig=lambda **settings: given.update(settings),
        convert=lambda *_: SimpleNamespace(global_block=lambda: SimpleNamespace(ops=ops)),
    )
    monkeypatch.setitem(sys.modules, "paddle.tensorrt", ModuleType("paddle.tensorrt"))
    monkeypatch.setitem(sys.modules, "paddle.tensorrt.export", export)
    paddle.device.cuda.device_count = lambda: 1
    cases = [{"x": np.zeros((size, 4), "int64")} for size in (1, 3)]
    job = a_job("tensorrt", outputs=tmp_path / "outputs.npz")
    with pytest.raises(MissingTool, match="but 1 GPUs are visible here"):
        engine.prepare_engine_program(job, Path("net.json"), cases)

    paddle.device.cuda.device_count = lambda: 2
    with pytest.raises(InvalidInput, match="CUDA_VISIBLE_DEVICES=1"):
        engine.prepare_engine_program(job, Path("net.json"), cases)

    monkeypatch.setattr(runtime, "require_runtime_gpu", lambda _: 0)
    if operations[-1].endswith("engine"):
        made = engine.prepare_engine_program(job, Path("net.json"), cases)
        assert made == tmp_path / "tensorrt" / "inference.json"
    else:
        with pytest.raises(Finding, match=r"^TensorRT takes no part of the program that has 3 "):
            engine.prepare_engine_program(job, Path("net.json"), cases)
    (one,) = given["inputs"]
    assert (one["name"], one["input_data_type"]) == ("x", None)
    assert [array.shape for array in one["warmup_data"]] == [(1, 4), (3, 4)]
