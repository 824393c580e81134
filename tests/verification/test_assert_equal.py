"""``assert_equal`` as people's own tests call it, in a process of its own: it imports Paddle."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import paddledvc

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import numpy as np
import paddle
import paddledvc

paddle.seed(0)

class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 3)

    def forward(self, x, y):
        return {"b": self.fc(x) + y, "a": [x.sum(1), None], "c": self.divided(x)}

    def divided(self, x):
        for number in range(9):
            x = x / (0.7 + number) * (1 / (0.7 + number))
        return x

net = Net()
net.eval()
spec = paddle.static.InputSpec
paddle.jit.save(net, "out/net", input_spec=[spec([None, 4], name="x"), spec([None, 3], name="y")])
draw = np.random.default_rng(0).standard_normal
samples = [{"x": draw((n, 4)).astype("float32"), "y": draw((n, 3)).astype("float32")}
           for n in (1, 5)]
paddledvc.assert_equal(net, "out/net", samples)
paddledvc.assert_equal(net.forward, "out/net", samples[0], paths=["jit"])
print("they are equal")
bias = net.fc.bias.numpy()
bias[2] += 1
net.fc.bias.set_value(bias)
try:
    paddledvc.assert_equal(net, "out/net", samples, paths=["jit", "predictor"])
except AssertionError as error:
    print(error)
try:
    paddledvc.assert_equal(net, "out/gone", samples, paths=["jit"])
except AssertionError as error:
    print(error)

class Dead(Net):
    def forward(self, x, y):
        return (self.fc(x) + y) * 0.0

dead = Dead()
dead.eval()
paddle.jit.save(dead, "out/dead", input_spec=[spec([None, 4], name="x"), spec([None, 3], name="y")])
paddledvc.assert_equal(dead, "out/dead", samples, paths=["jit"])
dead.fc.bias.set_value(dead.fc.bias + 1)
try:
    paddledvc.assert_equal(dead, "out/dead", samples, paths=["jit"])
except AssertionError as error:
    print(error)
"""


@pytest.mark.thorough
def test_equal_files_pass_and_others_are_told_by_sample_and_output(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SCRIPT)  # Paddle wants to see the source of a network
    done = subprocess.run(
        [sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()

    assert (done.returncode, *lines[:1]) == (0, "they are equal"), done.stderr
    assert lines[1] == "the exported files disagree on 2 of 2 paths (out/net):"
    assert lines[2].startswith(
        "  parameters: fc.bias has other values in the exported files than in"
    )
    for path, at in (("jit", 3), ("predictor", 8)):
        assert lines[at].startswith(f"  {path}: out.b: scaled error ")
        assert all(": out.b is off by " in line for line in lines[at + 1 : at + 4])
        assert lines[at + 4] == "    and 3 more"
    assert lines[13] == "the exported files disagree on 1 of 1 paths (out/gone):"
    assert lines[14].startswith("  jit: ")
    assert lines[-2] == "the exported files hold other parameters than the network (out/dead):"
    assert lines[-1].startswith("  parameters: fc.bias has other values")
    assert "UserWarning: out/dead agrees, but the samples show nothing: out is zero" in done.stderr


class InTraining:
    training = True


@pytest.mark.parametrize(
    ("network", "samples", "message"),
    [
        (InTraining(), {"x": [1.0]}, "the network is in training mode; call eval"),
        (abs, [], "there are no samples"),
        (abs, {}, "there are no samples"),
    ],
)
def test_what_cannot_be_compared_is_no_failure_of_the_files(network, samples, message):
    with pytest.raises(ValueError, match=message):
        paddledvc.assert_equal(network, "out/net", samples)
