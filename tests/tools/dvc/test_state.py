"""DVC's notes, written by us and read by DVC, and the other way round."""

from __future__ import annotations

import getpass
import json
import os
import pickle
import sqlite3
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dvc.repo import Repo
from dvc_data.fsutils import _localfs_info
from dvc_data.hashfile import hash as hashing
from dvc_data.hashfile.state import State, _checksum
from dvc_data.hashfile.utils import get_mtime_and_size

from paddledvc.tools.dvc import library, shortcuts, state
from paddledvc.tools.dvc.state import DvcState, state_checksum, state_file_time, state_folder_time
from paddledvc.weights.core.outcome import describe_outcome

if TYPE_CHECKING:
    from tests.outputs_repo import Outputs


pytestmark = pytest.mark.slow
FOLDER = {"f": b"f one", "sub/g": b"g one", "é à": b"i one"}
OLD = {"checkpoints/a.bin": b"a one", "checkpoints/same.bin": b"same", "exports/a": FOLDER}
NEW = {**OLD, "checkpoints/a.bin": b"a two", "exports/a": {**FOLDER, "f": b"f two"}}


@pytest.fixture(params=["a hook", "a hook, another minor", "a command"])
def writer(request, monkeypatch):
    """Who writes the notes: ours while git waits, DVC's own code else."""
    if "minor" in request.param:
        monkeypatch.setattr(state, "TESTED", ("3.17",))
    with shortcuts.allow_shortcuts() if "hook" in request.param else nullcontext():
        yield request.param


@pytest.fixture
def written(monkeypatch):
    """By whose code notes are written."""
    found: list[str] = []
    for name in ("_write", "_record"):
        real = getattr(DvcState, name)
        monkeypatch.setattr(
            DvcState, name, lambda *given, real=real, name=name: found.append(name) or real(*given)
        )
    return found


@pytest.fixture
def repo(outputs: Outputs) -> Outputs:
    """The same as a repository of DVC, which has run in it once."""

    (outputs.root / ".dvc" / "tmp").mkdir()
    outputs.declare({})
    with Repo(outputs.root) as opened:
        opened.status()
    return outputs


def hashed(
    outputs: Outputs, monkeypatch: pytest.MonkeyPatch, work: str
) -> tuple[object, list[str]]:
    """Let DVC do something; return what it said, and what it had to hash for that."""

    told: list[str] = []
    real = hashing._hash_file
    monkeypatch.setattr(hashing, "_hash_file", lambda path, *rest, **more: (
        told.append(path), real(path, *rest, **more))[1])  # fmt: skip
    with Repo(outputs.root) as opened:
        said = getattr(opened, work)()
    return said, [path for path in told if path.startswith(str(outputs.root))]


@pytest.mark.parametrize("links", ["hardlink", "symlink", "copy"])
def test_dvc_hashes_nothing_after_us_and_finds_all_clean(repo, monkeypatch, links, writer, written):
    repo.configure(links)
    repo.declare(OLD)
    repo.place()
    repo.declare(NEW)
    repo.place()
    assert set(written) == {"_write" if writer == "a hook" else "_record"}

    said, read = hashed(repo, monkeypatch, "status")
    assert (said, read) == ({}, [])

    said, read = hashed(repo, monkeypatch, "checkout")
    assert (said["stats"], read) == ({"modified": 0, "added": 0, "deleted": 0}, [])


def test_dvc_would_hash_if_nobody_had_told_it(repo, monkeypatch):
    monkeypatch.setattr(DvcState, "record", lambda *_: False)
    repo.declare(OLD)
    repo.place()

    assert len(hashed(repo, monkeypatch, "status")[1]) == 5


def test_dvc_removes_links_of_ours_that_nobody_needs_any_more(repo, monkeypatch, writer):
    repo.declare(OLD)
    repo.place()
    repo.declare({"checkpoints/same.bin": b"same"})
    said, _ = hashed(repo, monkeypatch, "checkout")

    assert said["stats"]["deleted"] == 2
    assert repo.files() == {"checkpoints/same.bin": b"same"}


def test_dvc_begins_its_notes_where_it_has_not_run_yet(outputs, monkeypatch):
    outputs.declare(OLD)
    outputs.place()

    assert hashed(outputs, monkeypatch, "status") == ({}, [])


def test_our_digests_are_those_of_dvc(repo):

    repo.declare(OLD)
    repo.place()
    file, folder = repo.root / "checkpoints/a.bin", repo.root / "exports/a"
    with Repo(repo.root) as opened:
        files = {path: Path(path).stat() for path in opened.fs.find(str(folder))}

        assert DvcState(repo.root, None)._folder == opened.site_cache_dir
        assert state_checksum(file.stat()) == _checksum(_localfs_info(str(file)))
        assert state_file_time(file.stat()) == get_mtime_and_size(str(file), opened.fs)[0]
        assert state_folder_time(files) == get_mtime_and_size(str(folder), opened.fs)[0]
        for path in ("checkpoints/a.bin", "exports/a"):
            inode, time = opened.state.links[path]
            assert (inode, time) == (
                os.lstat(repo.root / path).st_ino,
                get_mtime_and_size(str(repo.root / path), opened.fs)[0],
            )


@pytest.mark.parametrize("damage", ["gone", "no database", "other layout", "locked"])
def test_notes_that_are_not_as_they_should_be_are_left_alone(repo, damage, monkeypatch, writer):
    monkeypatch.setattr("paddledvc.tools.dvc.state.PATIENCE", 0.01)
    folder = Path(str(DvcState(repo.root, None)._folder))
    files = [folder / "links/cache.db", folder / "hashes/local/cache.db"]
    opened = []
    for file in files:
        match damage:
            case "gone":
                file.unlink()
            case "no database":
                file.write_bytes(b"no database at all" * 100)
            case "other layout":
                file.unlink()
                with sqlite3.connect(file) as database:
                    database.execute("CREATE TABLE Cache (a, b)")
                database.close()
            case "locked":
                database = sqlite3.connect(file, isolation_level=None)
                database.execute("BEGIN EXCLUSIVE")
                opened.append(database)
    repo.declare(OLD)

    assert describe_outcome(repo.place())[0].startswith("weights: checkpoints/a.bin (5 B, cache)")
    assert repo.files()["checkpoints/a.bin"] == b"a one"
    for database in opened:
        database.close()


def rows(repo) -> dict[str, list[object]]:
    """Read what DVC's databases hold, with unpacked values, and not when it was written."""
    found: dict[str, list[object]] = {}
    for table, unpack in (("hashes/local", json.loads), ("links", pickle.loads)):
        database = sqlite3.connect(f"{DvcState(repo.root, None)._folder}/{table}/cache.db")
        columns = "key, raw, expire_time, tag, size, mode, filename, value"
        every = database.execute(f"SELECT {columns} FROM Cache ORDER BY key").fetchall()
        found[table] = [(*row, unpack(value)) for *row, value in every]
        database.close()
    return found


def test_our_rows_say_what_those_of_dvc_say(repo, monkeypatch):
    told = []
    monkeypatch.setattr(DvcState, "record", lambda _, *given: told.append(given))
    repo.declare(NEW)
    repo.place()
    notes = DvcState(repo.root, None)

    assert notes._write(*told[0])
    ours = rows(repo)
    for table in ("hashes/local", "links"):
        with sqlite3.connect(f"{notes._folder}/{table}/cache.db") as database:
            database.execute("DELETE FROM Cache")
        database.close()
    assert notes._record(*told[0])
    assert rows(repo) == ours
    assert [len(ours[table]) for table in ours] == [5, 3]


@pytest.mark.parametrize(
    ("distributions", "minor"),
    [
        (["3.18.3"], "3.18"),
        (["3.19.0.dev1"], "3.19"),
        (["4.0"], "4.0"),
        ([], None),
        (["3.18.3", "3.19.0"], None),  # what an upgrade that was killed leaves
    ],
)
def test_the_minor_is_that_of_the_installed_version(distributions, minor, tmp_path, monkeypatch):
    (tmp_path / "dvc_data").mkdir()
    (tmp_path / "dvc_data/__init__.py").touch()
    for version in distributions:
        (tmp_path / f"dvc_data-{version}.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    assert state.installed_state_minor() == minor


def test_the_minor_that_the_tests_run_with_is_one_of_those_that_ours_are_compared_with():
    assert state.installed_state_minor() in state.TESTED


def test_no_minor_is_none_that_the_tests_know(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    assert state.installed_state_minor() not in state.TESTED


def test_where_a_later_minor_keeps_links_in_another_form_that_form_is_kept_to(repo, monkeypatch):
    """As dvc-data's pull request 663 does: JSON in the place of a pickle."""
    kept = {}
    monkeypatch.setattr(state, "installed_state_minor", lambda: "3.19")
    monkeypatch.setattr(
        State,
        "set_link",
        lambda _, path, inode, mtime: kept.update({path: json.dumps([inode, mtime])}),
    )
    repo.declare(OLD)
    with shortcuts.allow_shortcuts():
        repo.place()

    assert set(kept) == {str(repo.root / path) for path in OLD}
    assert rows(repo)["links"] == []


def test_a_dvc_whose_notes_became_something_else_only_hashes_once_more(repo, monkeypatch):
    def other(*_):
        raise TypeError("save_many() takes another argument")

    monkeypatch.setattr(State, "save_many", other)
    repo.declare(OLD)

    assert repo.states(repo.place()) == dict.fromkeys(OLD, "placed")


def test_a_user_whom_no_passwd_entry_names_is_called_by_number_and_so_by_dvc(monkeypatch):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "")  # so that it is put back
        monkeypatch.delenv(variable)

    def nobody(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", nobody)

    library.require_usable_dvc.cache_clear()
    library.require_usable_dvc()  # as whatever starts a DVC does

    assert library.name_user() == str(os.getuid())
    assert getpass.getuser() == str(os.getuid()), "as a DVC that is started asks"
