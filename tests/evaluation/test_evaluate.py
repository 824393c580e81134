"""Evaluate: a team's function, the network, and what is deployed of it, with real Paddle."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import paddledvc
from paddledvc.errors import InvalidInput, MissingTool, PaddleDVCError, StaleStages, UserCodeFailed
from paddledvc.tools.system import atomic, files

pytestmark = pytest.mark.slow

NET = """
class Net(nn.Layer):
    def __init__(self, sign=1):
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.drop = nn.Dropout(0.5)
        self.sign = sign

    def forward(self, x, scale):
        y = self.drop(self.linear(x)) * scale * self.sign
        return {"scores": y, "more": (y.argmax(1), None)}
"""
FUNCTION = """
import numpy as np


def evaluate(model, run):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 4)).astype("float32")
    scale = np.ones((200, 1), "float32")
    labels = x[:, :3].argmax(1)
    do = run.params["do"]
    if do == "state_dict":
        model.state_dict()
    if do == "train":
        model.train()
    if do == "no call":
        return {"accuracy": 1.0}
    if do == "three inputs":
        model(x, scale, scale)
    if do == "unseeded":
        import time

        x = x + time.time_ns() % 1_000_000
    if do == "exit":
        raise SystemExit(0)
    if do == "end":
        import os

        os._exit(0)
    if do == "die":
        import os
        import signal

        os.kill(os.getpid(), signal.SIGSEGV)
    if do == "change weights":
        with (run.root / "checkpoints/net_v1.pdparams").open("ab") as file:
            file.write(b" ")
    if do == "delete weights":
        (run.root / "checkpoints/net_v1.pdparams").unlink()
    if do == "surrogate":
        run.samples([chr(0xD800)], accuracy=[1])
        model(x[:1], scale[:1])
        return {"accuracy": 1.0}
    if do == "chatter":
        import os

        os.write(1, b"x" * 5_000_000)
        os.write(2, b"x" * 5_000_000)
        os.chdir("/")
    if do == "raises":
        raise ValueError("no data here")
    if limit := run.params.get("limit"):
        x, scale, labels = x[:limit], scale[:limit], labels[:limit]
    found = run.predict(model, x, scale=scale, batch_size=run.params["batch_size"])
    assert found["more"][1] is None
    right = found["scores"].argmax(1) == labels
    assert (found["more"][0] == found["scores"].argmax(1)).all()
    given = {"slices": {"label": labels}, "accuracy": right}
    shown = (x - x.min()) / (x.max() - x.min())
    if do == "pictures":
        for part in (slice(9), slice(9, None)):
            run.samples(
                range(200)[part],
                slices={"label": labels[part]},
                accuracy=right[part],
                pictures=shown[part, None],
            )
    else:
        run.samples(range(len(x)), **given)
    run.table("confusion", actual=labels, predicted=found["more"][0])
    if do == "batch means":
        return {"accuracy": float(right[:150].mean() / 2 + right[150:].mean() / 2) + 1e-3}
    return {"accuracy": right.mean()}
"""
SETTINGS = {
    "function": "measure.py:evaluate",
    "metrics": {"accuracy": {"direction": "higher", "tolerance": "1%"}},
    "slices": {"label": {"at_least": 20}},
    "plots": {"confusion": {"template": "confusion", "x": "predicted", "y": "actual"}},
}
REPORT = "reports/net/evaluate.json"


@pytest.fixture(scope="module")
def exported(lay_out, tmp_path_factory):
    weights = {
        "linear.weight": np.eye(4, 3, dtype="float32"),
        "linear.bias": np.zeros(3, "float32"),
    }
    project = lay_out(
        tmp_path_factory.mktemp("with space é"),
        NET,
        weights,
        files={"measure.py": FUNCTION},
        params={"net": {"evaluate": {"do": "all", "batch_size": 64}}},
        inputs=[{"name": "x", "shape": [None, 4]}, {"name": "scale", "shape": [None, 1]}],
        evaluate=SETTINGS,
    )
    paddledvc.export(project, "net")
    return project


@pytest.fixture
def params(exported):
    def write(do="all", batch_size=64):
        value = {"net": {"evaluate": {"do": do, "batch_size": batch_size}}}
        (exported.root / "params.yaml").write_text(json.dumps(value))

    yield write
    write()


def test_the_network_and_its_export_are_measured_on_the_same_inputs(exported):
    measured = paddledvc.evaluate(exported, "net")

    assert measured.metrics == {"accuracy": {"network": 1.0, "deployed": 1.0}}
    assert measured.samples == 200
    assert len(set(measured.inputs_sha256.values())) == 1
    assert [(one.by, one.name) for one in measured.slices] == [("label", n) for n in "012"]
    assert [one.path for one in measured.files] == [
        "checkpoints/net_v1.pdparams",
        "exports/net/inference.json",
        "exports/net/inference.pdiparams",
    ]
    folder = exported.root / "reports/net/evaluate"
    assert (folder / "confusion.csv").read_text().splitlines()[0] == "actual,predicted"
    assert len((folder / "confusion.csv").read_text().splitlines()) == 201
    assert (folder / "changed.csv").read_text() == "sample,path,metric,network,exported\n"


def test_the_same_measurement_is_the_same_bytes_whatever_the_batches(exported, params):
    paddledvc.evaluate(exported, "net")
    first = (exported.root / REPORT).read_bytes()
    params(batch_size=7)
    paddledvc.evaluate(exported, "net")

    assert (exported.root / REPORT).read_bytes() == first


@pytest.mark.parametrize(
    ("do", "why"),
    [
        ("state_dict", "state_dict() was called, but the exported program has no parameters"),
        ("train", "train() was called, but the exported program has no parameters"),
        ("three inputs", "measure.py"),
        ("unseeded", "called the model with other inputs on deployed (200 samples "),
        ("no call", "measure.py:evaluate never called the model, so it measured nothing"),
        ("batch means", "is it a mean of batch means?"),
        ("raises", "ValueError: no data here"),
    ],
)
def test_what_is_no_measurement_is_a_sentence_and_the_report_stays(exported, params, do, why):
    paddledvc.evaluate(exported, "net")
    before = (exported.root / REPORT).read_bytes()
    params(do=do)

    with pytest.raises(UserCodeFailed) as caught:
        paddledvc.evaluate(exported, "net")
    assert why in str(caught.value)
    assert (exported.root / REPORT).read_bytes() == before


@pytest.mark.parametrize(
    ("do", "why"),
    [
        ("exit", "the code ended the process (0)"),
        ("end", "ended early, with exit code 0"),
        ("die", "was killed by SIGSEGV"),
        ("change weights", "checkpoints/net_v1.pdparams changed while it was measured"),
        ("delete weights", "checkpoints/net_v1.pdparams"),
        ("surrogate", "expected text"),
    ],
)
def test_whatever_a_function_does_is_a_sentence_and_the_report_stays(exported, params, do, why):
    paddledvc.evaluate(exported, "net")
    before = (exported.root / REPORT).read_bytes()
    weights = exported.root / "checkpoints/net_v1.pdparams"
    kept = weights.read_bytes()
    params(do=do)

    try:
        with pytest.raises(PaddleDVCError) as caught:
            paddledvc.evaluate(exported, "net")
    finally:
        weights.write_bytes(kept)
    assert why in str(caught.value)
    assert (exported.root / REPORT).read_bytes() == before


def test_a_function_that_prints_much_and_goes_elsewhere_is_measured(exported, params):
    params(do="chatter")
    assert paddledvc.evaluate(exported, "net").metrics["accuracy"]["deployed"] == 1.0


def test_two_that_measure_a_model_at_once_write_one_after_the_other(exported):
    report = exported.root / REPORT
    report.unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as pool:
        with files.hold_file_lock(exported.scratch() / "evaluate-net.lock"):
            waiting = pool.submit(paddledvc.evaluate, exported, "net")
            time.sleep(5)
            assert not report.exists()
        assert waiting.result(timeout=60).samples == 200
    assert report.exists()


def test_an_export_with_other_preprocessing_is_measured_as_it_is(turned):
    measured = paddledvc.evaluate(turned, "net")

    assert measured.metrics["accuracy"]["network"] == 1.0
    assert measured.metrics["accuracy"]["deployed"] < 0.5
    assert measured.changed > 100
    rows = (turned.root / "reports/net/evaluate/changed.csv").read_text().splitlines()
    assert len(rows) == measured.changed + 1


@pytest.fixture
def turned(exported):
    """A project whose export was made of a network with the sign turned."""
    kept = {one: one.read_bytes() for one in (exported.root / "exports/net").iterdir()}
    code = (exported.root / "net.py").read_text()
    (exported.root / "net.py").write_text(code.replace("* self.sign", "* -1"))
    try:
        paddledvc.export(exported, "net")
    finally:
        (exported.root / "net.py").write_text(code)
    yield exported
    for file, data in kept.items():
        file.write_bytes(data)


@pytest.fixture
def pictured(turned):
    """The same, with pictures of the samples that change."""
    file = turned.root / "models.yaml"
    text = file.read_text()
    file.write_text(text.replace("    plots:", "    pictures: true\n    plots:"))
    yield turned
    file.write_text(text)


def test_the_samples_that_change_are_drawn(pictured, params):
    params(do="pictures")
    measured = paddledvc.evaluate(pictured, "net")

    drawn = (pictured.root / "reports/net/evaluate/changed.svg").read_text()
    rows = (pictured.root / "reports/net/evaluate/changed.csv").read_text().splitlines()[1:]
    assert re.findall("<title>(.*?)<", drawn) == [row.split(",")[0] for row in rows[:48]]
    first = base64.b64decode(re.search('base64,([^"]*)', drawn)[1])
    assert Image.open(io.BytesIO(first)).size == (96, 24), "four pixels in a row"
    assert measured.changed > 48
    page = next(one for one in paddledvc.report(pictured) if one.parent.name == "net")
    assert base64.b64encode(drawn.encode()).decode() in page.read_text()


def test_pictures_that_are_asked_for_and_not_given_are_missed(pictured):
    with pytest.raises(UserCodeFailed, match="gave no pictures"):
        paddledvc.evaluate(pictured, "net")


def test_an_export_of_the_epoch_before_is_measured_as_it_is(exported):
    weights, folder = exported.root / "checkpoints/net_v1.pdparams", exported.root / "exports/net"
    kept = {one: one.read_bytes() for one in (weights, *folder.iterdir())}
    before = {
        "linear.weight": np.eye(4, 3, dtype="float32") * np.float32([1, 1, 0.8]),
        "linear.bias": np.zeros(3, "float32"),
    }
    try:
        weights.write_bytes(pickle.dumps(before, protocol=4))
        paddledvc.export(exported, "net")
        of_itself = paddledvc.evaluate(exported, "net")
        weights.write_bytes(kept[weights])
        of_the_next = paddledvc.evaluate(exported, "net")
    finally:
        for file, data in kept.items():
            file.write_bytes(data)

    accuracy = of_itself.metrics["accuracy"]["network"]
    assert of_itself.metrics == {"accuracy": {"network": accuracy, "deployed": accuracy}}
    assert of_the_next.metrics == {"accuracy": {"network": 1.0, "deployed": accuracy}}
    assert of_the_next.changed == round((1 - accuracy) * 200) > 0


def test_files_that_compute_in_bfloat16_are_measured_as_they_compute(lay_out, tmp_path):
    weight = np.eye(4, 3, dtype="float32")
    weight[3] = 64, 64.25, 64  # all the same in bfloat16, which makes this network better
    weights = {"linear.weight": weight, "linear.bias": np.zeros(3, "float32")}
    project = lay_out(
        tmp_path / "project",
        NET,
        weights,
        files={"measure.py": FUNCTION},
        params={"net": {"evaluate": {"do": "all", "batch_size": 64}}},
        inputs=[{"name": "x", "shape": [None, 4]}, {"name": "scale", "shape": [None, 1]}],
        evaluate=SETTINGS,
        verify={"engine": {"precision": "bfloat16"}},
    )
    paddledvc.export(project, "net")
    try:
        measured = paddledvc.evaluate(project, "net")
    except MissingTool as error:
        pytest.skip(str(error))

    assert measured.engine.precision == "bfloat16"
    assert measured.metrics["accuracy"] == {"network": 0.945, "deployed": 1.0}
    assert measured.changed == 11


def test_a_stage_that_was_generated_for_other_settings_is_refused(exported):
    with pytest.raises(StaleStages, match="the stage evaluate-net was generated for --pin 1234"):
        paddledvc.evaluate(exported, "net", pin="1234")


def test_a_model_without_the_section_is_refused(lay_out, tmp_path):
    project = lay_out(tmp_path / "project")
    with pytest.raises(InvalidInput, match="net has no `evaluate` section in"):
        paddledvc.evaluate(project, "net")


def test_a_quick_look_at_a_few_samples_writes_nothing(exported):
    paddledvc.evaluate(exported, "net")
    before = (exported.root / REPORT).read_bytes()
    measured = paddledvc.evaluate(exported, "net", limit=50)

    assert (measured.samples, measured.limit) == (50, 50)
    assert (exported.root / REPORT).read_bytes() == before


def test_a_function_that_takes_no_notice_of_the_limit_is_told_so(exported):
    with pytest.raises(UserCodeFailed, match="reported 200 samples, expected at most 0"):
        paddledvc.evaluate(exported, "net", limit=0)


@pytest.mark.thorough
def test_the_weights_of_another_commit_are_measured_with_the_function_of_now(
    exported, project, monkeypatch
):
    shutil.copytree(exported.root, project.root, dirs_exist_ok=True)
    here = paddledvc.Project(project.root)
    project.git("init", "--quiet", "--initial-branch=main")
    paddledvc.init(here.root, with_hooks=False)
    paddledvc.generate(here)
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    subprocess.run(["dvc", "repro", "--quiet"], cwd=here.root, check=True)
    project.commit()
    (here.root / "measure.py").write_text(FUNCTION + "\n# in another way\n")
    shutil.rmtree(here.root / "checkpoints")
    shutil.rmtree(here.root / "exports")

    mine = files.fresh_folder(here.scratch(), ".baseline-net.")
    left = mine.rename(f"{mine}".replace(f"-{os.getpid()}-", "-99999999-"))  # its process is gone
    atomic.sweep_atomic_parts.cache_clear()  # which the next process has not called
    (left / "weights").write_text("large")

    measured = paddledvc.evaluate_baseline(here, "net", "main")
    assert not left.exists()

    assert measured.metrics == {"accuracy": {"network": 1.0, "deployed": 1.0}}
    baseline = json.loads((here.root / "reports/net/baseline.json").read_text())
    assert baseline["evidence"][0]["samples"] == 200
    assert measured.files[0].path == "checkpoints/net_v1.pdparams"
    assert not (here.root / "checkpoints").exists()
    assert list((here.root / ".paddledvc/tmp").glob(".baseline-net.*")) == [], "nothing is left"
    with pytest.raises(InvalidInput, match="there is no nowhere here"):
        paddledvc.evaluate_baseline(here, "net", "nowhere")
