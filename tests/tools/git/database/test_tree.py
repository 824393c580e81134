"""Trees of real git, looked into as if they were checked out."""

from __future__ import annotations

import gc
import subprocess
from pathlib import Path

import pytest

from paddledvc.errors import ToolFailed
from paddledvc.tools.git.database import tree as trees
from paddledvc.tools.git.database.tree import Submodules, Tree, TreePath
from paddledvc.tools.git.snapshot import Snapshot


def contents(folder, prefix=""):
    """Read every file below a folder, those behind links included."""
    found = {}
    for one in folder.iterdir():
        if one.is_dir():
            found |= contents(one, f"{prefix}{one.name}/")
        elif one.is_file():
            found[f"{prefix}{one.name}"] = one.read_text()
    return found


@pytest.fixture
def repository(project):
    project.write("a.py", "a")
    project.write("sub/ü b.py", "b")
    project.write("sub/deep/c.txt", "c")
    project.commit()
    return project


@pytest.fixture
def make_tree(repository):
    """Make a tree as somebody may who means no good."""

    def make(*lines):
        made = subprocess.run(
            ["git", "mktree", "-z"],
            cwd=repository.root,
            input="".join(f"{line}\0" for line in lines),
            capture_output=True,
            text=True,
            check=True,
        )
        return made.stdout.strip()

    return make


def open_folder(repository, name="HEAD", folder="."):
    return Snapshot.tree(repository.root / folder, name).folder


def test_files_are_seen_as_they_are_in_the_tree(repository):
    repository.write("a.py", "changed since")
    repository.write("new.py", "new")
    assert contents(open_folder(repository)) == {
        "a.py": "a",
        "sub/ü b.py": "b",
        "sub/deep/c.txt": "c",
    }


def test_a_project_in_a_folder_has_the_files_of_its_folder(repository):
    assert contents(open_folder(repository, folder="sub")) == {"ü b.py": "b", "deep/c.txt": "c"}


def test_a_path_answers_as_one_on_the_disk_does(repository):
    repository.write("sub/deep/.hidden", "")
    repository.write("sub/deep/end.", "")
    repository.commit()
    for text in (
        "a.py",
        "sub",
        "sub/ü b.py",
        "sub/./deep//c.txt",
        "gone",
        "a.py/x",
        "sub/gone/x",
        "sub/../a.py",
        "sub/deep/../../a.py",
        "a.py/../a.py",
        "sub/deep/.hidden",
        "sub/deep/end.",
        "x\0y",
    ):
        kept, disk = open_folder(repository) / text, repository.root / text
        for ask in ("exists", "is_file", "is_dir", "is_symlink"):
            assert getattr(kept, ask)() == getattr(disk, ask)(), (text, ask)
        for what in ("name", "stem", "suffix"):
            assert getattr(kept, what) == getattr(disk, what), (text, what)
        assert kept.parts == disk.relative_to(repository.root).parts


def test_a_file_tells_its_size_and_its_text_with_the_ends_of_its_lines_made_one(repository):
    repository.write_bytes("x", "grüß\r\nb\rc\n".encode())
    repository.commit()
    file = open_folder(repository) / "x"
    assert file.stat().st_size == 12
    assert file.read_bytes() == "grüß\r\nb\rc\n".encode()
    assert file.read_text(encoding="utf-8") == "grüß\nb\nc\n"


@pytest.mark.parametrize(("path", "error"), [("gone", "No such file"), ("sub", "Is a directory")])
def test_what_is_no_file_cannot_be_read_and_the_error_says_why(repository, path, error):
    with pytest.raises(OSError, match=error):
        (open_folder(repository) / path).read_bytes()
    with pytest.raises(OSError, match="Not a directory"):
        list((open_folder(repository) / "a.py").iterdir())
    with pytest.raises(OSError, match="No such file"):
        list((open_folder(repository) / "gone").iterdir())


def test_of_a_file_that_is_too_large_the_size_is_known_but_nothing_is_read(repository, monkeypatch):
    monkeypatch.setattr(trees, "LARGEST", 3)
    repository.write("large", "1234")
    repository.write("small", "123")
    repository.commit()
    folder = open_folder(repository)
    assert [(folder / name).read_bytes() for name in ("large", "small", "large")] == [
        b"",
        b"123",
        b"",
    ]
    assert [(folder / name).stat().st_size for name in ("large", "small")] == [4, 3]
    assert Snapshot.tree(repository.root, "HEAD").read("large") == b"1234"


def test_a_folder_that_the_tree_lacks_is_empty(repository):
    (repository.root / "new").mkdir()
    folder = open_folder(repository, folder="new")
    assert folder.is_dir()
    assert contents(folder) == {}
    assert not (folder / "a.py").exists()


def test_links_are_followed_but_for_those_that_lead_out_of_the_repository(repository, tmp_path):
    (tmp_path / "secret").write_text("secret")
    for name, target in {
        "inside": "deep/c.txt",
        "folder": "deep",
        "twice": "folder/../inside",
        "above": "../a.py",
        "here": ".",
        "out": "../../secret",
        "round": f"../../{repository.root.name}/a.py",
        "absolute": str(tmp_path / "secret"),
        "within": str(repository.root / "a.py"),
        "nowhere": "gone",
        "itself": "itself",
        "file": "ü b.py/x",
    }.items():
        (repository.root / "sub" / name).symlink_to(target)
    repository.commit()
    folder = open_folder(repository, folder="sub")
    read = {one: (folder / one).read_text() for one in ("inside", "twice", "above", "folder/c.txt")}
    assert read == {"inside": "c", "twice": "c", "above": "a", "folder/c.txt": "c"}
    assert (folder / "here/here/deep").is_dir()
    out = ("out", "round", "absolute", "within")
    assert {one.name for one in folder.iterdir()}.isdisjoint(out)
    for name in (*out, "nowhere", "itself", "file"):
        assert not (folder / name).exists()
        assert not (folder / name).is_file()
        assert (folder / name).is_symlink()
    assert not (folder / "inside").parent.is_symlink()


def test_the_folder_above_the_project_is_seen_but_not_the_one_above_the_repository(
    repository, tmp_path
):
    (tmp_path / "secret").write_text("secret")
    folder = open_folder(repository, folder="sub/deep")
    assert (folder / "../../a.py").read_text() == "a"
    assert (folder.parent / "ü b.py").read_text() == "b"
    assert folder.parent.parent.is_dir()
    for out in (folder / "../../../secret", folder / "../../../../.." / str(tmp_path / "secret")):
        assert not out.exists()
    assert not folder.parent.parent.parent.exists()
    assert not folder.parent.parent.parent.parent.is_dir()


def test_a_folder_goes_before_a_link_of_the_same_name(repository, make_tree):
    """No git makes such a tree."""
    blob = repository.git("rev-parse", "HEAD:a.py").strip()
    folder = repository.git("rev-parse", "HEAD:sub").strip()
    tree = make_tree(f"120000 blob {blob}\tx", f"040000 tree {folder}\tx")
    assert contents(open_folder(repository, tree)) == {"x/ü b.py": "b", "x/deep/c.txt": "c"}


@pytest.fixture
def make_object(repository):
    """Store an object as no git does."""

    def make(kind, data):
        made = subprocess.run(
            ["git", "hash-object", "-t", kind, "--literally", "-w", "--stdin"],
            cwd=repository.root,
            input=data,
            capture_output=True,
            check=True,
        )
        return made.stdout.decode().strip()

    return make


def entry(mode, name, oid):
    return mode + b" " + name + b"\0" + bytes.fromhex(oid)


def test_names_that_no_git_gives_are_left_out(repository, make_object):
    blob = repository.git("rev-parse", "HEAD:a.py").strip()
    names = (b".", b"..", b".git", b"a/b", b"fine\nname", b"\xff")
    folder = open_folder(
        repository, make_object("tree", b"".join(entry(b"100644", name, blob) for name in names))
    )
    assert contents(folder) == {"fine\nname": "a", "\ufffd": "a"}
    assert not (folder / "a/b").exists()


def test_a_folder_whose_mode_begins_with_a_zero_is_one(repository, make_object):
    sub = repository.git("rev-parse", "HEAD:sub").strip()
    tree = make_object("tree", entry(b"040000", b"old", sub))
    assert contents(open_folder(repository, tree)) == {"old/ü b.py": "b", "old/deep/c.txt": "c"}


def test_a_damaged_tree_is_an_error_that_names_it(repository, make_object):
    blob, sub = (repository.git("rev-parse", f"HEAD:{one}").strip() for one in ("a.py", "sub"))
    damaged = make_object("tree", b"100644 no end")
    entries = ((b"100644", b"a", sub), (b"40000", b"b", blob), (b"40000", b"c", damaged))
    folder = open_folder(repository, make_object("tree", b"".join(entry(*one) for one in entries)))
    for ask, oid in (
        ((folder / "a").read_bytes, sub),
        ((folder / "b/x").exists, blob),
        ((folder / "c/x").exists, damaged),
    ):
        with pytest.raises(ToolFailed, match=f"the repository lacks {oid}; `git fsck` shows more"):
            ask()
    assert (folder / "a").is_file()


def test_a_submodule_is_known_and_nothing_is_in_it(repository):
    commit = repository.git("rev-parse", "HEAD").strip()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub/third")
    tree = repository.git("write-tree").strip()
    snapshot = Snapshot.tree(repository.root / "sub", tree)
    assert "third" in snapshot.submodules
    for other in ("deep", "gone", "third/x", "sub/third"):
        assert other not in snapshot.submodules
    assert not (snapshot.folder / "third").exists()
    assert "third" not in [one.name for one in snapshot.folder.iterdir()]


def test_the_work_tree_has_the_submodules_that_its_repository_names(repository):
    modules = '[submodule "x"]\n\tpath = sub/third party\n[submodule "y"]\n\tpath=other\n'
    repository.write(".gitmodules", modules)
    assert Snapshot.work_tree(repository.root / "sub").submodules == {"third party"}
    assert Snapshot.work_tree(repository.root).submodules == {"sub/third party", "other"}
    (repository.root / "sub/.git").mkdir()
    assert Snapshot.work_tree(repository.root / "sub").submodules == frozenset()


def test_a_tree_that_is_not_there_is_an_error(repository):
    with pytest.raises(ToolFailed):
        open_folder(repository, "nothing").exists()


def test_a_file_that_the_repository_lacks_is_an_error_that_names_it(repository):
    blob = repository.git("rev-parse", "HEAD:a.py").strip()
    (repository.root / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    assert (open_folder(repository) / "a.py").is_file()
    with pytest.raises(ToolFailed, match=f"the repository lacks {blob}; `git fsck` shows more"):
        (open_folder(repository) / "a.py").read_bytes()
    assert Snapshot.tree(repository.root, "HEAD").read("a.py") is None


def test_a_file_that_is_damaged_is_an_error_as_git_tells_it(repository):
    blob = repository.git("rev-parse", "HEAD:a.py").strip()
    file = repository.root / f".git/objects/{blob[:2]}/{blob[2:]}"
    file.chmod(0o600)
    file.write_bytes(b"damaged")
    with pytest.raises(ToolFailed):
        (open_folder(repository) / "a.py").read_bytes()


@pytest.mark.slow
def test_one_git_answers_for_a_tree_and_ends_with_it(repository, monkeypatch):
    started, start = [], subprocess.Popen

    def starting(command, **options):
        started.append(start(command, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", starting)
    snapshot = Snapshot.tree(repository.root / "sub", "HEAD")
    contents(snapshot.folder)
    snapshot.read("deep/c.txt")
    assert [one.args for one in started] == [["git", "cat-file", "--batch"]]
    assert started[0].poll() is None
    del snapshot
    gc.collect()
    assert started[0].returncode == 0


def test_to_look_at_a_tree_writes_nothing(repository, tmp_path):
    def state():
        return {path: path.lstat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}

    repository.git("gc", "--quiet")
    before = state()
    contents(open_folder(repository))
    assert state() == before
    assert isinstance(open_folder(repository), TreePath)
    assert not isinstance(open_folder(repository), Path)


def test_paths_are_equal_in_one_tree_alone(repository):
    one, other = Tree(repository.root, "HEAD"), Tree(repository.root, "HEAD")
    assert TreePath(one) / "a/b" == TreePath(one, ("a",)) / "b"
    assert hash(TreePath(one) / "a/b") == hash(TreePath(one, ("a", "b")))
    assert TreePath(one) != TreePath(other)
    assert TreePath(one) / "a" != TreePath(one) / "b"
    assert (TreePath(one) / "a/b").parent == TreePath(one) / "a"
    assert "gone" not in Submodules(one)
