"""``release bundle`` makes one folder of a commit: the same bytes in every clone, every time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from dataclasses import replace

import jsonschema
import pytest

import paddledvc
from paddledvc import schemas
from paddledvc.errors import Finding, InvalidInput, OutsideFailure
from paddledvc.releases.bundle import make_bundle
from paddledvc.releases.bundle.core.manifest import BundledModel, parse_manifest, render_manifest
from tests.conftest import Folder
from tests.outputs_repo import Outputs
from tests.releases.bundle.conftest import NAME, PLACED, REGISTRY
from tests.stores_repo import EXPORT, A

pytestmark = pytest.mark.slow
COMMITTED = (
    *("docs/models/a.md", "dvc.lock", "dvc.yaml", "models.lock", "models.yaml"),
    "reports/a/verify.json",
)


def test_it_holds_what_a_model_is_and_what_was_found_of_it_and_nothing_else(site):
    with tarfile.open(site.bundle / f"{NAME}.tar") as archive:
        found = {one.name: archive.extractfile(one).read() for one in archive}
        kinds = {(one.type, one.uid, one.uname, one.mode, one.mtime) for one in archive}

    assert {path: data for path, data in found.items() if path in PLACED} == PLACED
    assert tuple(path for path in found if path not in PLACED) == COMMITTED
    assert list(found) == sorted(found)
    assert kinds == {(tarfile.REGTYPE, 0, "", 0o644, 1743924600)}


def test_its_manifest_keeps_to_its_schema_and_states_every_hash(site):
    value = json.loads((site.bundle / "manifest.json").read_bytes())
    archive = (site.bundle / f"{NAME}.tar").read_bytes()

    jsonschema.validate(value, json.loads(schemas.schema("bundle")))
    assert value["models"][0] | {"image_mirrors": []} == {
        "name": "a",
        "version": "v1",
        "image": None,
        "image_digest": None,
        "image_mirrors": [],
    }
    [part] = value["parts"]
    assert part == {
        "path": f"{NAME}.tar",
        "size": len(archive),
        "md5": hashlib.md5(archive).hexdigest(),
        "sha256": hashlib.sha256(archive).hexdigest(),
    }
    weights = next(one for one in value["files"] if one["path"] == A)
    assert weights["sha256"] == hashlib.sha256(PLACED[A]).hexdigest()


def test_the_same_commit_gives_the_same_bytes_in_another_clone(site):
    paddledvc.import_bundle(site.clone, site.bundle)
    made = paddledvc.bundle(site.clone, ["a"], output=site.folder / "again")

    assert {one.name: one.read_bytes() for one in made.folder.iterdir()} == site.parts()


def test_parts_joined_are_the_archive_of_one_part(site):
    made = paddledvc.bundle(site.work, ["a"], output=site.folder / "split", split=8000)
    parts = [one.path for one in made.manifest.parts]

    assert parts == [f"{NAME}.tar.00{number}" for number in (1, 2, 3)]
    joined = b"".join((made.folder / name).read_bytes() for name in parts)
    assert joined == (site.bundle / f"{NAME}.tar").read_bytes()
    assert paddledvc.verify_bundle(made.folder).problems == ()


def test_what_was_stopped_is_finished_and_whole_parts_are_kept(site):
    split = {"output": site.folder / "split", "split": 8000}
    folder = paddledvc.bundle(site.work, ["a"], **split).folder
    whole = {one.name: one.read_bytes() for one in folder.iterdir()}
    (folder / "manifest.json").unlink()
    (folder / f"{NAME}.tar.001").write_bytes(bytes(8000))
    (folder / f"{NAME}.tar.003").unlink()
    (folder / f".{NAME}.tar.003.other-1-abc.part").write_bytes(b"half")
    kept = (folder / f"{NAME}.tar.002").stat().st_ino
    made = paddledvc.bundle(site.work, ["a"], **split)

    assert made.kept == (f"{NAME}.tar.002",)
    assert (folder / f"{NAME}.tar.002").stat().st_ino == kept
    assert {name: (folder / name).read_bytes() for name in whole} == whole


KILLED = """
import os
from paddledvc.releases.bundle import make_bundle
real = make_bundle.files.replace_file
def die(target, **settings):
    if target.name.endswith(".003"):
        with real(target) as new:
            new.write_bytes(b"half")
            os.kill(os.getpid(), 9)
    return real(target, **settings)
make_bundle.files.replace_file = die
from paddledvc import Project, bundle
bundle(Project.find(), ["a"], output="../split", split=8000)
"""


def test_after_a_kill_whole_parts_are_kept_and_nothing_is_left(site, environment):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=site.work.root, env=environment, check=False
    )
    folder = site.folder / "split" / NAME
    left = [one.name for one in folder.iterdir()]
    with pytest.raises(InvalidInput, match=r"is no whole bundle: cannot read manifest\.json: No"):
        paddledvc.verify_bundle(folder)
    made = paddledvc.bundle(site.work, ["a"], output=site.folder / "split", split=8000)

    assert killed.returncode == -9
    assert len(left) == 3
    assert made.kept == (f"{NAME}.tar.001", f"{NAME}.tar.002")
    assert len([*folder.iterdir()]) == 4
    assert paddledvc.verify_bundle(folder).problems == ()


def test_a_part_that_is_wrong_in_its_middle_is_written_anew(site):
    file = site.bundle / f"{NAME}.tar"
    right = file.read_bytes()
    file.write_bytes(right[:6000] + b"X" + right[6001:])

    assert paddledvc.bundle(site.work, ["a"], output=site.bundle.parent).kept == ()
    assert file.read_bytes() == right


def test_parts_of_another_size_go(site):
    made = paddledvc.bundle(site.work, ["a"], output=site.bundle.parent, split=8000)

    assert f"{NAME}.tar" not in site.parts()
    assert paddledvc.verify_bundle(made.folder).problems == ()


def test_a_file_in_its_folder_that_is_none_of_it_stays(site):
    (site.bundle / "notes.txt").write_text("mine")

    with pytest.raises(InvalidInput, match=r"notes\.txt is none of this bundle's files; move it"):
        paddledvc.bundle(site.work, ["a"], output=site.bundle.parent)
    assert (site.bundle / "notes.txt").read_text() == "mine"


def test_a_bundle_of_other_models_that_is_called_alike_stays(site):
    file = site.bundle / "manifest.json"
    there = parse_manifest(file.read_bytes())
    others = (*there.models, BundledModel(name="b", version="v1"))
    file.write_text(render_manifest(replace(there, models=others)))
    before = site.parts()

    with pytest.raises(InvalidInput, match=f"{NAME} is a bundle of a, b, expected one of a; "):
        paddledvc.bundle(site.work, ["a"], output=site.bundle.parent)

    assert site.parts() == before


def test_what_is_not_committed_does_not_count(site):
    Folder(site.work.root).write("models.lock", "spoilt")
    made = paddledvc.bundle(site.work, ["a"], output=site.folder / "again")

    assert {one.name: one.read_bytes() for one in made.folder.iterdir()} == site.parts()


def test_a_plan_writes_nothing_and_counts_all(site):
    before = sorted(site.folder.rglob("*"))
    planned = paddledvc.bundle(site.work, dry_run=True)

    assert {(one.path, one.size) for one in planned.rows if one.source == "dvc"} == {
        (A, 27),
        (EXPORT, 15),
    }
    assert tuple(one.path for one in planned.rows if one.source == "git") == COMMITTED
    assert sorted(site.folder.rglob("*")) == before


def test_by_default_it_lies_where_git_does_not_look(site):
    made = paddledvc.bundle(site.work)

    assert made.folder == site.work.root / "bundles" / "work_v1_20250405"
    assert Folder(site.work.root).git("status", "--porcelain") == ""


def test_bytes_that_the_cache_lacks_come_from_the_work_tree(site):
    paddledvc.import_bundle(site.clone, site.bundle)
    for one in (site.clone.root / ".dvc" / "cache").rglob("*"):
        if one.is_file():
            one.unlink()
    made = paddledvc.bundle(site.clone, ["a"], output=site.folder / "again")

    assert paddledvc.verify_bundle(made.folder).problems == ()


def test_bytes_that_nothing_has_are_named_and_nothing_is_written(site):
    with pytest.raises(OutsideFailure) as refused:
        paddledvc.bundle(site.clone, ["a"], output=site.folder / "again", offline="--offline")

    assert str(refused.value).startswith("the bundle lacks bytes; nothing was written\n")
    assert f"a v1: {A} cannot be fetched" in str(refused.value)
    assert not (site.folder / "again").exists()


def test_a_full_disk_leaves_whole_parts_and_no_manifest(site, monkeypatch):
    split = {"output": site.folder / "split", "split": 8000}
    real, written = make_bundle.files.replace_file, []

    def fill(target, **settings):
        if len(written) == 2:
            written.clear()
            return real(site.folder / "work" / "dvc.yaml" / "no folder")
        written.append(target)
        return real(target, **settings)

    monkeypatch.setattr(make_bundle.files, "replace_file", fill)
    with pytest.raises(OutsideFailure, match=r"cannot write "):
        paddledvc.bundle(site.work, ["a"], **split)
    assert sorted(one.name for one in (site.folder / "split" / NAME).iterdir()) == [
        f"{NAME}.tar.001",
        f"{NAME}.tar.002",
    ]


def test_a_path_that_windows_cannot_write_is_refused_when_the_bundle_is_made(site):
    work = Folder(site.work.root)
    work.write("reports/a/aux.json", "{}")
    work.commit()

    with pytest.raises(Finding, match=r"names 'reports/a/aux.json': 'aux.json' is no name of"):
        paddledvc.bundle(site.work, ["a"])


TRAINED = "  - name: b\n    version: v1\n    base: a\n    train: {command: python train.py}\n"
STAGES = {
    "sync-a": {"outs": [A]},
    "train-b": {"deps": [A, "data/x.npz"], "outs": ["checkpoints/b_trained.pdparams"]},
    "make-data": {"outs": ["data/x.npz"]},
    "make-other": {"outs": ["data/other.npz"]},
}


def add_trained(site, *, built):
    """Add a model that is trained from the first one and from data."""
    work = Outputs(Folder(site.work.root))
    work.folder.write("models.yaml", REGISTRY + TRAINED)
    lock = work.folder.read("models.lock")
    work.folder.write("models.lock", f'{lock}  - name: "b"\n    version: "v1"\n    base: "a"\n')
    declared, ran = {}, {}
    for name, stage in STAGES.items():
        declared[name] = {"cmd": "make", **stage}
        outs = [
            {"path": path, "hash": "md5", "md5": work.keep(path.encode()), "size": len(path)}
            if path != A
            else {"path": path, "hash": "md5", "md5": work.keep(PLACED[A]), "size": len(PLACED[A])}
            for path in stage["outs"]
        ]
        deps = [{"path": path} for path in stage.get("deps", ())]
        if built or name != "train-b":
            ran[name] = {"cmd": "make", "deps": deps, "outs": outs}
    work.folder.write("dvc.yaml", json.dumps({"stages": declared}))
    work.folder.write("dvc.lock", json.dumps({"schema": "2.0", "stages": ran}))
    work.folder.commit()


def test_a_model_comes_with_its_base_and_its_data_and_no_others(site):
    add_trained(site, built=True)
    planned = paddledvc.bundle(site.work, ["b"], dry_run=True)

    assert [one.path for one in planned.rows if one.source == "dvc"] == [
        A,
        "checkpoints/b_trained.pdparams",
        "data/x.npz",
    ]


def test_a_model_that_the_commit_has_not_built_is_refused(site):
    add_trained(site, built=False)

    with pytest.raises(Finding) as refused:
        paddledvc.bundle(site.work, ["b"], dry_run=True)
    assert str(refused.value).partition(" does not say ")[2] == (
        "which bytes these are; run `dvc repro`, and commit\n"
        "  b: checkpoints/b_trained.pdparams (trained weights)"
    )


def test_bytes_that_change_while_they_are_written_make_no_bundle(site, monkeypatch):
    real = make_bundle.list_files

    def spoil(*given):
        listed = real(*given)
        source = listed[2][A]
        source.unlink()
        source.write_bytes(PLACED[A][::-1])
        return listed

    monkeypatch.setattr(make_bundle, "list_files", spoil)
    with pytest.raises(OutsideFailure, match=f"{A} changed in DVC's cache while it was read: "):
        paddledvc.bundle(site.work, ["a"], output=site.folder / "again")
    assert [*(site.folder / "again" / NAME).iterdir()] == []
