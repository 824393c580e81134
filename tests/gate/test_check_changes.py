"""Changes at the gate: the merge result is judged, by the policy of its target; real git."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paddledvc
from paddledvc.gate import read_facts
from paddledvc.gate.core.violations import UNWAIVABLE
from paddledvc.gate.judge_subject import judge_tree
from paddledvc.yaml import writer
from paddledvc.yaml.merge.rules import MERGE_FORMS
from tests.conftest import Folder
from tests.gated import EXPORTED, FACTS, Gated, a_waiver

pytestmark = pytest.mark.slow
TODAY = date(2026, 11, 22)
REPORT = "reports/resnet50/verify.json"
SECOND = (
    """\
  - name: {name}
    version: v1.0.0
    weights_url: https://host/{name}.pdparams
    md5: "{digest}"
"""
    + FACTS
)
ATTRIBUTES = "".join(f"{name} merge=paddledvc\n" for name in MERGE_FORMS)
DIGEST, OTHER = "b0" * 16, "c1" * 16


@pytest.fixture
def gated(gated):
    """A project that passes on main, and a branch of it that is checked out."""
    gated.branch("feature/x")
    return gated


def second(name, digest=DIGEST):
    return SECOND.format(name=name, digest=digest)


def of_rules(verdict):
    return [one.rule for one in verdict.violations]


def clone(gated, *options):
    """Clone a repository as CI does."""
    root = gated.root.parent / "clone"
    command = ["git", "clone", "--quiet", *options, f"file://{gated.root}", str(root)]
    subprocess.run(command, check=True, capture_output=True)
    return Gated(Folder(root))


def test_a_change_is_judged_by_the_rules_of_its_target(gated):
    (gated.root / REPORT).unlink()
    gated.commit()
    verdict = gated.check(base="main")

    assert gated.lines() == []
    assert (verdict.title, verdict.role) == ("feature/x as merged into main", "production")
    assert of_rules(verdict) == ["evidence-missing"]


def test_a_policy_that_a_change_weakens_is_judged_by_that_of_its_target(gated):
    (gated.root / REPORT).unlink()
    weak = "policy: {production: {evidence: none, versions: any}}\n"
    gated.write("models.yaml", weak + EXPORTED)
    gated.commit()

    assert gated.lines(base="main") == [
        (
            "models.yaml:1:10: warning[policy-weakened]: this change turns evidence: required into "
            "evidence: none for production; it is still judged by the policy of its target"
        ),
        (
            "models.yaml:1:10: warning[policy-weakened]: this change turns versions: exact into "
            "versions: any for production; it is still judged by the policy of its target"
        ),
        (
            "models.yaml:9:13: error[evidence-missing]: resnet50: there is no "
            f"{REPORT}, expected a report that its export agrees with its network; run `dvc repro` "
            "and commit the report"
        ),
    ]


def test_a_waiver_of_a_change_waives_nothing_of_it(gated):
    (gated.root / REPORT).unlink()
    gated.write("models.yaml", a_waiver("evidence-missing", "2026-12-04") + EXPORTED)
    gated.commit()
    lines = gated.lines(base="main", today=TODAY)

    assert lines[0] == (
        "models.yaml:2:3: warning[policy-weakened]: this change waives evidence-missing until "
        "2026-12-04; it is still judged by the policy of its target"
    )
    assert "error[evidence-missing]" in lines[-1]


def test_a_waiver_of_the_target_counts(gated):
    gated.git("checkout", "--quiet", "main")
    gated.write("models.yaml", a_waiver("evidence-missing", "2026-12-04") + EXPORTED)
    gated.commit()
    gated.git("checkout", "--quiet", "feature/x")
    (gated.root / REPORT).unlink()
    gated.commit()
    verdict = gated.check(base="main", today=TODAY)

    assert verdict.violations == ()
    assert [one.violation.rule for one in verdict.waived] == ["evidence-missing"]


def test_a_waiver_that_comes_in_a_change_of_its_own_is_not_called_useless(gated):
    gated.branch("feature/waive")
    gated.write("models.yaml", a_waiver("evidence-missing", "2026-12-04") + EXPORTED)
    gated.commit("a waiver")
    assert of_rules(gated.check(base="main", today=TODAY)) == ["policy-weakened"]

    gated.git("checkout", "--quiet", "main")
    gated.git("merge", "--quiet", "feature/waive")
    gated.branch("feature/y")
    gated.commit("nothing")
    assert of_rules(gated.check(base="main", today=TODAY)) == ["waiver-unused"]


def test_a_change_that_removes_an_expired_waiver_passes(gated):
    gated.git("checkout", "--quiet", "main")
    gated.write("models.yaml", a_waiver("evidence-missing", "2026-11-01") + EXPORTED)
    gated.commit()
    gated.git("checkout", "--quiet", "feature/x")
    gated.git("merge", "--quiet", "main")
    assert of_rules(gated.check(base="main", today=TODAY)) == ["waiver-expired"]
    gated.write("models.yaml", EXPORTED)
    gated.commit()

    assert gated.check(base="main", today=TODAY).violations == ()


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (
            "prereleases: false",
            "prereleases: true",
            "turns prereleases: false into prereleases: true",
        ),
        ("lock: fresh", "lock: any", "turns lock: fresh into lock: any"),
        (
            "evidence: required",
            "evidence: passing",
            "turns evidence: required into evidence: passing",
        ),
        ("paths: [jit, gpu]", "paths: [jit]", "no longer asks for the path gpu"),
        ("requires: [owner, task]", "requires: [owner]", "no longer requires task"),
    ],
)
def test_every_rule_can_be_weakened(gated, before, after, what):
    gated.git("checkout", "--quiet", "main")
    gated.write("models.yaml", f"policy: {{integration: {{{before}}}}}\n{EXPORTED}")
    gated.commit()
    gated.branch("feature/y")
    gated.edit("models.yaml", before, after)
    gated.commit()

    [line] = gated.lines(base="main")
    assert f"this change {what} for integration; " in line
    gated.git("checkout", "--quiet", "main")
    gated.git("merge", "--quiet", "feature/y")
    gated.git("checkout", "--quiet", "-b", "feature/z")
    gated.edit("models.yaml", after, before)
    gated.commit()
    assert gated.lines(base="main") == []


def test_a_branch_that_stops_being_of_production_is_told(gated):
    gated.write("models.yaml", "policy: {production: {branches: [main]}}\n" + EXPORTED)
    gated.commit()

    assert [line.partition(": this change ")[2] for line in gated.lines(base="main")] == [
        f"takes {one} out of the production branches; it is still judged by the policy of its "
        "target"
        for one in ("hotfix/*", "master", "release/*")
    ]


def test_a_stage_that_takes_more_is_told(gated):
    stages = "policy: {stages: {prod: {branches: [main], approvals: 2}}}\n"
    gated.git("checkout", "--quiet", "main")
    gated.write("models.yaml", stages + EXPORTED)
    gated.commit()
    gated.branch("feature/y")
    loose = "policy: {stages: {prod: {branches: [main, develop]}, qa: {branches: ['*']}}}\n"
    gated.write("models.yaml", loose + EXPORTED)
    gated.commit()

    assert [line.partition(": this change ")[2] for line in gated.lines(base="main")] == [
        f"{what}; it is still judged by the policy of its target"
        for what in (
            "asks for 0 approvals of what prod takes, not 2",
            "lets commits of develop into the release stage prod",
        )
    ]


def test_what_production_recommends_cannot_be_dropped_unseen(gated):
    gated.write("models.yaml", "policy: {production: {requires: [owner]}}\n" + EXPORTED)
    gated.commit()

    assert gated.lines(base="main") == [
        (
            "models.yaml:1:10: warning[policy-weakened]: this change no longer warns where license "
            "or description is missing for production; it is still judged by the policy of its "
            "target"
        )
    ]


def test_a_policy_that_gets_stricter_is_no_finding(gated):
    strict = "policy: {integration: {branches: [next], versions: exact, evidence: required}, "
    strict += "production: {branches: [main, master, 'release/*', 'hotfix/*', develop]}}\n"
    gated.write("models.yaml", strict + EXPORTED)
    gated.commit()

    assert gated.lines(base="main") == []


def test_a_target_whose_policy_cannot_be_read_gets_the_default(gated):
    gated.git("checkout", "--quiet", "main")
    gated.write("models.yaml", "policy: {prodction: {}}\n" + EXPORTED)
    gated.commit()
    gated.git("checkout", "--quiet", "feature/x")
    gated.write("models.yaml", "# mended\n" + EXPORTED)
    gated.commit()
    gated.git("merge", "--quiet", "--strategy=ours", "main")
    verdict = gated.check(base="main")

    assert verdict.notes == ("the policy of main cannot be read; the default one counts",)
    assert verdict.violations == ()


def test_a_target_without_a_project_gets_the_default(project):
    made = Gated(project)
    made.commit("nothing yet")
    made.branch("feature/x")
    made.models(EXPORTED)
    made.commit()

    assert made.check(base="main").violations == ()


def test_what_was_merged_meanwhile_is_judged_with_the_change(gated):
    """Each side is right, and what git makes of them is not."""
    gated.git("checkout", "--quiet", "main")
    gated.write(".gitattributes", ATTRIBUTES)
    gated.commit("our driver")
    gated.git("checkout", "--quiet", "-B", "feature/x")
    gated.models(
        EXPORTED
        + '  - name: head\n    version: v1\n    base: {name: resnet50, version: "<3.4"}\n'
        + FACTS
    )
    gated.commit("what starts from it")
    assert gated.check(base="main").violations == ()
    gated.git("checkout", "--quiet", "main")
    gated.models(EXPORTED.replace("v3.3.0", "v3.4.0").replace("0cc175b9", "0cc175b0"))
    gated.commit("an upgrade")
    assert gated.check().errors == ()
    gated.git("checkout", "--quiet", "feature/x")

    assert gated.check(branch="main").errors == ()
    [found] = gated.check(base="main").errors
    assert "error[lock-stale]: resnet50: no version satisfies all of this" in str(found)


def test_models_that_both_sides_add_merge_as_our_driver_merges_them(gated):
    gated.git("checkout", "--quiet", "main")
    gated.write(".gitattributes", ATTRIBUTES)
    gated.commit("our driver")
    gated.branch("left")
    gated.models(EXPORTED + second("left"))
    gated.commit("left")
    gated.git("checkout", "--quiet", "main")
    gated.models(EXPORTED + second("right"))
    gated.commit("right")
    gated.git("checkout", "--quiet", "left")

    assert gated.git("config", "--get-regexp", "^merge", check=False) == ""
    assert gated.check(base="main").violations == ()


def test_conflicts_are_findings_and_nothing_else_is_judged(gated):
    gated.edit("models.yaml", "0cc175b9c0f1b6a831c399e269772661", DIGEST)
    gated.write("README.md", "ours\n")
    gated.commit()
    gated.git("checkout", "--quiet", "main")
    gated.edit("models.yaml", "0cc175b9c0f1b6a831c399e269772661", OTHER)
    gated.write("README.md", "theirs\n")
    gated.commit()
    gated.git("checkout", "--quiet", "feature/x")
    advice = "merge main into this branch first, and settle the conflict"

    assert gated.lines(base="main") == [
        f"models.yaml: error[merge-conflict]: both sides changed models.yaml; {advice}",
        f"README.md: error[merge-conflict]: both sides changed README.md; {advice}",
    ]


def test_what_is_not_committed_is_not_judged_and_that_is_said(gated):
    gated.edit("models.yaml", "v3.3.0", "v3.4.0")
    gated.edit("dvc.lock", "schema", "scheme")
    verdict = gated.check(base="main")

    assert verdict.violations == ()
    assert verdict.notes == (
        "dvc.lock, models.yaml have uncommitted changes, which are not judged",
    )


def test_a_project_in_a_folder_is_judged_at_its_place(tmp_path):
    top = tmp_path / "mono"
    (top / "vision").mkdir(parents=True)
    made = Gated(Folder(top / "vision"))
    outer = Folder(top)
    made.models(EXPORTED)
    outer.commit("one model")
    outer.git("checkout", "--quiet", "-b", "feature/x")
    (made.root / REPORT).unlink()
    made.write("big.bin", "0" * 100)
    outer.write("other/models.yaml", "not ours: [")
    outer.commit()
    verdict = made.check(base="main")

    assert (verdict.prefix, of_rules(verdict)) == ("vision/", ["evidence-missing"])
    assert made.check(branch="main").prefix == "vision/"
    outer.write("README.md", "1")
    outer.commit()
    outer.git("checkout", "--quiet", "main")
    outer.write("README.md", "2")
    outer.commit()
    outer.git("checkout", "--quiet", "feature/x")
    assert [one.file for one in made.check(base="main").violations] == ["../README.md"]


def test_code_behind_a_link_to_another_folder_of_the_repository_is_found(tmp_path):
    top = tmp_path / "mono"
    (top / "vision").mkdir(parents=True)
    outer, made = Folder(top), Gated(Folder(top / "vision"))
    outer.write("shared/layers.py", "")
    (made.root / "layers.py").unlink()
    (made.root / "layers.py").symlink_to("../shared/layers.py")
    made.models(EXPORTED)
    outer.commit("one model")
    outer.git("checkout", "--quiet", "-b", "feature/x")
    outer.commit()

    assert made.lines(base="main") == []


def test_a_link_out_of_the_repository_leads_nowhere(gated, tmp_path):
    (tmp_path / "secret.py").write_text("import os\n")
    (gated.root / "layers.py").unlink()
    (gated.root / "layers.py").symlink_to(tmp_path / "secret.py")
    gated.commit()

    assert of_rules(gated.check(base="main"))[:1] == ["stages-stale"]


@pytest.fixture
def linked(gated):
    """A model one of whose files is behind a link."""
    gated.write("kept/net.yml", "a")
    (gated.root / "configs").symlink_to("kept")
    gated.models(f"{EXPORTED}    config_path: configs/net.yml\n")
    gated.commit()
    return gated


def other_files(made, **options):
    """Name the files that stages ran with others of."""
    found = [one.message for one in made.check(**options).violations if one.rule == "not-built"]
    return {
        name for message in found for name in re.findall("ran with a different ([^ ,;]+)", message)
    }


def test_a_file_behind_a_link_is_judged_by_its_bytes(linked):
    sides = ({"branch": "main"}, {"base": "main"})
    assert [other_files(linked, **side) for side in sides] == [set(), set()]
    linked.write("kept/net.yml", "another")
    linked.commit()
    assert [other_files(linked, **side) for side in sides] == [{"configs/net.yml"}] * 2


@pytest.mark.parametrize(
    ("name", "rule"), [("models.lock", "lock-invalid"), ("dvc.lock", "stages-invalid")]
)
def test_a_lock_that_is_a_link_is_refused_for_its_history_is_not_known(gated, name, rule):
    file = gated.root / name
    file.rename(gated.root / "kept")
    file.symlink_to("kept")
    gated.commit()
    refused = (
        f"{name}: error[{rule}]: found a symbolic link, expected a file, because git's history of "
        f"{name} shows what was released; put the file itself there"
    )

    assert refused in gated.lines(branch="main")
    assert refused in gated.lines(base="main")


@pytest.mark.parametrize("name", ["models.yaml", REPORT])
def test_a_file_that_is_a_link_is_judged_by_what_is_behind_it(gated, name):
    file = gated.root / name
    file.rename(gated.root / "kept")
    file.symlink_to("../" * name.count("/") + "kept")
    gated.commit()
    assert gated.lines(branch="main") == gated.lines(base="main") == []


def test_what_git_keeps_of_a_file_that_is_too_large_to_be_read_is_not_judged(linked, monkeypatch):
    linked.write("kept/net.yml", "another, which is large")
    linked.write("layers.py", "# small")
    linked.commit()
    monkeypatch.setattr(read_facts, "LARGEST", 10)
    assert other_files(linked, base="main") == {"layers.py"}
    assert other_files(linked, branch="main") == {"layers.py", "configs/net.yml"}


def test_a_change_is_judged_without_a_folder_for_it(gated, monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("a temporary folder")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    gated.edit("net.py", "return x", "return x + 1")
    gated.commit()
    (gated.root / "net.py").unlink()
    (gated.root / "layers.py").unlink()
    assert other_files(gated, base="main") == {"net.py"}


@pytest.mark.parametrize("base", ["origin/main", "main", "refs/remotes/origin/main"])
def test_the_base_of_a_clone_may_be_named_in_any_way(gated, base):
    gated.commit()
    made = clone(gated, "--branch", "feature/x")
    verdict = made.check(base=base)

    assert (verdict.title, verdict.role) == ("feature/x as merged into main", "production")


def test_a_base_that_is_a_tag_is_of_production(gated):
    gated.git("tag", "v1")

    assert gated.check(base="v1").role == "production"


def test_a_base_that_is_not_here_is_refused_with_the_command_that_gets_it(gated, cli):
    done = cli("check", "--base", "origin/nowhere")

    assert (done.exit_code, done.stderr) == (
        2,
        "Error: there is no origin/nowhere here; run `git fetch origin nowhere`\n",
    )


def test_a_base_that_is_only_a_commit_needs_a_branch(gated, cli):
    commit = gated.commit()
    done = cli("check", "--base", commit)

    assert (done.exit_code, done.stderr) == (
        2,
        f"Error: --base {commit} is no branch; name the branch whose rules count with --branch\n",
    )
    assert gated.check(base=commit, branch="main").role == "production"


def test_a_shallow_clone_without_anything_in_common_says_how_to_get_it(gated):
    gated.git("checkout", "--quiet", "main")
    gated.commit("on main")
    gated.git("checkout", "--quiet", "feature/x")
    gated.commit("on a branch")
    made = clone(gated, "--depth=1", "--no-single-branch", "--branch", "feature/x")
    with pytest.raises(paddledvc.errors.InvalidInput) as caught:
        made.check(base="main")

    assert str(caught.value).endswith(
        "have no commit in common; this clone is shallow: run `git fetch --unshallow`, in CI set "
        "`fetch-depth: 0` or `GIT_DEPTH: 0`"
    )


def rewrite(made, digest=OTHER):
    """Give a version that is locked other bytes."""
    made.models(EXPORTED.replace("0cc175b9c0f1b6a831c399e269772661", digest))
    return made.commit("other bytes")


def test_a_version_that_was_released_keeps_its_bytes(gated):
    first = gated.git("rev-parse", "--short=7", "main").strip()
    day = gated.git("log", "-1", "--format=%cs", "main").strip()
    rewrite(gated)

    assert gated.lines(base="main") == [
        (
            "models.lock:6:14: error[version-rewritten]: resnet50 v3.3.0 was locked with "
            f"md5:0cc175b9c0f1b6a831c399e269772661 on main (commit {first} of {day}), now it is "
            f"md5:{OTHER}; released bytes never change, so give these a new version"
        )
    ]
    [warning] = gated.lines()
    assert warning.startswith("models.lock:6:14: warning[version-rewritten]: ")


def test_a_version_that_has_gone_and_comes_back_keeps_its_bytes(gated):
    gated.git("checkout", "--quiet", "main")
    gated.models(EXPORTED.replace("v3.3.0", "v3.4.0").replace("0cc175b9", "0cc175b0"))
    gated.commit("upgrade")
    gated.branch("feature/y")
    rewrite(gated)

    [found] = gated.check(base="main").errors
    assert found.rule == "version-rewritten"


def test_a_tag_is_a_release_too(gated):
    rewrite(gated)
    gated.git("tag", "--annotate", "--message=x", "resnet50@v3.3.0")
    gated.git("checkout", "--quiet", "-B", "main", "main~0")
    gated.git("checkout", "--quiet", "-b", "feature/y")
    gated.commit()

    [line] = gated.lines(base="main")
    assert f"was locked with md5:{OTHER} on the tag resnet50@v3.3.0, now it is md5:0cc1" in line


def test_in_ci_the_history_of_a_detached_head_is_that_of_its_branch(gated, monkeypatch):
    rewrite(gated)
    gated.git("checkout", "--quiet", "--detach")
    gated.git("branch", "--delete", "--force", "main", "feature/x")
    in_ci(monkeypatch, GITHUB_ACTIONS="true", GITHUB_REF_NAME="main", GITHUB_REF_TYPE="branch")

    [line] = gated.lines()
    assert "error[version-rewritten]: resnet50 v3.3.0 was locked with md5:0cc1" in line
    assert " on main (commit " in line


def test_what_a_branch_locked_on_its_way_was_never_released(gated):
    rewrite(gated, OTHER)
    rewrite(gated, "0cc175b9c0f1b6a831c399e269772661")
    gated.git("checkout", "--quiet", "main")
    gated.git("merge", "--quiet", "--no-ff", "--no-edit", "feature/x")

    assert gated.lines() == []


def test_another_spelling_of_a_version_is_the_same_version(gated):
    text = EXPORTED.replace("version: v3.3.0", 'version: "3.3"')
    gated.models(text.replace("0cc175b9c0f1b6a831c399e269772661", OTHER))
    gated.commit()

    assert of_rules(gated.check(base="main")) == ["version-rewritten"]


def test_a_new_version_may_have_other_bytes(gated):
    text = EXPORTED.replace("version: v3.3.0", "version: v3.3.1")
    gated.models(text.replace("0cc175b9c0f1b6a831c399e269772661", OTHER))
    gated.commit()

    assert gated.check(base="main").errors == ()


def test_a_shallow_clone_warns_that_history_is_missing(gated):
    gated.git("checkout", "--quiet", "main")
    gated.commit("second")
    made = clone(gated, "--depth=1")

    assert made.lines() == [
        (
            "models.lock: warning[history-incomplete]: this clone is shallow, so changed bytes of "
            "a released version cannot be detected; fetch the history (`git fetch "
            "--unshallow`, in CI `fetch-depth: 0` or `GIT_DEPTH: 0`)"
        )
    ]
    assert made.lines(branch="feature/x") == []


def test_a_tree_that_is_about_to_be_committed_is_judged(gated):
    (gated.root / REPORT).unlink()
    gated.git("add", "--all")
    tree = gated.git("write-tree").strip()
    gated.git("reset", "--quiet", "--hard")
    verdict = judge_tree(gated.project, tree, branch="main")

    assert (verdict.title, of_rules(verdict)) == ("main", ["evidence-missing"])
    assert judge_tree(gated.project, tree, branch="feature/x").violations == ()
    assert judge_tree(gated.project, tree, branch=None).title == "a detached HEAD"


def in_ci(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def pull_request(monkeypatch, **more):
    in_ci(
        monkeypatch,
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_BASE_REF="main",
        GITHUB_HEAD_REF="feature/x",
        GITHUB_REF_NAME="7/merge",
        CI="true",
        **more,
    )


@pytest.mark.parametrize("depth", [1, 2])
def test_a_pull_request_is_judged_as_github_merged_it(gated, monkeypatch, depth):
    """All that a shallow clone need have is the merge and the commit of its target."""
    (gated.root / REPORT).unlink()
    gated.commit()
    gated.git("checkout", "--quiet", "--detach", "main")
    gated.git("merge", "--quiet", "--no-ff", "--no-edit", "feature/x")
    merge = gated.git("rev-parse", "HEAD").strip()
    gated.git("branch", "pull")
    made = clone(gated, f"--depth={depth}", "--branch", "pull")
    made.git("checkout", "--quiet", "--detach")
    if depth == 1:
        made.git("fetch", "--quiet", "--depth=1", "origin", "main")
    made.git("update-ref", "-d", "refs/remotes/origin/main")
    pull_request(monkeypatch, GITHUB_SHA=merge)
    verdict = made.check()

    assert (verdict.title, verdict.role) == ("feature/x as merged into main", "production")
    assert of_rules(verdict) == ["evidence-missing", "history-incomplete"]


def test_a_pull_request_whose_target_was_not_fetched_says_what_to_do(gated, monkeypatch, cli):
    gated.commit()
    made = clone(gated, "--depth=1", "--branch", "feature/x")
    pull_request(monkeypatch, GITHUB_SHA="0" * 40)
    with pytest.raises(paddledvc.errors.InvalidInput) as caught:
        made.check()

    assert str(caught.value) == (
        "GitHub Actions says that this is merged into main, which was not fetched; run `git fetch "
        "origin main`, or let the job fetch all of the history (`fetch-depth: 0`, `GIT_DEPTH: 0`)"
    )


def test_the_head_of_a_pull_request_is_merged_into_its_target(gated, monkeypatch):
    (gated.root / REPORT).unlink()
    gated.commit()
    made = clone(gated, "--branch", "feature/x")
    pull_request(monkeypatch, GITHUB_SHA="0" * 40)

    assert of_rules(made.check()) == ["evidence-missing"]


@pytest.mark.parametrize(
    ("ref", "kind", "title", "role"),
    [
        ("develop", "branch", "develop", "integration"),
        ("v1.0", "tag", "the tag v1.0", "production"),
    ],
)
def test_a_push_is_judged_as_its_branch_though_head_is_detached(  # noqa: PLR0913
    gated, monkeypatch, *, ref, kind, title, role
):
    gated.git("checkout", "--quiet", "--detach")
    in_ci(monkeypatch, GITHUB_ACTIONS="true", GITHUB_REF_NAME=ref, GITHUB_REF_TYPE=kind)
    verdict = gated.check()

    assert (verdict.title, verdict.role) == (title, role)


def test_a_merge_request_of_gitlab_is_judged(gated, monkeypatch):
    (gated.root / REPORT).unlink()
    gated.commit()
    made = clone(gated, "--branch", "feature/x")
    made.git("checkout", "--quiet", "--detach")
    in_ci(
        monkeypatch,
        GITLAB_CI="true",
        CI="true",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        CI_MERGE_REQUEST_SOURCE_BRANCH_NAME="feature/x",
    )
    verdict = made.check()

    assert (verdict.title, of_rules(verdict)) == (
        "feature/x as merged into main",
        ["evidence-missing"],
    )


def test_gitlab_may_name_the_commit_of_the_target(gated, monkeypatch):
    target = gated.git("rev-parse", "main").strip()
    gated.commit()
    gated.git("branch", "--delete", "--force", "main")
    in_ci(
        monkeypatch,
        GITLAB_CI="true",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        CI_MERGE_REQUEST_TARGET_BRANCH_SHA=target,
    )

    assert gated.check().role == "production"


ON_TARGET = {
    "GitHub Actions": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "feature/x",
        "GITHUB_REF_NAME": "main",
    },
    "GitLab CI": {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/x",
    },
    "Azure Pipelines": {
        "TF_BUILD": "True",
        "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
        "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/feature/x",
    },
}


@pytest.mark.parametrize("behind", [0, 1])
@pytest.mark.parametrize("system", ON_TARGET)
def test_a_job_that_has_checked_out_the_target_is_refused(
    gated, monkeypatch, cli, *, system, behind
):
    (gated.root / REPORT).unlink()
    gated.commit("an offence, which nobody looks at")
    gated.git("checkout", "--quiet", "main")
    gated.commit("main goes on")
    gated.git("checkout", "--quiet", "--detach", f"main~{behind}")
    in_ci(monkeypatch, **ON_TARGET[system])
    done = cli("check")

    assert (done.exit_code, done.stderr) == (
        2,
        (
            f"Error: {system} says that feature/x is to be merged into main, but what is checked "
            "out is in main already, so nothing would be judged; check out feature/x, on GitHub "
            "`refs/pull/NUMBER/merge`\n"
        ),
    )


def test_a_job_for_the_target_that_has_checked_out_the_change_judges_it(gated, monkeypatch):
    (gated.root / REPORT).unlink()
    gated.commit()
    in_ci(monkeypatch, **ON_TARGET["GitHub Actions"])

    assert of_rules(gated.check()) == ["evidence-missing"]


WEAK = "policy: {production: {evidence: none}}\n"


@pytest.fixture
def push(gated, monkeypatch, tmp_path):
    """Let CI say that a commit of main was pushed over."""

    def by_github(before):
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"before": before}))
        in_ci(
            monkeypatch,
            GITHUB_ACTIONS="true",
            GITHUB_EVENT_NAME="push",
            GITHUB_EVENT_PATH=str(event),
            GITHUB_REF_NAME="main",
            GITHUB_REF_TYPE="branch",
        )

    def by_gitlab(before):
        in_ci(monkeypatch, GITLAB_CI="1", CI_COMMIT_BRANCH="main", CI_COMMIT_BEFORE_SHA=before)

    gated.git("checkout", "--quiet", "main")
    return {"github": by_github, "gitlab": by_gitlab}


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_a_push_is_judged_by_the_policy_before_it(gated, push, system):
    before = gated.git("rev-parse", "HEAD").strip()
    (gated.root / REPORT).unlink()
    gated.write("models.yaml", WEAK + EXPORTED)
    gated.commit()
    push[system](before)

    assert of_rules(gated.check()) == ["policy-weakened", "evidence-missing"]


@pytest.mark.parametrize("before", ["0" * 40, "1" * 40, ""])
@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_a_push_over_what_is_not_here_is_judged_by_its_own_policy(gated, push, system, before):
    (gated.root / REPORT).unlink()
    gated.write("models.yaml", WEAK + EXPORTED)
    gated.commit()
    push[system](before)

    assert gated.lines() == []


def test_a_push_that_mends_a_policy_is_judged_by_the_default_one(gated, push):
    gated.write("models.yaml", "policy: {prodction: {}}\n" + EXPORTED)
    before = gated.commit()
    gated.write("models.yaml", EXPORTED)
    gated.commit()
    push["gitlab"](before)
    verdict = gated.check()

    assert verdict.notes == ("the policy of main cannot be read; the default one counts",)
    assert verdict.violations == ()


def test_options_win_over_ci(gated, monkeypatch):
    pull_request(monkeypatch)

    assert gated.check(branch="develop").role == "integration"


@pytest.mark.parametrize("sign", ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL"])
def test_in_a_ci_that_says_nothing_a_detached_head_is_refused(gated, monkeypatch, sign):
    gated.git("checkout", "--quiet", "--detach")
    assert gated.check().title == "a detached HEAD"
    in_ci(monkeypatch, **{sign: "true"})
    with pytest.raises(paddledvc.errors.InvalidInput) as caught:
        gated.check()

    assert str(caught.value) == (
        "HEAD is detached, and nothing says which branch it is of; name it with --branch, or the "
        "branch that it is to be merged into with --base"
    )


ROLE = st.fixed_dictionaries(
    {},
    optional={
        "branches": st.sampled_from([["main"], ["nothing"], ["*"]]),
        "versions": st.sampled_from(["exact", "range", "any"]),
        "prereleases": st.booleans(),
        "lock": st.sampled_from(["fresh", "any"]),
        "evidence": st.sampled_from(["required", "passing", "none"]),
    },
)
WAIVER = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(["evidence-missing", "lock-stale", "not-built", "stages-stale"]),
        "reason": st.just("because"),
        "until": st.sampled_from(["2026-01-01", "2027-01-01"]),
    }
)
POLICY = st.fixed_dictionaries(
    {},
    optional={
        "production": ROLE,
        "integration": ROLE,
        "feature": ROLE,
        "waivers": st.lists(WAIVER, max_size=2),
    },
)
OWN = {"policy-weakened", "waiver-expired", "waiver-unused"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory, home):
    """A change that breaks several rules, on a branch of its own."""
    root = tmp_path_factory.mktemp("property") / "project"
    root.mkdir()
    identity = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for key in [key for key in os.environ if key.startswith("GIT_")]:
            patch.delenv(key)
        for key, value in identity.items():
            patch.setenv(key, value)
        made = Gated(Folder(root))
        made.models(EXPORTED)
        made.commit("one model")
        made.branch("feature/x")
        (made.root / REPORT).unlink()
        made.write("layers.py", "changed = True\n")
        made.edit("models.lock", "0cc175b9", "0cc175b0")
        made.commit("broken")
    return SimpleNamespace(gated=made, expected=None)


@settings(max_examples=12)
@given(policy=POLICY)
def test_the_policy_of_a_branch_never_changes_what_is_found_in_its_change(broken, policy):
    made = broken.gated
    text = writer.dump_yaml({"policy": policy}) if policy else ""
    made.write("models.yaml", EXPORTED + text)
    made.commit("a policy")
    found = [
        (one.rule, one.level, one.model, one.message)
        for one in made.check(base="main", today=TODAY).violations
        if one.rule not in OWN
    ]
    broken.expected = broken.expected or found

    assert found == broken.expected
    assert {rule for rule, *_ in found} > {"lock-stale"}
    assert OWN < UNWAIVABLE
