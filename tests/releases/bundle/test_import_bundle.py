"""``release bundle --import`` takes a whole bundle that fits the clone, or nothing."""

from __future__ import annotations

import errno
import os

import pytest

import paddledvc
from paddledvc.errors import Finding, OutsideFailure
from paddledvc.releases.bundle import import_bundle
from tests.conftest import Folder
from tests.outputs_repo import md5
from tests.releases.bundle.conftest import NAME, PLACED, write_bundle
from tests.stores_repo import WEIGHTS, A

pytestmark = pytest.mark.slow


def refused(site, bundle):
    """Say why an import is refused, and see that nothing was written."""
    before = sorted(site.clone.root.rglob("*"))
    with pytest.raises(Finding) as found:
        paddledvc.import_bundle(site.clone, bundle)

    after = [one for one in site.clone.root.rglob("*") if ".git/" not in f"{one}"]
    assert sorted(after) == [one for one in before if ".git/" not in f"{one}"]
    return str(found.value)


def test_all_of_it_comes_into_the_cache_and_the_work_tree(site):
    imported = paddledvc.import_bundle(site.clone, site.bundle)
    placed = site.placed()
    objects = {path for path in placed if path.startswith(".dvc/")}

    assert {path: data for path, data in placed.items() if path not in objects} == PLACED
    assert imported.cached == sum(map(len, PLACED.values()))
    assert [one.state for one in imported.placed.outputs] == ["placed", "placed"]
    assert {(site.clone.root / path).stat().st_mode & 0o777 for path in objects} == {0o444}
    assert Folder(site.clone.root).git("status", "--porcelain") == ""


def test_a_second_import_writes_nothing(site):
    paddledvc.import_bundle(site.clone, site.bundle)
    imported = paddledvc.import_bundle(site.clone, site.bundle)

    assert imported.cached == 0
    assert [one.state for one in imported.placed.outputs] == ["unchanged", "unchanged"]


def test_a_shared_cache_gets_objects_that_its_group_may_add_to(site):
    Folder(site.clone.root).git("config", "--file", ".dvc/config", "cache.shared", "group")
    paddledvc.import_bundle(site.clone, site.bundle)

    [folder] = (site.clone.root / ".dvc/cache/files/md5").glob(md5(WEIGHTS)[:2])
    assert folder.stat().st_mode & 0o7777 == 0o2775


def test_what_somebody_changed_in_the_work_tree_is_kept(site, cli):
    paddledvc.import_bundle(site.clone, site.bundle)
    file = site.clone.root / A
    file.unlink()
    file.write_bytes(b"mine")
    ran = cli("-C", str(site.clone.root), "release", "bundle", "--import", str(site.bundle))

    assert ran.exit_code == 1
    assert f"{A}" in ran.stderr
    assert file.read_bytes() == b"mine"


def test_a_flipped_byte_is_refused_and_nothing_is_written(site):
    file = site.bundle / f"{NAME}.tar"
    data = bytearray(file.read_bytes())
    data[600] ^= 1
    file.write_bytes(data)

    assert refused(site, site.bundle).startswith(
        f"the bundle is not whole; nothing was written\n  {NAME}.tar: expected sha256:"
    )


def test_a_clone_that_names_other_bytes_refuses_and_says_which(site):
    clone = Folder(site.clone.root)
    text = clone.read("models.lock")
    clone.write("models.lock", text.replace(md5(WEIGHTS), "ab" * 16))
    said = refused(site, site.bundle)

    assert said.startswith("the bundle is of other files than this clone; nothing was written; ")
    assert f"\n  {A}: the clone names md5:{'ab' * 16}, the bundle has md5:{md5(WEIGHTS)}" in said


def test_another_commit_that_names_the_same_bytes_takes_it(site):
    clone = Folder(site.clone.root)
    clone.write("reports/a/verify.json", "{ }\n")
    clone.commit()
    paddledvc.import_bundle(site.clone, site.bundle)

    assert (site.clone.root / A).read_bytes() == WEIGHTS


def test_an_output_that_the_clone_does_not_name_is_refused(site, tmp_path):
    bundle = write_bundle(tmp_path / NAME, {"exports/b": b"x"}, {"exports/b": md5(b"x")})

    assert "\n  exports/b: the bundle has it, and models.lock and DVC's files name no such" in (
        refused(site, bundle)
    )


def test_a_file_that_is_of_no_output_and_not_of_the_commit_is_refused(site, tmp_path):
    bundle = write_bundle(tmp_path / NAME, {"setup.cfg": b"x"}, {})

    assert "\n  setup.cfg: the bundle has it, and neither git nor an output has such a file" in (
        refused(site, bundle)
    )


def test_a_file_that_is_another_one_in_the_commit_is_refused(site, tmp_path):
    commit = Folder(site.clone.root).git("rev-parse", "HEAD").strip()
    bundle = write_bundle(tmp_path / NAME, {"models.yaml": b"x"}, {}, commit=commit)

    assert "\n  models.yaml: the commit has size:" in refused(site, bundle)


def test_bytes_that_are_others_when_they_are_read_again_are_not_taken(site, monkeypatch):
    real = import_bundle.share_with_main_tree

    def spoil(root):
        real(root)
        file = site.bundle / f"{NAME}.tar"
        file.write_bytes(file.read_bytes().replace(WEIGHTS, b"X" * len(WEIGHTS)))

    monkeypatch.setattr(import_bundle, "share_with_main_tree", spoil)
    with pytest.raises(OutsideFailure, match=f"the bundle changed while it was read: {A}: exp"):
        paddledvc.import_bundle(site.clone, site.bundle)
    assert not [path for path in site.placed() if not path.startswith(".dvc/cache/")]
    assert all(md5(data) == path[-33:].replace("/", "") for path, data in site.placed().items())


def test_a_full_disk_leaves_nothing_that_is_half_written(site, monkeypatch):
    def fill(chunks, write):
        os.write(write, b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(import_bundle, "hash_file_chunks", fill)
    monkeypatch.setattr(import_bundle, "_find_other_files", lambda *_: ())
    with pytest.raises(OutsideFailure, match=r"cannot write the cache .*: No space left on device"):
        paddledvc.import_bundle(site.clone, site.bundle)
    assert site.placed() == {}


def test_a_pin_without_md5_is_taken_by_its_sha256(site):
    for folder in (Folder(site.work.root), Folder(site.clone.root)):
        lock = folder.read("models.lock")
        folder.write("models.lock", lock.replace(f'    md5: "{md5(WEIGHTS)}"\n', ""))
        folder.commit()
    made = paddledvc.bundle(site.work, ["a"], output=site.folder / "again")
    paddledvc.import_bundle(site.clone, made.folder)

    assert (site.clone.root / A).read_bytes() == WEIGHTS
