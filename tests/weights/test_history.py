"""What commits ask for, whichever way they were come by."""

from __future__ import annotations

import pytest

from paddledvc import Project, lock
from paddledvc.errors import InvalidFile, ToolFailed
from paddledvc.weights.expected import read_expected
from paddledvc.weights.history import History


@pytest.fixture
def versions(project):
    """A project with two commits: v1 of one model, then v2."""
    for number in (1, 2):
        project.write_bytes("a.pdparams", b"weights" * number)
        project.models(f'models: [{{name: a, version: "v{number}", weights_url: a.pdparams}}]')
        lock(Project(project.root))
        project.commit(f"v{number}")
    return Project(project.root)


def titles(found):
    return [one.title for one in found]


def test_a_commit_asks_for_what_its_files_said(versions):
    assert titles(History(versions).expected("HEAD~1")) == ["a v1"]


def test_a_commit_before_the_project_asks_for_nothing(project):
    project.commit("nothing yet")
    assert History(Project(project.root)).expected("HEAD") == ()


def test_a_commit_that_is_not_there_is_an_error(versions):
    with pytest.raises(ToolFailed, match="Needed a single revision"):
        History(versions).expected("gone")


def test_what_commits_have_in_common_is_read_once(versions, project):
    project.write("README.md", "described")
    project.commit("another file")
    read = []
    history = History(versions, lambda *asked: read.append(asked) or read_expected(*asked))
    assert titles(history.expected("HEAD")) == titles(history.expected("HEAD~1")) == ["a v2"]
    assert titles(history.expected("HEAD~2")) == ["a v1"]
    assert len(read) == 2


def test_a_registry_in_conflict_counts_unless_nobody_asks_for_it(versions, project):
    text = project.read("models.yaml")
    project.write("models.yaml", f"<<<<<<< ours\n=======\n>>>>>>> theirs\n{text}")
    project.commit("in conflict")
    history = History(versions)
    with pytest.raises(InvalidFile, match=r"models\.yaml:1:1: found a merge conflict"):
        history.expected("HEAD")
    assert titles(history.expected("HEAD", registry=False)) == ["a v2"]


def test_a_tag_of_a_file_asks_for_nothing(versions, project):
    project.git("tag", "file", project.git("hash-object", "-w", "models.yaml").strip())
    assert History(versions).expected("file") == ()
