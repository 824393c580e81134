"""What dynamic operators compute as a program does, in a process of its own: it imports Paddle."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.installed import needs_paddle

EXPRESSIONS = (
    *("x / 0.7", "x / 3", "x / math.sqrt(32)", "x / 255.", "x / 1e30", "x / True"),
    *("x / np.float32(0.7)", "x / np.float64(0.7)", "x / paddle.full([1], 0.7)", "0.3 / x"),
    *("(x * 10).astype('int64') / 7", "(x * 10).astype('int32') / 7.5", "(x > 0) / 3"),
    *("x.astype('float16') / 0.7", "(x.astype('bfloat16') / 0.7).astype('float32')"),
    *("x ** 2", "x.abs() ** 2.5", "x.abs() ** (1 / 3)", "x ** -1", "2.5 ** x", "x.abs() ** x"),
    *("(x * 10).astype('int64') ** 2", "(x * 10).abs().astype('int64') ** 2.5"),
    *("x // 0.3", "x % 0.3", "x // 3", "paddle.nn.functional.softmax(x / 0.7)"),
)
OTHERWISE = {"x / 0.7", "x / 255.", "x ** 2", "x.abs() ** 2.5"}
"""Some that a dynamic network computes otherwise than its program."""
NETWORK = f"""
import math
import numpy as np
import paddle

class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(16, 16)

    def forward(self, x):
        x = self.fc(x)
        return [{", ".join(EXPRESSIONS)}]
"""
SCRIPT = """
import json
import warnings
warnings.simplefilter("ignore")
import numpy as np
import paddle
from net import Net
from paddledvc.tools.paddle.running.program_arithmetic import compute_as_program

paddle.seed(0)
net = Net()
net.eval()
x = paddle.to_tensor(np.random.default_rng(0).standard_normal((64, 16)).astype("float32"))
paddle.jit.save(net, "out/net", input_spec=[paddle.static.InputSpec([None, 16], "float32", "x")])
program = paddle.jit.load("out/net")
program.eval()
def computed(call):
    with paddle.no_grad():
        return [tensor.numpy().tobytes() for tensor in call(x)]
before, wanted = computed(net), computed(program)
with compute_as_program():
    found = computed(net)
same = [[one == other for one, other in zip(wanted, every)] for every in (before, found)]
print(json.dumps([*same, computed(net) == before]))
"""


@pytest.fixture(scope="module")
def same(tmp_path_factory):
    """Which expressions give the bits of the program: as they are, and computed as programs do."""
    folder = tmp_path_factory.mktemp("operators")
    (folder / "net.py").write_text(NETWORK)
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    before, found, again = json.loads(done.stdout.splitlines()[-1])
    assert again, "afterwards all is as it was"
    return dict(zip(EXPRESSIONS, zip(before, found, strict=True), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_operators_give_the_bits_of_the_program(expression, same):
    assert same[expression][1]


@pytest.mark.slow
@needs_paddle("3.3.")
def test_without_it_divisions_by_numbers_and_powers_do_not(same):
    assert {one for one in OTHERWISE if not same[one][0]} == OTHERWISE
