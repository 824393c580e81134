"""Verify of a network that nobody has exported yet."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import paddledvc
from paddledvc.errors import InvalidInput
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import Verify

NETWORKS = """
import os
import signal

import paddle


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)


class DiesInExport(Net):
    def forward(self, x):
        if not paddle.in_dynamic_mode():
            os.kill(os.getpid(), signal.SIGSEGV)
        return self.fc(x)


class CannotBeTraced(Net):
    def forward(self, x):
        return self.fc(x) if paddle.in_dynamic_mode() else self.gone(x)


class InPlace(Net):
    def forward(self, x):
        y = self.fc(x)
        y.add_(x)
        return y
"""
X = (Input(name="x", shape=(None, 4)),)
JIT = Verify(paths=("jit",), batch_sizes=(2,))
UNRUN = "there is nothing to run, because the network cannot be exported"

pytestmark = pytest.mark.slow


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(NETWORKS)
    return tmp_path


def test_a_network_is_exported_for_the_comparison_with_the_weights_it_is_built_with(nets, cli):
    done = cli(
        *(
            "-C",
            str(nets),
            "verify",
            "--network",
            "nets.py:Net",
            "--input",
            "x[?,4]",
            "--format",
            "json",
        ),
        *("--report", "evidence"),
    )
    report = json.loads(done.stdout)

    assert (done.exit_code, report["verdict"]) == (0, "pass")
    assert [file["path"] for file in report["evidence"][0]["files"]] == [
        "initial.pdparams",
        "inference.json",
        "inference.pdiparams",
    ]
    written = {path.name for path in nets.iterdir()} - {"project", "__pycache__"}
    assert written == {"evidence", "nets.py"}


def test_a_network_that_kills_the_process_in_export_gets_a_verdict(nets):
    report = paddledvc.verify_files("nets.py:DiesInExport", inputs=X, settings=JIT)

    died = "the process that was exporting nets.py:DiesInExport was killed by SIGSEGV"
    assert report.verdict == "fail"
    assert [(path.path, path.findings) for path in report.paths] == [
        ("export", (died,)),
        ("jit", (UNRUN,)),
    ]
    assert report.repeatable
    assert report.latency


def test_a_network_that_cannot_be_traced_fails_at_its_export_without_paths_of_this_machine(nets):
    report = paddledvc.verify_files("nets.py:CannotBeTraced", inputs=X, settings=JIT)

    (why,) = report.paths[0].findings
    assert report.paths[0].path == "export"
    assert why.startswith("exporting nets.py:CannotBeTraced failed: ")
    assert "gone" in why
    assert str(nets) not in report.to_json()


def test_what_the_export_warns_of_is_a_note_beside_what_came_of_it(nets):
    report = paddledvc.verify_files("nets.py:InPlace", inputs=X, settings=JIT)

    assert report.verdict == "fail"
    assert report.notes == (
        "the export warns: an operation in place became one that is not, so views do not follow it",
    )


def test_what_is_going_on_is_told_on_a_terminal(nets):
    words = ["--network", "nets.py:Net", "--input", "x[?,4]", "--path", "jit"]
    terminal, ours = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "paddledvc", "verify", *words],
        check=True,
        stdout=subprocess.PIPE,
        stderr=ours,
    )
    os.close(ours)
    told = os.read(terminal, 2**16).decode()
    os.close(terminal)

    assert told.splitlines() == [
        "running the dynamic network nets.py:Net",
        "exporting it",
        "running the path jit",
    ]


def test_a_fixed_batch_is_a_note_for_programs_take_any(nets):
    fixed = (Input(name="x", shape=(2, 4)),)
    report = paddledvc.verify_files("nets.py:Net", inputs=fixed, settings=JIT)

    assert report.verdict == "pass"
    assert report.notes == (
        (
            "the first dimension of x is fixed at 2, so no other batch size was compared; a "
            "program does not refuse them, and may compute something else"
        ),
    )


def test_what_a_network_takes_must_be_said_where_no_program_tells(nets):
    with pytest.raises(InvalidInput, match="say what the network takes, with --input NAME:DTYPE"):
        paddledvc.verify_files("nets.py:Net", settings=JIT)
