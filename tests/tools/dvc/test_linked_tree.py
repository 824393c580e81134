from __future__ import annotations

import subprocess

import pytest

from paddledvc.tools.dvc.configuration import read_dvc_config
from paddledvc.tools.dvc.linked_tree import share_with_main_tree

CONFIG = "['remote \"embedded\"']\n    url = ../.paddledvc/remote\n"
OBJECT = "files/md5/d4/1d8cd98f00b204e9800998ecf8427e"


@pytest.fixture
def trees(project, tmp_path):
    """The main work tree of a project with the embedded remote, and a way to add others."""
    project.write(".dvc/config", CONFIG)
    project.write(".gitignore", "/.paddledvc/\n/.dvc/config.local\n/.dvc/cache\n")
    project.commit()

    def add(git, name="be side"):
        tree = tmp_path / name
        subprocess.run(
            ["git", "worktree", "add", "-q", "--detach", tree, "main"], cwd=git, check=True
        )
        return tree

    return project, add


def embedded(root):
    return read_dvc_config(root).remotes["embedded"]


def test_the_embedded_remote_of_a_linked_work_tree_is_that_of_the_main_one(trees):
    project, add = trees
    linked = add(project.root)

    assert share_with_main_tree(linked)
    assert embedded(linked) == embedded(project.root) == f"{project.root}/.paddledvc/remote"
    assert not share_with_main_tree(linked)  # it is so already
    assert not share_with_main_tree(project.root)


def test_what_was_sent_to_the_own_one_of_a_linked_work_tree_is_in_the_main_one_then(trees):
    project, add = trees
    linked = add(project.root)
    sent = linked / ".paddledvc/remote" / OBJECT
    sent.parent.mkdir(parents=True)
    sent.write_bytes(b"")
    (sent.parent / ".half.part").write_bytes(b"x")

    share_with_main_tree(linked)
    there = project.root / ".paddledvc/remote"
    assert [path for path in there.rglob("*") if path.is_file()] == [there / OBJECT]
    assert sent.exists()


def test_settings_of_a_linked_work_tree_stay_beside_the_embedded_remote(trees):
    project, add = trees
    linked = add(project.root)
    own = "# mine\n['remote \"dev\"']\n    password = 50% off, # x\n"
    (linked / ".dvc/config.local").write_text(own)

    assert share_with_main_tree(linked)
    text = (linked / ".dvc/config.local").read_text()
    assert text.startswith(own.splitlines()[0])
    assert "50% off" in text
    assert "cache" not in text
    assert embedded(linked) == embedded(project.root)


def test_work_trees_of_a_bare_repository_have_an_embedded_remote_in_it(trees, tmp_path):
    project, add = trees
    bare = tmp_path / "hub.git"
    project.git("clone", "-q", "--bare", ".", str(bare))
    one, other = add(bare, "one"), add(bare, "other")
    for tree in (one, other):
        share_with_main_tree(tree)

    assert embedded(one) == embedded(other) == f"{bare}/dvc/remotes/embedded"


def test_a_remote_outside_of_the_work_tree_is_left_alone(trees):
    project, add = trees
    project.write(".dvc/config", CONFIG.replace("../.paddledvc/remote", "../../remote"))
    project.write(".dvc/cache/x", "")
    project.commit("elsewhere")
    linked = add(project.root)
    (linked / ".dvc/cache").mkdir()

    assert not share_with_main_tree(linked)
