"""What commits say of models, whoever wrote their files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc import names
from paddledvc.errors import InvalidFile
from paddledvc.inventory.core.past_models import PastModel, PastReader, list_report_paths
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.yaml import reader as yaml

MD5, OTHER = "a" * 32, "b" * 32


def read(text):
    try:
        return yaml.parse_yaml(text, names.LOCK).value
    except InvalidFile:
        return None


def described(entry, *, built=None, evaluate=None, training=None):
    """What is read of a model called det."""
    reader = PastReader(read)
    reader.add_lock("l", json.dumps({"models": [{"name": "det", **entry}]}).encode())
    reader.add_built("b", json.dumps({"stages": built or {}}).encode())
    paths = list_report_paths("det")
    files = {names.LOCK: "l", names.DVC_LOCK: "b", paths[0]: "e", paths[1]: "t"}
    texts = {"e": evaluate, "t": training}
    reports = {key: json.dumps(one).encode() for key, one in texts.items() if one is not None}
    return reader.describe("det", reader.trace("det", files), reports)


def test_a_folder_of_files_has_the_digest_of_dvc_and_the_size_of_all():
    files = [{"path": name, "md5": MD5, "size": 2, "urls": []} for name in ("x", "y")]
    found = described({"version": "v1", "path": "checkpoints/det_v1", "files": files})

    name = folder_object_name({"x": MD5, "y": MD5})
    assert (found.weights, found.size) == (f"md5:{name}", 4)


def test_a_file_that_has_no_md5_is_known_by_its_sha256():
    assert described({"version": "v1", "sha256": "c" * 64}).weights == f"sha256:{'c' * 64}"


def test_what_an_export_read_stands_for_weights_that_are_not_ones_own():
    deps = [{"path": "net.py", "md5": OTHER}, {"path": "checkpoints/base.pdparams", "md5": MD5}]
    found = described({"version": "v1"}, built={"export-det": {"cmd": "x", "deps": deps}})

    assert found.weights == f"md5:{MD5}"


@pytest.mark.parametrize(
    ("files", "other"),
    [
        ([{"path": "w", "md5": MD5}], False),
        ([{"path": "w", "md5": OTHER}], True),
        ([{"path": "w", "sha256": "c" * 64}], False),
        ([{"path": "v", "md5": OTHER}], False),
        ([], False),
    ],
)
def test_a_report_is_of_other_bytes_where_it_says_so(files, other):
    report = {"accuracy": {"network": 0.5}, "evidence": [{"files": files}]}

    assert described(
        {"version": "v1", "path": "w", "md5": MD5}, evaluate=report
    ).of_other_bytes == (other)


def test_what_is_no_number_is_no_metric():
    report = {"a": {"network": "high"}, "b": {"network": True}, "c": 3, "d": {"network": 10**400}}

    assert described({"version": "v1"}, evaluate=report, training={"e": "nan"}).metrics == {}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("files", "path", "md5", "size", "outs", "deps", "evidence", "x")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_whatever_a_branch_says_is_read_without_a_failure(entry, stage, report):
    entry = entry if isinstance(entry, dict) else {"version": entry}

    found = described(entry, built={"train-det": stage, "export-det": stage}, evaluate=report)
    assert found is None or isinstance(found, PastModel)


def test_keys_of_yaml_that_json_has_not_are_no_failure():
    reader = PastReader(read)
    reader.add_lock("l", b"models:\n- name: det\n  version: v1\n  2026-01-01: x\n")
    reader.add_built("b", b"stages:\n  train-det: {cmd: x, 2026-01-01: y}\n")
    trace = reader.trace("det", {names.LOCK: "l", names.DVC_LOCK: "b"})

    assert reader.describe("det", trace, {}).version == "v1"
