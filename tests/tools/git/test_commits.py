"""The files of many commits, found and read together."""

from __future__ import annotations

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.commits import CommitFiles, folder_in_commits
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
