"""The record of a training: what made the weights, beside them in git."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

import paddledvc
from paddledvc.stages import train
from paddledvc.stages.core.record import Record
from paddledvc.tools.dvc import command
from tests.gated import FACTS, Gated, md5

WRITE = 'echo weights > "$PADDLEDVC_WEIGHTS"'
RECORD = "reports/m/train/record.json"


@pytest.fixture
def training(project):
    def training(command=WRITE, more=""):
        made = project.models(
            "models:\n  - name: m\n    version: v1.0.0\n    train:\n"
            f"      command: '{command}'\n{more}"
        )
        paddledvc.lock(made)
        return made

    return training


@pytest.fixture
def recorded(training, project):
    """Train, and read what that wrote down."""

    def recorded(command=WRITE, more=""):
        paddledvc.train(training(command, more), "m")
        return Record.from_json(project.read(RECORD))

    return recorded


def test_a_training_leaves_a_record_of_the_weights_that_it_wrote(recorded, project):
    record = recorded()

    data = b"weights\n"
    assert (record.model, record.version) == ("m", "v1.0.0")
    assert record.weights.path == "checkpoints/m_trained.pdparams"
    assert record.weights.hashes.md5 == md5(data)
    assert record.weights.hashes.sha256 == hashlib.sha256(data).hexdigest()
    assert record.weights.hashes.size == len(data)
    assert record.paddledvc == paddledvc.__version__


@pytest.mark.slow
def test_a_record_says_when_the_training_began_and_how_long_it_took(recorded):
    record = recorded(f"sleep 0.3; {WRITE}")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record.began)
    assert 0.3 <= record.seconds < 30


def test_a_record_has_the_settings_and_the_hyperparameters(recorded, project):
    project.write("params.yaml", "m: {train: {lr: 0.1, steps: [3, 4]}}\n")
    record = recorded(more="      seed: 5\n      device: gpu\n")

    assert record.params == {"lr": 0.1, "steps": [3, 4]}
    assert (record.seed, record.device, record.base, record.launch) == (5, "gpu", None, None)


def test_a_record_has_the_flags_and_threads_of_the_environment(recorded, monkeypatch):
    monkeypatch.setenv("FLAGS_use_autotune", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("A_SECRET", "hidden")
    found = recorded().environment

    assert (found["FLAGS_use_autotune"], found["OMP_NUM_THREADS"]) == ("1", "3")
    assert "A_SECRET" not in found


def test_a_record_has_the_commit_and_whether_files_differ_from_it(recorded, training, project):
    training()
    commit = project.commit()
    record = recorded()
    assert (record.commit, record.dirty) == (commit, False)

    project.write("new.py", "")
    assert recorded().dirty


def test_what_stages_write_makes_no_work_tree_differ(recorded, training, project):
    training()
    project.write("dvc.lock", "schema: '2.0'\n")
    project.write("reports/m/train/metrics.json", "{}\n")
    project.commit()
    project.write("dvc.lock", "schema: '2.0'\nstages: {}\n")
    (project.root / "reports/m/train/metrics.json").unlink()

    assert not recorded().dirty


def test_outside_of_git_no_commit_is_told(recorded):
    record = recorded()

    assert (record.commit, record.dirty) == (None, False)


def test_a_record_has_the_digest_of_every_dataset(recorded, project):
    project.write("data/a.txt", "a")
    record = recorded(more="      datasets: {a: data/a.txt, gone: data/gone}\n")

    assert {name: (one.path, one.md5) for name, one in record.datasets.items()} == {
        "a": ("data/a.txt", md5("a")),
        "gone": ("data/gone", None),
    }


def test_a_record_has_the_base_that_the_training_started_from(recorded, project):
    project.write("base.pdparams", "base")
    project.models("models:\n  - {name: m, version: v1, weights_url: base.pdparams}\n")
    made = project.models(
        "models:\n  - name: m\n    version: v1\n    weights_url: base.pdparams\n"
        f"    train: {{command: '{WRITE}'}}\n"
    )
    paddledvc.lock(made)
    paddledvc.sync(made)
    paddledvc.train(made, "m")
    base = Record.from_json(project.read(RECORD)).base

    assert (base.path, base.hashes.md5) == ("checkpoints/m_v1.pdparams", md5("base"))


def test_a_training_that_fails_leaves_the_record_of_the_weights_that_stay(
    recorded, training, project
):
    recorded()
    before = project.read(RECORD)
    with pytest.raises(paddledvc.errors.UserCodeFailed):
        paddledvc.train(training(f"{WRITE}; exit 1"), "m")

    assert project.read(RECORD) == before


def test_a_record_that_cannot_be_written_fails_no_training(training, project, caplog):
    (project.root / RECORD).mkdir(parents=True)
    trained = paddledvc.train(training(), "m")

    assert trained.hashes.md5 == md5("weights\n")
    assert [one.message.partition(":")[0] for one in caplog.records] == [
        f"{RECORD} was not written"
    ]


@pytest.mark.slow
def test_the_digest_of_a_folder_is_the_one_that_dvc_has_of_it(project):
    project.git("init", "--quiet")
    for name in ("data/a.txt", "data/deep/b.txt", "data/deep/c.log", "data/.hidden"):
        project.write(name, name)
    (project.root / "data/link").symlink_to("a.txt")
    command.init_dvc(project.root, subdir=False)
    project.write(".dvcignore", "*.log\n")
    command.run_dvc("add", "--quiet", "--no-commit", "data", root=project.root)

    expected = re.search("md5: (.*)", project.read("data.dvc"))[1]
    assert train.digest_training_data(project.root, "data") == expected


TRAINED = f"""\
models:
  - name: m
    version: v1.0.0
    train: {{command: '{WRITE}'}}
{FACTS}"""
ADVICE = (
    "restore the record of these weights from git, or run `dvc repro --force train-m` and commit "
    "both"
)


@pytest.fixture
def trained(project):
    """A trained model at the gate, with its record."""
    made = Gated(project)
    made.models(TRAINED, build=False)
    paddledvc.train(made.project, "m")
    made.build()
    made.commit()
    return made


def test_a_record_of_the_weights_that_are_built_is_no_finding(trained):
    assert trained.lines() == []


def test_a_training_notes_the_image_that_it_ran_in(recorded, monkeypatch):
    assert recorded().image is None
    monkeypatch.setenv("PADDLEDVC_IMAGE", "a/p:1")

    assert recorded(WRITE.replace("weights >", "others >")).image == "a/p:1"


def test_a_record_of_another_image_than_is_locked_is_named(trained):
    trained.edit("models.yaml", "models:", "environment: a/p:2\nmodels:")
    paddledvc.lock(trained.project)
    trained.edit(RECORD, '"seconds"', '"image": "a/p:1",\n  "seconds"')

    assert [str(one) for one in trained.check().violations if one.rule == "image-other"] == [
        (
            f"models.yaml:1:14: error[image-other]: m: {RECORD} was made in a/p:1, and "
            "models.lock has a/p:2; run `dvc repro --force --single-item train-m` in that one, "
            "which `paddledvc env docker` starts, or name the other one in models.yaml"
        )
    ]


def test_a_record_of_other_weights_is_named(trained):
    digest = json.loads(trained.read(RECORD))["weights"]["md5"]
    trained.edit(RECORD, digest, "a1" * 16)

    assert trained.lines() == [
        (
            f"{RECORD}: warning[record-other-bytes]: m v1.0.0: {RECORD} belongs to weights of "
            f"md5:{'a1' * 16}, dvc.lock has md5:{digest} of checkpoints/m_trained.pdparams; "
            f"{ADVICE}"
        )
    ]


@pytest.mark.slow
def test_a_torn_record_is_named_in_a_commit_too(trained):
    trained.write(RECORD, "<<<<<<< HEAD\n")
    trained.commit()

    assert [str(one) for one in trained.check(base="HEAD", branch="main").violations] == [
        (
            f"{RECORD}: warning[record-invalid]: m v1.0.0: {RECORD} is not JSON: Expecting value "
            f"in line 1; {ADVICE}"
        )
    ]


def test_a_record_of_a_newer_paddledvc_asks_for_that_alone(trained):
    trained.write(RECORD, '{"version": 2}')

    why = f"{RECORD} has the format 2, this paddledvc reads up to 1; upgrade paddledvc"
    assert trained.lines() == [f"{RECORD}: warning[record-invalid]: m v1.0.0: {why}"]


def test_a_model_without_a_record_is_no_finding(trained):
    (trained.root / RECORD).unlink()

    assert trained.lines() == []
