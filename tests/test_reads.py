"""Each file of a project is read once by a command."""

from __future__ import annotations

from collections import Counter

import pytest

import paddledvc
from paddledvc.tools.system import beneath
from paddledvc.yaml import reader

MODELS = """\
models:
  - name: base
    version: v1
    weights_url: zoo/base.pdparams
    md5: "00000000000000000000000000000000"
  - name: m
    version: v1
    base: base
    network: net.py:Net
    config_path: configs/m.yaml
    inputs: [{name: x, shape: [null, 4]}]
    train: {function: train.py:train, params: hyper.yaml}
    export: {}
"""
FILES = {
    "net.py": "from paddle import nn\n\n\nclass Net(nn.Layer):\n    def forward(self, x):\n"
    "        return x\n",
    "train.py": "import net\n\n\ndef train(run):\n    pass\n",
    "hyper.yaml": "epochs: 1\n",
    "params.yaml": "m: {train: {epochs: 2}, verify: {samples_count: 2}}\n",
    "configs/m.yaml": "",
}

CATALOG = "catalogs: {team: {kind: index, url: zoo/index.yaml}}\nmodels: []\n"
INDEX = """\
version: 1
models:
  - name: det
    versions:
      - {version: v1.0.0, url: det.pdparams, md5: "00000000000000000000000000000000"}
"""


class Reads:
    """Counts how often each file of a project is read, and its text parsed."""

    def __init__(self, monkeypatch):
        self.files = Counter()
        self.parsed = Counter()
        read, parse = beneath.read_beneath, reader.parse_yaml
        monkeypatch.setattr(
            beneath,
            "read_beneath",
            lambda root, path, *rest: self._count(root, path) or read(root, path, *rest),
        )
        monkeypatch.setattr(
            reader, "parse_yaml", lambda text, file: self.parsed.update([file]) or parse(text, file)
        )

    def _count(self, root, path):
        if "site-packages" not in root:
            self.files.update([path])


@pytest.fixture
def made(project):
    for name, text in FILES.items():
        project.write(name, text)
    return project.models(MODELS)


@pytest.fixture
def locked(made, project):
    """Lock the models, and have stages of one's own already."""
    paddledvc.lock(made)
    project.write("dvc.yaml", "stages:\n  mine: {cmd: echo}\n")
    return made


def once(*files):
    return dict.fromkeys(files, 1)


GENERATED_FROM = ("models.yaml", "models.lock", "params.yaml", "hyper.yaml", "dvc.yaml")


def test_lock_reads_each_file_once(made, monkeypatch):
    reads = Reads(monkeypatch)
    paddledvc.lock(made)

    assert reads.files == once("models.yaml", "net.py", "train.py")


def test_lock_reads_the_lock_before_it_once(locked, monkeypatch):
    reads = Reads(monkeypatch)
    paddledvc.lock(locked)

    assert reads.files == once("models.yaml", "models.lock", "net.py", "train.py")


def test_generate_reads_each_file_once(locked, monkeypatch):
    reads = Reads(monkeypatch)
    done = paddledvc.generate(locked)

    assert done.stages.added
    assert reads.files == once(*GENERATED_FROM, "net.py", "train.py")


def test_generate_parses_each_file_once_and_the_new_stages_before_it_writes_them(
    locked, monkeypatch
):
    reads = Reads(monkeypatch)
    paddledvc.generate(locked)

    assert reads.parsed == {**once(*GENERATED_FROM), "dvc.yaml": 2}


def test_generate_parses_each_file_once_where_nothing_changes(locked, monkeypatch):
    paddledvc.generate(locked)
    reads = Reads(monkeypatch)
    paddledvc.generate(locked)

    assert reads.parsed == once(*GENERATED_FROM)


def test_add_reads_models_yaml_once_and_again_when_it_writes_it(project, monkeypatch):
    project.write("zoo/index.yaml", INDEX)
    made = project.models(CATALOG)
    reads = Reads(monkeypatch)
    paddledvc.add(made, "det")

    assert reads.files["models.yaml"] == 2  # again to see that it is still so when it is written
    assert [model.name for model in made.registry().models] == ["det"]


def test_remove_reads_each_file_once_and_again_when_it_writes_it(locked, monkeypatch):
    reads = Reads(monkeypatch)
    paddledvc.remove(locked, ["m"])

    assert reads.files == {"models.yaml": 2, "models.lock": 2}


def test_show_reads_each_file_once(locked, monkeypatch):
    reads = Reads(monkeypatch)
    paddledvc.show(locked, "base")

    files = ("models.yaml", "models.lock", "dvc.yaml")
    assert {name: reads.files[name] for name in files} == once(*files)


def test_train_reads_each_file_once(project, monkeypatch):
    project.write("params.yaml", FILES["params.yaml"])
    project.write("hyper.yaml", FILES["hyper.yaml"])
    command = """'echo x > "$PADDLEDVC_WEIGHTS"'"""
    train = f"{{command: {command}, params: hyper.yaml}}"
    made = project.models(f"models: [{{name: m, version: v1, train: {train}}}]\n")
    paddledvc.lock(made)
    reads = Reads(monkeypatch)
    paddledvc.train(made, "m")

    files = ("models.yaml", "models.lock", "params.yaml", "hyper.yaml")
    assert {name: reads.files[name] for name in files} == once(*files)


def test_the_settings_of_verify_are_read_once(locked, monkeypatch, project):
    project.write("params.yaml", "m: {verify: {seed: 2}}\n")
    model = locked.registry().model("m")
    reads = Reads(monkeypatch)

    assert locked.verify_settings(model).seed == 2
    assert reads.files == once("params.yaml")
