"""Trained weights and exports of released versions at the gate; dvc.lock by hand, real git."""

from __future__ import annotations

import io
import subprocess

import pytest

from paddledvc.gate.judge_subject import judge_tree
from paddledvc.hooks import guard, run
from paddledvc.tools.git.refs import PushedRef
from tests.conftest import Folder
from tests.gated import Gated, a_waiver, md5

pytestmark = pytest.mark.slow
TRAINED = """\
models:
  - name: digits
    version: v1.0.0
    owner: us@team.example
    license: MIT
    description: Reads digits.
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    train: {command: python train.py, deps: [train.py]}
    export: {}
"""
WEIGHTS, EXPORT = "checkpoints/digits_trained.pdparams", "exports/digits"


@pytest.fixture
def trained(project):
    """A project whose one model is trained, exported and verified, committed on main."""
    made = Gated(project)
    made.write("train.py", "")
    made.models(TRAINED)
    made.commit("first")
    return made


def retrain(made, holds="other weights", *, build=True):
    """Train to other bytes."""
    made.holds[WEIGHTS] = holds
    made.holds[EXPORT] = holds
    if build:
        made.build()


def rewritten(lines):
    return [line for line in lines if "[version-rewritten]" in line]


def message(made, where="on main (commit {} of {})"):
    commit = made.git("log", "-1", "--format=%h %cs", "--abbrev=7", ":/first").strip().split()
    return (
        f"digits v1.0.0: its trained weights were md5:{md5(WEIGHTS)} {where.format(*commit)}, now "
        f"they are md5:{md5('other weights')}; released bytes never change, so give these a new "
        "version"
    )


def test_a_model_that_is_trained_anew_needs_a_new_version(trained):
    retrain(trained)
    place = "models.lock:6:14: error[version-rewritten]: "

    assert trained.lines() == [place + message(trained)]
    trained.commit("second")
    assert trained.lines() == [place + message(trained)]
    trained.git("checkout", "--quiet", "-b", "feature/x")
    assert trained.lines() == [place.replace("error", "warning") + message(trained)]
    trained.git("checkout", "--quiet", "main")
    trained.models(TRAINED.replace("v1.0.0", "v1.1.0"))
    assert trained.check().errors == ()


def test_what_is_about_to_be_committed_is_judged(trained):
    retrain(trained)
    trained.git("add", "--all")
    tree = trained.git("write-tree").strip()

    [found] = judge_tree(trained.project, tree, branch="main", before="HEAD").violations
    assert (found.rule, found.level, found.message) == (
        "version-rewritten",
        "error",
        message(trained),
    )


def test_a_change_is_judged_as_it_will_be_on_its_target(trained):
    trained.branch("feature/x")
    retrain(trained)
    trained.commit("second")

    [found] = trained.check(base="main").violations
    assert found.message == message(trained)
    trained.models(TRAINED.replace("v1.0.0", "v1.1.0"))
    trained.commit("third")
    assert trained.check(base="main").errors == ()


def test_a_tag_of_the_old_commit_counts_when_main_is_rewritten(trained):
    trained.git("tag", "v1.0.0")
    retrain(trained)
    trained.git("add", "--all")
    trained.git("commit", "--quiet", "--amend", "--message", "rewritten")

    [line] = trained.lines()
    assert f"were md5:{md5(WEIGHTS)} on the tag v1.0.0, now they are" in line


def test_a_tag_is_judged_as_a_release(trained, monkeypatch):
    trained.branch("feature/x")
    retrain(trained)
    trained.commit("second")
    for name, value in {"ACTIONS": "true", "REF_NAME": "v1.0.1", "REF_TYPE": "tag"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)

    assert [one.message for one in trained.check().errors] == [message(trained)]


def test_an_export_may_change_with_its_paddle_only(trained):
    trained.holds[EXPORT] = "other export"
    trained.build()
    [line] = trained.lines()
    assert "digits v1.0.0: its export was md5:" in line
    assert "(--pin " in line
    assert ", by the same Paddle 3.3.1; released bytes never change" in line

    trained.paddle = "3.4.0"
    trained.build()
    assert trained.lines() == []
    trained.commit("Paddle 3.4.0")
    assert trained.lines() == []


def test_a_waiver_lets_a_model_be_trained_anew(trained):
    rule = a_waiver("version-rewritten", "2199-01-01", model="digits")
    trained.models(rule + TRAINED)
    trained.commit("a waiver")
    retrain(trained)
    verdict = trained.check()

    assert (verdict.violations, len(verdict.waived)) == ((), 1)


def test_what_a_branch_trained_on_its_way_was_never_released(trained):
    trained.branch("feature/x")
    trained.models(TRAINED.replace("v1.0.0", "v1.1.0"))
    for holds in ("one", "other"):
        retrain(trained, holds)
        trained.commit(holds)
    trained.git("checkout", "--quiet", "main")
    trained.git("merge", "--quiet", "--no-ff", "--no-edit", "feature/x")

    assert trained.check().errors == ()


RAISED = TRAINED.replace("v1.0.0", "v1.1.0")


def test_a_commit_that_raised_a_version_before_its_training_ran_released_nothing(trained):
    trained.write("train.py", "epochs = 9\n")
    trained.models(RAISED, build=False)
    trained.commit("raise")
    retrain(trained)
    trained.commit("train")

    assert trained.check().errors == ()
    retrain(trained, "third weights")
    [found] = trained.check().errors
    assert f"were md5:{md5('other weights')} on main" in found.message


def test_a_commit_that_raised_a_version_before_its_export_ran_released_nothing(trained):
    trained.write("layers.py", "# as exported from now on\n")
    trained.models(RAISED, build=False)
    trained.commit("raise")
    trained.holds[EXPORT] = "other export"
    trained.build()
    trained.commit("export")

    assert trained.check().errors == ()
    trained.holds[EXPORT] = "third export"
    trained.build()
    assert ": its export was md5:" in trained.check().errors[0].message


def test_a_version_that_was_raised_for_the_same_weights_keeps_these(trained):
    trained.models(RAISED)
    trained.commit("raise")
    retrain(trained)

    [found] = trained.check().errors
    assert f"digits v1.1.0: its trained weights were md5:{md5(WEIGHTS)} on main" in found.message


def test_a_tag_counts_even_if_its_training_had_not_run(trained):
    trained.write("train.py", "epochs = 9\n")
    trained.models(RAISED, build=False)
    trained.commit("raise")
    trained.git("tag", "v1.1.0")
    retrain(trained)

    [found] = trained.check().errors
    assert f"were md5:{md5(WEIGHTS)} on the tag v1.1.0" in found.message


def test_a_shallow_clone_warns_of_trained_models_too(trained):
    trained.commit("second")
    root = trained.root.parent / "clone"
    command = ["git", "clone", "--quiet", "--depth=1", f"file://{trained.root}", str(root)]
    subprocess.run(command, check=True)

    [line] = Gated(Folder(root)).lines()
    assert line.startswith("models.lock: warning[history-incomplete]: ")


def pushed(made, target="refs/heads/main", revision="HEAD", old=None):
    commit = made.git("rev-parse", revision).strip()
    return PushedRef(commit=commit, target=target, old=old)


def test_a_push_of_what_was_trained_anew_is_refused(trained, monkeypatch, capsys):
    first = trained.git("rev-parse", "HEAD").strip()
    retrain(trained)
    second = trained.commit("second")
    monkeypatch.chdir(trained.root)
    line = f"refs/heads/main {second} refs/heads/main {first}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    status = run.run(run.Call(name="pre-push", folders=(".",), arguments=("origin", "url")))

    assert status == 1
    assert capsys.readouterr().err.splitlines() == [
        "checking main (production)",
        f"models.lock:6:14: error[version-rewritten]: {message(trained)}",
        "1 error",
        (
            "paddledvc: push blocked; give what changed a new version, or bypass with `git "
            "push --no-verify`"
        ),
    ]


def test_a_push_is_judged_by_what_it_is_pushed_to(trained):
    trained.branch("feature/x")
    retrain(trained)
    trained.commit("second")
    first = trained.git("rev-parse", "main").strip()

    assert guard.guard_pushed(trained.project, [pushed(trained, "refs/heads/feature/x")]) == ()
    trained.git("tag", "--annotate", "--message=x", "v2.0")
    trained.git("branch", "--delete", "--force", "main")
    refs = [pushed(trained, "refs/heads/main", old=first), pushed(trained, "refs/tags/v2", "v2.0")]
    [verdict] = guard.guard_pushed(trained.project, refs)
    assert (verdict.title, [one.rule for one in verdict.errors]) == ("main", ["version-rewritten"])
    trained.git("branch", "main", first)
    assert [one.title for one in guard.guard_pushed(trained.project, refs)] == [
        "main",
        "the tag v2",
    ]
