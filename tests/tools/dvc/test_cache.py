"""DVC's cache: what gets in, what is trusted, and how it gets into the work tree."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from paddledvc.errors import OutsideFailure
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc import cache as module
from paddledvc.tools.dvc.cache import OtherBytes
from paddledvc.tools.system import hash_cache, links
from paddledvc.tools.system.hash_cache import Digests
from tests.outputs_repo import md5

if TYPE_CHECKING:
    from paddledvc.tools.dvc.cache import Cache


DATA = b"weights"
OID = md5(DATA)
SHA256 = hashlib.sha256(DATA).hexdigest()


def receive(cache: Cache, oid: str = OID, data: bytes = DATA) -> None:
    with cache.receiving(oid) as file:
        assert file.read_bytes() == b""
        file.write_bytes(data)


@pytest.fixture
def reads(monkeypatch):
    """The files that were hashed."""
    told = []
    real = hash_cache.hash_md5
    monkeypatch.setattr(module, "hash_md5", lambda path: (told.append(str(path)), real(path))[1])
    return told


def test_what_was_received_is_an_object_read_only_as_dvc_makes_it(outputs, reads):
    receive(outputs.cache)
    path = outputs.root / ".dvc/cache/files/md5" / OID[:2] / OID[2:]

    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert outputs.cache.holds(OID)
    assert outputs.cache.holds(OID, len(DATA))
    assert not outputs.cache.holds(OID, len(DATA) + 1)
    assert reads == []


def test_nothing_is_received_if_whoever_fills_the_file_finds_it_wrong(outputs):
    cache = outputs.cache
    with pytest.raises(ZeroDivisionError), cache.receiving(OID) as file:
        assert not file.write_bytes(b"bad") / 0

    assert not cache.holds(OID)
    assert list(cache.folder.iterdir()) == []


def test_errors_of_a_network_stay_what_they_are(outputs):
    with pytest.raises(ConnectionResetError), outputs.cache.receiving(OID):
        raise ConnectionResetError


def test_a_full_disk_is_told(outputs):
    with pytest.raises(OutsideFailure) as raised, outputs.cache.receiving(OID):
        raise OSError(errno.ENOSPC, "No space left on device")

    where = outputs.root / ".dvc/cache/files/md5"
    assert str(raised.value) == f"cannot write the cache {where}: No space left on device"


def test_a_cache_that_is_no_folder_is_told(outputs):
    outputs.folder.write(".dvc/cache", "a file\n")

    with pytest.raises(OutsideFailure, match=r"cannot write the cache .*: Not a directory"):
        receive(outputs.cache)


def test_an_object_of_others_is_hashed_once(outputs, reads):
    outputs.keep(DATA)
    old = time.time() - 60
    os.utime(outputs.cache.path(OID), (old, old))

    assert [outputs.cache.holds(OID) for _ in range(3)] == [True] * 3
    assert reads == [str(outputs.cache.path(OID))]


def test_an_object_that_may_still_change_unseen_is_hashed_again(outputs, reads):
    outputs.keep(DATA)
    os.utime(outputs.cache.path(OID))

    assert [outputs.cache.holds(OID) for _ in range(2)] == [True] * 2
    assert len(reads) == 2


def test_an_object_that_changed_is_not_held(outputs):
    receive(outputs.cache)
    path = outputs.cache.path(OID)
    path.chmod(0o644)
    path.write_bytes(b"WEIGHTS")
    path.chmod(0o444)

    assert not outputs.cache.holds(OID)
    assert not outputs.cache.holds(OID, 7)


def test_a_damaged_object_is_set_aside_when_the_right_one_comes(outputs):
    outputs.keep(DATA)
    path = outputs.cache.path(OID)
    path.chmod(0o644)
    path.write_bytes(b"an edit")
    receive(outputs.cache)

    assert path.read_bytes() == DATA
    (aside,) = (outputs.root / ".dvc/cache/paddledvc/damaged").iterdir()
    assert aside.read_bytes() == b"an edit"


@pytest.mark.parametrize("verify", ["", "    verify = true\n"])
def test_dvcs_notes_are_not_believed_for_they_say_what_remotes_promised(outputs, reads, verify):
    outputs.configure("hardlink", f"['remote \"s\"']\n    url = ../../s\n{verify}")
    outputs.keep(b"corrupt")
    cache = outputs.cache
    path = cache.path(OID)
    path.parent.mkdir(exist_ok=True)
    cache.path(md5(b"corrupt")).replace(path)
    cache.state.create()
    assert cache.state.record([(str(path), OID, path.stat())], {})  # as `dvc fetch` does

    assert not cache.holds(OID)
    assert reads


def test_what_killed_processes_left_is_removed_and_what_others_do_is_not(outputs):
    folder = outputs.cache.folder
    folder.mkdir(parents=True)
    host = os.uname().nodename
    dead = folder / f"tmp-{host}-4194305-ab"  # above the highest number of a process
    living, foreign = folder / f"tmp-{host}-1-ab", folder / "tmp-elsewhere-4194305-ab"
    for file in (dead, living, foreign):
        file.touch()
    receive(outputs.cache)

    assert [file.exists() for file in (dead, living, foreign)] == [False, True, True]


def test_a_listing_is_read_only_if_it_is_what_its_name_says(outputs):
    oid = outputs.keep_folder({"a": b"1", "b/c": b"2"})

    assert outputs.cache.listing(oid) == (("a", md5(b"1")), ("b/c", md5(b"2")))
    assert outputs.cache.listing("0" * 32 + ".dir") is None

    outputs.cache.path(oid).chmod(0o644)
    outputs.cache.path(oid).write_bytes(b"[]")
    assert outputs.cache.listing(oid) is None


def test_an_object_that_is_no_listing_gives_none(outputs):
    for data in (b"{}", b"[1]", b'[{"md5": 1}]', b"\xff"):
        oid = f"{outputs.keep(data)}.dir"
        outputs.cache.path(oid.removesuffix(".dir")).replace(outputs.cache.path(oid))

        assert not outputs.cache.listing(oid)


@pytest.mark.parametrize(
    ("kinds", "refused", "expected"),
    [
        (("reflink", "copy"), ("reflink",), "copy"),
        (("reflink", "hardlink", "symlink", "copy"), ("reflink",), "hardlink"),
        (("reflink", "hardlink", "symlink"), ("reflink", "hardlink"), "symlink"),
        (("symlink",), (), "symlink"),
        (("hardlink",), ("hardlink",), "copy"),
    ],
)
def test_the_first_way_to_link_that_works_is_taken(tmp_path, monkeypatch, kinds, refused, expected):
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EPERM, "refused")

    for kind in refused:
        monkeypatch.setitem(links._WAYS, kind, refuse)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA)

    assert links.link_file(str(source), str(target), kinds) == expected
    assert target.read_bytes() == DATA


def test_an_empty_file_is_never_a_hard_link(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.touch()

    assert links.link_file(str(source), str(target), ("hardlink",)) == "hardlink"
    assert source.stat().st_nlink == 1


def test_torn_and_damaged_notes_are_no_notes(tmp_path):
    file, sha256 = tmp_path / "known", "a" * 64
    lines = [f"{OID} - 9 1 2 3 4", f"{OID} {sha256} 9 2 2 3 4", f"{OID} 9 1 2 3", f"{OID[:-1]} - 9"]
    file.write_bytes("\n".join([*lines, "", f"{OID} - 9 4 5"]).encode() + b"\xff\0")

    assert hash_cache._read_notes(str(file)) == {
        "9 1 2 3 4": (OID, None),
        "9 2 2 3 4": (OID, sha256),
    }


@pytest.mark.parametrize("kind", ["folder", "link", "fifo"])
def test_notes_that_are_no_file_are_none_and_stop_nobody(tmp_path, kind):
    place = tmp_path / "known"
    {"folder": place.mkdir, "link": lambda: place.symlink_to("/dev/zero")}.get(
        kind, lambda: os.mkfifo(place)
    )()
    file = tmp_path / "file"
    file.write_bytes(DATA)
    notes = hash_cache.Known(str(place))
    notes.settled(file.stat(), Digests(OID))

    assert notes.digests(file.stat()).md5 == OID
    assert hash_cache.Known(str(place)).digests(file.stat()) == Digests()


def test_the_older_half_of_many_notes_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(hash_cache, "LIMIT", 1000)
    place = tmp_path / "known"
    notes = hash_cache.Known(str(place))
    for number in range(100):
        file = tmp_path / str(number)
        file.write_bytes(DATA)
        notes.settled(hash_cache.settle_hash_time(file), Digests(OID))

    again = hash_cache.Known(str(place))
    assert place.stat().st_size < 1200
    assert again.digests((tmp_path / "99").stat()).md5 == OID
    assert again.digests((tmp_path / "0").stat()).md5 is None


def test_notes_lie_where_no_branch_can_write(outputs, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    receive(outputs.cache)
    (notes,) = (tmp_path / "state" / "paddledvc" / "hashes").iterdir()

    assert notes.read_text().startswith(f"{OID} - ")
    assert stat.S_IMODE(notes.stat().st_mode) == 0o600
    assert not [one for one in outputs.root.rglob("*") if "known" in one.name]


def test_an_object_that_rotted_under_its_time_is_not_held(outputs):
    receive(outputs.cache)
    path = outputs.cache.path(OID)
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(DATA.upper())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert not outputs.cache.holds(OID)


def test_other_digests_of_an_object_are_compared_once(outputs, monkeypatch):
    told = []
    real = hash_cache.hash_digests
    monkeypatch.setattr(module, "hash_digests", lambda *one: (told.append(one), real(*one))[1])
    receive(outputs.cache)
    right, wrong = Hashes(md5=OID, sha256=SHA256), Hashes(md5=OID, sha256="0" * 64)

    assert [outputs.cache.compare(right) for _ in range(2)] == [None, None]
    assert outputs.cache.compare(wrong) == (f"sha256:{'0' * 64}", f"sha256:{SHA256}")
    assert len(told) == 1


def test_bytes_that_lack_a_digest_are_never_put_anywhere(outputs, tmp_path):
    receive(outputs.cache)
    with pytest.raises(OtherBytes):
        outputs.cache.link(Hashes(md5=OID, sha256="0" * 64), str(tmp_path / "target"))

    assert not (tmp_path / "target").exists()


def test_a_hard_link_that_comes_or_goes_costs_no_hashing(outputs, tmp_path, reads):
    receive(outputs.cache)
    target = tmp_path / "target"
    outputs.cache.link(Hashes(md5=OID), str(target))
    assert outputs.cache.holds(OID)
    link = target.stat()
    target.unlink()
    outputs.cache.unlinked(link)

    assert outputs.cache.holds(OID)
    assert reads == []
