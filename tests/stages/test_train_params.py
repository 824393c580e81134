"""Hyperparameters in a file of the model's own, beside params.yaml."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml

import paddledvc
from paddledvc.errors import InvalidFile
from tests.gated import FACTS, Gated

BIG = "configs/yolo/big.yml"
COMMAND = 'cp "$PADDLEDVC_PARAMS" told.json; echo w > "$PADDLEDVC_WEIGHTS"'


def registry(name=BIG, more=""):
    return (
        "models:\n  - name: m\n    version: v1\n    train:\n"
        f"      command: '{COMMAND}'\n      params: {name}\n{more}"
    )


@pytest.fixture
def lay_out(project):
    """Write models.yaml and a file of hyperparameters, and lock."""

    def lay_out(text="lr: 0.1\nopt: {name: adam}\n", name=BIG, **more):
        project.write(name, text)
        made = project.models(registry(name, **more))
        paddledvc.lock(made)
        return made

    return lay_out


def told(project):
    return json.loads(project.read("told.json"))


@pytest.mark.parametrize("name", [BIG, "configs/big.yaml", "big.json"])
def test_a_training_gets_the_hyperparameters_of_the_models_own_file(lay_out, project, name):
    made = lay_out('{"lr": 0.1, "opt": {"name": "adam"}}', name)
    paddledvc.train(made, "m")

    assert told(project) == {"lr": 0.1, "opt": {"name": "adam"}}


def test_a_section_of_params_yaml_wins_key_by_key(lay_out, project):
    project.write("params.yaml", "m: {train: {lr: 0.5, epochs: 3}}\n")
    paddledvc.train(lay_out(), "m")

    assert told(project) == {"lr": 0.5, "opt": {"name": "adam"}, "epochs": 3}


def test_an_empty_file_has_no_hyperparameters(lay_out, project):
    paddledvc.train(lay_out("# none yet\n"), "m")

    assert told(project) == {}


def test_a_stage_depends_on_the_whole_file_and_on_its_section(lay_out, project):
    project.write("params.yaml", "m: {train: {epochs: 3}}\n")
    paddledvc.generate(lay_out())

    stage = yaml.safe_load(project.read("dvc.yaml"))["stages"]["train-m"]
    assert stage["params"] == ["m.train", {BIG: None}]


def test_several_models_share_one_file(lay_out, project):
    more = f"  - name: other\n    version: v1\n    train: {{command: 'true', params: {BIG}}}\n"
    paddledvc.generate(lay_out(more=more))

    stages = yaml.safe_load(project.read("dvc.yaml"))["stages"]
    assert [stages[f"train-{name}"]["params"] for name in ("m", "other")] == [[{BIG: None}]] * 2


WRONG = {
    "missing": (
        None,
        BIG.replace("big", "bgi"),
        (
            "models.yaml:6:15: models[0].train.params: there is no file configs/yolo/bgi.yml; did "
            "you mean 'configs/yolo/big.yml'?"
        ),
    ),
    "no folder": (
        None,
        "conf/big.yml",
        "models.yaml:6:15: models[0].train.params: there is no file conf/big.yml",
    ),
    "another format": (
        "lr = 1\n",
        "big.toml",
        "models.yaml:6:15: models[0].train.params: expected one of .yaml, .yml, .json",
    ),
    "a list": ("[1]\n", BIG, f"{BIG}:1:1: expected a mapping of hyperparameters, found [1]"),
    "a bare text": ("lr\n", BIG, f"{BIG}:1:1: expected a mapping of hyperparameters, found 'lr'"),
}


@pytest.fixture(params=WRONG.values(), ids=WRONG)
def wrong(request, project):
    """A project whose file of hyperparameters is wrong, and how that is told."""
    text, name, message = request.param
    project.write(BIG, "lr: 0.1\n")
    if text is not None:
        project.write(name, text)
    made = project.models(registry(name))
    paddledvc.lock(made)
    return made, message


def test_generate_finds_a_wrong_file_before_anything_is_written(wrong, project):
    made, message = wrong
    with pytest.raises(InvalidFile) as caught:
        paddledvc.generate(made)

    assert [str(one) for one in caught.value.problems] == [message]
    assert not (project.root / "dvc.yaml").exists()


def test_train_finds_a_wrong_file_before_anything_runs(wrong, project):
    made, message = wrong
    with pytest.raises(InvalidFile) as caught:
        paddledvc.train(made, "m")

    assert [str(one) for one in caught.value.problems] == [message]
    assert not (project.root / "told.json").exists()


def test_a_file_that_cannot_be_parsed_is_told_with_its_own_line(lay_out):
    made = lay_out("lr: [\n")
    with pytest.raises(InvalidFile, match=rf"^{BIG}:2:1: "):
        paddledvc.generate(made)


EXPORTED = """\
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    export: {}
"""


@pytest.fixture
def gated(project):
    """A model at the gate that is trained with a file of its own, and all of it built."""
    made = Gated(project)
    project.write(BIG, "lr: 0.1\n")
    made.models(registry(more=EXPORTED + FACTS))
    made.commit()
    return made


@pytest.mark.slow
def test_what_was_trained_with_these_hyperparameters_passes_the_gate(gated):
    assert gated.lines() == []
    assert gated.lines(base="HEAD", branch="main") == []


@pytest.mark.slow
def test_what_was_trained_with_other_hyperparameters_was_not_built(gated):
    gated.write(BIG, "lr: 0.2\n")
    expected = [
        (
            "dvc.lock:3:3: error[not-built]: m: train-m ran with different hyperparameters in "
            f"{BIG}; run `dvc repro` and commit dvc.lock"
        )
    ]

    assert gated.lines() == expected
    gated.commit()
    assert gated.lines(base="HEAD", branch="main") == expected


def test_a_file_that_is_gone_is_a_finding_at_its_line(gated):
    (gated.root / BIG).unlink()

    assert gated.lines() == [
        f"models.yaml:6:15: error[stages-invalid]: models[0].train.params: there is no file {BIG}"
    ]


@pytest.mark.slow
def test_dvc_takes_the_file_for_hyperparameters_that_an_experiment_can_set(lay_out, project):
    def dvc(*arguments):
        command = [sys.executable, "-m", "dvc", *arguments]
        return subprocess.run(
            command, cwd=project.root, check=True, capture_output=True, text=True
        ).stdout

    project.git("init", "--quiet")
    dvc("init", "--quiet")
    made = lay_out()
    paddledvc.generate(made)
    project.write(".gitignore", "/checkpoints/\ntold.json\n")
    project.commit()
    dvc("repro")
    project.commit()
    dvc("exp", "run", "-S", f"{BIG}:opt.name=sgd")

    assert told(project) == {"lr": 0.1, "opt": {"name": "sgd"}}
    assert json.loads(dvc("params", "diff", "--json")) == {
        BIG: {"opt.name": {"old": "adam", "new": "sgd"}}
    }
    assert dvc("status").startswith("Data and pipelines are up to date.")
    assert (project.root / "reports/m/train/record.json").is_file()
