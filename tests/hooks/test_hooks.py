from __future__ import annotations

import json
import sys

import pytest

import paddledvc
from paddledvc.errors import InvalidInput, OutsideFailure
from paddledvc.hooks import guard, run, standalone
from paddledvc.tools.git.hook_scripts.script import HOOK_NAMES
from paddledvc.weights import checkout as checkouts
from paddledvc.weights.core import outcome as bringing
from tests.gated import RANGED

BUG = "this is a bug, please report it with what PADDLEDVC_DEBUG=1 shows"
PYTHON = f"Python: {sys.executable} (paddledvc {paddledvc.__version__})"


@pytest.fixture
def repository(project):
    project.git("init", "--quiet")
    project.models("models: []\n")
    return project


def hook(repository, name):
    return repository.root / ".git" / "hooks" / name


# The command


@pytest.mark.slow
def test_the_command_installs_tells_and_removes(repository, cli):
    repository.write(".git/hooks/pre-push", "#!/bin/sh\n").chmod(0o755)

    assert cli("hooks", "install").stdout.splitlines() == [
        "installed post-checkout",
        "installed post-commit",
        "installed post-merge",
        "installed post-rewrite",
        "installed pre-commit",
        "installed pre-push (after another hook)",
    ]
    assert cli("hooks", "install").stdout.splitlines()[0] == "kept post-checkout"
    assert cli("hooks", "status").stdout.splitlines() == [
        "hook           state    why",
        "post-checkout  live",
        "post-commit    live",
        "post-merge     live",
        "post-rewrite   live",
        "pre-commit     live",
        "pre-push       live     after another hook",
        PYTHON,
    ]
    assert cli("hooks", "uninstall").stdout.splitlines() == [
        "removed post-checkout",
        "removed post-commit",
        "removed post-merge",
        "removed post-rewrite",
        "removed pre-commit",
        "restored pre-push",
    ]
    assert cli("hooks", "uninstall").stdout.splitlines()[0] == "kept post-checkout"


def test_status_says_what_to_do_where_nothing_is_installed(repository, cli):
    assert cli("hooks", "status").stdout.splitlines()[1:] == [
        *(f"{name:14} missing" for name in HOOK_NAMES),
        "run `paddledvc hooks install`",
    ]


@pytest.mark.slow
def test_status_exits_with_1_only_if_asked(repository, cli):
    assert cli("hooks", "status").exit_code == 0
    assert cli("hooks", "status", "--exit-code").exit_code == 1
    cli("hooks", "install")
    assert cli("hooks", "status", "--exit-code").exit_code == 0


def test_a_python_that_is_gone_is_not_live(repository, cli, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/gone/python")
    cli("hooks", "install")

    found = cli("hooks", "status", "--exit-code")
    assert found.exit_code == 1
    assert found.stdout.splitlines()[-2:] == [
        "Python: /gone/python (which no longer has paddledvc)",
        "run `paddledvc hooks install`",
    ]


@pytest.mark.slow
def test_programs_can_read_it(repository, cli):
    installed = json.loads(cli("hooks", "install", "--format", "json").stdout)
    found = json.loads(cli("hooks", "status", "--format", "json").stdout)
    removed = json.loads(cli("hooks", "uninstall", "--format", "json").stdout)

    assert installed["changes"][0] == {"name": "post-checkout", "done": "installed", "note": ""}
    assert (found["live"], found["version"]) == (True, paddledvc.__version__)
    assert found["python"] == sys.executable
    assert found["hooks"][-1] == {
        "name": "pre-push",
        "state": "live",
        "why": "",
        "path": str(hook(repository, "pre-push")),
        "python": sys.executable,
    }
    assert removed["changes"][0]["done"] == "removed"


def test_a_shared_folder_is_refused_with_2(repository, cli):
    repository.git("config", "core.hooksPath", "hooks")
    done = cli("hooks", "install")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: core.hooksPath is hooks, a folder of the work tree, ")
    assert cli("hooks", "install", "--force").exit_code == 0


@pytest.mark.slow
def test_one_project_of_several_leaves_the_hooks_to_the_others(repository):
    repository.write("vision/models.yaml", "models: []\n")
    vision = paddledvc.Project(repository.root / "vision")
    paddledvc.install_hooks(vision)
    paddledvc.install_hooks(paddledvc.Project(repository.root))

    assert set(map(str, paddledvc.uninstall_hooks(vision).changes)) == {
        f"kept {name} (other projects use it)" for name in HOOK_NAMES
    }
    assert not paddledvc.hooks_status(vision).live
    assert paddledvc.hooks_status(paddledvc.Project(repository.root)).live


# What the scripts hand over to


def call(name, *arguments, folders=(".",)):
    return run.Call(name=name, folders=folders, arguments=arguments)


def test_a_call_names_its_projects_and_what_git_said():
    words = ["post-checkout", "--in", "a b", "--in", ".", "old", "new", "1"]

    assert run.Call.parse(words) == call("post-checkout", "old", "new", "1", folders=("a b", "."))


@pytest.fixture
def brought(repository, monkeypatch):
    """Notes which checkouts of weights are asked for, and lets a test say what becomes of them."""
    monkeypatch.chdir(repository.root)
    asked = []

    def checkout(project, *, before=None, offline=None):
        asked.append((project.root, before))
        brought.offline = offline
        if isinstance(brought.outcome, BaseException):
            raise brought.outcome
        return checkouts.CheckedOut(placed=bringing.Placed(), lines=brought.outcome)

    brought.outcome = ()
    monkeypatch.setattr(checkouts, "checkout", checkout)
    brought.asked = asked
    return brought


def test_the_weights_of_each_project_are_brought_and_told(repository, brought, capsys):
    (repository.root / "vision").mkdir()
    brought.outcome = ("weights: a v1 → v2",)
    asked = call("post-checkout", "c0ffee", "f00", "1", folders=("vision", ".", "gone"))

    assert run.run(asked) == 0
    assert brought.asked == [(repository.root / "vision", "c0ffee"), (repository.root, "c0ffee")]
    assert capsys.readouterr() == ("", "weights: a v1 → v2\n" * 2)


@pytest.mark.parametrize(
    ("asked", "old"),
    [
        (call("post-checkout", "0" * 40, "f00", "1"), None),
        (call("post-merge", "0"), "ORIG_HEAD"),
        (call("post-rewrite", "rebase"), "ORIG_HEAD"),
        (call("post-rewrite", "amend"), "HEAD@{1}"),
        (call("post-commit"), "HEAD@{1}"),
    ],
)
def test_a_checkout_learns_where_git_came_from(brought, asked, old):
    assert run.run(asked) == 0
    assert [before for _, before in brought.asked] == [old]


def test_only_a_commit_does_not_wait_for_servers(brought):
    run.run(call("post-commit"))
    assert brought.offline == "post-commit"
    run.run(call("post-merge", "0"))
    assert brought.offline is None


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (InvalidInput("no"), "paddledvc: no\n"),
        (OSError("disk full"), "paddledvc: disk full\n"),
        (KeyboardInterrupt(), "paddledvc: stopped\n"),
        (ZeroDivisionError("half"), f"paddledvc: {BUG}: ZeroDivisionError: half\n"),
    ],
)
def test_whatever_happens_git_does_not_fail(brought, capsys, outcome, said):
    brought.outcome = outcome

    assert run.run(call("post-merge", "0")) == 0
    assert capsys.readouterr() == ("", said)


def test_a_bug_is_shown_in_full_if_asked(brought, capsys, monkeypatch):
    monkeypatch.setenv("PADDLEDVC_DEBUG", "1")
    brought.outcome = ZeroDivisionError("half")

    assert run.run(call("post-merge", "0")) == 0
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):\n")


def test_a_failure_before_a_commit_or_a_push_stops_it(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository.root)

    def fail(*_, **__):
        raise OutsideFailure("git is gone")

    monkeypatch.setattr(guard, "guard_staged", fail)
    assert run.run(call("pre-commit")) == 1
    assert capsys.readouterr().err == "paddledvc: git is gone\n"


# What other programs call


@pytest.fixture
def pre_commit(repository, monkeypatch, brought):
    repository.commit()
    monkeypatch.setattr(run, "run", lambda asked, _: brought.asked.append(asked) or 7)
    return brought.asked


def test_pre_commit_tells_in_variables_which_hook_it_is():
    assert standalone.name_of_hook({"PRE_COMMIT_CHECKOUT_TYPE": "1"}) == "post-checkout"
    assert standalone.name_of_hook({"PRE_COMMIT_IS_SQUASH_MERGE": "0"}) == "post-merge"
    assert standalone.name_of_hook({}) is None


def test_a_hook_that_nobody_names_is_refused(repository, cli):
    done = cli("hook")

    assert (done.exit_code, done.stderr) == (
        2,
        f"Error: name the hook: {', '.join(HOOK_NAMES)}\n",
    )


def test_every_project_of_the_repository_is_served(repository, monkeypatch, pre_commit):
    repository.write("vi sion/models.yaml", "models: []\n")
    (repository.root / "sub").mkdir()
    monkeypatch.chdir(repository.root / "sub")

    assert standalone.answer_hook("pre-commit", []) == 7
    assert pre_commit == [call("pre-commit", folders=(".", "vi sion"))]


def test_what_pre_commit_says_of_a_push_is_read(pre_commit, monkeypatch):
    monkeypatch.setenv("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/work")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "c0ffee")
    monkeypatch.setattr(sys, "stdin", None)

    assert standalone.answer_hook("pre-push", []) == 7
    assert sys.stdin.read() == f"refs/heads/work c0ffee refs/heads/main {'0' * 40}\n"


def test_pre_commit_tells_where_a_push_goes(pre_commit, monkeypatch):
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "hub")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_URL", "../hub.git")

    assert standalone.answer_hook("pre-push", []) == 7
    assert pre_commit == [call("pre-push", "hub", "../hub.git")]


@pytest.mark.slow
def test_a_file_of_the_work_tree_is_no_hook_that_was_there_before(repository, monkeypatch):
    monkeypatch.chdir(repository.root)
    repository.write("post-checkout.before-paddledvc", "#!/bin/sh\n: >ran\n").chmod(0o755)
    repository.write("models.yaml", "models: []\n")
    repository.commit()

    assert standalone.answer_hook("post-checkout", ["HEAD", "HEAD", "1"]) == 0
    assert not (repository.root / "ran").exists()


def test_hooks_that_are_off_are_off_for_other_programs_too(pre_commit, monkeypatch):
    monkeypatch.setenv("PADDLEDVC_HOOKS", "0")

    assert standalone.answer_hook("pre-commit", []) == 0
    assert pre_commit == []


def test_a_repository_without_a_project_needs_nothing(project, monkeypatch):
    project.git("init", "--quiet")
    monkeypatch.chdir(project.root)

    assert standalone.answer_hook("pre-commit", []) == 0


# Before a commit


@pytest.mark.slow
def test_what_is_staged_is_judged_and_not_the_work_tree(repository):
    project = repository.models("models: []\n")
    paddledvc.lock(project)
    repository.commit()
    repository.write("models.yaml", "nonsense: 1\n")
    assert guard.guard_staged(project).errors == ()

    repository.git("add", "models.yaml")
    repository.write("models.yaml", "models: []\n")
    assert {one.rule for one in guard.guard_staged(project).errors} == {"registry-invalid"}


LAX = "policy: {production: {versions: any}}\n"


@pytest.mark.slow
def test_what_is_staged_is_judged_by_the_policy_of_the_branch_so_far(repository):
    project = repository.models("models: []\n")
    paddledvc.lock(project)
    repository.commit()
    repository.write("models.yaml", LAX + "models: []\n")
    repository.git("add", "models.yaml")
    verdict = guard.guard_staged(project)

    assert verdict.errors == ()
    assert [str(one) for one in verdict.violations] == [
        (
            "models.yaml:1:10: warning[policy-weakened]: this change turns versions: exact into "
            "versions: any for production; it is still judged by the policy of its target"
        )
    ]


@pytest.mark.slow
def test_a_commit_cannot_allow_itself_what_it_does(repository):
    project = repository.models("models: []\n")
    paddledvc.lock(project)
    repository.commit()
    repository.write("models.yaml", LAX + RANGED)
    repository.git("add", "models.yaml")
    assert "version-not-exact" in {one.rule for one in guard.guard_staged(project).errors}

    repository.write("models.yaml", LAX + "models: []\n")
    repository.commit("the policy alone")
    repository.write("models.yaml", LAX + RANGED)
    repository.git("add", "models.yaml")
    assert "version-not-exact" not in {one.rule for one in guard.guard_staged(project).errors}


def test_the_first_commit_of_all_is_judged_by_its_own_policy(project):
    project.git("init", "--quiet", "--initial-branch=main")
    found = project.models(LAX + "models: []\n")
    paddledvc.lock(found)
    project.git("add", "--all")

    assert guard.guard_staged(found).violations == ()


@pytest.mark.slow
def test_the_index_of_a_commit_of_all_is_judged(repository, monkeypatch, capsys):
    project = repository.models("models: []\n")
    paddledvc.lock(project)
    repository.commit()
    repository.write("models.yaml", "nonsense: 1\n")
    index = repository.root / "other-index"
    index.write_bytes((repository.root / ".git/index").read_bytes())
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("GIT_INDEX_FILE", "other-index")
    repository.git("add", "models.yaml")

    assert run.run(call("pre-commit")) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "checking main (production)"
    assert said[-1] == "paddledvc: commit blocked; bypass with `git commit --no-verify`"
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert run.run(call("pre-commit")) == 0
