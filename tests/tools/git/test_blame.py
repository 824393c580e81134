"""Which commit a line is from, whatever the folder is called and git has said to its hooks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from paddledvc.tools.git import blame
from paddledvc.tools.system import shell
from tests.conftest import Folder


@pytest.fixture
def written(tmp_path):
    """Make a repository whose file has a line of each of two commits, and one of none."""
    root = tmp_path / "a $HOME ~ b"
    root.mkdir()
    folder = Folder(root)
    folder.git("init", "--quiet")
    folder.write("sub/models.lock", "one\n")
    first = folder.commit("Lock one\n\nwith a body")
    folder.write("sub/models.lock", "one\ntwo\r\n")
    second = folder.commit("Lock two")
    folder.write("sub/models.lock", "  one\ntwo\r\nthree\n")
    return folder, first, second


def origins(root, file="models.lock"):
    found = [blame.blame_line(root, file, line) for line in (1, 2, 3, 4)]
    return [one and (one.name, one.title) for one in found]


@pytest.mark.slow
def test_a_line_is_from_the_commit_that_last_changed_more_than_its_spaces(written):
    folder, first, second = written

    assert origins(folder.root / "sub") == [(first, "Lock one"), (second, "Lock two"), None, None]
    assert blame.blame_line(folder.root, "sub/models.lock", 1).author == "Test"


def test_what_git_tells_its_hooks_does_not_lead_astray(written, tmp_path, monkeypatch):
    folder, first, second = written
    other = tmp_path / "other"
    other.mkdir()
    Folder(other).git("init", "--quiet")
    told = ("DIR", "WORK_TREE", "COMMON_DIR", "OBJECT_DIRECTORY", "INDEX_FILE", "PREFIX")
    for name in told:
        monkeypatch.setenv(f"GIT_{name}", str(other / ".git"))

    found = origins(folder.root, "sub/models.lock")

    assert found == [(first, "Lock one"), (second, "Lock two"), None, None]
    assert shell.os.environ["GIT_DIR"] == str(other / ".git")


def test_a_work_tree_that_is_linked_has_its_own_lines(written, tmp_path):
    folder, first, _ = written
    folder.git("worktree", "add", "--quiet", str(tmp_path / "linked"), first)

    assert origins(tmp_path / "linked", "sub/models.lock")[:2] == [(first, "Lock one"), None]


@pytest.mark.slow
def test_without_a_history_or_git_there_is_no_commit(written, tmp_path, monkeypatch):
    folder, *_ = written
    (tmp_path / "models.lock").write_text("one\n")
    monkeypatch.setenv("PATH", "")
    code = (
        "from pathlib import Path; from paddledvc.tools.git import blame\n"
        f"print(blame.blame_line(Path({str(folder.root)!r}), 'sub/models.lock', 1))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert origins(tmp_path) == [None] * 4
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_a_line_from_where_a_shallow_clone_ends_may_be_older(written, tmp_path):
    folder, _, second = written
    shallow = tmp_path / "shallow"
    command = ["git", "clone", "--quiet", "--depth=1", f"file://{folder.root}", str(shallow)]
    subprocess.run(command, check=True)

    found = blame.blame_line(shallow, "sub/models.lock", 1)
    assert (found.name, found.cut) == (second, True)
    assert not blame.blame_line(folder.root, "sub/models.lock", 1).cut


def test_of_a_repository_with_names_of_sha_256_no_commit_is_known(tmp_path):
    folder = Folder(tmp_path)
    folder.git("init", "--quiet", "--object-format=sha256")
    folder.write("models.lock", "one\n")
    folder.commit("Lock one")

    assert blame.blame_line(folder.root, "models.lock", 1) is None
