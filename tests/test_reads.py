"""Each file of a project is read once by a command."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import paddledvc
from paddledvc.tools.system import files
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
    """Counts how often each file of a folder is read, and its text parsed.

    That a file to write is compared with what is to stand in it does not count.
    """

    def __init__(self, root, monkeypatch):
        self.root = root
        self.files = Counter()
        self.parsed = Counter()
        self._writing = False
        for name in ("read_bytes", "read_text"):
            monkeypatch.setattr(Path, name, self._counting(getattr(Path, name)))
        parse, write = reader.parse_yaml, files.write_text_file
        monkeypatch.setattr(
            reader, "parse_yaml", lambda text, file: self.parsed.update([file]) or parse(text, file)
        )
        monkeypatch.setattr(files, "write_text_file", lambda *what: self._write(write, *what))

    def _counting(self, read):
        def counting(path, *arguments, **options):
            if path.is_relative_to(self.root) and not self._writing:
                self.files[path.relative_to(self.root).as_posix()] += 1
            return read(path, *arguments, **options)

        return counting

    def _write(self, write, *what):
        self._writing = True
        try:
            return write(*what)
        finally:
            self._writing = False


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
    reads = Reads(made.root, monkeypatch)
    paddledvc.lock(made)

    assert reads.files == once("models.yaml", "net.py", "train.py")


def test_lock_reads_the_lock_before_it_once(locked, monkeypatch):
    reads = Reads(locked.root, monkeypatch)
    paddledvc.lock(locked)

    assert reads.files == once("models.yaml", "models.lock", "net.py", "train.py")


def test_generate_reads_each_file_once(locked, monkeypatch):
    reads = Reads(locked.root, monkeypatch)
    done = paddledvc.generate(locked)

    assert done.stages.added
    assert reads.files == once(*GENERATED_FROM, "net.py", "train.py")


def test_generate_parses_each_file_once_and_the_new_stages_before_it_writes_them(
    locked, monkeypatch
):
    reads = Reads(locked.root, monkeypatch)
    paddledvc.generate(locked)

    assert reads.parsed == {**once(*GENERATED_FROM), "dvc.yaml": 2}


def test_generate_parses_each_file_once_where_nothing_changes(locked, monkeypatch):
    paddledvc.generate(locked)
    reads = Reads(locked.root, monkeypatch)
    paddledvc.generate(locked)

    assert reads.parsed == once(*GENERATED_FROM)


def test_add_reads_models_yaml_once(project, monkeypatch):
    project.write("zoo/index.yaml", INDEX)
    made = project.models(CATALOG)
    reads = Reads(made.root, monkeypatch)
    paddledvc.add(made, "det")

    assert reads.files["models.yaml"] == 1
    assert [model.name for model in made.registry().models] == ["det"]


def test_remove_reads_each_file_once(locked, monkeypatch):
    reads = Reads(locked.root, monkeypatch)
    paddledvc.remove(locked, ["m"])

    assert reads.files == once("models.yaml", "models.lock")


def test_show_reads_each_file_once(locked, monkeypatch):
    reads = Reads(locked.root, monkeypatch)
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
    reads = Reads(made.root, monkeypatch)
    paddledvc.train(made, "m")

    files = ("models.yaml", "models.lock", "params.yaml", "hyper.yaml")
    assert {name: reads.files[name] for name in files} == once(*files)


def test_the_settings_of_verify_are_read_once(locked, monkeypatch, project):
    project.write("params.yaml", "m: {verify: {seed: 2}}\n")
    model = locked.registry().model("m")
    reads = Reads(locked.root, monkeypatch)

    assert locked.verify_settings(model).seed == 2
    assert reads.files == once("params.yaml")
