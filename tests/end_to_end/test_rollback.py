"""Models with a base and shared code, trained by real DVC in three versions and rolled back."""

from __future__ import annotations

import pytest
import yaml

import paddledvc
from paddledvc import Project
from tests.end_to_end.conftest import TRAIN, md5

pytestmark = pytest.mark.thorough
TRAINED = "checkpoints/{}_trained.pdparams"


def release(repo, backbone, head, rate):
    """Commit other versions and hyperparameters, as `dvc repro` builds them."""
    train = {"command": "python train.py", "deps": ["train.py"]}
    models = [
        {"name": "backbone", "version": backbone, "train": train},
        {"name": "head", "version": head, "base": "backbone", "train": train},
    ]
    repo.write("models.yaml", yaml.safe_dump({"models": models}, sort_keys=False))
    params = {"backbone": {"train": {"lr": 0.5}}, "head": {"train": {"lr": rate}}}
    repo.write("params.yaml", yaml.safe_dump(params))
    repo.paddledvc("lock")
    repo.paddledvc("generate")
    repo.repro()
    repo.commit(f"backbone {backbone}, head {head}")
    return {
        name: md5((repo.root / TRAINED.format(name)).read_bytes()) for name in ("backbone", "head")
    }


@pytest.fixture
def three(repo):
    """A repository with three releases, and the digests of each."""
    repo.paddledvc("init")
    repo.write("train.py", TRAIN)
    first = release(repo, "v1.0.0", "v1.0.0", 0.25)
    repo.write("train.py", TRAIN.replace("* 100", "* 90"))
    second = release(repo, "v1.1.0", "v1.1.0", 0.25)
    third = release(repo, "v1.1.0", "v1.2.0", 0.75)
    return repo, first, second, third


def test_trained_models_go_back_with_code_and_base_and_nothing_is_to_be_run(three):
    repo, first, second, third = three

    def found():
        return {name: md5((repo.root / TRAINED.format(name)).read_bytes()) for name in first}

    alone = paddledvc.rollback(Project(repo.root), "backbone", to="v1.0.0")
    assert [(one.path, one.act, one.shared) for one in alone.files] == [
        ("train.py", "restore", ("head",))
    ]
    assert alone.models[0].dependents == ("head",)
    why = f"ran with a different {TRAINED.format('backbone')} and becomes stale"
    assert [(one.kind, one.message, one.forced) for one in alone.obstacles] == [
        ("stale", f"head: train-head {why}; roll head back too, or use --force and rerun it", True)
    ]
    code = "ran with a different train.py and becomes stale"
    other = paddledvc.rollback(Project(repo.root), "head", to="v1.0.0", dry_run=True)
    assert [one.message for one in other.obstacles] == [
        f"backbone: train-backbone {code}; roll backbone back too, or use --force and rerun it",
        f"head: train-head {why}; roll backbone back too, or use --force and rerun it",
    ]
    assert found() == third

    assert paddledvc.rollback(Project(repo.root), "head", to="v1.1.0").done
    assert found() == second
    assert "up to date" in repo.dvc("status")
    repo.paddledvc("check")

    assert paddledvc.rollback(Project(repo.root), ["backbone", "head"], to="v1.0.0").done
    assert found() == first
    assert (repo.root / "train.py").read_text() == TRAIN
    assert "up to date" in repo.dvc("status")
    repo.paddledvc("check")
    assert repo.repro() == []

    forced = paddledvc.rollback(Project(repo.root), "backbone", to="v1.1.0", force=True)
    assert (forced.done, [one.stage for one in forced.stale]) == (True, ["train-head"])
    assert found() == {"backbone": second["backbone"], "head": first["head"]}
