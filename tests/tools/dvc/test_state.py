"""DVC's notes, written by us and read by DVC, and the other way round."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dvc.repo import Repo
from dvc_data.fsutils import _localfs_info
from dvc_data.hashfile import hash as hashing
from dvc_data.hashfile.state import _checksum
from dvc_data.hashfile.utils import get_mtime_and_size

from paddledvc.tools.dvc.state import DvcState, checksum, file_time, folder_time
from paddledvc.weights.core.outcome import describe_outcome

if TYPE_CHECKING:
    from tests.outputs_repo import Outputs


pytestmark = pytest.mark.slow
FOLDER = {"f": b"f one", "sub/g": b"g one", "é à": b"i one"}
OLD = {"checkpoints/a.bin": b"a one", "checkpoints/same.bin": b"same", "exports/a": FOLDER}
NEW = {**OLD, "checkpoints/a.bin": b"a two", "exports/a": {**FOLDER, "f": b"f two"}}


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
def test_dvc_hashes_nothing_after_us_and_finds_all_clean(repo, monkeypatch, links):
    repo.configure(links)
    repo.declare(OLD)
    repo.place()
    repo.declare(NEW)
    repo.place()

    said, read = hashed(repo, monkeypatch, "status")
    assert (said, read) == ({}, [])

    said, read = hashed(repo, monkeypatch, "checkout")
    assert (said["stats"], read) == ({"modified": 0, "added": 0, "deleted": 0}, [])


def test_dvc_would_hash_if_nobody_had_told_it(repo, monkeypatch):
    monkeypatch.setattr(DvcState, "record", lambda *_: False)
    repo.declare(OLD)
    repo.place()

    assert len(hashed(repo, monkeypatch, "status")[1]) == 5


def test_dvc_removes_links_of_ours_that_nobody_needs_any_more(repo, monkeypatch):
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
        assert checksum(file.stat()) == _checksum(_localfs_info(str(file)))
        assert file_time(file.stat()) == get_mtime_and_size(str(file), opened.fs)[0]
        assert folder_time(files) == get_mtime_and_size(str(folder), opened.fs)[0]
        for path in ("checkpoints/a.bin", "exports/a"):
            inode, time = opened.state.links[path]
            assert (inode, time) == (
                os.lstat(repo.root / path).st_ino,
                get_mtime_and_size(str(repo.root / path), opened.fs)[0],
            )


@pytest.mark.parametrize("damage", ["gone", "no database", "other layout", "locked"])
def test_notes_that_are_not_as_they_should_be_are_left_alone(repo, damage, monkeypatch):
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
