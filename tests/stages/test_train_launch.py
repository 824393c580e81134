"""Train: several processes under ``paddle.distributed.launch``."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import paddledvc
from paddledvc.errors import PaddleDVCError, WorkerDied
from paddledvc.tools.paddle.building.state_dict import read_state_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import Project, Trained

pytestmark = pytest.mark.slow

# Files of the user's that are called as ours are.
FILES = {
    "runtime.py": "RATE = 0.1\n",
    "train.py": """
import json
import os
import socket
import subprocess
import sys
import time

import paddle
import paddle.distributed as dist
from runtime import RATE


def train(run):
    layer = run.network()
    model = paddle.DataParallel(layer)
    optimizer = paddle.optimizer.SGD(RATE, parameters=model.parameters())
    loss = model(paddle.full([2, 4], float(run.rank + 1))).square().mean()
    loss.backward()
    optimizer.step()
    total = paddle.to_tensor([run.rank + 1])
    dist.all_reduce(total)
    told = {"world_size": run.world_size, "sum_of_ranks": total.item()}
    told["backend"] = dist.get_backend()
    (run.root / f"rank{run.rank}.json").write_text(json.dumps(told))
    run.log(0, loss=loss)
    run.summary(rank=run.rank)
    run.save(model)


def fail_in_the_second(run):
    run.save(run.network())
    if run.rank == 1:
        raise RuntimeError("no luck in the second")


def killed_in_the_second(run):
    (run.root / f"there{run.rank}").touch()
    while not all((run.root / f"there{rank}").exists() for rank in (0, 1)):
        time.sleep(0.05)  # a process that is not connected yet would fail before the killed one
    if run.rank == 1:
        os.kill(os.getpid(), 9)
    time.sleep(600)
""",
}


def train_launched(project: Project) -> Trained:
    """Train; once more where Paddle's own processes crash, as they may on a busy machine."""
    try:
        return paddledvc.train(project, "net")
    except WorkerDied as error:
        if "code -11 " not in str(error):  # SIGSEGV, which nothing in FILES can cause
            raise
        return paddledvc.train(project, "net")


@pytest.fixture
def project(lay_out: Callable[..., Project], tmp_path: Path) -> Callable[[str], Project]:
    """Make a project whose training function runs in two processes."""

    def make(function: str) -> Project:
        train = {"function": f"train.py:{function}", "launch": {"processes": 2}}
        return lay_out(tmp_path / "a project", files=FILES, train=train)

    return make


@pytest.fixture(scope="module")
def launched(
    lay_out: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, Trained]:
    train = {"function": "train.py:train", "launch": {"processes": 2}}
    project = lay_out(tmp_path_factory.mktemp("launched"), files=FILES, train=train)
    return project, train_launched(project)


@pytest.mark.parametrize("rank", [0, 1])
def test_every_process_takes_part(rank: int, launched: tuple[Project, Trained]) -> None:
    project, _ = launched

    told = json.loads((project.root / f"rank{rank}.json").read_text())

    assert told == {"world_size": 2, "sum_of_ranks": 3, "backend": "GLOO"}


def test_only_the_first_process_writes_metrics(launched: tuple[Project, Trained]) -> None:
    project, trained = launched

    metrics = json.loads((project.root / trained.metrics).read_text())

    assert (metrics["rank"], metrics["step"]) == (0.0, 0)


def test_the_weights_of_a_parallel_layer_bear_the_names_of_the_layer_in_it(
    launched: tuple[Project, Trained],
) -> None:
    project, trained = launched

    assert sorted(read_state_dict(project.root / trained.path)) == ["fc.bias", "fc.weight"]


def test_the_same_seed_trains_the_same_bytes_again(launched: tuple[Project, Trained]) -> None:
    project, trained = launched

    assert train_launched(project).hashes == trained.hashes


def test_an_error_in_any_process_fails_the_training_and_keeps_the_old_weights(
    project: Callable[[str], Project], contents: Callable[..., Any]
) -> None:
    failing = project("fail_in_the_second")
    (failing.root / "checkpoints" / "net_trained.pdparams").write_bytes(b"old")
    before = contents(failing.root / "checkpoints")

    with pytest.raises(PaddleDVCError) as caught:
        paddledvc.train(failing, "net")

    assert caught.value.exit_code == 3
    assert contents(failing.root / "checkpoints") == before


def test_an_error_in_any_process_is_shown_and_the_launchers_banner_is_in_the_log(
    project: Callable[[str], Project], capfd: pytest.CaptureFixture[str]
) -> None:
    failing = project("fail_in_the_second")

    with pytest.raises(PaddleDVCError, match="no luck in the second") as caught:
        paddledvc.train(failing, "net")

    captured = capfd.readouterr()
    log = failing.root / ".paddledvc" / "tmp" / "launch" / "net" / "launcher.log"
    shown = [*map(str, (captured.out, captured.err, caught.value))]
    assert [("Container failed" in text) for text in (*shown, log.read_text())] == [
        False,
        False,
        False,
        True,
    ]


def test_of_a_process_that_is_killed_the_launcher_tells(
    project: Callable[[str], Project],
) -> None:
    with pytest.raises(PaddleDVCError) as caught:
        paddledvc.train(project("killed_in_the_second"), "net")

    assert "Container rank 1 status failed" in str(caught.value)
    assert "code -9 log" in str(caught.value)


NODES = """
models:
  - name: m
    version: v1
    network: net.py:Net
    train:
      function: net.py:train
      launch: {processes: 1, nodes: 2, master: "127.0.0.1:PORT"}
"""
NET = """
import paddle


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x)


def train(run):
    layer = run.network()
    total = paddle.to_tensor([float(run.rank + 1)])
    paddle.distributed.all_reduce(total)
    run.log(0, total=float(total[0]))
    run.save(layer)
"""


@pytest.mark.thorough
def test_two_machines_train_together_and_the_first_has_the_weights(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for machine in ("one", "two"):
        (tmp_path / machine).mkdir()
        (tmp_path / machine / "models.yaml").write_text(NODES.replace("PORT", port))
        (tmp_path / machine / "net.py").write_text(NET)
        paddledvc.lock(paddledvc.Project(tmp_path / machine))
    command = [sys.executable, "-m", "paddledvc", "train", "m"]
    both = [
        subprocess.Popen(command, cwd=tmp_path / machine, stderr=subprocess.PIPE, text=True)
        for machine in ("one", "two")
    ]
    errors = [process.communicate(timeout=180)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0], errors
    assert len(list(tmp_path.glob("*/checkpoints/m_trained.pdparams"))) == 1
    [metrics] = tmp_path.glob("*/reports/m/train/metrics.json")
    assert json.loads(metrics.read_text())["total"] == 3.0
