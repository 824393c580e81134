"""The same files, seen in each place where they may be."""

from __future__ import annotations

import os
import subprocess

import pytest

from paddledvc.errors import InvalidFile, InvalidInput, ToolFailed
from paddledvc.tools.git.snapshot import Snapshot

PATTERNS = ("dvc.lock", "*.dvc")
GIT = ("index", "tree", "commit")
PLACES = ("work tree", *GIT)


def see(place, project, folder="sub"):
    """See the files of a folder that were committed last."""
    root = project.root / folder
    if place == "work tree":
        return Snapshot.work_tree(root)
    if place == "index":
        return Snapshot.index(root)
    tree = "HEAD" if place == "commit" else project.git("write-tree").strip()
    return Snapshot.tree(root, tree)


@pytest.fixture
def files(project):
    for name, data in {
        "dvc.lock": b"outside",
        "sub/dvc.lock": b"first\r\n",
        "sub/deep/Flöte 1.dvc": "grüß\n".encode(),
        "sub/deep/dvc.lock": b"",
        "sub/deep/-n.dvc": b"no option",
        "sub/deep/a.dvc.txt": b"another end",
        "sub/mydvc.lock": b"another name",
        "sub/bytes": bytes(range(256)),
    }.items():
        project.write_bytes(name, data)
    project.commit()
    return project


@pytest.mark.parametrize("place", PLACES)
def test_texts_below_a_folder_are_found_by_the_last_part_of_their_names(files, place):
    snapshot = see(place, files)
    texts = {
        "dvc.lock": "first\r\n",
        "deep/Flöte 1.dvc": "grüß\n",
        "deep/dvc.lock": "",
        "deep/-n.dvc": "no option",
    }
    assert snapshot.texts(PATTERNS) == texts
    assert snapshot.names(PATTERNS) == sorted(texts)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_is_read_byte_by_byte(files, place):
    snapshot = see(place, files)
    assert snapshot.read("bytes") == bytes(range(256))
    assert snapshot.read("deep/Flöte 1.dvc") == "grüß\n".encode()
    assert snapshot.read("deep/dvc.lock") == b""
    assert snapshot.text("dvc.lock") == "first\r\n"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["gone", "gone/dvc.lock", "deep", "dvc.lock/x"])
def test_what_is_no_file_is_none(files, place, path):
    snapshot = see(place, files)
    assert snapshot.read(path) is None
    assert snapshot.text(path) is None


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_of_another_repository_holds_no_files(files, place):
    commit = files.git("rev-parse", "HEAD").strip()
    files.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub/module.dvc")
    files.git("commit", "--quiet", "--message", "a submodule")
    (files.root / "sub/module.dvc").mkdir()
    snapshot = see(place, files)
    assert "module.dvc" not in snapshot.names(PATTERNS)
    assert "module.dvc" not in snapshot.texts(PATTERNS)
    assert snapshot.read("module.dvc") is None


@pytest.mark.parametrize("place", PLACES)
def test_a_link_is_followed_in_the_work_tree_alone(files, place):
    (files.root / "sub/link.dvc").symlink_to("dvc.lock")
    (files.root / "sub/nowhere.dvc").symlink_to("gone")
    (files.root / "sub/itself.dvc").symlink_to("itself.dvc")
    files.commit()
    snapshot = see(place, files)
    followed = {"link.dvc": "first\r\n"} if place == "work tree" else {}
    known = ("link.dvc", "nowhere.dvc", "itself.dvc")
    texts = snapshot.texts(PATTERNS)
    assert {name: texts[name] for name in known if name in texts} == followed
    assert set(snapshot.names(PATTERNS)) & set(known) == followed.keys()


@pytest.mark.parametrize("place", GIT)
def test_what_git_keeps_is_read_even_if_it_is_not_utf8(files, place):
    files.write_bytes("sub/x.dvc", b"Fl\xf6te")
    files.commit()
    snapshot = see(place, files)
    assert snapshot.texts(["x.dvc"]) == {"x.dvc": "Fl\ufffdte"}
    assert snapshot.text("x.dvc") == "Fl\ufffdte"
    assert snapshot.read("x.dvc") == b"Fl\xf6te"


def test_a_file_of_the_work_tree_that_is_not_utf8_is_named_with_its_line(files):
    files.write_bytes("sub/deep/x.dvc", b"a\nFl\xf6te")
    files.commit()
    snapshot = Snapshot.work_tree(files.root / "sub")
    said = r"^deep/x\.dvc:2:3: byte 0xf6 is not UTF-8; save the file as UTF-8$"
    with pytest.raises(InvalidFile, match=said):
        snapshot.texts(PATTERNS)
    with pytest.raises(InvalidFile, match=said):
        snapshot.text("deep/x.dvc")
    assert snapshot.read("deep/x.dvc") == b"a\nFl\xf6te"


def test_a_file_that_may_not_be_read_is_no_absent_one(files, monkeypatch):
    def refuse(_root, path, *_):
        raise OSError(*((2, "") if path == "gone" else (13, "Permission denied")))

    monkeypatch.setattr("paddledvc.tools.system.beneath.read_beneath", refuse)
    with pytest.raises(InvalidInput, match=r"^cannot read dvc\.lock: Permission denied$"):
        Snapshot.work_tree(files.root).texts(["dvc.lock"])
    assert Snapshot.work_tree(files.root).text("gone") is None


def test_the_work_tree_is_seen_as_it_is_now(files):
    files.write("sub/dvc.lock", "second")
    (files.root / "sub/deep/dvc.lock").unlink()
    assert Snapshot.work_tree(files.root / "sub").texts(["dvc.lock"]) == {"dvc.lock": "second"}
    assert Snapshot.tree(files.root / "sub", "HEAD").text("dvc.lock") == "first\r\n"


def test_files_that_git_does_not_know_yet_count_at_the_root_and_elsewhere_if_asked_for(files):
    for name in ("new.dvc", "dvc.yaml", "deep/dvc.yaml", "ignored.dvc"):
        files.write(f"sub/{name}", "new")
    files.write("sub/.gitignore", "ignored.dvc")
    root, patterns = files.root / "sub", ("dvc.yaml", "*.dvc")
    known = {"deep/-n.dvc", "deep/Flöte 1.dvc"}
    assert set(Snapshot.work_tree(root).names(patterns)) == {*known, "dvc.yaml"}
    every = Snapshot.work_tree(root, untracked=True)
    assert set(every.names(patterns)) == {*known, "dvc.yaml", "deep/dvc.yaml", "new.dvc"}


def test_a_folder_that_a_commit_lacks_holds_nothing(files):
    (files.root / "new").mkdir()
    snapshot = Snapshot.tree(files.root / "new", "HEAD")
    assert snapshot.texts(PATTERNS) == {}
    assert snapshot.read("dvc.lock") is None


def test_a_commit_that_is_not_there_is_an_error_and_has_no_file(files):
    gone = Snapshot.tree(files.root, "gone")
    with pytest.raises(ToolFailed):
        gone.texts(PATTERNS)
    assert gone.read("dvc.lock") is None


@pytest.mark.slow
def test_of_a_file_in_conflict_the_index_has_the_bytes_of_all_sides_and_no_text(files):
    files.git("checkout", "--quiet", "-b", "other")
    files.write("sub/dvc.lock", "theirs")
    files.commit()
    files.git("checkout", "--quiet", "main")
    files.write("sub/dvc.lock", "ours")
    files.commit()
    merge = ["git", "merge", "--quiet", "other"]
    assert subprocess.run(merge, cwd=files.root, capture_output=True, check=False).returncode == 1
    index = Snapshot.index(files.root / "sub")
    sides = {files.git("rev-parse", f":{side}:sub/dvc.lock").strip() for side in (1, 2, 3)}
    assert len(sides) == 3
    assert index.blobs(["dvc.lock"]) == {
        *sides,
        files.git("rev-parse", ":sub/deep/dvc.lock").strip(),
    }
    assert index.texts(["dvc.lock"]) == {"deep/dvc.lock": ""}
    assert index.names(["dvc.lock"]) == ["deep/dvc.lock"]
    assert index.read("dvc.lock") is None


def test_what_is_staged_is_seen_as_it_is_staged(files):
    files.write("sub/dvc.lock", "staged")
    files.write("sub/new.dvc", "staged")
    files.git("add", "--all")
    files.write("sub/dvc.lock", "later")
    index = Snapshot.index(files.root / "sub")
    assert index.texts(["dvc.lock", "new.dvc"]) == {
        "dvc.lock": "staged",
        "deep/dvc.lock": "",
        "new.dvc": "staged",
    }
    assert index.read("dvc.lock") == b"staged"


def test_a_pipe_in_the_place_of_a_file_is_told_and_keeps_nobody_waiting(files):
    pipe = files.root / "sub/dvc.lock"
    pipe.unlink()
    os.mkfifo(pipe)

    with pytest.raises(InvalidInput, match=r"^dvc\.lock is a pipe, expected a file$"):
        Snapshot.work_tree(pipe.parent).texts(("dvc.lock",))
