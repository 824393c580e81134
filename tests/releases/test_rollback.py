"""Models brought back to an earlier release, in a clone with three versions of two models."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import InvalidInput, UnknownModel
from paddledvc.releases import rollback as workflow
from tests.weights_repo import BETA, Weights, as_environment, blob, checkpoint, md5


def move(weights, number):
    """Commit the next version of alpha and of beta, which is trained, on main."""
    version = f"v1.{number - 1}.0"
    weights.set(alpha=version, beta=number, beta_version=version)
    return weights.commit(f"Version {version}")


@pytest.fixture(scope="session")
def moved_world(bare_world, environment, tmp_path_factory):
    """A world whose main has had v1.0.0, v1.1.0 and v1.2.0 of alpha and beta; to be copied only."""
    world = tmp_path_factory.mktemp("moved") / "world"
    shutil.copytree(bare_world, world, symlinks=True)
    made = Weights(world / "work", environment)
    with as_environment(environment):
        for month, number in ((2, 2), (3, 3)):
            made.environment["GIT_COMMITTER_DATE"] = f"2001-0{month}-01T12:00:00Z"
            move(made, number)
    return world


@pytest.fixture
def team(moved_world, copy_of):
    """A clone whose main has had three versions of alpha and beta."""
    return copy_of(moved_world, "moved")


def rolled(team, *names, to, **options):
    return paddledvc.rollback(Project(team.root), names, to=to, **options)


def state(team):
    """Say what no refused rollback may change."""
    return team.git("rev-parse", "HEAD"), team.git("status", "--porcelain"), team.read("dvc.lock")


@pytest.mark.slow
def test_a_rollback_is_one_commit_with_the_bytes_of_the_old_release(team):
    head = team.git("rev-parse", "HEAD").strip()
    team.write("notes.txt", "mine")
    team.write("README.md", "changed by hand\n")
    found = rolled(team, "alpha", "beta", to="v1.0.0")

    assert found.done
    assert team.git("rev-parse", "HEAD", "HEAD~1").split() == [found.commit, head]
    assert team.git("status", "--porcelain").split("\n") == [" M README.md", "?? notes.txt", ""]
    assert team.read(BETA) == blob("beta", 1)
    assert team.read(checkpoint("alpha", "v1.0.0")) == blob("alpha", "v1.0.0")
    kept = ("dvc.lock", "models.yaml", "models.lock", "params.yaml", "dvc.yaml", "reports")
    assert team.git("diff", "--stat", "v1.0.0", "HEAD", "--", *kept) == ""
    assert paddledvc.check(Project(team.root)).errors == ()
    assert team.dvc("status").stdout == "Data and pipelines are up to date.\n"
    team.check()
    assert [(one.name, one.before, one.after) for one in found.models] == [
        ("alpha", "v1.2.0", "v1.0.0"),
        ("beta", "v1.2.0", "v1.0.0"),
    ]
    assert [(one.key, one.before, one.after) for one in found.models[1].params] == [
        ("train.release", 3, 1)
    ]
    again = rolled(team, "alpha", "beta", to="v1.0.0")
    assert (again.done, again.changes, again.commit) == (True, False, None)


@pytest.mark.thorough
def test_one_model_goes_back_and_the_others_stay(team):
    assert rolled(team, "alpha", to="1.1").done
    assert team.versions() == {"alpha": "v1.1.0", "gamma": "v1.0.0", "beta": 3, "labels": 1}
    assert team.dvc("status").stdout == "Data and pipelines are up to date.\n"


@pytest.mark.thorough
def test_a_dry_run_writes_nothing(team):
    before = state(team)
    found = rolled(team, "alpha", to="v1.0.0", dry_run=True)

    assert (found.done, found.commit, found.changes) == (True, None, True)
    assert state(team) == before


@pytest.mark.thorough
def test_comments_of_the_user_survive(team):
    text = team.read("models.yaml").decode()
    text = text.replace("models:\n", "# The team's models.\nmodels:\n# fast\n", 1)
    team.write("models.yaml", text.replace("- name: gamma", "# slow\n- name: gamma"))
    team.commit("Comment")
    rolled(team, "alpha", to="v1.0.0")
    after = team.read("models.yaml").decode()

    assert "# The team's models.\nmodels:\n# fast\n- name: alpha\n" in after
    assert "# slow\n- name: gamma\n" in after


@pytest.mark.thorough
def test_the_changelog_says_what_went_back_so_that_nothing_is_undocumented(team):
    team.write("docs/models/CHANGELOG.md", "# Models\n\n## `beta` v1.2.0\n\n- trained longer\n")
    team.commit("A changelog")
    rolled(team, "beta", to="v1.0.0")
    text = team.read("docs/models/CHANGELOG.md").decode()

    assert text == (
        "# Models\n\n## `beta` is `v1.0.0` again\n\n- rolled back from `v1.2.0`\n\n"
        "## `beta` v1.2.0\n\n- trained longer\n"
    )
    assert "docs-stale" not in {one.rule for one in paddledvc.check(Project(team.root)).violations}
    assert not rolled(team, "beta", to="v1.0.0").changes


@pytest.mark.thorough
def test_bytes_that_are_nowhere_refuse_before_anything_is_written(team):
    team.cached(md5(blob("beta", 2))).unlink()
    for role in ("staging", "dev"):
        team.stored(role, md5(blob("beta", 2))).unlink(missing_ok=True)
    before = state(team)
    done = team.paddledvc("rollback", "beta", "--to", "v1.1.0")
    name = md5(blob("beta", 2))
    dry = team.paddledvc("rollback", "beta", "--to", "v1.1.0", "--dry-run")

    assert (done.returncode, dry.returncode) == (1, 1)
    where = "looked in the cache, the remote prod, the remote dev, the remote staging"
    assert f"{BETA} ({name}) is missing; {where}" in dry.stderr
    assert f"{BETA} is missing in" in done.stderr
    assert state(team) == before


@pytest.mark.thorough
def test_bytes_come_from_a_remote_and_damaged_ones_of_the_cache_do_not_count(team):
    damaged = team.cached(md5(blob("beta", 1)))
    damaged.chmod(0o644)
    damaged.write_bytes(b"other")
    found = rolled(team, "beta", to="v1.0.0")

    assert found.done
    assert next(one.where for one in found.models[0].outputs if one.path == BETA) == "prod"
    assert team.read(BETA) == blob("beta", 1)


@pytest.mark.thorough
def test_uncommitted_changes_of_what_goes_back_refuse(team):
    team.write("params.yaml", team.read("params.yaml").decode() + "# mine\n")
    before = state(team)
    found = rolled(team, "alpha", to="v1.0.0", force=True)

    assert [one.message for one in found.obstacles] == [
        "params.yaml is not as in the last commit; commit it, or move it away"
    ]
    assert state(team) == before


@pytest.mark.thorough
def test_weights_that_were_changed_by_hand_are_kept_and_named(team):
    team.write(BETA, b"mine")
    found = rolled(team, "beta", to="v1.0.0")

    assert team.read(BETA) == b"mine"
    assert found.commit is not None
    assert not found.done
    assert found.kept[0].startswith(f"{BETA}: ")


@pytest.mark.thorough
def test_the_state_of_a_day_or_a_revision(team):
    assert rolled(team, "alpha", to="v1.0.0~0", dry_run=True).models[0].after == "v1.0.0"
    assert rolled(team, "alpha", to="main~1", dry_run=True).models[0].after == "v1.1.0"
    assert rolled(team, "alpha", to="2001-02-15", dry_run=True).models[0].after == "v1.1.0"
    assert rolled(team, "alpha", to="2001-03-01", dry_run=True).changes is False
    with pytest.raises(InvalidInput, match="alpha was not locked on main at 2000-12-31"):
        rolled(team, "alpha", to="2000-12-31")
    with pytest.raises(InvalidInput, match=r"known versions are v1\.2\.0, v1\.1\.0, v1\.0\.0"):
        rolled(team, "alpha", to="v9")
    with pytest.raises(UnknownModel, match="has a model 'alpa'; did you mean 'alpha'"):
        rolled(team, "alpa", to="v1.0.0")
    team.git("checkout", "--quiet", "--detach")
    with pytest.raises(InvalidInput, match="no branch with a commit is checked out"):
        rolled(team, "alpha", to="v1.0.0")


@pytest.mark.thorough
def test_a_release_tag_counts_before_the_last_commit_and_no_tag_is_made(team):
    team.git("tag", "-a", "-m", "r", "alpha@v1.1.0", "HEAD~1")
    team.git("tag", "-a", "-m", "r", "alpha@v1.2.0", "HEAD")
    team.git("tag", "-a", "-m", "r", "alpha#prod#1", "HEAD")
    tags = team.git("tag")
    found = rolled(team, "alpha", to="v1.1.0")

    assert (found.models[0].tag, found.models[0].stages) == ("alpha@v1.1.0", ("prod",))
    assert found.steps == ("git push", "paddledvc release promote alpha@v1.1.0 prod --push")
    assert team.git("tag") == tags


@pytest.mark.thorough
def test_a_removed_model_comes_back_and_one_that_did_not_exist_is_refused(team):
    with_alpha = team.git("rev-parse", "HEAD").strip()
    team.set(alpha=None)
    gone = team.commit("Remove alpha")
    found = rolled(team, "alpha", to="v1.2.0")

    assert (found.done, found.models[0].before) == (True, None)
    assert team.git("diff", "--stat", with_alpha, "HEAD", "--", "models.lock") == ""
    assert team.dvc("status").stdout == "Data and pipelines are up to date.\n"
    with pytest.raises(InvalidInput, match=f"alpha is not in models.yaml .* {gone[:7]}"):
        rolled(team, "alpha", to=gone)


@pytest.mark.thorough
def test_a_group_goes_back_as_one(team):
    text = team.read("models.yaml").decode()
    team.write("models.yaml", f"groups: {{pair: [alpha, beta]}}\n{text}")
    team.commit("Group")
    found = rolled(team, "alpha", to="v1.0.0")
    whole = rolled(team, "pair", to="v1.0.0")

    assert "[group-split]" in found.obstacles[0].message
    assert whole.done
    assert [one.name for one in whole.models] == ["alpha", "beta"]


@pytest.mark.thorough
@pytest.mark.parametrize("at", ["write_commit", "move_branch", "bring_worktree"])
def test_a_killed_rollback_is_finished_by_the_next_one(team, at, monkeypatch):
    head = team.git("rev-parse", "HEAD").strip()
    child = os.fork()
    if child == 0:
        kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
        monkeypatch.setattr(workflow.new_commit, at, kill)
        rolled(team, "alpha", "beta", to="v1.0.0")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    if at == "bring_worktree":
        assert team.git("rev-parse", "HEAD~1").strip() == head
    else:
        assert team.git("rev-parse", "HEAD").strip() == head
        assert team.git("status", "--porcelain") == ""
    found = rolled(team, "alpha", "beta", to="v1.0.0")

    assert found.done
    assert team.git("rev-parse", "HEAD~1").strip() == head
    assert team.git("status", "--porcelain") == ""
    team.check()


@pytest.mark.thorough
def test_the_second_of_two_at_once_finds_nothing_left_to_do(team, monkeypatch):
    approve = workflow.approve_first

    def approve_slowly(root):
        approve(root)
        time.sleep(0.3)  # both have looked at HEAD by then

    monkeypatch.setattr(workflow, "approve_first", approve_slowly)
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda _: rolled(team, "alpha", "beta", to="v1.0.0"), range(2)))

    assert [one.obstacles for one in made] == [(), ()]
    assert sorted(one.commit is None for one in made) == [False, True]


@pytest.mark.thorough
def test_json_has_the_whole_plan(team):
    done = team.paddledvc("rollback", "alpha", "--to", "v1.0.0", "--dry-run", "--format", "json")
    plan = json.loads(done.stdout)

    assert plan["models"][0]["after"] == "v1.0.0"
    assert plan["findings"]["errors"] == 0


@pytest.mark.thorough
def test_an_image_of_the_top_of_models_yaml_comes_back_and_has_to_load_the_files(team):
    def run_in(image):
        lines = team.read("models.yaml").decode().splitlines(keepends=True)
        kept = "".join(one for one in lines if not one.startswith("environment:"))
        team.write("models.yaml", f"environment: {image}\n{kept}")
        paddledvc.lock(Project(team.root))
        return team.commit(image)

    old = run_in("paddlepaddle/paddle:3.0.0")
    run_in("paddlepaddle/paddle:3.3.1")
    found = rolled(team, "alpha", to=old)

    assert found.done
    model = found.models[0]
    assert (model.image_before, model.image_after) == (
        "paddlepaddle/paddle:3.3.1",
        "paddlepaddle/paddle:3.0.0",
    )
    assert found.steps[-1] == "paddledvc env docker alpha@v1.2.0  # paddlepaddle/paddle:3.0.0"
    assert team.yaml("models.yaml")["models"][0]["environment"] == "paddlepaddle/paddle:3.0.0"
    locked = {one["name"]: one["image"] for one in team.yaml("models.lock")["models"]}
    assert locked["alpha"] != locked["gamma"] == "paddlepaddle/paddle:3.3.1"
    assert paddledvc.check(Project(team.root)).errors == ()
