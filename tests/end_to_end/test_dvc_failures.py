"""What DVC 3.67.1 gets wrong about weights, each shown first with real DVC, then done right.

Every test is a pair: ``plain`` or ``with_dvc`` is a clone on which DVC does what it does, and
``weights`` is a copy of it with paddledvc's hooks. A later DVC may do better: then the first half
fails, and says what to take out of here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.s3 import ACCESS_KEY, SECRET_KEY
from tests.weights_repo import BETA, Weights, blob, checkpoint, md5, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.s3 import S3Server

pytestmark = pytest.mark.slow
STALE = {
    BETA: "other bytes",
    "checkpoints/alpha_v1.1.0.pdparams": "missing",
    "embeddings.bin": "other bytes",
    "exports/beta": "other bytes",
}
"""What is wrong on develop as long as the weights are those of main."""


@pytest.fixture(scope="session")
def dvc_world(bare_world: Path, environment: dict[str, str]) -> Path:
    """A world whose clone has the hooks of ``dvc install``; to be copied only."""
    world = shutil.copytree(bare_world, bare_world.with_name("dvc"), symlinks=True)
    done = Weights(world / "work", environment).dvc("install")
    assert done.returncode == 0, done.stderr
    return world


@pytest.fixture
def with_dvc(dvc_world: Path, copy_of: Callable[..., Weights]) -> Weights:
    """A clone with DVC's own hooks, in a world of its own."""
    return copy_of(dvc_world, "dvc")


def forget_new(clone: Weights) -> None:
    """Take what only develop needs out of the cache."""
    for oid in clone.objects("develop") - clone.objects("main"):
        clone.cached(oid).unlink()


def test_a_switch_with_a_cold_cache_fetches_and_never_deletes(with_dvc, weights):
    forget_new(with_dvc)
    done = with_dvc.try_("git", "checkout", "develop")
    assert (done.returncode, with_dvc.branch) == (1, "develop")
    assert "Checkout failed for following targets" in done.stderr
    # The weights of main were there, and DVC has deleted them.
    assert wrong(with_dvc.root) == dict.fromkeys(STALE, "missing")

    forget_new(weights)
    done = weights.try_("git", "checkout", "develop")
    assert (done.returncode, weights.branch) == (0, "develop")
    weights.check()


def test_a_switch_without_any_remote_keeps_the_weights_there_are(with_dvc, weights):
    forget_new(with_dvc)
    shutil.rmtree(with_dvc.world / "remotes")
    assert with_dvc.try_("git", "checkout", "develop").returncode == 1
    assert not (with_dvc.root / BETA).exists()

    forget_new(weights)
    shutil.rmtree(weights.world / "remotes")
    assert weights.try_("git", "checkout", "develop").returncode == 0
    assert weights.read(BETA) == blob("beta", 1)
    assert weights.read(checkpoint("alpha", "v1.0.0")) == blob("alpha", "v1.0.0")
    assert wrong(weights.root) == STALE


def test_hooks_install_in_a_linked_work_tree(plain, weights):
    for clone in (plain, weights):
        clone.bare_git("worktree", "add", "--quiet", "../linked", "develop")
    done = Weights(plain.world / "linked", plain.environment).dvc("install")
    assert done.returncode == 255
    assert "Not a directory" in done.stderr

    linked = Weights(weights.world / "linked", weights.environment)
    linked.hook()
    assert linked.try_("git", "checkout", "--detach", "develop").returncode == 0
    linked.check()


def test_a_new_work_tree_gets_its_weights_from_the_shared_cache(with_dvc, weights):
    done = with_dvc.try_("git", "worktree", "add", "../linked", "develop")
    assert done.returncode == 255
    assert set(wrong(with_dvc.world / "linked").values()) == {"missing"}

    shutil.rmtree(weights.world / "remotes")  # so that they can come from nowhere else
    assert weights.try_("git", "worktree", "add", "../linked", "develop").returncode == 0
    Weights(weights.world / "linked", weights.environment).check()
    weights.check()


@pytest.mark.parametrize("folder", [".githooks", ".git/the team's"])
def test_hooks_are_live_where_git_looks_for_them(plain, copy_of, bare_world, folder):
    plain.git("config", "core.hooksPath", folder)
    assert plain.dvc("install").returncode == 0
    assert plain.try_("git", "checkout", "develop").returncode == 0
    assert wrong(plain.root) == STALE

    clone = copy_of(bare_world, "ours")
    clone.git("config", "core.hooksPath", folder)
    clone.hook("--force")  # .githooks is a folder that git would track
    assert clone.try_("git", "checkout", "develop").returncode == 0
    clone.check()


def test_hooks_that_are_there_run_too(plain, copy_of, bare_world):
    clone = copy_of(bare_world, "ours")
    for one in (plain, clone):
        one.write(".git/hooks/post-checkout", '#!/bin/sh\necho "$1 $2 $3" > seen\n').chmod(0o755)
        one.write(".git/hooks/pre-push", "#!/bin/sh\ncat > pushed\n").chmod(0o755)
    done = plain.dvc("install")
    assert done.returncode == 1
    assert "already exists" in done.stderr

    clone.hook()
    old, new = (clone.git("rev-parse", name).strip() for name in ("main", "develop"))
    clone.git("checkout", "--quiet", "develop")
    clone.check()
    assert clone.read("seen").decode() == f"{old} {new} 1\n"
    clone.git("push", "--quiet", "origin", "develop:copied")
    assert clone.read("pushed").decode().split()[:2] == ["refs/heads/develop", new]


def test_installing_twice_changes_nothing(with_dvc, weights):
    assert with_dvc.dvc("install").returncode == 1

    hooks = weights.root / ".git" / "hooks"
    before = {path.name: path.read_bytes() for path in hooks.iterdir() if path.is_file()}
    weights.hook()
    assert {p.name: p.read_bytes() for p in hooks.iterdir() if p.is_file()} == before


def merge(clone: Weights) -> None:
    clone.bare_git("checkout", "--quiet", "docs")
    clone.git("merge", "--quiet", "--no-edit", "develop")


def pull(clone: Weights) -> None:
    clone.bare_git("push", "--quiet", "origin", "develop:main")
    clone.git("pull", "--quiet")


def pull_rebase(clone: Weights) -> None:
    clone.bare_git("push", "--quiet", "origin", "develop:docs", "--force")
    clone.bare_git("checkout", "--quiet", "docs")
    clone.git("pull", "--quiet", "--rebase")


def rebase(clone: Weights) -> None:
    clone.bare_git("checkout", "--quiet", "docs")
    clone.git("rebase", "--quiet", "develop")


@pytest.mark.parametrize("operation", [merge, pull, pull_rebase, rebase])
def test_weights_follow_what_is_no_checkout(with_dvc, weights, operation):
    operation(with_dvc)
    assert wrong(with_dvc.root) == STALE

    operation(weights)
    weights.check()


def test_stages_that_never_ran_do_not_fail_a_switch(with_dvc, weights):
    for clone in (with_dvc, weights):
        clone.bare_git("checkout", "--quiet", "-b", "planned")
        (clone.root / "dvc.lock").unlink()
        clone.commit("Not built yet")
        clone.bare_git("checkout", "--quiet", "main")
    done = with_dvc.try_("git", "checkout", "planned")
    assert done.returncode == 1
    assert "Checkout failed for following targets" in done.stderr

    done = weights.try_("git", "checkout", "planned")
    assert done.returncode == 0
    assert weights.read(checkpoint("alpha", "v1.0.0")) == blob("alpha", "v1.0.0")
    weights.git("switch", "--quiet", "main")
    weights.check()


def test_hooks_find_their_python_outside_of_its_environment(with_dvc, weights):
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    if shutil.which("dvc", path=bare["PATH"]) is None:
        done = with_dvc.try_("git", "checkout", "develop", **bare)
        assert done.returncode == 1
        assert "dvc: not found" in done.stderr
        assert wrong(with_dvc.root) == STALE

    assert weights.try_("git", "checkout", "develop", **bare).returncode == 0
    weights.check()


def test_an_edit_of_yours_does_not_fail_a_switch(with_dvc, weights):
    for clone in (with_dvc, weights):
        clone.write(BETA, b"mine")
    done = with_dvc.try_("git", "checkout", "develop")
    assert done.returncode == 1
    # One file of yours, and nothing at all is brought.
    assert wrong(with_dvc.root) == STALE

    done = weights.try_("git", "checkout", "develop")
    assert done.returncode == 0
    assert weights.read(BETA) == b"mine"
    assert wrong(weights.root) == {BETA: "other bytes"}


@pytest.fixture
def on_s3(
    bare_world: Path, copy_of: Callable[..., Weights], s3_server: S3Server
) -> Callable[[str], Weights]:
    """Make clones whose three remotes are buckets of a real S3 server, filled."""
    server = s3_server

    def make(name: str) -> Weights:
        clone = copy_of(bare_world, name)
        config = "[core]\n    analytics = false\n    remote = staging\n"
        for role in ("dev", "staging", "prod"):
            bucket = server.root / f"{name}-{role}"
            shutil.copytree(clone.world / "remotes" / role, bucket)
            shutil.rmtree(clone.world / "remotes" / role)
            (clone.world / "remotes" / role).symlink_to(bucket)
            config += (
                f"['remote \"{role}\"']\n    url = s3://{name}-{role}\n"
                f"    endpointurl = {server.url}\n"
                "    verify = false\n"  # as by default
            )
        clone.write(".dvc/config.local", config)
        clone.environment.update(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
        clone.bare_git("checkout", "--quiet", "develop")
        forget_new(clone)
        return clone

    return make


DAMAGED = {
    "corrupt": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "truncated": lambda data: data[:100],
}


@pytest.mark.parametrize("how", ["corrupt", pytest.param("truncated", marks=pytest.mark.thorough)])
def test_a_damaged_object_is_not_delivered(on_s3, how):
    name = f"{how}-dvc"
    plain = on_s3(name)
    good = blob("beta", 2)
    bad = DAMAGED[how](good)
    plain.stored("staging", md5(good)).write_bytes(bad)
    assert plain.dvc("status", "--cloud").returncode == 0
    done = plain.dvc("pull", "--force")
    assert done.returncode == 0, done.stderr
    assert plain.read(BETA) == bad
    assert "up to date" in plain.dvc("status").stdout

    ours = on_s3(f"{how}-ours")
    ours.stored("staging", md5(good)).write_bytes(bad)
    ours.stored("dev", md5(good)).unlink()  # so that it can come from nowhere else
    done = ours.paddledvc("pull")
    assert done.returncode != 0
    assert BETA in done.stderr + done.stdout
    assert wrong(ours.root) == {BETA: "other bytes"}
    assert ours.read(BETA) == blob("beta", 1)


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_object_comes_from_the_next_remote_and_is_named(weights, how):
    weights.send("dev", "develop")
    good = blob("beta", 2)
    bad = DAMAGED[how](good)
    weights.stored("staging", md5(good)).write_bytes(bad)
    forget_new(weights)
    done = weights.try_("git", "checkout", "--quiet", "develop")

    assert done.returncode == 0
    weights.check()
    assert f"{BETA} is {how} in staging: expected " in done.stderr


def test_gc_in_a_fresh_clone_keeps_what_other_branches_need(plain, weights):
    needed = plain.objects("develop")
    for clone in (plain, weights):
        assert all(clone.stored("staging", oid).exists() for oid in needed)
    fresh = plain.clone("fresh")
    done = fresh.dvc("gc", "--all-branches", "--cloud", "--force", "--remote", "staging")
    assert done.returncode == 0
    assert not plain.stored("staging", md5(blob("beta", 2))).exists()

    fresh = weights.clone("fresh")
    done = fresh.paddledvc("gc", "--remote", "staging", "--days", "0", "--force")
    assert done.returncode == 0, done.stderr
    assert all(weights.stored("staging", oid).exists() for oid in needed)


@contextmanager
def running(clone: Weights) -> Iterator[None]:
    """Let ``dvc repro`` be in the middle of the team's stage, which reads beta's weights."""
    clone.write("pack.py", "import time\nprint('started', flush=True)\ntime.sleep(600)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "--single-item", "--force", "pack"],
        cwd=clone.root,
        env=clone.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as repro:
        assert repro.stdout is not None
        assert any(line == "started\n" for line in repro.stdout)
        yield
        os.killpg(repro.pid, signal.SIGKILL)


def test_a_switch_leaves_alone_what_a_running_stage_reads(with_dvc, weights):
    with running(with_dvc):
        with_dvc.git("checkout", "--quiet", "develop")
        # The stage that runs reads other weights now, and DVC will note that all is well.
        assert with_dvc.read(BETA) == blob("beta", 2)

    with running(weights):
        done = weights.try_("git", "checkout", "develop")
        assert done.returncode == 0
        assert weights.read(BETA) == blob("beta", 1)
        assert not (weights.root / "embeddings.bin").exists()
