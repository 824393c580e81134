from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.merge import merge_driver
from paddledvc.yaml.merge.rules import Sides

LOCKS = ["models.lock merge=paddledvc", "dvc.lock merge=paddledvc"]
PEOPLES = ["models.yaml merge=paddledvc", "dvc.yaml merge=paddledvc"]
LAST = ["params.yaml merge=paddledvc", "reports/** -merge"]


@pytest.fixture
def repository(project):
    project.git("init", "--quiet")
    return project


def drivers(folder):
    command = ["git", "config", "--get-all", "merge.paddledvc.driver"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def test_a_driver_is_installed_once(repository):
    assert merge_driver.install_merge_driver(repository.root) is True
    before = repository.read(".git/config")

    assert merge_driver.install_merge_driver(repository.root) is False
    assert repository.read(".git/config") == before
    assert drivers(repository.root) == [merge_driver.merge_driver_command(repository.root)]
    assert shlex.quote(sys.executable) in merge_driver.merge_driver_command(repository.root)


def test_another_python_takes_over(repository):
    repository.git(
        "config",
        "merge.paddledvc.driver",
        merge_driver.merge_driver_command(repository.root, "/old/python"),
    )

    assert merge_driver.install_merge_driver(repository.root) is True
    assert drivers(repository.root) == [merge_driver.merge_driver_command(repository.root)]


def test_a_driver_that_is_configured_twice_is_configured_once(repository):
    for command in ("one", "two"):
        repository.git("config", "--add", "merge.paddledvc.driver", command)

    assert merge_driver.install_merge_driver(repository.root) is True
    assert drivers(repository.root) == [merge_driver.merge_driver_command(repository.root)]


def test_a_work_tree_beside_the_repository_shares_its_driver(repository, tmp_path):
    repository.commit()
    beside = tmp_path / "beside"
    repository.git("worktree", "add", "--quiet", str(beside))
    merge_driver.install_merge_driver(beside)

    assert drivers(repository.root) == [merge_driver.merge_driver_command(repository.root)]


@pytest.mark.slow
def test_a_submodule_has_a_driver_of_its_own(repository, tmp_path):
    repository.commit()
    outer = tmp_path / "outer"
    outer.mkdir()
    url = str(repository.root)
    outside = ("-C", str(outer), "-c", "protocol.file.allow=always")
    repository.git(*outside, "init", "--quiet")
    repository.git(*outside, "submodule", "--quiet", "add", url, "in")
    merge_driver.install_merge_driver(outer / "in")

    assert drivers(outer / "in") == [merge_driver.merge_driver_command(repository.root)]
    assert drivers(outer) == []


def test_a_configuration_that_cannot_be_written_is_told(repository):
    repository.write(".git/config.lock", "")
    with pytest.raises(ToolFailed) as caught:
        merge_driver.install_merge_driver(repository.root)

    assert "could not lock config file .git/config" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        pytest.param("", [LOCKS[0], *PEOPLES, LOCKS[1], *LAST], id="nothing"),
        pytest.param(
            "# models.lock merge=x\nmodels.lock -text\n",
            [LOCKS[0], *PEOPLES, LOCKS[1], *LAST],
            id="other attributes",
        ),
        pytest.param(
            "/dvc.lock -merge\ndvc.yaml text !merge\n", [LOCKS[0], PEOPLES[0], *LAST], id="own"
        ),
        pytest.param("*.lock binary\n*.png binary\n", [*PEOPLES, *LAST], id="a pattern"),
        pytest.param("reports/a/** merge=ours\n*.yaml -merge\n", LOCKS, id="reports"),
        pytest.param("\n".join([*LOCKS, *PEOPLES, *LAST]), [], id="all there"),
    ],
)
def test_only_what_is_not_told_is_missing(text, missing):
    assert merge_driver.missing_merge_attributes(text) == missing


@pytest.mark.parametrize(
    ("style", "shown"), [("merge", False), ("diff3", True), ("zdiff3", True), (None, False)]
)
def test_git_says_whether_conflicts_show_the_base(repository, style, shown):
    if style is not None:
        repository.git("config", "merge.conflictStyle", style)

    assert merge_driver.merge_shows_base(repository.root) is shown


def test_lines_are_merged_as_git_does():
    texts = Sides(base="a\nb\nc\n", ours="x\nb\nc\n", theirs="a\nb\ny\udcff\n")

    assert merge_driver.merge_lines_with_git(texts) == ("x\nb\ny\udcff\n", True)


def test_lines_in_conflict_are_between_markers_of_the_size_asked_for():
    found = merge_driver.merge_lines_with_git(Sides(base="a\n", ours="b\n", theirs="c\n"), 9)

    assert found == (f"{'<' * 9} ours\nb\n{'=' * 9}\nc\n{'>' * 9} theirs\n", False)


def test_what_is_no_text_has_no_lines():
    assert merge_driver.merge_lines_with_git(Sides(base="a\0", ours="b\0", theirs="c\0")) is None
