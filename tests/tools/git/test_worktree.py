from __future__ import annotations

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git import worktree


def test_the_branch_is_named_also_before_its_first_commit(project):
    project.git("init", "--quiet")
    assert worktree.worktree_branch(project.root) == "main"


def test_a_detached_head_is_on_no_branch(project):
    commit = project.commit()
    project.git("checkout", "--quiet", commit)
    assert worktree.worktree_branch(project.root) is None
    assert worktree.resolve_commit(project.root, "HEAD") == commit
    assert worktree.resolve_commit(project.root, "gone") is None


def test_files_are_named_by_their_last_part_in_any_folder(project):
    for name in ("dvc.lock", "a/dvc.lock", "a/b c.dvc", "a/Flöte.dvc", "a/b.dvc.txt"):
        project.write(name, "x")
    project.commit()
    project.write("new.dvc", "x")
    assert worktree.list_worktree_files(project.root, ("dvc.lock", "*.dvc")) == [
        "a/Flöte.dvc",
        "a/b c.dvc",
        "a/dvc.lock",
        "dvc.lock",
    ]
    assert "new.dvc" in worktree.list_worktree_files(project.root, ("*.dvc",), untracked=True)


def test_blobs_are_read_byte_by_byte(project):
    contents = [b"", b"\n", b"a\nblob 3\n", bytes(range(256)) * 9, b"x" * 70_000]
    for number, data in enumerate(contents):
        project.write_bytes(str(number), data)
    project.commit()
    names = [project.git("rev-parse", f"HEAD:{n}").strip() for n in range(len(contents))]
    found = worktree.read_blobs(project.root, [*names, names[0]])
    assert [found[name] for name in names] == contents


def test_an_object_that_the_repository_lacks_is_named(project):
    there = project.commit()
    with pytest.raises(ToolFailed, match=f"the repository lacks {'1' * 40}"):
        worktree.read_blobs(project.root, [there, "1" * 40])


def test_nothing_is_asked_of_git_where_nothing_is_to_be_read(tmp_path):
    assert worktree.read_blobs(tmp_path / "no such folder", []) == {}


def test_a_linked_work_tree_has_folders_of_its_own_and_shares_others(project):
    project.commit()
    project.git("worktree", "add", "--quiet", "../other tree", "-b", "other")
    other = project.root.parent / "other tree"
    common = project.root / ".git"
    assert worktree.git_folder_of_worktrees(other) == common
    assert worktree.worktree_git_folder(other, "hooks").resolve() == common / "hooks"
    assert (
        worktree.worktree_git_folder(other, "paddledvc").resolve()
        == common / "worktrees" / "other-tree" / "paddledvc"
    )
