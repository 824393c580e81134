"""Train: weights, curves and final values of a user's code; a failure leaves the old weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import paddledvc
from paddledvc.errors import InvalidInput, MissingTool, StaleStages, UserCodeFailed
from paddledvc.stages.core.record import Record
from paddledvc.tools.paddle.building import state_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paddledvc import Project, Trained

pytestmark = pytest.mark.slow

WEIGHTS = "checkpoints/net_trained.pdparams"
FIT = """
import json
import math
import random

import numpy as np
import paddle


def fit(run):
    layer = run.network()
    assert layer.training
    optimizer = paddle.optimizer.SGD(run.params["rate"], parameters=layer.parameters())
    for epoch in range(run.params["epochs"]):
        loss = layer(paddle.rand([8, 4])).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        run.log(epoch, loss=loss, seen=8 * (epoch + 1))
    run.save(layer)
    run.summary(accuracy=0.75, odd=math.nan)


def tell(run):
    fit(run)
    told = {
        "model": run.model,
        "params": dict(run.params),
        "default": run.params.get("momentum", 0.9),
        "base": run.base and str(run.base.relative_to(run.root)),
        "root": str(run.root),
        "device": run.device,
        "rank": run.rank,
        "world_size": run.world_size,
    }
    (run.root / "told.json").write_text(json.dumps(told))


def draw(run):
    drawn = [random.random(), np.random.rand(), paddle.rand([1]).item()]
    (run.root / "drawn.json").write_text(json.dumps(drawn))
    run.save(paddle.nn.Linear(2, 2))


def forget(run):
    run.log(0, loss=1.0)


def misspell(run):
    run.params["epoch"]


def save_nothing(run):
    run.save(run.network().state_dict())


def fail(run):
    run.save(run.network())
    raise RuntimeError("no luck")


def fail_deep(run):
    layers = paddle.nn.Sequential(paddle.nn.Sequential(paddle.nn.Linear(5, 3)))
    layers(paddle.ones([1, 4]))
"""
PARAMS = {"net": {"train": {"epochs": 3, "rate": 0.1}}}


@pytest.fixture
def with_function(lay_out: Callable[..., Project], tmp_path: Path) -> Callable[..., Project]:
    """Make a project that trains with a function of ``train.py``."""

    def make(name: str, **entry: Any) -> Project:
        train = {"function": f"train.py:{name}", **entry.pop("train", {})}
        return lay_out(tmp_path, files={"train.py": FIT}, params=PARAMS, train=train, **entry)

    return make


@pytest.fixture
def with_command(lay_out: Callable[..., Project], tmp_path: Path) -> Callable[..., Project]:
    """Make a project without a network that trains with a command line."""

    def make(command: str, **entry: Any) -> Project:
        nothing = {"weights_url": None, "network": None, "inputs": None, "export": None}
        train = {"command": command, **entry.pop("train", {})}
        return lay_out(tmp_path, params=PARAMS, **{**nothing, "train": train, **entry})

    return make


@pytest.fixture(scope="module")
def fitted(
    lay_out: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, Trained]:
    root = tmp_path_factory.mktemp("fitted")
    train = {"function": "train.py:tell"}
    project = lay_out(root, files={"train.py": FIT}, params=PARAMS, train=train)
    stale = root / "reports" / "net" / "train" / "plots" / "metrics" / "stale.tsv"
    stale.parent.mkdir(parents=True)
    stale.write_text("of an earlier training")
    return project, paddledvc.train(project, "net")


def test_a_training_reports_what_it_wrote(
    fitted: tuple[Project, Trained], contents: Callable[..., Any]
) -> None:
    project, trained = fitted

    assert (trained.name, trained.path, trained.metrics) == (
        "net",
        WEIGHTS,
        "reports/net/train/metrics.json",
    )
    assert contents(project.root / "checkpoints")["net_trained.pdparams"] == trained.hashes.sha256


def test_trained_weights_are_a_state_dict_that_we_read(
    fitted: tuple[Project, Trained], linear_weights: dict[str, Any]
) -> None:
    project, trained = fitted

    found = state_dict.read_state_dict(project.root / trained.path)

    assert {key: array.shape for key, array in found.items()} == {
        "fc.weight": (4, 3),
        "fc.bias": (3,),
    }
    assert not np.array_equal(found["fc.weight"], linear_weights["fc.weight"])


def test_the_training_knows_its_model_its_params_and_its_base(
    fitted: tuple[Project, Trained],
) -> None:
    project, _ = fitted

    told = json.loads((project.root / "told.json").read_text())

    assert told == {
        "model": "net",
        "params": {"epochs": 3, "rate": 0.1},
        "default": 0.9,
        "base": "checkpoints/net_v1.pdparams",
        "root": str(project.root),
        "device": "cpu",
        "rank": 0,
        "world_size": 1,
    }


def test_metrics_hold_the_last_logged_values_and_the_summary(
    fitted: tuple[Project, Trained],
) -> None:
    project, trained = fitted

    metrics = json.loads((project.root / trained.metrics).read_text())

    loss = metrics.pop("loss")
    assert 0 < loss < 10
    assert metrics == {"step": 2, "seen": 24.0, "accuracy": 0.75, "odd": "nan"}


def test_curves_are_one_table_a_metric_and_old_ones_are_gone(
    fitted: tuple[Project, Trained],
) -> None:
    project, _ = fitted
    folder = project.root / "reports" / "net" / "train" / "plots" / "metrics"

    assert sorted(file.name for file in folder.iterdir()) == ["loss.tsv", "seen.tsv"]
    assert (folder / "seen.tsv").read_text() == "step\tseen\n0\t8.0\n1\t16.0\n2\t24.0\n"


def test_the_record_of_a_function_says_what_ran_it(fitted: tuple[Project, Trained]) -> None:
    project, trained = fitted
    record = Record.from_json((project.root / "reports/net/train/record.json").read_text())

    assert record.weights.hashes == trained.hashes
    assert record.base is not None
    assert record.base.path == "checkpoints/net_v1.pdparams"
    assert record.params == {"epochs": 3, "rate": 0.1}
    assert record.runtime is not None
    assert (record.runtime.paddle, record.runtime.device) == (record.paddle, "cpu")


def test_training_starts_from_the_base_weights(
    with_function: Callable[..., Project], linear_weights: dict[str, Any], tmp_path: Path
) -> None:
    project = with_function("fit")
    (tmp_path / "params.yaml").write_text("net: {train: {epochs: 0, rate: 0.1}}")

    trained = paddledvc.train(project, "net")

    found = state_dict.read_state_dict(tmp_path / trained.path)
    np.testing.assert_array_equal(found["fc.weight"], linear_weights["fc.weight"])


def test_the_same_seed_trains_the_same_bytes(with_function: Callable[..., Project]) -> None:
    project = with_function("fit", weights_url=None)

    assert paddledvc.train(project, "net").hashes == paddledvc.train(project, "net").hashes


def test_the_seed_decides_what_every_generator_draws(
    with_function: Callable[..., Project], tmp_path: Path
) -> None:
    drawn = []
    for seed in (1, 1, 2):
        paddledvc.train(with_function("draw", train={"seed": seed}), "net")
        drawn.append(json.loads((tmp_path / "drawn.json").read_text()))

    assert drawn[0] == drawn[1]
    assert all(left != right for left, right in zip(drawn[1], drawn[2], strict=True))


def test_a_missing_hyperparameter_says_where_it_belongs(
    with_function: Callable[..., Project],
) -> None:
    project = with_function("misspell")

    with pytest.raises(InvalidInput) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == (
        "params.yaml: net.train has no 'epoch'; did you mean 'epochs'?; the training asked for it"
    )


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(
            "forget",
            "train.py:forget ended without weights; end it with run.save(layer), or write the "
            "state dict to run.weights",
            id="no weights",
        ),
        pytest.param(
            "save_nothing",
            "run.save() got a OrderedDict, expected a paddle.nn.Layer",
            id="no layer",
        ),
    ],
)
def test_a_training_without_weights_is_an_error(
    function: str, message: str, with_function: Callable[..., Project]
) -> None:
    project = with_function(function)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("function", "line", "end"),
    [
        pytest.param("fail", "line 59, in fail", "RuntimeError: no luck", id="own error"),
        pytest.param("fail_deep", "line 64, in fail_deep", "", id="error deep in Paddle"),
    ],
)
def test_a_training_that_raises_shows_the_users_line(
    function: str, line: str, end: str, with_function: Callable[..., Project], tmp_path: Path
) -> None:
    project = with_function(function)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.train(project, "net")

    lines = str(caught.value).splitlines()
    assert lines[0] == f"train.py:{function} failed:"
    assert f'  File "{tmp_path / "train.py"}", {line}' in lines
    assert lines[-1].endswith(end)


@pytest.fixture
def with_old_weights(
    tmp_path: Path, contents: Callable[..., Any]
) -> Callable[[Project], Callable[[], bool]]:
    """Put trained weights into a project; the answer tells whether only these are there."""

    def put(project: Project) -> Callable[[], bool]:
        (project.root / "checkpoints").mkdir(exist_ok=True)
        (project.root / WEIGHTS).write_bytes(b"old")
        before = contents(project.root / "checkpoints")
        return lambda: contents(project.root / "checkpoints") == before

    return put


def test_a_failing_function_leaves_the_old_weights_and_nothing_else(
    with_function: Callable[..., Project], with_old_weights: Callable[..., Any]
) -> None:
    project = with_function("fail")
    unchanged = with_old_weights(project)

    with pytest.raises(UserCodeFailed):
        paddledvc.train(project, "net")

    assert unchanged()


def test_a_failing_command_leaves_the_old_weights_and_nothing_else(
    with_command: Callable[..., Project], with_old_weights: Callable[..., Any]
) -> None:
    project = with_command('echo half > "$PADDLEDVC_WEIGHTS"; exit 7')
    unchanged = with_old_weights(project)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == (
        '`echo half > "$PADDLEDVC_WEIGHTS"; exit 7` failed with exit code 7'
    )
    assert unchanged()


def test_a_command_that_writes_no_weights_is_an_error(
    with_command: Callable[..., Project], with_old_weights: Callable[..., Any]
) -> None:
    project = with_command("true")
    unchanged = with_old_weights(project)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == (
        "`true` wrote no weights; it must write them to the file that $PADDLEDVC_WEIGHTS names"
    )
    assert unchanged()


def test_a_command_gets_what_it_needs_in_variables(
    with_command: Callable[..., Project], tmp_path: Path
) -> None:
    command = 'env | grep ^PADDLEDVC_ > told; cp "$PADDLEDVC_PARAMS" told.json; '
    project = with_command(
        command + 'echo w > "$PADDLEDVC_WEIGHTS"',
        train={"seed": 7},
        weights_url="weights.pdparams",
    )

    paddledvc.train(project, "net")

    told = dict(line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines())
    assert {key: told[f"PADDLEDVC_{key}"] for key in ("MODEL", "SEED", "DEVICE", "BASE")} == {
        "MODEL": "net",
        "SEED": "7",
        "DEVICE": "cpu",
        "BASE": str(tmp_path / "checkpoints" / "net_v1.pdparams"),
    }
    assert json.loads((tmp_path / "told.json").read_text()) == {"epochs": 3, "rate": 0.1}


def test_a_commands_weights_move_into_place_and_its_metrics_are_kept(
    with_command: Callable[..., Project], tmp_path: Path
) -> None:
    command = 'echo w > "$PADDLEDVC_WEIGHTS"; echo \'{"loss": 1}\' > "$PADDLEDVC_METRICS"'
    project = with_command(command)

    trained = paddledvc.train(project, "net")

    assert (tmp_path / WEIGHTS).read_text() == "w\n"
    assert json.loads((tmp_path / trained.metrics).read_text()) == {"loss": 1}


def test_a_command_without_metrics_leaves_an_empty_file_of_them(
    with_command: Callable[..., Project], tmp_path: Path
) -> None:
    project = with_command('echo w > "$PADDLEDVC_WEIGHTS"')
    (tmp_path / "reports" / "net" / "train").mkdir(parents=True)
    (tmp_path / "reports" / "net" / "train" / "metrics.json").write_text('{"loss": 1}')

    trained = paddledvc.train(project, "net")

    assert (tmp_path / trained.metrics).read_text() == "{}\n"


def test_what_a_training_prints_stays_out_of_our_output(
    with_command: Callable[..., Project], tmp_path: Path
) -> None:
    with_command('echo epoch 1; echo w > "$PADDLEDVC_WEIGHTS"')

    done = subprocess.run(
        [sys.executable, "-m", "paddledvc", "train", "net", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert (json.loads(done.stdout)["path"], done.stderr) == (WEIGHTS, "epoch 1\n")


def test_base_weights_that_are_not_there_are_named(
    with_function: Callable[..., Project], tmp_path: Path
) -> None:
    project = with_function("fit")
    (tmp_path / "checkpoints" / "net_v1.pdparams").unlink()

    with pytest.raises(InvalidInput) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == (
        "net needs checkpoints/net_v1.pdparams, which is missing; run `dvc repro` to make it, or "
        "`dvc pull` to get it"
    )


def test_a_model_without_a_train_section_is_named(
    lay_out: Callable[..., Project], tmp_path: Path
) -> None:
    project = lay_out(tmp_path)

    with pytest.raises(InvalidInput) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == "net has no `train` section in models.yaml"


def test_a_pin_of_other_settings_is_refused(with_command: Callable[..., Project]) -> None:
    project = with_command("true")

    with pytest.raises(StaleStages, match="run `paddledvc generate`, then `dvc repro`"):
        paddledvc.train(project, "net", pin="00000000")


def has_gpu_build() -> bool:
    try:
        distribution("paddlepaddle-gpu")
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(has_gpu_build(), reason="this Paddle may find a GPU")
def test_a_gpu_that_is_not_there_is_an_error(with_function: Callable[..., Project]) -> None:
    project = with_function("fit", train={"device": "gpu"})

    with pytest.raises(MissingTool) as caught:
        paddledvc.train(project, "net")

    assert str(caught.value) == (
        f"device 'gpu' is asked for, but Paddle {distribution('paddlepaddle').version} here is "
        "the CPU build; install the paddlepaddle-gpu that fits your CUDA, or set device: cpu"
    )


WAIT = """
import os
import time


def wait(run):
    run.weights.write_bytes(b"half")
    (run.root / "pid").write_text(str(os.getpid()))
    time.sleep(60)
"""
WAIT_IN_SHELL = 'echo half > "$PADDLEDVC_WEIGHTS"; echo $$ > pid.part; mv pid.part pid; sleep 60'


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait for a file with a number, written by a process that is alive."""
    while not file.exists() or not file.read_text():
        assert process.poll() is None
        time.sleep(0.02)
    return int(file.read_text())


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("whole_group", [True, False], ids=["from the keyboard", "to us alone"])
@pytest.mark.parametrize(
    "train",
    [
        pytest.param({"function": "wait.py:wait"}, id="function"),
        pytest.param({"command": WAIT_IN_SHELL}, id="command"),
    ],
)
def test_an_interrupted_training_leaves_the_old_weights_and_no_process(
    train: dict[str, str],
    whole_group: bool,  # noqa: FBT001
    lay_out: Callable[..., Project],
    with_old_weights: Callable[..., Any],
    tmp_path: Path,
) -> None:
    project = lay_out(tmp_path, files={"wait.py": WAIT}, train=train)
    unchanged = with_old_weights(project)
    process = subprocess.Popen(
        [sys.executable, "-m", "paddledvc", "train", "net"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    trainer = wait_for(tmp_path / "pid", process)

    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    code = process.wait(timeout=30)

    assert (code, lives(trainer), unchanged()) == (130, False, True)
