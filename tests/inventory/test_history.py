"""What happened to models, read from branches and tags of real repositories."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone

import pytest

import paddledvc
from paddledvc import Project
from paddledvc.errors import InvalidInput, UnknownModel
from paddledvc.inventory.read_history import name_merged_branch
from tests.inventory.past import HOUR, START, evaluated, locked

A, B = "a" * 32, "b" * 32


def told(past, *arguments, **more):
    """What happened and when it did so, the newest first: hours after the start."""
    return [
        (row.model, row.what, row.version)
        for row in paddledvc.history(Project(past.folder.root), *arguments, **more).rows
    ]


def built(weights, export, name="det"):
    """A dvc.lock as DVC writes it, of a training and an export."""
    return (
        "schema: '2.0'\nstages:\n"
        f"  export-{name}:\n    cmd: paddledvc export {name}\n    outs:\n"
        f"    - path: exports/{name}\n      hash: md5\n      md5: {export}.dir\n      size: 9\n"
        f"  train-{name}:\n    cmd: paddledvc train {name}\n    outs:\n"
        f"    - path: checkpoints/{name}_trained.pdparams\n      hash: md5\n      md5: {weights}\n"
        "      size: 1234\n"
    )


def test_only_commits_that_changed_a_model_are_rows_the_newest_first(past):
    past.commit(locked("det", "v1.0.0"), locked("rec", "v1.0.0"), title="Lock both")
    past.commit(code_x_py="")
    past.commit(locked("det", "v1.0.0"), locked("rec", "v1.1.0"), title="Raise rec")
    past.commit(locked("rec", "v1.1.0"))

    assert told(past) == [
        ("det", "removed", None),
        ("rec", "locked", "v1.1.0"),
        ("det", "locked", "v1.0.0"),
        ("rec", "locked", "v1.0.0"),
    ]
    assert told(past, "rec") == [("rec", "locked", "v1.1.0"), ("rec", "locked", "v1.0.0")]


def test_a_row_has_bytes_image_author_and_time_of_its_commit(past):
    digest = f"sha256:{'0a' * 32}"
    entry = locked("det", "v1.0.0", image="paddle:3.3.1", image_digest=digest)
    commit = past.commit(entry, title="Lock det")
    [row] = paddledvc.history(Project(past.folder.root)).rows

    assert (row.weights, row.size, row.image, row.image_digest, row.export) == (
        f"md5:{hashlib.md5(b'det v1.0.0').hexdigest()}",
        1000,
        "paddle:3.3.1",
        digest,
        None,
    )
    assert (row.by, row.commit, row.title, row.tag) == ("Test", commit, "Lock det", None)
    assert row.at == "2026-09-21T16:13:20+02:00"


def test_what_is_trained_and_exported_is_read_from_dvc_lock(past):
    past.commit(locked("det", "v1.0.0"), dvc_x_lock=built(A, B))
    past.commit(dvc_x_lock=built(A, A))
    newest, oldest = paddledvc.history(Project(past.folder.root)).rows

    assert (oldest.what, newest.what) == ("locked", "built")
    assert (newest.weights, newest.size, newest.export) == (f"md5:{A}", 1234, f"md5:{A}.dir")


def test_locks_that_somebody_else_has_written_say_the_same(past):
    past.commit(locked("det", "v1.0.0"), dvc_x_lock=built(A, B))
    [plain] = paddledvc.history(Project(past.folder.root)).rows
    text = '{"version": 1, "models": [{"name": "det", "version": "v1.0.0"}]}'
    outs = [{"path": "checkpoints/det_trained.pdparams", "md5": A, "size": 1234}]
    stages = json.dumps({"stages": {"train-det": {"cmd": "x", "outs": outs}}})
    past.commit(models_x_lock=text, dvc_x_lock=stages)
    flow = paddledvc.history(Project(past.folder.root)).rows[0]

    assert (flow.version, flow.weights, flow.size) == (plain.version, plain.weights, plain.size)


def test_a_lock_in_conflict_or_no_yaml_moved_nothing(past):
    past.commit(locked("det", "v1.0.0"))
    text = past.folder.read("models.lock")
    past.commit(models_x_lock=f"<<<<<<< ours\n{text}=======\n>>>>>>> theirs\n")
    past.commit(models_x_lock="models: [")
    past.commit(models_x_lock=text)

    assert told(past) == [("det", "locked", "v1.0.0")]


def test_metrics_are_those_of_evaluate_and_else_of_the_training(past, cli):
    weights = locked("det", "v1.0.0")
    past.commit(weights, reports__det__train__metrics_x_json='{"accuracy": 0.5, "loss": 2}')
    past.commit(
        reports__det__evaluate_x_json=evaluated(0.875, weights.path, weights.md5),
    )
    newest, oldest = paddledvc.history(Project(past.folder.root), metric="accuracy").rows

    assert (newest.what, newest.metrics["accuracy"]) == ("measured", {"network": 0.875})
    assert newest.metrics["loss"] == oldest.metrics["loss"] == {"training": 2}
    assert oldest.metrics["accuracy"] == {"training": 0.5}
    branch, _, first, second = cli("history", "--metric", "accuracy").stdout.splitlines()
    assert branch == "on main"
    assert ("  0.875  " in first, "  0.5 (training)  " in second) == (True, True)


def test_a_metric_of_other_bytes_is_said_to_be_so(past, cli):
    old, new = (
        locked("det", "v1.0.0"),
        locked("det", "v1.1.0", path="checkpoints/det_v1.0.0.pdparams"),
    )
    past.commit(old, reports__det__evaluate_x_json=evaluated(0.875, old.path, old.md5))
    past.commit(new)
    rows = paddledvc.history(Project(past.folder.root)).rows

    assert [row.of_other_bytes for row in rows] == [True, False]
    assert cli("history", "--metric", "accuracy").stdout.count("0.875 (of other bytes)") == 1


def test_a_misspelt_metric_is_wrong_usage(past, cli):
    past.commit(locked("det", "v1.0.0"), reports__det__train__metrics_x_json='{"accuracy": 0.5}')
    ran = cli("history", "--metric", "acuracy")

    assert (ran.exit_code, "did you mean 'accuracy'?" in ran.stderr) == (2, True)


def test_tags_say_what_was_released_with_the_bytes_of_their_commit(past):
    past.commit(locked("det", "v1.0.0"))
    past.tag("det@v1.0.0")
    past.tag("det#prod#1")
    past.commit(locked("det", "v1.1.0"))
    past.tag("det@v1.0.0!", "HEAD~1")
    past.git("tag", "det@v1.1.0")
    found = paddledvc.history(Project(past.folder.root))

    assert [(row.what, row.version, row.stage, row.tag) for row in found.rows] == [
        ("withdrawn", "v1.0.0", None, "det@v1.0.0!"),
        ("locked", "v1.1.0", None, None),
        ("assigned", "v1.0.0", "prod", "det#prod#1"),
        ("released", "v1.0.0", None, "det@v1.0.0"),
        ("locked", "v1.0.0", None, None),
    ]
    assert len({row.weights for row in found.rows if row.version == "v1.0.0"}) == 1
    assert [one.tag for one in found.ignored] == ["det@v1.1.0"]


def test_tags_about_what_no_lock_has_are_of_no_model(past):
    past.commit(locked("det", "v1.0.0"))
    past.tag("dataset@v1.0.0")

    assert told(past) == [("det", "locked", "v1.0.0")]


def test_what_is_tagged_stays_known_when_its_branch_is_deleted(past):
    past.commit(locked("det", "v1.0.0"))
    past.git("switch", "--quiet", "--create", "release/1.0")
    commit = past.commit(locked("det", "v1.0.1"))
    past.tag("det@v1.0.1")
    past.git("switch", "--quiet", "main")
    past.git("branch", "--quiet", "-D", "release/1.0")
    released = paddledvc.history(Project(past.folder.root), "det").rows[0]

    assert (released.what, released.version, released.commit) == ("released", "v1.0.1", commit)
    assert released.weights == f"md5:{locked('det', 'v1.0.1').md5}"


@pytest.mark.parametrize(
    ("title", "branch"),
    [
        ("Merge branch 'feature/x'", "feature/x"),
        ("Merge branch 'feature/x' into 'main'", "feature/x"),
        ("Merge remote-tracking branch 'origin/feature/x'", "feature/x"),
        ("Merge pull request #7 from team/feature/x", "feature/x"),
        ("Merged in feature/x (pull request #7)", "feature/x"),
        ("Merge the two ways to train", None),
    ],
)
def test_the_title_of_a_merge_names_the_branch(title, branch):
    assert name_merged_branch(title) == branch


@pytest.mark.slow
def test_a_deleted_branch_is_found_by_the_commit_that_merged_it(past):
    past.commit(locked("det", "v1.0.0"))
    past.git("switch", "--quiet", "--create", "feature/x")
    past.commit(locked("det", "v1.1.0"))
    past.commit(locked("det", "v1.2.0"))
    past.git("switch", "--quiet", "main")
    past.git("merge", "--quiet", "--no-ff", "feature/x")
    past.git("branch", "--quiet", "-D", "feature/x")
    found = paddledvc.history(Project(past.folder.root), branch="feature/x")

    assert [row.version for row in found.rows] == ["v1.2.0", "v1.1.0", "v1.0.0"]
    assert [version for _, _, version in told(past)] == ["v1.2.0", "v1.0.0"]  # main itself
    assert found.branch.startswith("feature/x (as ")


def test_the_production_branch_is_read_also_from_another_one(past):
    past.commit(locked("det", "v1.0.0"))
    past.git("switch", "--quiet", "--create", "feature/x")
    past.commit(locked("det", "v1.1.0"))

    assert paddledvc.history(Project(past.folder.root)).branch == "main"
    assert told(past) == [("det", "locked", "v1.0.0")]
    assert [version for *_, version in told(past, branch="feature/x")] == ["v1.1.0", "v1.0.0"]


@pytest.mark.slow
def test_the_policy_says_which_branch_is_the_production_branch(past):
    past.folder.write("models.yaml", "policy: {production: {branches: [live]}}\nmodels: []\n")
    past.commit(locked("det", "v1.0.0"))
    current = paddledvc.history(Project(past.folder.root)).branch
    past.git("branch", "live")
    past.commit(locked("det", "v1.1.0"))

    assert current == "main"
    assert paddledvc.history(Project(past.folder.root)).branch == "live"


@pytest.mark.slow
def test_what_was_fetched_is_read_where_the_branch_here_is_behind_it(past):
    past.commit(locked("det", "v1.0.0"))
    past.commit(locked("det", "v1.1.0"))
    past.git("update-ref", "refs/remotes/origin/main", "HEAD")
    past.git("reset", "--quiet", "--hard", "HEAD~1")
    behind = paddledvc.history(Project(past.folder.root)).branch
    past.commit(locked("det", "v1.2.0"))

    assert (behind, paddledvc.history(Project(past.folder.root)).branch) == ("origin/main", "main")


def test_an_unknown_branch_is_wrong_usage(past, cli):
    past.commit(locked("det", "v1.0.0"))
    ran = cli("history", "--branch", "mian")

    assert ran.exit_code == 2
    assert "there is no branch, tag or commit 'mian' here" in ran.stderr
    assert "did you mean 'main'?" in ran.stderr


def test_an_unknown_model_is_wrong_usage_and_one_that_went_is_not(past):
    past.commit(locked("old", "v1.0.0"))
    past.commit(locked("det", "v1.0.0"))

    assert told(past, "old") == [("old", "removed", None), ("old", "locked", "v1.0.0")]
    with pytest.raises(UnknownModel, match="has a model 'olde'; did you mean 'old'"):
        told(past, "olde")


def at_hour(hour):
    """A time, which nothing happens at: a minute before the hour after the start."""
    return datetime.fromtimestamp(START + hour * HOUR - 60, timezone.utc).isoformat()[:19] + "Z"


def test_at_a_time_it_is_said_what_was_locked_released_and_in_each_stage(past):
    past.commit(locked("det", "v1.0.0"))  # hour 0
    past.tag("det@v1.0.0")  # 1
    past.tag("det#prod#1")  # 2
    past.commit(locked("det", "v1.1.0"))  # 3
    past.tag("det@v1.1.0")  # 4
    past.tag("det#prod#2")  # 5
    past.tag("det#prod!#3")  # 6
    past.tag("det@deprecated")  # 7

    def stood(hour, **more):
        rows = paddledvc.history(Project(past.folder.root), at=at_hour(hour), **more).rows
        return [(row.what, row.stage, row.version) for row in rows]

    assert stood(0) == []
    assert stood(1) == [("locked", None, "v1.0.0")]
    assert stood(4) == [
        ("locked", None, "v1.1.0"),
        ("released", None, "v1.0.0"),
        ("held", "prod", "v1.0.0"),
    ]
    assert stood(6)[1:] == [("released", None, "v1.1.0"), ("held", "prod", "v1.1.0")]
    assert stood(7)[2:] == stood(7, stage="prod") == [("held", "prod", "v1.0.0")]  # it fell back
    assert stood(8) == [("locked", None, "v1.1.0"), ("deprecated", None, None)]


def test_a_day_ends_where_it_ends_in_the_zone_of_whoever_asks(past):
    past.time = 1_790_000_000 - 1_790_000_000 % 86400 + 22 * HOUR - 1  # 23:59:59 here
    past.commit(locked("det", "v1.0.0"))
    past.time = 1_790_000_000 - 1_790_000_000 % 86400 + 22 * HOUR
    past.commit(locked("det", "v1.1.0"))

    assert told(past, at="2026-09-21") == [("det", "locked", "v1.0.0")]
    assert told(past, at="2026-09-22") == [("det", "locked", "v1.1.0")]
    assert told(past, at="2026-09-21T23:59:59Z") == [("det", "locked", "v1.1.0")]
    assert told(past, since="2026-09-22") == [("det", "locked", "v1.1.0")]


def test_a_stage_is_shown_with_what_it_held_and_until_when(past, cli):
    past.commit(locked("det", "v1.0.0"))
    past.tag("det@v1.0.0")
    past.tag("det#prod#1")
    past.commit(locked("det", "v1.1.0"))
    past.tag("det@v1.1.0")
    past.tag("det#prod#2")
    rows = paddledvc.history(Project(past.folder.root), stage="prod").rows

    assert [(row.version, row.tag) for row in rows] == [
        ("v1.1.0", "det#prod#2"),
        ("v1.0.0", "det#prod#1"),
    ]
    assert (rows[0].until, rows[1].until) == (None, rows[0].at)
    assert cli("history", "--stage", "prod").stdout.splitlines()[1].split()[:4] == [
        "2026-09-21",
        "21:13",
        "now",
        "det",
    ]
    assert told(past, stage="prod", since=rows[0].at) == [("det", "held", "v1.1.0")]


@pytest.mark.slow
def test_a_project_in_a_folder_has_the_tags_that_name_the_folder(past):
    past.commit(locked("det", "v1.0.0"))
    folder = past.folder.root / "ocr"
    folder.mkdir()
    past.git("mv", "models.yaml", "models.lock", "ocr")
    past.commit()
    past.tag("ocr=det@v1.0.0")
    past.tag("det@v2.0.0")
    rows = paddledvc.history(Project(folder)).rows

    assert [(row.what, row.version) for row in rows] == [
        ("released", "v1.0.0"),
        ("locked", "v1.0.0"),
    ]
    assert rows[0].weights == rows[1].weights


def test_what_is_no_day_is_wrong_usage(past, cli):
    past.commit(locked("det", "v1.0.0"))
    ran = cli("history", "--at", "yesterday")

    assert ran.exit_code == 2
    assert "found 'yesterday', expected a day such as 2026-11-30" in ran.stderr


def test_questions_that_contradict_each_other_are_wrong_usage(past, cli):
    past.commit(locked("det", "v1.0.0"))

    assert cli("history", "--at", "2026-09-21", "--since", "2026-09-21").exit_code == 2
    assert cli("history", "--stage", "prod", "--branch", "main").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stage", "prod"), "no version was in the release stage prod"),
        (("det", "--since", "2030-01-01"), "nothing of det was locked on main or released since"),
        (("--at", "2001-01-01"), "nothing was locked on main or released at 2001-01-01 23:59"),
    ],
)
def test_where_nothing_happened_it_is_said(past, cli, arguments, said):
    past.commit(locked("det", "v1.0.0"))
    ran = cli("history", *arguments)

    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr.startswith(said)
    assert json.loads(cli("history", *arguments, "--format", "json").stdout)["rows"] == []


def test_before_the_first_commit_nothing_happened(past, cli):
    past.git("init", "--quiet")
    ran = cli("history")

    assert (ran.exit_code, ran.stderr) == (0, "nothing is committed yet, and no tag is there\n")


def test_outside_of_git_it_is_said_that_history_needs_a_repository(project):
    with pytest.raises(InvalidInput, match="is in no git repository"):
        paddledvc.history(project.models("models: []"))


@pytest.mark.slow
def test_a_shallow_clone_says_that_it_does_not_know_all(past, cli, tmp_path):
    past.commit(locked("det", "v1.0.0"))
    past.commit(locked("det", "v1.1.0"))
    url = past.folder.root.as_uri()
    past.git("clone", "--quiet", "--depth=1", url, str(tmp_path / "shallow"))
    ran = cli("-C", str(tmp_path / "shallow"), "history")

    assert "warning: this clone is shallow" in ran.stderr
    assert "v1.1.0" in ran.stdout


def test_names_that_would_move_a_cursor_are_escaped(past, cli):
    past.git("init", "--quiet")
    past.git("config", "user.name", "Eve \x1b[2J")
    past.commit(locked("det", "v1.0.0"))

    assert "\x1b" not in cli("history").stdout
    assert "Eve" in cli("history").stdout


def test_any_time_that_a_commit_says_is_shown(past, cli):
    past.commit(locked("det", "v1.0.0"))
    past.commit(locked("det", "v1.1.0"))
    raw = past.git("cat-file", "commit", "HEAD") + "\n"
    late = past.folder.write("late", raw.replace(str(START + HOUR), str(2**50)))
    past.git("reset", "--quiet", past.git("hash-object", "-t", "commit", "-w", str(late)))

    assert told(past) == [("det", "locked", "v1.1.0"), ("det", "locked", "v1.0.0")]
    assert f"@{2**50}" in cli("history").stdout


@pytest.mark.slow
def test_settings_of_git_change_nothing(past):
    past.commit(locked("det", "v1.0.0"))
    past.commit(locked("det", "v1.1.0"))
    plain = told(past)
    for key, value in (
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.follow", "true"),
        ("log.diffMerges", "off"),
        ("diff.renames", "copies"),
        ("log.date", "relative"),
        ("color.ui", "always"),
        ("i18n.logOutputEncoding", "utf-16"),
        ("diff.noprefix", "true"),
    ):
        past.git("config", key, value)

    assert told(past) == plain == [("det", "locked", "v1.1.0"), ("det", "locked", "v1.0.0")]
