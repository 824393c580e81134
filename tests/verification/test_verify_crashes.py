"""A path whose process dies is a result with a name, and the other paths still run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import paddledvc
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify
from paddledvc.tools.paddle import process

if TYPE_CHECKING:
    from paddledvc import VerifyReport

NETWORK = """
import paddle


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)
"""
# No program is known that kills every predictor of every Paddle, so the death is brought about
# where one is made; the processes, the signal and what is made of it are real.
CRASH = """
import builtins
import os
import signal

imported = builtins.__import__


def crashing(name, globals=None, locals=None, fromlist=(), level=0):
    module = imported(name, globals, locals, fromlist, level)
    if (name, level) == ("paddle", 0) and "inference" in (fromlist or ()):
        module.inference.create_predictor = lambda _: os.kill(os.getpid(), signal.SIGSEGV)
    return module


builtins.__import__ = crashing
"""


def verified(settings: Verify) -> VerifyReport:
    """Verify the network of net.py in the current folder."""
    inputs = (Input(name="x", shape=(None, 4)),)
    return paddledvc.verify_files("net.py:Net", inputs=inputs, settings=settings)


@pytest.mark.slow
def test_a_predictor_that_kills_its_process_is_named_and_the_other_paths_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NETWORK)
    Path("crash").mkdir()
    Path("crash/sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "crash"), prepend=":")
    monkeypatch.setattr(process, "WITHOUT_USER_CODE", ())  # or it would not be looked at

    report = verified(Verify(paths=("predictor", "jit", "deployed"), batch_sizes=(2,)))

    died = "the process that was running the exported program on the path {} was killed by SIGSEGV"
    assert report.verdict == "fail"
    assert [(path.path, path.result) for path in report.paths] == [
        ("predictor", "fail"),
        ("jit", "pass"),
        ("deployed", "fail"),
    ]
    assert [path.findings for path in report.paths if path.path != "jit"] == [
        (died.format("predictor"),),
        (died.format("deployed"),),
    ]


ENDLESS = """
import paddle


class Net(paddle.nn.Layer):
    def forward(self, x):
        step = 1.0 if paddle.in_dynamic_mode() else 0.0
        total = x.sum() * 0.0
        while total < 3.0:
            total = total + step
        return x + total
"""


@pytest.mark.thorough
def test_a_path_that_does_not_end_is_ended_and_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(ENDLESS)

    report = verified(Verify(paths=("jit",), batch_sizes=(2,), timeout=10.0))

    [path] = report.paths
    assert report.verdict == "fail"
    assert path.findings == (
        "the process that was running the exported program on the path jit did not end within 10 s",
    )
