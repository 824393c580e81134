from __future__ import annotations

import time

import pytest

from tests.inventory.past import Past, evaluated, locked

MODELS = """\
models:
  - {name: det, version: v1.0.0, license: Apache-2.0, owner: Ann, task: object_detection,
     description: 'Finds text <b>.', tags: [fast], docs: 'javascript:alert(1)'}
  - {name: rec, version: v1.0.0, base: det, owner: Bo}
groups: {ocr: [det, rec]}
"""


@pytest.fixture
def past(project, monkeypatch):
    """A project with two models, whose commits and tags are made at times of our own."""
    monkeypatch.setenv("TZ", "UTC-2")  # as POSIX writes what is two hours ahead
    time.tzset()
    yield Past(project)
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def released(past):
    """Two versions of ``det``, the newer in production, and an even newer one on develop."""
    lives(past)
    return past


def pinned(name, version, **more):
    """An entry of a whole models.lock."""
    return locked(name, version, format="pdparams", **more)


def lives(past):
    """Let a project have two versions, release stages, metrics, and a branch ahead."""
    past.folder.write("models.yaml", MODELS)
    for number, value in enumerate((0.875, 0.9375)):
        det, rec = pinned("det", f"v1.{number}.0", image="paddle:3.3.1"), pinned("rec", "v1.0.0")
        report = evaluated(value, det.path, det.md5)
        past.commit(det, rec, title=f"Lock v1.{number}", reports__det__evaluate_x_json=report)
        past.tag(f"det@v1.{number}.0")
        past.tag(f"det#prod#{number + 1}")
        past.time += 86_400
    past.git("switch", "--quiet", "--create", "develop")
    past.commit(pinned("det", "v1.2.0"), pinned("rec", "v1.0.0"), title="Try v1.2")
    past.git("switch", "--quiet", "main")
