"""What people read after a switch: a line of what was brought, one for each that was not."""

from __future__ import annotations

import shutil

import pytest

from tests.end_to_end.test_checkout_places import dvc_at_work
from tests.weights_repo import BETA, Weights, blob, md5

pytestmark = pytest.mark.slow
BROUGHT = (
    "weights: alpha v1.0.0 → v1.1.0 (4 kB, {0}), beta v1.0.0 (trained weights) (4 kB, {0}), "
    "beta v1.0.0 (export) (5 kB, {0}), embeddings.bin (4 kB, {0}), 2 unchanged\n"
)
NOWHERE = "it is in none of staging, dev, prod; run `paddledvc pull`"


def switch(clone: Weights, *arguments: str, **variables: str) -> str:
    """Switch, which must not fail, and return what was said."""
    done = clone.try_("git", "switch", "--quiet", *arguments, **variables)
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr


def forget_new(clone: Weights) -> None:
    """Take what only develop needs out of the cache."""
    for oid in clone.objects("develop") - clone.objects():
        clone.cached(oid).unlink()


def test_what_comes_from_the_cache(weights):
    assert switch(weights, "develop") == BROUGHT.format("cache")


def test_what_comes_from_a_remote(weights):
    forget_new(weights)
    assert switch(weights, "develop") == BROUGHT.format("staging")


@pytest.mark.parametrize("arguments", [("docs",), ("--create", "feature/new"), ("--detach",)])
def test_nothing_is_said_where_nothing_changes(weights, arguments):
    assert switch(weights, *arguments) == ""


@pytest.mark.parametrize("variables", [{"PADDLEDVC_HOOKS": "0"}, {"CI": "true"}])
def test_nothing_is_said_or_done_where_the_hooks_are_off(weights, variables):
    assert switch(weights, "develop", **variables) == ""
    assert weights.read(BETA) == blob("beta", 1)


def test_an_edit_is_kept_and_named(weights):
    weights.write(BETA, b"mine")
    assert switch(weights, "develop") == (
        "weights: alpha v1.0.0 → v1.1.0 (4 kB, cache), beta v1.0.0 (export) (5 kB, cache), "
        "embeddings.bin (4 kB, cache), 2 unchanged\n"
        f"weights: kept {BETA}: it was changed; it is not of this commit: copy it elsewhere to "
        f"keep it, or run `paddledvc pull --force {BETA}` to drop it\n"
    )
    assert weights.read(BETA) == b"mine"


def test_what_is_nowhere_is_stale_and_named(weights):
    forget_new(weights)
    for remote in (weights.world / "remotes").iterdir():
        weights.cached(md5(blob("beta", 2)), remote).unlink(missing_ok=True)
    assert switch(weights, "develop") == (
        "weights: alpha v1.0.0 → v1.1.0 (4 kB, staging), beta v1.0.0 (export) (5 kB, staging), "
        "embeddings.bin (4 kB, staging), 2 unchanged\n"
        f"weights: stale beta v1.0.0 (trained weights): {NOWHERE}\n"
    )


def test_everything_that_is_stale_is_named_where_there_is_no_remote(weights):
    forget_new(weights)
    shutil.rmtree(weights.world / "remotes")
    alpha, *others = switch(weights, "develop").splitlines()
    assert alpha.startswith("weights: no alpha v1.1.0 (v1.0.0 stays): it is ")
    assert others == [
        f"weights: stale {name}: {NOWHERE}"
        for name in ("beta v1.0.0 (trained weights)", "embeddings.bin", "beta v1.0.0 (export)")
    ]


def test_what_a_dvc_at_work_does_not_allow(weights):
    with dvc_at_work(weights, BETA):
        assert switch(weights, "develop") == (
            "weights: not touched: DVC is running; wait for that, then run `paddledvc pull`\n"
        )


def test_a_torn_rwlock_and_what_to_do_about_it(weights):
    (weights.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    (weights.root / ".dvc" / "tmp" / "rwlock").write_text("")
    assert switch(weights, "develop") == (
        "weights: not touched: a DVC that was killed left .dvc/tmp/rwlock unreadable, which stops "
        "every other one; when no DVC runs, remove it with `rm .dvc/tmp/rwlock`; wait for "
        "that, then run `paddledvc pull`\n"
    )
