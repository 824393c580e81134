from __future__ import annotations

import shlex
import sys

import pytest

import paddledvc
from paddledvc.errors import NotAProject

ATTRIBUTES = (
    "models.lock merge=paddledvc\nmodels.yaml merge=paddledvc\n"
    "dvc.yaml merge=paddledvc\ndvc.lock merge=paddledvc\n"
    "params.yaml merge=paddledvc\nreports/** -merge\n"
)


def driver(repository):
    return repository.git("config", "merge.paddledvc.driver")


IGNORED = "/checkpoints/\n/exports/\n/dvc_plots/\n/reports/**/*.html\n__pycache__/\n"


@pytest.fixture
def repository(project):
    project.git("init", "--quiet")
    return project


@pytest.mark.slow
def test_patterns_that_ignore_what_has_to_be_committed_are_named(repository, cli):
    repository.write(".gitignore", "# a template\n*.lock\nreports/\n")
    done = paddledvc.init(repository.root, with_hooks=False)

    assert [str(one) for one in done.ignored] == [
        (
            ".gitignore:2: git ignores models.lock and dvc.lock by the pattern `*.lock`, expected "
            "them to be committed; remove the pattern, or add `!/models.lock` and `!/dvc.lock` at "
            "the end of .gitignore"
        ),
        (
            ".gitignore:3: git ignores reports/NAME/verify.json by the pattern `reports/`, "
            "expected it to be committed; remove the pattern, or add `!/reports/` and "
            "`!/reports/**` at the end of .gitignore"
        ),
    ]
    said = cli("init", "--no-hooks")
    assert said.exit_code == 0
    assert said.stderr == "".join(f"warning: {one}\n" for one in done.ignored)


def test_a_folder_outside_git_is_refused(project):
    with pytest.raises(NotAProject) as caught:
        paddledvc.init(project.root)

    assert str(caught.value) == f"{project.root} is in no git repository; run `git init` first"
    assert list(project.root.iterdir()) == []


@pytest.mark.slow
def test_a_repository_becomes_a_project(repository):
    done = paddledvc.init(repository.root)

    assert done.made == (
        ".dvcignore",
        ".dvc/config",
        ".paddledvc/.gitignore",
        ".paddledvc/models.schema.json",
        ".paddledvc/lock.schema.json",
        ".paddledvc/index.schema.json",
        "models.yaml",
        "params.yaml",
        ".gitignore",
        ".gitattributes",
        "merge driver of this clone",
        "git hooks of this clone",
    )
    assert done.kept == ()
    assert repository.read(".gitignore") == IGNORED
    assert "url = ../.paddledvc/remote" in repository.read(".dvc/config")
    assert "verify = true" in repository.read(".dvc/config")
    assert repository.read(".gitattributes") == ATTRIBUTES
    assert driver(repository).startswith("export PYTHONPATH= PYTHONSAFEPATH=1; ")


@pytest.mark.slow
def test_hooks_are_installed_unless_they_are_not_wanted(repository):
    without = paddledvc.init(repository.root, with_hooks=False)
    project = paddledvc.Project(repository.root)

    assert "git hooks of this clone" not in without.made
    assert not paddledvc.hooks_status(project).live
    assert paddledvc.init(repository.root).made == ("git hooks of this clone",)
    assert paddledvc.hooks_status(project).live


@pytest.mark.slow
def test_hooks_that_cannot_be_installed_are_told(repository, cli):
    repository.git("config", "core.hooksPath", ".githooks")
    done = cli("init")

    assert done.exit_code == 0
    assert done.stderr.startswith(
        "note: no hooks were installed: core.hooksPath is .githooks, a folder of the work tree, "
    )
    assert cli("init", "--no-hooks").stderr == ""


@pytest.mark.slow
def test_a_new_project_locks_and_generates_at_once(repository):
    paddledvc.init(repository.root)
    project = paddledvc.Project(repository.root)

    assert paddledvc.lock(project).changes == ()
    assert paddledvc.generate(project).stages.added == ()


@pytest.mark.slow
def test_initialising_twice_keeps_everything(repository):
    first = paddledvc.init(repository.root)
    repository.write("models.yaml", "models: []  # mine\n")
    repository.write("params.yaml", "# mine\n")
    config = repository.read(".dvc/config")
    git_config = repository.read(".git/config")
    second = paddledvc.init(repository.root)

    assert second.made == ()
    assert repository.read(".git/config") == git_config
    assert set(second.kept) == set(first.made) - {".dvcignore"}
    assert repository.read("models.yaml") == "models: []  # mine\n"
    assert repository.read(".dvc/config") == config


@pytest.mark.slow
def test_what_is_there_is_kept(repository):
    repository.write("models.yaml", "models: []\n")
    repository.write(".gitignore", "*.pyc\n/exports/")
    done = paddledvc.init(repository.root)

    assert "models.yaml" in done.kept
    assert repository.read("models.yaml") == "models: []\n"
    assert repository.read(".gitignore") == (
        "*.pyc\n/exports/\n/checkpoints/\n/dvc_plots/\n/reports/**/*.html\n__pycache__/\n"
    )


@pytest.mark.slow
def test_a_folder_of_a_repository_becomes_a_project_of_its_own(repository):
    folder = repository.root / "sub dir"
    folder.mkdir()
    done = paddledvc.init(folder)

    assert done.root == folder
    assert (folder / ".dvc" / "config").is_file()
    assert not (repository.root / ".dvc").exists()
    assert (folder / ".gitattributes").read_text() == ATTRIBUTES
    assert not (repository.root / ".gitattributes").exists()


@pytest.mark.slow
def test_what_a_team_says_of_merging_stays(repository):
    repository.write(".gitattributes", "models.yaml merge=union\n*.png binary")
    done = paddledvc.init(repository.root)

    assert ".gitattributes" in done.made
    assert repository.read(".gitattributes") == (
        "models.yaml merge=union\n*.png binary\n"
        "models.lock merge=paddledvc\ndvc.yaml merge=paddledvc\ndvc.lock merge=paddledvc\n"
        "params.yaml merge=paddledvc\nreports/** -merge\n"
    )


@pytest.mark.slow
def test_another_python_takes_over_the_merge_driver(repository, monkeypatch):
    paddledvc.init(repository.root)
    ours = driver(repository)
    repository.git("config", "merge.paddledvc.driver", ours.replace(sys.executable, "/old/python"))
    done = paddledvc.init(repository.root)

    assert done.made == ("merge driver of this clone",)
    assert driver(repository) == ours
    assert shlex.quote(sys.executable) in ours


@pytest.mark.slow
def test_a_team_with_a_remote_keeps_it_alone(repository, cli):
    from paddledvc.tools.dvc import command, configuration  # noqa: PLC0415

    command.init_dvc(repository.root, subdir=False)
    command.run_dvc("remote", "add", "--default", "prod", "/data/prod", root=repository.root)
    paddledvc.init(repository.root)

    assert [*configuration.read_dvc_config(repository.root).remotes] == ["prod"]


@pytest.mark.slow
def test_the_command_tells_what_it_made(repository, cli):
    done = cli("init")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "made .dvcignore"
    assert done.stdout.splitlines()[-1] == (
        "Next: describe a model in models.yaml, then `paddledvc lock && paddledvc generate`."
    )


def test_the_command_exits_with_2_outside_git(project, cli):
    assert cli("init") == (
        2,
        "",
        f"Error: {project.root} is in no git repository; run `git init` first\n",
    )


@pytest.mark.slow
def test_in_a_clone_of_a_project_the_next_step_is_to_pull(project, cli):
    project.git("init", "--quiet")
    assert cli("init", "--no-hooks").stdout.splitlines()[-1].startswith("Next: describe a model")
    project.write("models.lock", "version: 1\nmodels: []\n")

    done = cli("init", "--no-hooks").stdout.splitlines()
    assert done[-1] == "Next: `paddledvc pull` brings the weights of this commit."
