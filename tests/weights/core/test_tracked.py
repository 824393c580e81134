from __future__ import annotations

import pytest

from paddledvc.hashes import Hashes
from paddledvc.models.lockfile import Lock, LockedFile, LockedModel
from paddledvc.weights.core.tracked import (
    Tracked,
    find_output_faults,
    find_tracked_problems,
    list_tracked,
)
from paddledvc.yaml.reader import parse_yaml
from tests import plain_yaml

ONE, TWO, SHA = "1" * 32, "2" * 32, "a" * 64
MODEL = LockedModel(
    name="a", version="v1", urls=("u",), md5=ONE, sha256=SHA, size=7, path="checkpoints/a_v1.bin"
)
BUILT = Tracked(path="w.bin", hashes=Hashes(md5=ONE, size=7))


def records(*outs, declared=("w.bin",), folder=""):
    return {
        f"{folder}dvc.yaml": {"stages": {"s": {"cmd": "x", "outs": list(declared)}}},
        f"{folder}dvc.lock": {"stages": {"s": {"outs": list(outs)}}},
    }


def out(path="w.bin", md5=ONE, **fields):
    return {"path": path, "md5": md5, "hash": "md5", "size": 7, **fields}


def lock(*models):
    return Lock(models=models)


def test_the_output_of_a_stage_is_known_by_its_md5_and_size():
    assert list_tracked(None, records(out())) == (BUILT,)


def test_a_folder_is_known_by_the_md5_of_its_listing():
    (found,) = list_tracked(None, records(out("w", f"{ONE}.dir"), declared=["w"]))
    assert (found.folder, found.hashes, found.oid) == (
        True,
        Hashes(md5=ONE, size=7),
        f"{ONE}.dir",
    )


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param({"outs": [{"w.bin": {"cache": False}}]}, id="an output"),
        pytest.param({"metrics": [{"w.bin": {"cache": False}}]}, id="metrics"),
        pytest.param({"plots": [{"w.bin": {"cache": False, "x": "step"}}]}, id="plots"),
        pytest.param({"outs": [{"${name}.bin": {"cache": False}}]}, id="a template"),
        pytest.param({"outs": [{"./x/../w.bin": {"cache": False}}]}, id="a path with detours"),
        pytest.param(
            {"foreach": ["w"], "do": {"outs": [{"${item}.bin": {"cache": False}}]}}, id="a foreach"
        ),
    ],
)
def test_what_dvc_leaves_to_git_is_not_tracked(declared):
    files = {**records(out()), "dvc.yaml": {"stages": {"s": {"cmd": "x", **declared}}}}
    assert list_tracked(None, files) == ()


@pytest.mark.parametrize("odd", [1, True, 1.5, "x", {"a": {}}, [1, None]])
def test_what_dvc_would_not_read_says_nothing(odd):
    whole = ({"stages": odd}, {"stages": {"s": odd}}, odd)
    parts = ({"stages": {"s": {key: odd}}} for key in ("outs", "metrics", "plots"))
    for said in (*whole, *parts):
        for name in ("dvc.yaml", "dvc.lock", "a.dvc"):
            assert find_tracked_problems(parse_yaml(plain_yaml.dump(said), name)) == []
            assert list_tracked(None, {name: said}) == ()
            assert list(find_output_faults({name: said})) == []


def test_an_output_beside_one_that_dvc_leaves_to_git_is_tracked():
    files = records(out(), out("v.bin"), declared=[{"w.bin": {"cache": False}}, "v.bin"])
    assert [one.path for one in list_tracked(None, files)] == ["v.bin"]


def test_a_stage_says_which_remote_its_output_belongs_in_and_whether_in_any():
    files = records(
        out(), out("v"), declared=[{"w.bin": {"remote": "big"}}, {"v": {"push": False}}]
    )
    assert [(one.path, one.remote, one.pushed) for one in list_tracked(None, files)] == [
        ("v", None, False),
        ("w.bin", "big", True),
    ]


def test_a_dvc_file_says_the_same_of_what_was_added():
    files = {"d/w.bin.dvc": {"outs": [out(remote="big", push=False)]}}
    (found,) = list_tracked(None, files)
    assert (found.path, found.remote, found.pushed) == ("d/w.bin", "big", False)


def test_paths_that_lead_out_of_the_project_are_not_tracked():
    assert list_tracked(None, records(out("../w.bin"), out("/w.bin"))) == ()


def test_weights_that_no_stage_has_brought_yet_are_known_by_the_lock():
    assert list_tracked(lock(MODEL), {}) == (
        Tracked(
            path="checkpoints/a_v1.bin",
            hashes=Hashes(md5=ONE, sha256=SHA, size=7),
            model="a",
            version="v1",
            urls=("u",),
        ),
    )


def test_a_model_without_weights_to_bring_is_not_tracked():
    assert list_tracked(lock(LockedModel(name="a", version="v1")), {}) == ()


def test_weights_that_a_stage_brought_keep_all_digests_of_the_lock():
    files = records(out("checkpoints/a_v1.bin", remote=None), declared=["checkpoints/a_v1.bin"])
    (found,) = list_tracked(lock(MODEL), files)
    assert (found.title, found.hashes) == ("a v1", Hashes(md5=ONE, sha256=SHA, size=7))


def test_the_md5_of_weights_that_the_lock_knows_by_sha256_alone_is_dvcs():
    model = LockedModel(
        name="a", version="v1", urls=("u",), sha256=SHA, size=7, path="checkpoints/a_v1.bin"
    )
    assert not list_tracked(lock(model), {})[0].pushed
    files = records(out("checkpoints/a_v1.bin"), declared=["checkpoints/a_v1.bin"])
    (found,) = list_tracked(lock(model), files)
    assert (found.oid, found.hashes.sha256, found.pushed) == (ONE, SHA, True)


def test_the_lock_is_right_where_its_stage_has_not_run_since_it_moved():
    stale = out("checkpoints/a_v1.bin", TWO)
    (found,) = list_tracked(lock(MODEL), records(stale, declared=["checkpoints/a_v1.bin"]))
    assert found.oid == ONE


def test_a_model_that_is_a_folder_is_the_listing_that_dvc_made_of_it():
    file = LockedFile(path="w.bin", urls=("u",), sha256=SHA, size=7)
    model = LockedModel(name="a", version="v1", files=(file,), path="checkpoints/a_v1")
    alone = list_tracked(lock(model), {})[0]
    assert (alone.oid, alone.files, alone.pushed) == (None, (file,), False)
    listed = out("checkpoints/a_v1", f"{TWO}.dir")
    (found,) = list_tracked(lock(model), records(listed, declared=["checkpoints/a_v1"]))
    assert (found.oid, found.files, found.pushed) == (f"{TWO}.dir", (file,), True)


def test_outputs_come_sorted_by_path():
    files = {**records(out("b"), declared=["b"]), "a.dvc": {"outs": [out("a")]}}
    assert [one.path for one in list_tracked(None, files)] == ["a", "b"]
