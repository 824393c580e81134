"""Several models verified by one command."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

import paddledvc
from paddledvc.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddledvc import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def several(
    lay_out: Callable[..., Project],
    linear: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A project with a model that agrees, one that does not, and one that nobody exported."""
    code = linear("return self.fc(x), self.shifted(x)") + (
        "\n    def shifted(self, x):\n        return x * 2\n\n\n"
        "class Wrong(Net):\n    def shifted(self, x):\n        return x + 0.5\n"
    )
    project = lay_out(
        tmp_path_factory.mktemp("several"),
        code,
        verify={"paths": ["jit"], "batch_sizes": [2]},
    )
    document = yaml.safe_load((project.root / "models.yaml").read_text())
    [good] = document["models"]
    others = [{**good, "name": "wrong", "network": "net.py:Wrong"}, {**good, "name": "unbuilt"}]
    document["models"] += others
    (project.root / "models.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    paddledvc.lock(project)
    paddledvc.sync(project, ["net", "wrong", "unbuilt"])
    paddledvc.export(project, "net")
    paddledvc.export(project, "wrong")
    return project


def test_what_becomes_of_each_model_is_told_and_the_worst_is_the_exit_code(several, cli):
    done = cli("-C", str(several.root), "verify", "--all", "-j", "2")

    assert done.exit_code == 2, "nothing is exported of one"
    head, *rows = [line.split() for line in done.stdout.splitlines()[:4]]
    assert head == ["model", "verdict", "paths", "error", "/", "tolerance"]
    assert [row[:3] for row in rows] == [
        ["net", "pass", "jit"],
        ["wrong", "FAIL", "jit"],
        ["unbuilt", "ERROR"],
    ]
    assert "wrong: jit: out[1]: scaled error " in done.stdout
    assert done.stdout.endswith("1 of 3 models pass\n")
    assert done.stderr == (
        "unbuilt: exports/unbuilt holds no exported program; run `paddledvc export unbuilt`\n"
    )
    assert sorted(path.name for path in (several.root / "reports").iterdir()) == ["net", "wrong"]


def test_those_that_are_named_are_verified_and_programs_can_read_it(several, cli):
    done = cli("-C", str(several.root), "verify", "net", "wrong", "--format", "json")
    models = json.loads(done.stdout)["models"]

    assert done.exit_code == 1
    assert [(one["model"], one["verdict"]) for one in models] == [
        ("net", "pass"),
        ("wrong", "fail"),
    ]
    assert models[0]["report"] == json.loads((several.root / "reports/net/verify.json").read_text())


def test_a_project_that_exports_nothing_has_nothing_to_verify(several, tmp_path):
    root = tmp_path / "none"
    shutil.copytree(several.root, root)
    document = yaml.safe_load((root / "models.yaml").read_text())
    for model in document["models"]:
        del model["export"]
    (root / "models.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

    with pytest.raises(InvalidInput, match=r"no model of models\.yaml has an `export`"):
        paddledvc.verify_all(paddledvc.Project(root))
    with pytest.raises(InvalidInput, match="wrong: no `export` section in"):
        paddledvc.verify_all(paddledvc.Project(root), ["wrong"])
