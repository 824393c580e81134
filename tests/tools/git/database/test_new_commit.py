"""A commit that is made without the work tree."""

from __future__ import annotations

import pytest

from paddledvc.tools.git.database.new_commit import (
    bring_worktree,
    list_unclean_files,
    move_branch,
    write_blob,
    write_changed_tree,
    write_commit,
)
from paddledvc.tools.git.database.tree import TreeEntry

pytestmark = pytest.mark.slow


def test_files_of_a_folder_change_and_what_is_someones_own_stays(project):
    root = project.root / "sub"
    for name in ("a", "b", "c", "d/e"):
        project.write(f"sub/{name}", f"{name}\n")
    project.git("init", "--quiet")
    old = project.commit()
    there = TreeEntry(mode="100644", name=write_blob(root, b"new\n"))
    files = {**dict.fromkeys(("a", "b", "d", "ü 1"), there), "c": None, "d/e": None}
    tree = write_changed_tree(root, old, files)
    new = write_commit(root, tree, old, "A title\n\nMore.\n")
    project.write("sub/b", "mine\n")
    assert list_unclean_files(root, ["sub/a", "sub/b", "sub/ü 1"]) == ["sub/b"]
    move_branch(root, new, old, "why")

    assert bring_worktree(root, old, new) == ["sub/b"]
    assert bring_worktree(root, old, new) == ["sub/b"]
    assert {one.name: one.read_text() for one in root.iterdir()} == {
        "a": "new\n",
        "b": "mine\n",
        "d": "new\n",
        "ü 1": "new\n",
    }
    assert project.git("status", "--porcelain") == "MM sub/b\n"
    assert project.git("log", "--format=%s", "-1") == "A title\n"
