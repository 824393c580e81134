"""The example registry of the weights that Paddle itself lists."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "vision"
LIST = """
import importlib, json, pkgutil, warnings
warnings.filterwarnings("ignore")
import paddle.vision.models as models
tables = {}
for module in pkgutil.iter_modules(models.__path__):
    imported = importlib.import_module(f"paddle.vision.models.{module.name}")
    tables.update(getattr(imported, "model_urls", {}))
print(json.dumps(tables))
"""


SAVE = """
import paddle
paddle.seed(7)
paddle.save(paddle.vision.models.squeezenet1_1().state_dict(), "squeezenet1_1.pdparams")
"""


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory, repo_at: Callable[[Path], Any]) -> Any:
    """A copy of the example in a repository of its own, where no network is to be reached."""
    repo = repo_at(tmp_path_factory.mktemp("vision") / "repo")
    shutil.copytree(EXAMPLE, repo.root, dirs_exist_ok=True)
    nowhere = "http://127.0.0.1:9"
    repo.environment = {**repo.environment, "http_proxy": nowhere, "https_proxy": nowhere}
    return repo


def test_the_lock_is_fresh_without_a_network(vision: Any) -> None:
    vision.paddledvc("lock", "--check")


def test_the_stages_are_fresh_without_a_network(vision: Any) -> None:
    vision.paddledvc("generate", "--check")


def test_dvc_accepts_the_stages(vision: Any) -> None:
    stages = vision.dvc("stage", "list", "--name-only").splitlines()

    assert len(stages) == 3 * 36


@pytest.mark.parametrize("file", ["models.yaml", "models.lock"])
def test_the_registry_is_what_the_installed_paddle_lists(file: str) -> None:
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    listed = json.loads(done.stdout)

    models = yaml.safe_load((EXAMPLE / file).read_text())["models"]

    assert len(listed) == 36
    assert {
        model["name"]: [model.get("weights_url") or model["urls"][0], model["md5"]]
        for model in models
    } == listed


def test_a_model_that_was_added_is_exported_without_a_word_by_hand(repo: Any) -> None:
    repo.write("models.yaml", "# ours\nmodels: []\n")
    repo.dvc("init", "--quiet")
    repo.paddledvc("add", "squeezenet1_1", "--from", "paddle.vision")
    # The weights are out of reach here: others take their place, and the rest stays as it is.
    repo.edit("models.yaml", "source: paddle.vision", "weights_url: squeezenet1_1.pdparams")
    (repo.root / "models.lock").unlink()
    subprocess.run([sys.executable, "-c", SAVE], cwd=repo.root, capture_output=True, check=True)
    repo.paddledvc("generate")
    repo.dvc("repro", "--quiet", "export-squeezenet1_1")

    program = repo.root / "exports" / "squeezenet1_1"
    assert (program / "inference.json").is_file()
    assert (repo.root / "models.yaml").read_text().startswith("# ours\nmodels:\n  - name: squeeze")
