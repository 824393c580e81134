"""A model that is trained anew on main, with real git and DVC: what stops it, what lets it in."""

from __future__ import annotations

import sys

import pytest

from tests.end_to_end.conftest import Repo, md5

pytestmark = pytest.mark.slow
WEIGHTS = "checkpoints/m3_trained.pdparams"


def judged(repo: Repo, *command: str, **variables: str) -> list[str]:
    """Run what must be refused, and give the findings."""
    done = Repo(repo.root, {**repo.environment, **variables}).try_(*command)
    assert done.returncode == 1, (done.stdout, done.stderr)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "error[" in line]
    return [line.partition(": error")[2] for line in lines]


def test_only_a_new_version_lets_a_released_model_be_trained_anew(ten, tmp_path):
    check = (sys.executable, "-m", "paddledvc", "check")
    old = md5((ten.root / WEIGHTS).read_bytes())
    commit, day = ten.git("log", "-1", "--format=%h %cs", "--abbrev=7").split()
    ten.edit("params.yaml", "m3:\n  train:\n    lr: 0.25", "m3:\n  train:\n    lr: 0.75")
    assert ten.repro("repro", "train-m3") == ["train-m3"]
    new = md5((ten.root / WEIGHTS).read_bytes())
    found = [
        (
            f"[version-rewritten]: m3 v1.0.0: its trained weights were md5:{old} on main (commit "
            f"{commit} of {day}), now they are md5:{new}; released bytes never change, so give "
            "these a new version"
        )
    ]

    assert judged(ten, *check) == found
    ten.git("add", "--all")
    assert judged(ten, "git", "commit", "--message", "anew") == found
    ten.git("switch", "--quiet", "--create", "feature/anew")
    ten.git("commit", "--quiet", "--message", "anew")
    assert judged(ten, *check, "--base", "main") == found
    tag = {"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "v2", "GITHUB_REF_TYPE": "tag"}
    assert judged(ten, *check, **tag) == found
    ten.git("init", "--quiet", "--bare", str(tmp_path / "hub.git"))
    ten.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    ten.git("push", "--quiet", "origin", "main")
    assert judged(ten, "git", "push", "origin", "HEAD:main") == found
    ten.git("switch", "--quiet", "main")
    ten.git("merge", "--quiet", "--no-verify", "feature/anew")
    assert judged(ten, *check) == found

    ten.git("switch", "--quiet", "feature/anew")
    ten.git("branch", "--force", "main", commit)
    name = "name: m3\n  version: v1."
    ten.edit("models.yaml", f"{name}0.0", f"{name}1.0")
    ten.paddledvc("lock")
    ten.paddledvc("generate")
    ten.commit("a new version")
    assert ten.paddledvc("check", "--base", "main").splitlines()[-1] != "1 error"
    ten.git("push", "--quiet", "origin", "HEAD:main")
