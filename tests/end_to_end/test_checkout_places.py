"""Where and when people check out: clones, work trees, odd places, the middle of something."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.weights_repo import BETA, LABELS, Weights, blob, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_fresh_clone(weights):
    fresh = weights.clone("fresh")
    assert set(wrong(fresh.root).values()) == {"missing"}
    fresh.hook()
    fresh.git("switch", "--quiet", "--detach")
    fresh.check()
    fresh.git("switch", "--quiet", "develop")
    fresh.check()


def test_a_fresh_clone_is_pulled_by_one_command(weights):
    fresh = weights.clone("fresh")
    done = fresh.paddledvc("pull")
    assert done.returncode == 0, done.stderr
    fresh.check()


def test_a_shallow_clone(weights):
    hub = f"file://{weights.world / 'hub.git'}"
    fresh = Weights(weights.world / "shallow", weights.environment)
    weights.run("git", "clone", "--quiet", "--depth=1", "--no-single-branch", hub, str(fresh.root))
    fresh.hook()
    fresh.git("switch", "--quiet", "develop")
    fresh.check()
    fresh.git("switch", "--quiet", "main")
    fresh.check()


def test_a_path_with_spaces_and_unicode(hooked_world, copy_of):
    clone = copy_of(hooked_world, "mein Zoo für 模型 $HOME")
    clone.hook()
    clone.git("switch", "--quiet", "develop")
    clone.check()
    clone.bare_git("branch", "thème/é")
    clone.git("switch", "--quiet", "thème/é")
    clone.check()


def test_a_subfolder_is_where_git_is_called(weights):
    weights.run("git", "-C", "data", "switch", "--quiet", "develop")
    weights.check()
    weights.run("git", "-C", str(weights.root), "switch", "--quiet", "main")
    weights.check()


def test_another_folder_is_where_git_is_called(weights):
    git = ("git", "--git-dir", str(weights.root / ".git"), "--work-tree", str(weights.root))
    done = subprocess.run(
        [*git, "switch", "--quiet", "develop"],
        cwd=weights.world,
        env=weights.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    weights.check()


def test_a_submodule(weights, environment):
    outer = Weights(weights.world / "outer", environment)
    outer.root.mkdir()
    outer.git("init", "--quiet")
    hub = str(weights.world / "hub.git")
    allowed = ("-c", "protocol.file.allow=always")
    outer.git(*allowed, "submodule", "--quiet", "add", hub, "zoo")
    inner = Weights(outer.root / "zoo", environment)
    shutil.copytree(weights.world / "remotes", outer.root / "remotes")
    inner.hook()
    inner.git("switch", "--quiet", "develop")
    inner.check()


def test_work_trees_side_by_side_share_one_cache(weights):
    weights.git("worktree", "add", "--quiet", "../one", "develop")
    weights.git("worktree", "add", "--quiet", "-b", "feature/new", "../two", "feature/alpha")
    shutil.rmtree(weights.world / "remotes")
    one, two = (Weights(weights.world / name, weights.environment) for name in ("one", "two"))
    for clone in (one, two, weights):
        clone.check()
    one.git("switch", "--quiet", "--detach", "feature/alpha")
    weights.git("switch", "--quiet", "docs")
    for clone in (one, two, weights):
        clone.check()


def test_two_work_trees_switch_at_the_same_time(weights):
    weights.git("worktree", "add", "--quiet", "../one", "docs")
    one = Weights(weights.world / "one", weights.environment)
    for target in ("develop", "feature/alpha", "main"):
        running = [
            subprocess.Popen(
                ["git", "checkout", "--quiet", "--detach", target],
                cwd=clone.root,
                env=clone.environment,
            )
            for clone in (weights, one)
        ]
        assert [process.wait() for process in running] == [0, 0]
        weights.check()
        one.check()


def test_a_branch_from_before_the_project(weights):
    weights.bare_git("switch", "--quiet", "--orphan", "old")
    weights.bare_git("commit", "--quiet", "--allow-empty", "--message", "Before")
    weights.bare_git("switch", "--quiet", "main")
    weights.check()
    weights.git("switch", "--quiet", "old")
    weights.git("switch", "--quiet", "main")
    weights.check()


def test_a_branch_without_any_commit(weights):
    done = weights.try_("git", "switch", "--orphan", "new")
    assert done.returncode == 0
    assert "bug" not in done.stderr
    weights.git("switch", "--quiet", "develop")
    weights.check()


def test_the_weights_stay_while_a_rebase_is_stopped(weights):
    """Nothing is moved back and forth for commits that nobody stays on."""
    weights.bare_git("checkout", "--quiet", "develop")
    weights.write("README.md", "Otherwise.\n")
    weights.commit("Describe it otherwise")
    weights.bare_git("checkout", "--quiet", "docs")
    assert weights.try_("git", "rebase", "develop").returncode == 1
    assert wrong(weights.root, "docs") == {}
    weights.git("rebase", "--abort")
    weights.check()


def test_a_bisection_has_the_weights_of_every_step(weights):
    weights.git("bisect", "start", "feature/alpha", "main")
    assert weights.git("rev-parse", "HEAD") == weights.git("rev-parse", "develop")
    weights.check()
    weights.git("bisect", "good")
    weights.git("bisect", "reset")
    weights.check()


def test_a_bisection_can_run_by_itself(weights):
    script = "import hashlib, sys; data = open('checkpoints/beta_trained.pdparams', 'rb').read()\n"
    script += f"sys.exit(hashlib.md5(data).digest() != bytes.fromhex('{_digest(1)}'))\n"
    weights.write("../judge.py", script)
    weights.git("bisect", "start", "feature/alpha", "main")
    said = weights.git("bisect", "run", sys.executable, "../judge.py")
    first = weights.git("rev-parse", "develop").strip()
    assert f"{first} is the first bad commit" in said


def _digest(release: int) -> str:
    from tests.weights_repo import md5  # noqa: PLC0415

    return md5(blob("beta", release))


def test_what_was_staged_for_a_squash_is_not_brought_yet(weights):
    weights.git("merge", "--quiet", "--squash", "develop")
    weights.check()
    weights.git("reset", "--quiet", "--hard")
    weights.git("switch", "--quiet", "develop")
    weights.check()


def test_files_that_are_checked_out_alone_bring_no_weights(weights):
    weights.git("checkout", "develop", "--", "dvc.lock")
    assert wrong(weights.root) == {}


@contextmanager
def dvc_at_work(clone: Weights, *paths: str) -> Iterator[None]:
    """Let a process that lives hold DVC's lock, and work on outputs."""
    tmp = clone.root / ".dvc" / "tmp"
    tmp.mkdir(exist_ok=True)
    script = (
        "import sys, zc.lockfile\n"
        "lock = zc.lockfile.LockFile(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        entry = {"pid": holder.pid, "cmd": "dvc repro"}
        write = {str(clone.root / path): entry for path in paths}
        (tmp / "rwlock").write_text(json.dumps({"read": {}, "write": write}))
        yield
        (tmp / "rwlock").write_text("{}")
        holder.communicate("")


def test_a_dvc_at_work_is_left_alone_and_the_next_hook_brings_the_rest(weights):
    with dvc_at_work(weights, BETA, LABELS):
        done = weights.try_("git", "switch", "develop")
    assert done.returncode == 0
    assert weights.read(BETA) == blob("beta", 1)
    assert weights.paddledvc("status", "--exit-code").returncode == 1
    weights.git("switch", "--quiet", "--detach")
    weights.check()


def test_a_rwlock_that_a_killed_dvc_left_behind_is_no_obstacle(weights):
    tmp = weights.root / ".dvc" / "tmp"
    tmp.mkdir(exist_ok=True)
    with subprocess.Popen(["true"]) as gone:
        pass
    entry = {"pid": gone.pid, "cmd": "dvc repro"}
    rwlock = {"read": {}, "write": {str(weights.root / BETA): entry}}
    (tmp / "rwlock").write_text(json.dumps(rwlock))
    weights.git("switch", "--quiet", "develop")
    weights.check()


@pytest.mark.parametrize("text", ["", "{"])
def test_a_torn_rwlock_does_not_fail_a_switch(weights, text):
    tmp = weights.root / ".dvc" / "tmp"
    tmp.mkdir(exist_ok=True)
    (tmp / "rwlock").write_text(text)
    done = weights.try_("git", "switch", "develop")
    assert done.returncode == 0
    assert wrong(weights.root) == {} or "rwlock" in done.stderr


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("copy", marks=pytest.mark.thorough),
        pytest.param("hardlink", marks=pytest.mark.thorough),
        "symlink",
    ],
)
def test_every_way_to_link(bare_world: Path, copy_of: Callable[..., Weights], link: str) -> None:
    clone = copy_of(bare_world)
    (clone.root / ".dvc" / "config.local").write_text(f"[cache]\n    type = {link}\n")
    clone.hook()
    for branch in ("develop", "feature/labels", "feature/alpha", "docs", "develop", "main"):
        clone.git("switch", "--quiet", branch)
        clone.check()
    assert clone.dvc("status").stdout == "Data and pipelines are up to date.\n"
    weights = clone.root / BETA
    assert weights.is_symlink() == (link == "symlink")
    assert (weights.stat().st_nlink > 1) == (link == "hardlink")
