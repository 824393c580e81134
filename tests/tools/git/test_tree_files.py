"""Trees of real git, laid out in folders."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git import tree_files
from paddledvc.tools.git.tree_files import lay_out_files


def everything(_path):
    return True


def nothing(_path):
    return False


def contents(laid):
    return {
        path.relative_to(laid.folder).as_posix(): path.read_text()
        for path in sorted(laid.folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def repository(project):
    project.write("a.py", "a")
    project.write("sub/ü b.py", "b")
    project.write("sub/deep/c.txt", "c")
    project.commit()
    return project


def test_files_are_laid_out_as_they_are_in_the_tree(repository):
    with lay_out_files(repository.root, "HEAD", everything) as laid:
        assert contents(laid) == {"a.py": "a", "sub/ü b.py": "b", "sub/deep/c.txt": "c"}
        assert laid.unread == frozenset()
        folder = laid.folder
    assert not folder.exists()


def test_a_project_in_a_folder_gets_the_files_of_its_folder(repository):
    with lay_out_files(repository.root / "sub", "HEAD", everything) as laid:
        assert contents(laid) == {"ü b.py": "b", "deep/c.txt": "c"}
        assert laid.folder.name == "sub"
        assert not (laid.folder.parent / "a.py").exists()


def test_what_nobody_needs_is_there_but_empty(repository, monkeypatch):
    with lay_out_files(repository.root / "sub", "HEAD", lambda path: path == "deep/c.txt") as laid:
        assert contents(laid) == {"ü b.py": "", "deep/c.txt": "c"}
        assert laid.unread == {"ü b.py"}
    monkeypatch.setattr(tree_files, "LARGEST", 0)
    with lay_out_files(repository.root, "HEAD", everything) as laid:
        assert laid.unread == {"a.py", "sub/ü b.py", "sub/deep/c.txt"}


def test_a_folder_that_the_tree_lacks_is_empty(repository):
    (repository.root / "new").mkdir()
    with lay_out_files(repository.root / "new", "HEAD", everything) as laid:
        assert contents(laid) == {}


def test_links_stay_links_but_for_those_that_lead_out_of_the_repository(repository, tmp_path):
    (tmp_path / "secret").write_text("secret")
    for name, target in {
        "inside": "deep/c.txt",
        "above": "../a.py",
        "out": "../../secret",
        "absolute": str(tmp_path / "secret"),
    }.items():
        (repository.root / "sub" / name).symlink_to(target)
    repository.commit()
    with lay_out_files(repository.root / "sub", "HEAD", everything) as laid:
        found = contents(laid)
        assert (laid.folder / "inside").readlink() == Path("deep/c.txt")
    assert (found["inside"], found["above"]) == ("c", "a")
    assert {"out", "absolute"} & found.keys() == set()


def test_no_file_is_written_through_a_link(repository):
    """No git makes such a tree; somebody who means no good may."""
    blob = repository.git("rev-parse", "HEAD:a.py").strip()
    folder = repository.git("rev-parse", "HEAD:sub").strip()
    listing = f"120000 blob {blob}\tx\n040000 tree {folder}\tx\n"
    made = subprocess.run(
        ["git", "mktree"],
        cwd=repository.root,
        input=listing,
        capture_output=True,
        text=True,
        check=True,
    )
    with lay_out_files(repository.root, made.stdout.strip(), everything) as laid:
        assert contents(laid) == {"x/ü b.py": "b", "x/deep/c.txt": "c"}


def test_a_submodule_is_left_out(repository):
    commit = repository.git("rev-parse", "HEAD").strip()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    tree = repository.git("write-tree").strip()
    with lay_out_files(repository.root, tree, everything) as laid:
        assert "module" not in contents(laid)


def test_a_tree_that_is_not_there_is_refused(repository):
    with pytest.raises(ToolFailed), lay_out_files(repository.root, "nothing", nothing):
        pass
