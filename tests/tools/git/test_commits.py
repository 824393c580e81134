"""The files of many commits, found and read together."""

from __future__ import annotations

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.commits import CommitFiles, folder_in_commits, list_change_authors
from paddledvc.tools.git.snapshot import Snapshot

PATTERNS = ("dvc.lock", "*.dvc")


@pytest.fixture
def commits(project):
    """Three commits, of which each changes one of the files."""
    made = []
    for number in range(3):
        project.write("sub/dvc.lock", "same")
        project.write("sub/deep/a.dvc", f"a {min(number, 1)}")
        project.write("sub/deep/copy/a.dvc", "same")
        project.write("outside.dvc", f"{number}")
        project.write("sub/a.dvc.txt", "another end")
        made.append(project.commit(f"{number}"))
    return made


@pytest.mark.slow
def test_the_files_of_a_commit_are_those_that_a_snapshot_of_it_has(commits, project):
    root = project.root / "sub"
    found = CommitFiles(root, PATTERNS)
    for commit in commits:
        blobs = found.of(commit)
        data = dict(found.read(blobs.values()))
        texts = {path: data[blob.name].decode() for path, blob in blobs.items()}
        assert texts == Snapshot.tree(root, commit).texts(PATTERNS)
        assert sorted(texts) == ["deep/a.dvc", "deep/copy/a.dvc", "dvc.lock"]


def test_each_file_of_all_commits_is_found_once(commits, project):
    found = CommitFiles.everywhere(project.root / "sub", PATTERNS)
    files = found.of_all([*commits, "v0", "1" * 40])
    data = sorted(data for _, data in found.read(files))
    assert data == [b"0", b"1", b"2", b"a 0", b"a 1", b"same"]


def test_links_count_where_all_that_is_named_does(project):
    project.write("a.dvc", "here")
    (project.root / "b.dvc").symlink_to("a.dvc")
    project.commit()
    assert sorted(CommitFiles(project.root, PATTERNS).of("HEAD")) == ["a.dvc"]
    everywhere = CommitFiles.everywhere(project.root, PATTERNS).of("HEAD")
    assert {path: blob.link for path, blob in everywhere.items()} == {"a.dvc": False, "b.dvc": True}


def test_a_folder_that_the_repository_lacks_is_named(commits, project):
    tree = project.git("rev-parse", "HEAD:sub/deep").strip()
    (project.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(ToolFailed, match=f"the repository lacks {tree}"):
        CommitFiles(project.root, PATTERNS).of("HEAD")


def test_every_state_of_a_folder_is_given(commits, project):
    found = sorted(folder_in_commits(project.root, "sub/deep"), key=lambda files: files["a.dvc"])
    assert found == [{"a.dvc": f"a {n}".encode(), "copy/a.dvc": b"same"} for n in (0, 1)]


@pytest.mark.slow
def test_authors_are_all_who_had_a_hand_in_the_files_and_mergers_only_of_what_they_wrote(project):
    project.git("init", "--quiet", "--initial-branch", "main")
    text = "".join(f"{number}\n" for number in range(9))

    def git(*arguments, by="ann", to="ann"):
        said = {"user.name": by, "author.email": f"{by}@x", "committer.email": f"{to}@X"}
        settings = (part for pair in said.items() for part in ("-c", "=".join(pair)))
        return project.git(*settings, *arguments)

    def commit(title, **who):
        git("add", ".")
        git("commit", "--quiet", "--message", title, **who)

    def authors(*before):
        return sorted(list_change_authors(project.root, head(), before, (".", ":(exclude)docs")))

    def head():
        return project.git("rev-parse", "HEAD").strip()

    project.write("a", text)
    commit("first", by="old")
    first = head()
    git("checkout", "--quiet", "-b", "side")
    project.write("a", text.replace("1\n", "one\n"))
    commit("side\n\nCo-authored-by: Cy <Cy@X>\n", by="bo", to="carrier")
    git("checkout", "--quiet", "main")
    project.write("a", text.replace("7\n", "seven\n"))
    commit("main", by="dee", to="dee")
    project.write("docs/a", "x")
    commit("documents", by="writer", to="writer")
    git("merge", "--quiet", "--no-edit", "side", by="merger", to="merger")

    assert authors(first) == ["bo@x", "carrier@x", "cy@x", "dee@x"]
    assert authors() == ["ann@x", "bo@x", "carrier@x", "cy@x", "dee@x", "old@x"]

    project.write("a", "by hand")
    git("add", ".")
    git("commit", "--quiet", "--amend", "--no-edit", by="merger", to="merger")

    assert authors(first) == ["bo@x", "carrier@x", "cy@x", "dee@x", "merger@x"]
