"""The hooks with all that they start: real git, Python, remotes in folders, and pre-commit."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow
BYTES = {version: f"weights {version}\n".encode() * 1000 for version in ("v1", "v2")}
MANIFEST = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
NO_PRE_COMMIT = "pre-commit is not installed"


class Weights:
    """A project with a model; ``main`` locks v1 and ``feature/x`` v2, and DVC knows nothing yet."""

    def __init__(self, repo: Any) -> None:
        self.repo, self.root, self.git = repo, repo.root, repo.git
        self.remotes = self.root.parent / "remotes"
        cache = str(self.root.parent / "pre-commit")
        repo.environment = {**repo.environment, "PRE_COMMIT_HOME": cache}

    def make(self, *, hooks: bool) -> None:
        """Make the project and both branches."""
        repo = self.repo
        remotes = [
            f"['remote \"{name}\"']\n    url = ../../remotes/{name}\n" for name in ("prod", "dev")
        ]
        repo.write(".dvc/config", "".join(remotes))
        repo.write(".gitignore", "/.dvc/cache\n/.dvc/tmp\n/zoo/\n/.paddledvc/tmp\n")
        repo.paddledvc("init", *([] if hooks else ["--no-hooks"]))
        for version, data in BYTES.items():
            repo.write(f"zoo/a-{version}.pdparams", data)
        self.lock("v1")
        self.git("switch", "--quiet", "-c", "feature/x")
        self.lock("v2")

    def lock(self, version: str) -> None:
        model = {"name": "a", "version": version, "weights_url": f"zoo/a-{version}.pdparams"}
        self.repo.write("models.yaml", yaml.safe_dump({"models": [model]}))
        self.repo.paddledvc("lock")
        self.repo.paddledvc("generate")
        self.repo.paddledvc("sync")
        self.repo.commit(version)

    def here(self, root: Path | None = None) -> dict[str, bool]:
        """Tell which weights are in the work tree, and whether they are right."""
        found = (root or self.root).glob("checkpoints/*.pdparams")
        return {
            path.stem.removeprefix("a_"): path.read_bytes() == BYTES[path.stem.removeprefix("a_")]
            for path in found
        }

    def stored(self) -> list[tuple[str, str]]:
        names = {hashlib.md5(data).hexdigest(): version for version, data in BYTES.items()}
        paths = sorted(self.remotes.glob("*/files/md5/??/*"))
        return [(path.parts[-5], names[path.parent.name + path.name]) for path in paths]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_at: Any) -> dict[str, Weights]:
    """A project of each kind, from which each test has a copy."""
    found = {}
    for kind in ("hooked", "hookless"):
        found[kind] = Weights(repo_at(tmp_path_factory.mktemp(kind) / "repo"))
        found[kind].make(hooks=kind == "hooked")
    return found


@pytest.fixture
def weights(made: dict[str, Weights], tmp_path: Path) -> Weights:
    return Weights(made["hooked"].repo.copy(tmp_path))


def test_weights_follow_every_switch(weights: Weights) -> None:
    for target, version in (("main", "v1"), ("feature/x", "v2"), ("main", "v1")):
        weights.git("switch", "--quiet", target)
        assert weights.here()[version], target
    assert weights.repo.try_("git", "switch", "-c", "b").stderr == (
        "Switched to a new branch 'b'\n"
    )


def test_weights_follow_a_merge(weights: Weights) -> None:
    weights.git("switch", "--quiet", "main")
    weights.git("merge", "--quiet", "feature/x")

    assert weights.here()["v2"]


def test_a_work_tree_beside_has_its_weights(weights: Weights, tmp_path: Path) -> None:
    weights.git("init", "--quiet", "--bare", str(tmp_path / "bare.git"))
    weights.git("push", "--quiet", str(tmp_path / "bare.git"), "main")  # the remote has it, too
    beside = tmp_path / "be side"
    weights.git("worktree", "add", "--quiet", "--detach", str(beside), "main")

    assert weights.here(beside) == {"v1": True}


def test_a_program_without_an_environment_has_weights(weights: Weights) -> None:
    weights.repo.environment = {"PATH": "/usr/bin:/bin", "HOME": weights.repo.environment["HOME"]}
    weights.git("switch", "--quiet", "main")

    assert weights.here()["v1"]


def test_modules_of_the_work_tree_do_not_take_the_place_of_ours(weights: Weights) -> None:
    for name in ("paddledvc/__init__.py", "yaml.py", "dataclasses.py"):
        weights.repo.write(name, "raise SystemExit('not me')\n")
    weights.git("switch", "--quiet", "main")

    assert weights.here()["v1"]


def test_a_commit_that_the_policy_forbids_is_stopped(weights: Weights) -> None:
    weights.git("switch", "--quiet", "main")
    weights.repo.edit("models.yaml", "version: v1", "version: v3")
    done = weights.repo.try_("git", "commit", "--all", "--message", "stale")

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "checking main (production)"
    assert "error[lock-stale]" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "paddledvc: commit blocked; bypass with `git commit --no-verify`"
    )
    weights.git("commit", "--quiet", "--no-verify", "--all", "--message", "stale")


def test_a_stale_lock_may_be_committed_to_a_feature(weights: Weights) -> None:
    weights.repo.edit("models.yaml", "version: v2", "version: v3")
    weights.git("commit", "--quiet", "--all", "--message", "not locked yet")

    assert weights.git("log", "-1", "--format=%s") == "not locked yet\n"


def test_a_push_sends_weights_to_the_remotes_of_its_branches(
    weights: Weights, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.git"
    weights.git("init", "--quiet", "--bare", str(bare))
    weights.git("remote", "add", "origin", str(bare))
    done = weights.repo.try_("git", "push", "--quiet", "origin", "main", "feature/x")

    # The commit below the feature's own is as new there as on main.
    stored = [("dev", "v1"), ("dev", "v2"), ("prod", "v1")]
    assert (done.returncode, weights.stored()) == (0, stored)
    assert done.stderr.splitlines()[:2] == [
        "weights: sent a v1 to prod (11 kB)",
        "weights: sent a v2, a v1 to dev (22 kB)",
    ]


def test_somebody_who_stops_a_hook_keeps_the_old_weights(weights: Weights) -> None:
    slow = weights.root.parent / "slow"
    slow.write_text(
        '#!/bin/sh\n[ -z "$SLOW" ] || { touch started; exec sleep 60; }\n'
        f'exec {sys.executable} "$@"\n'
    )
    slow.chmod(0o755)
    hook = weights.root / ".git/hooks/post-checkout"
    hook.write_text(hook.read_text().replace(f"python={sys.executable}", f"python={slow}"))
    environment = {**weights.repo.environment, "SLOW": "1"}
    before = weights.here()
    switching = subprocess.Popen(
        ["git", "switch", "--quiet", "main"],
        cwd=weights.root,
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not (weights.root / "started").exists():
        assert switching.poll() is None
        time.sleep(0.01)
    os.killpg(switching.pid, signal.SIGINT)
    switching.communicate()

    assert weights.git("branch", "--show-current") == "main\n"
    assert weights.here() == before
    weights.git("switch", "--quiet", "-c", "second")
    assert weights.here()["v1"]


# pre-commit


@pytest.fixture
def framework(made: dict[str, Weights], tmp_path: Path) -> Weights:
    """The same under pre-commit, with the hooks of our manifest."""
    pytest.importorskip("pre_commit", reason=NO_PRE_COMMIT)
    weights = Weights(made["hookless"].repo.copy(tmp_path))
    offered = yaml.safe_load(MANIFEST.read_text())
    config = {
        "default_install_hook_types": sorted({stage for one in offered for stage in one["stages"]}),
        "repos": [{"repo": "local", "hooks": offered}],
    }
    weights.git("switch", "--quiet", "main")
    weights.repo.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    weights.repo.commit("pre-commit")
    weights.git("switch", "--quiet", "feature/x")
    weights.git("merge", "--quiet", "--no-edit", "main")
    weights.repo.run(sys.executable, "-m", "pre_commit", "install")
    return weights


def test_the_manifest_is_valid() -> None:
    pytest.importorskip("pre_commit", reason=NO_PRE_COMMIT)
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]

    assert subprocess.run(command, check=False).returncode == 0


def test_under_pre_commit_weights_follow_git(framework: Weights) -> None:
    framework.git("switch", "--quiet", "main")
    assert framework.here()["v1"]
    framework.git("switch", "--quiet", "feature/x")
    assert framework.here()["v2"]
    framework.git("switch", "--quiet", "main")
    framework.git("merge", "--quiet", "feature/x")
    assert framework.here()["v2"]
    framework.git("checkout", "--quiet", "main@{1}", "--", "models.yaml", "models.lock", "dvc.yaml")
    framework.git("commit", "--quiet", "--amend", "--no-edit")
    assert framework.here()["v1"]


def test_under_pre_commit_a_commit_is_checked(framework: Weights) -> None:
    framework.git("switch", "--quiet", "main")
    framework.repo.edit("models.yaml", "version: v1", "version: v3")
    done = framework.repo.try_("git", "commit", "--all", "--message", "stale")

    assert done.returncode == 1
    assert "error[lock-stale]" in done.stdout + done.stderr


def test_under_pre_commit_a_push_sends_weights(framework: Weights, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    framework.git("init", "--quiet", "--bare", str(bare))
    framework.git("push", "--quiet", str(bare), "feature/x:main")

    assert framework.stored() == [("prod", "v1"), ("prod", "v2")]


def test_pre_commit_and_ours_run_once_each_whoever_came_first(framework: Weights) -> None:
    framework.repo.paddledvc("hooks", "install")
    framework.git("switch", "--quiet", "main")
    assert framework.here()["v1"]

    framework.repo.run(sys.executable, "-m", "pre_commit", "install")  # takes ours along
    framework.git("switch", "--quiet", "feature/x")
    assert framework.here()["v2"]
    found = framework.repo.paddledvc("hooks", "status", "--exit-code").splitlines()
    assert found[1] == "post-checkout  live     pre-commit runs it"

    framework.repo.paddledvc("hooks", "uninstall")
    assert framework.repo.try_("git", "switch", "--quiet", "main").returncode == 0
    assert framework.here()["v1"]
