from __future__ import annotations

import pytest

from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.outputs import DvcOutput

ONE, TWO = "1" * 32, "2" * 32


def entry(path, md5=ONE, **fields):
    """An output as DVC 3 notes it; ``hash=None`` is how DVC 2 did."""
    stated = {"path": path, "md5": md5, "hash": "md5", "size": 7, **fields}
    return {key: value for key, value in stated.items() if value is not None}


def added(path, **fields):
    return {"outs": [entry(path, **fields)]}


def locked(**stages):
    return {"schema": "2.0", "stages": {key: {"outs": outs} for key, outs in stages.items()}}


FILE = DvcOutput(path="a/w.bin", md5=ONE, folder=False, exact=True, size=7)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a/w.bin.dvc": added("w.bin")}, id="dvc add"),
        pytest.param({"w.dvc": {"wdir": "a", **added("w.bin")}}, id="another working folder"),
        pytest.param({"a/w.bin.dvc": added("./../a/w.bin")}, id="a path with detours"),
        pytest.param(
            {"a/dvc.yaml": {"stages": {"s": {}}}, "a/dvc.lock": locked(s=[entry("w.bin")])},
            id="a stage beside it",
        ),
        pytest.param(
            {"dvc.yaml": {"stages": {"s": {}}}, "dvc.lock": locked(s=[entry("a/w.bin")])},
            id="a stage above it",
        ),
        pytest.param(
            {
                "dvc.yaml": {"stages": {"s": {"wdir": "a"}}},
                "dvc.lock": locked(s=[entry("w.bin")]),
            },
            id="a stage with a working folder",
        ),
        pytest.param(
            {
                "dvc.yaml": {"stages": {"s": {"foreach": ["x"], "do": {"wdir": "a"}}}},
                "dvc.lock": locked(**{"s@x": [entry("w.bin")]}),
            },
            id="a stage of a foreach",
        ),
    ],
)
def test_an_output_is_found_where_dvc_notes_it(files):
    assert outputs.find_output("a/w.bin", files) == FILE


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a/w.bin.dvc": added("v.bin")}, id="another file"),
        pytest.param(
            {"dvc.yaml": {"stages": {}}, "dvc.lock": locked(s=[entry("a/w.bin")])},
            id="a stage that is no more",
        ),
        pytest.param({"dvc.lock": locked(s=[entry("a/w.bin")])}, id="a lock without stages"),
        pytest.param(
            {
                "dvc.yaml": {"stages": {"s": {"wdir": "${item}"}}},
                "dvc.lock": locked(s=[entry("w.bin")]),
            },
            id="a working folder that is a template",
        ),
        pytest.param({"a/w.bin.dvc": added("w.bin", md5=None)}, id="without a hash"),
        pytest.param({"a/w.bin.dvc": None, "dvc.lock": ["x"], "dvc.yaml": "x"}, id="nonsense"),
        pytest.param({"a/w.bin.dvc": {"outs": "x"}, "w.dvc": {"outs": ["x"]}}, id="more nonsense"),
        pytest.param(
            {"a/w.bin.dvc": added("w.bin"), "w.dvc": added("a/w.bin", md5=TWO)},
            id="two that do not agree",
        ),
    ],
)
def test_where_the_files_do_not_say_nothing_is_found(files):
    assert outputs.find_output("a/w.bin", files) is None


def test_a_file_lies_in_a_folder_that_dvc_tracks():
    files = {"a.dvc": added("a", md5=f"{ONE}.dir")}

    folder = DvcOutput(path="a", md5=f"{ONE}.dir", folder=True, exact=True, size=7)
    assert outputs.find_output("a/w.bin", files) == folder
    assert outputs.find_output("a", files) == folder


def test_a_hash_of_dvc_2_is_not_one_of_bytes():
    assert not outputs.find_output("w", {"w.dvc": added("w", hash=None)}).exact


def test_a_hash_is_exact_where_every_mention_of_it_is():
    stages = {"stages": {"s": {"wdir": "${item}"}, "t": {}}}
    lock = locked(s=[entry("w")], t=[entry("v", md5=TWO, hash=None)])
    files = {"dvc.yaml": stages, "dvc.lock": lock}

    assert outputs.is_exact_output(ONE, files)
    assert not outputs.is_exact_output(TWO, files)
    assert not outputs.is_exact_output("3" * 32, files)
    assert not outputs.is_exact_output(TWO, {**files, "w.dvc": added("w", md5=TWO)})
