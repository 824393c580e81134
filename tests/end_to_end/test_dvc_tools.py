"""Everything of DVC's that people use goes on working on what we generate."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_metrics_show_lists_the_final_values(ten: Any) -> None:
    shown = json.loads(ten.dvc("metrics", "show", "--json"))

    assert shown[""]["data"]["reports/m3/train/metrics.json"]["data"] == {"loss": 0.125}


def test_metrics_diff_shows_what_a_change_does(ten: Any) -> None:
    ten.edit("params.yaml", "lr: 0.25\n", "lr: 7.0\n")
    ten.repro()

    diff = json.loads(ten.dvc("metrics", "diff", "--json"))

    assert diff == {
        "reports/m3/train/metrics.json": {"loss": {"old": 0.125, "new": 3.5, "diff": 3.375}}
    }


def test_params_diff_names_the_hyperparameter(ten: Any) -> None:
    ten.edit("params.yaml", "lr: 0.25\n", "lr: 7.0\n")

    diff = json.loads(ten.dvc("params", "diff", "--json"))

    assert diff == {"params.yaml": {"m3.train.lr": {"old": 0.25, "new": 7.0, "diff": 6.75}}}


def test_the_graph_shows_what_a_training_needs(ten: Any) -> None:
    graph = ten.dvc("dag", "--mermaid", "train-m2")

    assert '["sync-m2"]' in graph
    assert '["train-m2"]' in graph
    assert graph.count("-->") == 1


def test_experiments_show_our_numbers(ten: Any) -> None:
    shown = json.loads(ten.dvc("exp", "show", "--json"))

    workspace = next(entry for entry in shown if entry["rev"] == "workspace")
    metrics = workspace["data"]["metrics"]["reports/m3/train/metrics.json"]["data"]
    params = workspace["data"]["params"]["params.yaml"]["data"]
    assert (metrics, params["m3"]) == ({"loss": 0.125}, {"train": {"lr": 0.25}})


@pytest.mark.parametrize("slug", [pytest.param("m3", marks=pytest.mark.thorough), "PP-YOLOEplus_L"])
def test_an_experiment_with_another_hyperparameter_trains_that_model(slug: str, ten: Any) -> None:
    ran = ten.repro("exp", "run", "--name", "try", "--set-param", f"{slug}.train.lr=3.0")

    shown = json.loads(ten.dvc("metrics", "show", "--json"))
    assert ran == [f"train-{slug}"]
    assert shown[""]["data"][f"reports/{slug}/train/metrics.json"]["data"] == {"loss": 1.5}


def test_an_experiment_runs_in_a_folder_of_its_own_too(ten: Any) -> None:
    before = ten.hashes("checkpoints")

    ten.dvc("exp", "run", "--temp", "--name", "aside", "--set-param", "m3.train.lr=3.0")

    diff = json.loads(ten.dvc("metrics", "diff", "--json", "HEAD", "aside"))
    assert {file: change["loss"]["new"] for file, change in diff.items()} == {
        "reports/m3/train/metrics.json": 1.5
    }
    assert ten.hashes("checkpoints") == before


def test_weights_come_back_from_the_embedded_remote(ten: Any) -> None:
    before = ten.hashes("checkpoints")
    ten.dvc("push")
    shutil.rmtree(ten.root / ".dvc" / "cache")
    shutil.rmtree(ten.root / "checkpoints")

    ten.dvc("pull")

    assert ten.hashes("checkpoints") == before
    assert len(before) == 11
    assert ten.repro() == []


def test_a_damaged_object_of_the_remote_does_not_get_in(ten: Any) -> None:
    name = "m3_trained.pdparams"
    digest = ten.hashes("checkpoints")[name]
    ten.dvc("push")
    shutil.rmtree(ten.root / ".dvc" / "cache")
    shutil.rmtree(ten.root / "checkpoints")
    stored = ten.root / ".paddledvc" / "remote" / "files" / "md5" / digest[:2] / digest[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"damaged")

    done = ten.try_("dvc", "pull")

    assert done.returncode != 0
    assert not (ten.root / "checkpoints" / name).exists()


def test_the_remote_inside_the_clone_is_not_in_git(ten: Any) -> None:
    ten.dvc("push")

    assert ten.git("status", "--porcelain") == ""


@pytest.mark.parametrize("slug", [pytest.param("m3", marks=pytest.mark.thorough), "PP-YOLOEplus_L"])
def test_gto_registers_a_version_of_a_model(slug: str, ten: Any) -> None:
    ten.run("gto", "register", slug, "--version", "v1.0.0")

    shown = json.loads(ten.run("gto", "show", "--json"))
    assert shown[slug]["version"] == "v1.0.0"


@pytest.mark.parametrize(
    ("slug", "file"),
    [
        pytest.param("m1", "m1_v1.0.0.pdparams", id="downloaded", marks=pytest.mark.thorough),
        pytest.param("m2", "m2_trained.pdparams", id="trained", marks=pytest.mark.thorough),
        pytest.param("PP-YOLOEplus_L", "PP-YOLOE+_L_trained.pdparams", id="a name with +"),
    ],
)
def test_another_project_gets_a_registered_version(
    slug: str, file: str, ten: Any, tmp_path: Path
) -> None:
    ten.dvc("push")
    ten.run("gto", "register", slug, "--version", "v1.0.0")

    ten.dvc("artifacts", "get", str(ten.root), slug, "--rev", "v1.0.0", "-o", str(tmp_path / "got"))

    assert (tmp_path / "got").read_bytes() == (ten.root / "checkpoints" / file).read_bytes()
