"""Verify names the sublayer in which an export and its network part."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.models.verify_settings import OutputTolerance, Tolerance, Verify

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.models.verify_settings import PathName

NETWORKS = """
import paddle

class Good(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        return paddle.nn.functional.relu(self.fc(x))

class Bad(Good):
    def forward(self, x):
        y = self.fc(x) * 1.0
        flat = y.reshape([-1])
        flat[0] = 100.0
        return y

class Block(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = Good(), Bad(), Good()

    def forward(self, x):
        return self.c(self.b(self.a(x)))

class Deep(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.blocks = paddle.nn.Sequential(Good(), Block(), Good())

    def forward(self, x):
        return self.blocks(x)

class Enlarged(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(1, 2, 3, padding=1)
        self.larger = paddle.nn.Upsample(scale_factor=2)

    def forward(self, x):
        return self.larger(self.conv(x))

class Fed(Good):
    def forward(self, x):
        return self.fc(x), x + 0.5
"""
EXPORT = """
import paddle
import networks

shapes = {"Deep": [None, 4], "Enlarged": [None, 1, 4, 4], "Fed": [None, 4], "Good": [None, 4]}
for name, shape in shapes.items():
    paddle.seed(0)
    net = getattr(networks, name)()
    net.eval()
    paddle.save(net.state_dict(), f"{name}.pdparams")
    spec = paddle.static.InputSpec(shape, "float32", "x")
    paddle.jit.save(net, f"out/{name}", input_spec=[spec])
paddle.seed(1)
paddle.save(networks.Good().state_dict(), "other.pdparams")
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("networks")
    (root / "networks.py").write_text(NETWORKS)
    subprocess.run([sys.executable, "-c", EXPORT], cwd=root, check=True, capture_output=True)
    return root


def diagnosed(
    folder: Path,
    name: str,
    *,
    weights: str = "",
    paths: tuple[PathName, ...] = ("jit",),
    tolerance: Tolerance | None = None,
) -> tuple[str, str]:
    settings = Verify(batch_sizes=(2,), paths=paths, tolerance=tolerance or Tolerance())
    report = paddledvc.verify_files(
        f"networks.py:{name}",
        folder / "out" / name,
        weights=folder / f"{weights or name}.pdparams",
        settings=settings,
        root=folder,
    )
    [path] = [path for path in report.paths if path.diagnosis is not None]
    return path.path, str(path.diagnosis)


def test_a_fault_of_tracing_is_followed_to_the_innermost_sublayer(folder):
    path, said = diagnosed(folder, "Deep")

    assert path == "jit"
    assert said.startswith("networks.py:16: `flat[0] = 100.0` writes in place; views ")
    assert said.endswith("; it begins in sublayer blocks.1.b (Bad)")


def test_a_fault_of_the_engine_is_told_from_one_of_the_program(folder):
    path, said = diagnosed(folder, "Enlarged", paths=("predictor", "deployed"))

    assert path == "deployed"
    assert said.startswith("the program is right, and what oneDNN computes of it is not; switch ")
    assert said.endswith("; it begins in sublayer larger (Upsample)")


def test_a_fault_of_the_network_itself_is_named_so(folder):
    _, said = diagnosed(folder, "Fed")

    assert said.startswith("networks.py:46: `x + 0.5`: jit.save drops a constant that is added to")
    assert said.endswith("; it begins in Fed")


def test_a_fault_of_an_output_with_a_tolerance_of_its_own_is_judged_by_that(folder):
    own = OutputTolerance(program=1e-7, reason="read as it is")
    tolerance = Tolerance(program=10.0, reason="only ranks matter", outputs={"out[1]": own})

    _, said = diagnosed(folder, "Fed", tolerance=tolerance)

    assert said.startswith("networks.py:46: `x + 0.5`: jit.save drops a constant that is added to")
    assert said.endswith("; it begins in Fed")


def test_files_of_another_training_are_told_from_faults(folder):
    _, said = diagnosed(folder, "Good", weights="other")

    assert said == (
        "the files hold other weights than the network: an export made now agrees; export it again"
    )


def test_nobody_looks_where_everything_agrees(folder):
    report = paddledvc.verify_files(
        "networks.py:Good",
        folder / "out" / "Good",
        weights=folder / "Good.pdparams",
        settings=Verify(batch_sizes=(2,), paths=("jit",)),
        root=folder,
    )

    assert [path.diagnosis for path in report.paths] == [None]
