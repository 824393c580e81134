"""Verify says which branches of a network no sample took."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LAYER = """
import paddle


class Halved(paddle.nn.Layer):
    def forward(self, y):
        while y.abs().max() > 1:
            y = y / 2
        return y
"""
NETWORK = """
import paddle
from parts.layer import Halved


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 3)
        self.halved = Halved()

    def forward(self, x):
        y = self.fc(x)
        if x.sum() > 1000:
            y = y - 1
        if x[0, 0] > 0:
            y = y * 2
        y = paddle.static.nn.cond(x.max() > -100, lambda: y * 3, lambda: y)
        return self.halved(y * 100)
"""
EXPORT = """
import paddle
from net import Net

paddle.seed(0)
net = Net()
net.eval()
paddle.save(net.state_dict(), "net.pdparams")
paddle.jit.save(net, "out/net", input_spec=[paddle.static.InputSpec([None, 4], "float32", "x")])
"""
NEVER_TRUE = (
    "note: net.py:14: `if x.sum() > 1000:` was never true with these samples, so that branch of "
    "the export was not compared"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("branches")
    (root / "parts").mkdir()
    (root / "parts" / "layer.py").write_text(LAYER)
    (root / "net.py").write_text(NETWORK)
    subprocess.run([sys.executable, "-c", EXPORT], cwd=root, check=True, capture_output=True)
    return root


def test_branches_that_no_sample_took_are_told_in_text_report_and_page(folder, cli, tmp_path):
    given = ("--network", "net.py:Net", "--weights", "net.pdparams", "--export", "out/net")
    done = cli("-C", str(folder), "verify", *given, "--path", "jit", "--report", str(tmp_path))
    report = json.loads((tmp_path / "verify.json").read_text())
    page = (tmp_path / "verify.html").read_text()

    assert done.exit_code == 0
    notes = [line for line in done.stdout.splitlines() if line.startswith("note: net.py")]
    assert notes[0] == NEVER_TRUE
    assert len(notes) == 2
    assert notes[1].startswith("note: net.py:18: ")
    assert "was never false" in notes[1]
    assert [
        (branch["file"], branch["line"], branch["outcomes"])
        for branch in report["evidence"][0]["branches"]
    ] == [
        ("net.py", 14, [False]),
        ("net.py", 16, [False, True]),
        ("net.py", 18, [True]),
        ("parts/layer.py", 7, [False, True]),
    ]
    assert "note: net.py:14: `if x.sum() &gt; 1000:` was never true" in page
