"""Merges of real git, without a work tree and with one that is thrown away."""

from __future__ import annotations

import pytest

from paddledvc.errors import InvalidInput, ToolFailed
from paddledvc.gate.merge_tree import merge_aside, merge_commits
from paddledvc.tools.git import worktree
from paddledvc.tools.system import shell


@pytest.fixture
def repository(project):
    """Main and a branch that both went on, each in a file of its own."""
    project.write("a.txt", "a\n")
    project.write("b.txt", "b\n")
    project.commit("first")
    project.git("checkout", "--quiet", "-b", "topic")
    project.write("a.txt", "of the topic\n")
    project.commit("topic")
    project.git("checkout", "--quiet", "main")
    project.write("b.txt", "of main\n")
    project.commit("main")
    return project


def show(project, tree):
    return [project.git("show", f"{tree}:{name}") for name in ("a.txt", "b.txt")]


def state(project):
    return project.git("status", "--porcelain"), project.git("worktree", "list", "--porcelain")


@pytest.mark.parametrize("way", [merge_commits, merge_aside])
def test_a_merge_gives_a_tree_and_touches_nothing(repository, way):
    hook = repository.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    before = state(repository)
    merged = way(repository.root, "main", "topic")

    assert show(repository, merged.tree) == ["of the topic\n", "of main\n"]
    assert merged.conflicts == ()
    assert state(repository) == before
    assert not list(repository.root.glob("**/hooked"))


@pytest.mark.parametrize("way", [merge_commits, merge_aside])
def test_conflicts_are_named_from_the_root_of_the_repository(repository, way):
    folder = repository.root / "sub"
    repository.write("sub/ü x.txt", "main\n")
    repository.write("a.txt", "of main\n")
    repository.commit("main again")
    repository.git("checkout", "--quiet", "topic")
    repository.write("sub/ü x.txt", "topic\n")
    repository.commit("topic again")
    merged = way(folder, "main", "topic")

    assert (merged.tree, merged.conflicts) == (None, ("a.txt", "sub/ü x.txt"))


def test_a_change_that_holds_its_target_already_is_the_result(repository):
    repository.git("checkout", "--quiet", "topic")
    repository.git("merge", "--quiet", "--no-edit", "main")
    merged = merge_commits(repository.root, "main", "topic")

    assert merged.tree == repository.git("rev-parse", "topic^{tree}").strip()


@pytest.mark.parametrize("way", [merge_commits, merge_aside])
def test_a_target_that_holds_the_change_already_is_the_result(repository, way):
    repository.git("merge", "--quiet", "--no-edit", "topic")
    merged = way(repository.root, "main", "topic")

    assert merged.tree == repository.git("rev-parse", "main^{tree}").strip()


def test_an_older_git_merges_in_a_work_tree(repository, monkeypatch):
    real = shell.try_program

    def attempt(command, **options):
        command = ["--no-such-option" if word == "--write-tree" else word for word in command]
        return real(command, **options)

    monkeypatch.setattr(shell, "try_program", attempt)
    merged = merge_commits(repository.root, "main", "topic")

    assert show(repository, merged.tree) == ["of the topic\n", "of main\n"]


@pytest.mark.parametrize("way", [merge_commits, merge_aside])
def test_histories_that_have_nothing_in_common_are_refused(repository, way):
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit("other")
    with pytest.raises(InvalidInput, match=r"^main and other have no commit in common$"):
        way(repository.root, "main", "other")


def test_what_git_cannot_do_is_told_without_our_settings(repository):
    with pytest.raises(ToolFailed) as caught:
        merge_commits(repository.root, "main", "nothing")

    assert str(caught.value).startswith("`git merge-tree --write-tree")
    assert worktree.worktree_branch(repository.root) == "main"
