from __future__ import annotations

from paddledvc.tools.git import worktree


def test_the_branch_is_named_also_before_its_first_commit(project):
    project.git("init", "--quiet")
    assert worktree.worktree_branch(project.root) == "main"


def test_a_detached_head_is_on_no_branch(project):
    commit = project.commit()
    project.git("checkout", "--quiet", commit)
    assert worktree.worktree_branch(project.root) is None
    assert worktree.resolve_worktree_commit(project.root, "HEAD") == commit
    assert worktree.resolve_worktree_commit(project.root, "gone") is None


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
