from __future__ import annotations

import pytest

from paddledvc import Project, lock
from paddledvc.errors import InvalidFile
from paddledvc.weights import expected


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


def test_the_work_tree_asks_for_what_its_files_say_as_they_are(versions, project):
    assert titles(expected.list_expected(versions)) == ["a v2"]
    project.write("models.lock", project.git("show", "HEAD~1:models.lock"))
    assert titles(expected.list_expected(versions)) == ["a v1"]


def test_a_commit_asks_for_what_its_files_said(versions):
    assert titles(expected.list_expected(versions, "HEAD~1")) == ["a v1"]


def test_what_git_does_not_know_yet_is_looked_for_only_when_asked(versions, project):
    project.write("data/x.dvc", "outs: [{path: x, md5: '%s', hash: md5}]" % ("1" * 32))
    assert titles(expected.list_expected(versions)) == ["a v2"]
    assert titles(expected.list_expected(versions, untracked=True)) == ["a v2", "data/x"]


def test_the_files_of_a_new_project_count_before_git_knows_them(project):
    project.git("init", "--quiet")
    project.write_bytes("a.pdparams", b"weights")
    new = project.models('models: [{name: a, version: "v1", weights_url: a.pdparams}]')
    lock(new)
    assert titles(expected.list_expected(new)) == ["a v1"]


def test_a_commit_before_the_project_asks_for_nothing(project):
    project.commit("nothing yet")
    assert expected.list_expected(Project(project.root), "HEAD") == ()


def test_conflict_markers_are_named_with_their_line(versions, project):
    text = project.read("models.lock").replace("  - name", "<<<<<<< ours\n  - name", 1)
    project.write("models.lock", text)
    with pytest.raises(InvalidFile, match=r"models\.lock:\d+"):
        expected.list_expected(versions)


def test_of_several_files_in_conflict_the_registry_comes_first(versions, project):
    for name in ("models.lock", "models.yaml"):
        project.write(name, f"<<<<<<< ours\n=======\n>>>>>>> theirs\n{project.read(name)}")
    with pytest.raises(InvalidFile, match=r"models\.yaml:1:1: found a merge conflict"):
        expected.list_expected(versions)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("outs:\n- path: x\n  hash: md5\n  md5: {}\n", "x.dvc:4:8: outs[0].md5"),
        (
            "stages:\n  a:\n    outs:\n    - path: y\n      md5: {}\n",
            "dvc.lock:5:12: stages.a.outs[0].md5",
        ),
    ],
)
@pytest.mark.parametrize("md5", ["../../../etc/passwd", "//abs", ".dir", "A" * 32, "12"])
def test_a_hash_that_could_lead_out_of_the_cache_is_refused(versions, project, text, where, md5):
    project.write(where.partition(":")[0], text.format(md5))
    project.commit("hostile")
    with pytest.raises(InvalidFile) as caught:
        expected.list_expected(versions)

    found = 12 if md5 == "12" else md5
    assert str(caught.value) == (
        f"{where}: found {found!r}, expected 32 hexadecimal digits, and `.dir` for a folder"
    )
