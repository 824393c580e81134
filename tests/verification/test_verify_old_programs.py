"""Verify: programs in Paddle 2's format, which Paddle 3 reads too, and files that are not there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from paddledvc.models.verify_settings import Verify
from paddledvc.tools.paddle.read_program import find_program_file
from tests.tools.paddle.core.test_program_outputs import kept, message, program

if TYPE_CHECKING:
    from pathlib import Path

COLD = True  # which format is read is set before Paddle is imported

NETWORKS = """
import paddle


class Plain(paddle.nn.Layer):
    def forward(self, x):
        return paddle.nn.functional.relu(x) * 2

"""
EXPORT = """
import paddle
from networks import Plain

net = Plain()
net.eval()
spec = paddle.static.InputSpec([None, 4], "float32", "x")
paddle.jit.save(net, "out/Plain", input_spec=[spec])
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with exports in the format of Paddle 2."""
    root = tmp_path_factory.mktemp("old")
    (root / "networks.py").write_text(NETWORKS)
    subprocess.run(
        [sys.executable, "-c", EXPORT],
        cwd=root,
        check=True,
        capture_output=True,
        env={**os.environ, "FLAGS_enable_pir_api": "0"},
    )
    return root


@pytest.mark.slow
def test_a_network_without_parameters_agrees_though_no_weights_were_written(old: Path) -> None:
    paths = ("predictor", "deployed")
    report = paddledvc.verify_files(
        "networks.py:Plain", old / "out" / "Plain", root=old, settings=Verify(paths=paths)
    )

    assert not (old / "out" / "Plain.pdiparams").exists()
    assert [(one.path, one.result, one.scaled_error) for one in report.paths] == [
        (path, "pass", 0.0) for path in paths
    ]


# What Paddle's own objects say where there is no GPU, as stand-ins say in test_gpu_engines.py.
WITHOUT_GPU = """
import sys
from functools import partial
from pathlib import Path
import numpy as np
from paddle import inference
from paddledvc.errors import PaddleDVCError
from paddledvc.models.verify_settings import Engine
from paddledvc.tools.paddle.building import runtime
from paddledvc.tools.paddle.core.jobs import PathJob
from paddledvc.tools.paddle.running import engine

program = Path("out/Plain.pdmodel")
config = engine.make_engine_config(inference, program)
predictor = inference.create_predictor(config)
predictor.get_input_handle("x").copy_from_cpu(np.ones([2, 4], "float32"))
runtime.require_runtime_gpu = lambda device: 0
job = PathJob(path="gpu", program=program.with_suffix(""), cases=Path(), outputs=Path(),
              engine=Engine(), device="gpu")
for ask in (partial(engine.switch_engine_to_gpu, inference, config, job),
            partial(engine.require_tensorrt_part, predictor, predictor.run)):
    try:
        ask()
    except PaddleDVCError as error:
        print(error)
"""


@pytest.mark.slow
def test_paddle_itself_tells_that_no_gpu_is_on_and_what_ran_instead_of_tensorrt(old: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_GPU], cwd=old, check=True, capture_output=True, text=True
    )
    off, ran = done.stdout.splitlines()[-2:]

    assert off.endswith("here does not switch gpu on")
    assert ran.endswith("; what ran is relu, scale")


ONE = program({"#": "p", "A": [0, 1, 1, "fc.w_0"], "OA": [1, 0, 1]}).encode()
TWO = message(1, kept("fc.b_0", 7), kept("fc.w_0", 7))


@pytest.mark.parametrize(
    ("name", "data", "has"),
    [
        ("a.b.json", ONE, "the parameter fc.w_0"),
        ("a.b.pdmodel", TWO, "2 parameters, such as fc.b_0"),
    ],
)
def test_weights_that_are_not_beside_their_program_are_named_and_nothing_runs(
    name: str, data: bytes, has: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInput) as caught:
        find_program_file(tmp_path / "a.b")

    assert str(caught.value) == (
        f"{name} has {has}, and a.b.pdiparams is not beside it; copy it there, or export again"
    )
    (tmp_path / "a.b.pdiparams").touch()
    assert find_program_file(tmp_path / "a.b") == tmp_path / name


@pytest.mark.parametrize("text", [program(), "what Paddle will say more of"])
def test_a_program_that_names_no_parameters_needs_no_weights(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)

    assert find_program_file(tmp_path / "a") == tmp_path / "a.json"
