"""Versions of models, from where they are made to where they are used, with the real programs."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import md5

import pytest

import paddledvc
from tests.forks import run_program

pytestmark = pytest.mark.slow

CONSUMER = """\
catalogs:
  team: {kind: git, url: "../model repository"}
models:
  - {name: det, version: ">=1,<2", source: team}
  - {name: reader, version: latest, source: team, source_name: "ocr:reader"}
"""
ARTIFACT = "artifacts:\n  {name}: {{path: {name}.pdparams, type: model}}\n"


class ModelRepository:
    """Another git repository, in which a team makes its models with DVC and GTO."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *command):
        forked = run_program(command)
        subprocess.run(forked, cwd=self.folder.root, check=True, capture_output=True)

    def release(self, folder, name, version, data):
        """Track new bytes, push them, and register their version."""
        self.folder.write(f"{folder}dvc.yaml", ARTIFACT.format(name=name))
        self.folder.write_bytes(f"{folder}{name}.pdparams", data)
        self.run("dvc", "add", "--quiet", f"{folder}{name}.pdparams")
        self.folder.commit(f"Train {name} {version}")
        self.run("dvc", "push", "--quiet")
        artifact = f"{folder.rstrip('/')}:{name}" if folder else name
        self.run("gto", "register", artifact, "--version", version)


@pytest.fixture
def team(project):
    folder = type(project)(project.root.parent / "model repository")
    folder.root.mkdir()
    folder.git("init", "--quiet")
    made = ModelRepository(folder)
    made.run("dvc", "init", "--quiet")
    made.run("dvc", "remote", "add", "--quiet", "--default", "store", "../storage")
    made.release("", "det", "v1.0.0", b"det one")
    made.release("", "det", "v1.1.0", b"det one one")
    made.release("", "det", "v2.0.0", b"det two")
    made.release("ocr/", "reader", "v0.3.0", b"reader")
    return made


def versions(lock):
    return {entry.name: entry.version for entry in lock.models}


def test_a_team_uses_the_models_of_another_repository(team, project):
    made = project.models(CONSUMER)
    done = paddledvc.lock(made)
    brought = paddledvc.sync(made)

    assert versions(done.lock) == {"det": "v1.1.0", "reader": "v0.3.0"}
    assert done.trusted == ()
    entry = done.lock.model("det")
    assert entry.commit == team.folder.git("rev-list", "-1", "det@v1.1.0").strip()
    assert entry.urls == (f"git+../model repository@{entry.commit}#det.pdparams",)
    assert entry.md5 == md5(b"det one one").hexdigest()
    assert [(project.root / one.path).read_bytes() for one in brought] == [
        b"det one one",
        b"reader",
    ]

    team.run("gto", "deprecate", "det", "v1.1.0")
    assert paddledvc.lock(made, check=True).changes == ()
    assert paddledvc.lock(made).changes == ()
    [row] = [row for row in paddledvc.outdated(made) if row.name == "det"]
    assert (row.current, row.wanted, row.latest) == ("v1.1.0", "v1.0.0", "v2.0.0")
    moved = paddledvc.lock(made, upgrade=True)
    assert [str(change) for change in moved.changes] == ["Update det v1.1.0 -> v1.0.0"]
    assert paddledvc.sync(made, ["det"])[0].hashes.md5 == md5(b"det one").hexdigest()


TABLES = """\
import importlib, json, pkgutil
import paddle.vision.models as models
tables = {}
for module in pkgutil.iter_modules(models.__path__):
    found = importlib.import_module(f"{models.__name__}.{module.name}")
    tables.update(getattr(found, "model_urls", {}))
print(json.dumps(tables))
"""


def test_all_official_weights_are_locked_offline_as_paddle_states_them(project):
    said = subprocess.run(
        [sys.executable, "-c", TABLES], check=True, capture_output=True, text=True
    ).stdout
    stated = json.loads(said.splitlines()[-1])
    lines = [f'  - {{name: "{name}", version: latest, source: paddle.vision}}' for name in stated]
    made = project.models("\n".join(["models:", *lines, ""]))
    use = paddledvc.LockUse(offline="--offline")
    locked = paddledvc.lock(made, use=use).lock

    assert len(locked.models) == 36
    assert {entry.name: [*entry.urls, entry.md5] for entry in locked.models} == stated
