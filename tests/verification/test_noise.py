"""What rounding alone does to a network is no fault of its export, and hides none."""

from __future__ import annotations

import pytest

import paddledvc
from paddledvc.comparison.tolerances import LIMIT
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import OutputTolerance, Tolerance, Verify

NETWORKS = """
import math
import numpy as np
import paddle
import paddle.nn.functional as F

class Divides(paddle.nn.Layer):
    def __init__(self, fault=1.0):
        super().__init__()
        self.q, self.k = paddle.nn.Linear(16, 32), paddle.nn.Linear(16, 32)
        self.fault = fault

    def forward(self, x):
        scores = paddle.matmul(self.q(x), self.k(x), transpose_y=True) / math.sqrt(32)
        chain = self.q(x)
        for number in range(30):
            chain = paddle.tanh(chain / (0.3 + number / 7)) / 0.7
        every = paddle.exp(scores / 0.5)
        for _ in range(10):
            every = every / every.sum(-1, keepdim=True) / 3.0
            every = every / every.sum(-2, keepdim=True)
        centred = chain - chain.sum(-1, keepdim=True) / 32
        normed = centred / ((centred**2).sum(-1, keepdim=True) / 31 + 1e-5) ** 0.5
        outputs = {
            "attention": F.softmax(scores, -1),
            "chain": chain,
            "sinkhorn": every,
            "normed": normed,
            "powers": self.k(x).abs() ** 2.5 + (self.k(x).abs() + 0.1) ** (1 / 3),
            "plain": self.q(x),
        }
        if paddle.in_dynamic_mode():
            return outputs
        return {name: one * self.fault for name, one in outputs.items()}

class Cancels(paddle.nn.Layer):
    def __init__(self, fault=1.0):
        super().__init__()
        self.first, self.second = paddle.nn.Linear(256, 256), paddle.nn.Linear(256, 8)
        self.fault = fault

    def forward(self, x):
        y = self.second(paddle.tanh(self.first(x))) + 600.0
        y = y - 600.0
        return y if paddle.in_dynamic_mode() else y * self.fault
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("noise")
    (root / "nets.py").write_text(NETWORKS)
    return root


@pytest.fixture
def verified(folder, monkeypatch):
    def run(name, shape, fault=1.0, **settings):
        monkeypatch.chdir(folder)
        return paddledvc.verify_files(
            f"nets.py:{name}",
            arguments={"fault": fault},
            inputs=(Input(name="x", shape=shape),),
            settings=Verify(batch_sizes=(1, 8), **settings),
        )

    return run


@pytest.mark.slow
def test_a_division_by_a_number_is_no_fault_of_the_program(verified):
    report = verified("Divides", (None, 12, 16), paths=("jit", "predictor"))

    assert [path.passed for path in report.paths] == [True, True]
    assert report.paths[0].agreement.scaled_error > 1e-7
    assert 1e-7 < report.paths[0].tolerance < 1e-5
    assert report.paths[0].agreement.tolerance_of("out.plain") == 1e-7
    assert any("jit, predictor: out.chain is off by" in note for note in report.notes)


@pytest.mark.slow
def test_a_fault_beside_a_division_is_found(verified):
    report = verified("Divides", (None, 12, 16), fault=1 + 2e-6, paths=("jit",))

    assert not report.paths[0].passed
    assert {one.split(":")[0] for one in report.paths[0].findings} == {
        *("out.attention", "out.chain", "out.sinkhorn", "out.normed", "out.powers", "out.plain")
    }


CASES = (
    pytest.param(1.0, Tolerance(), True, id="right"),
    pytest.param(1.0, Tolerance(engine=1e-5), False, id="the tolerance is stated"),
    pytest.param(
        1.0,
        Tolerance(outputs={"out": OutputTolerance(engine=1e-5, reason="measured")}),
        False,
        id="that of the output is stated",
        marks=pytest.mark.thorough,
    ),
    pytest.param(1.001, Tolerance(), False, id="wrong"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "tolerance", "passes"), CASES)
def test_an_engine_is_judged_by_the_noise_of_the_network(fault, tolerance, passes, verified):
    report = verified("Cancels", (None, 256), fault, tolerance=tolerance, paths=("deployed",))

    assert (report.verdict == "pass") is passes
    if passes:
        assert 1e-5 < report.paths[0].scaled_error <= report.paths[0].tolerance <= LIMIT
        assert report.paths[0].agreement.noise["out"] > 2.5e-6
