"""Blocks of an earlier state in a file of now."""

from __future__ import annotations

import pytest

from paddledvc.errors import InvalidFile
from paddledvc.releases.core.past_blocks import take_past_blocks, take_past_model

NOW = """\
policy: {}
models:
  # above a
  - name: a
    # why
    version: v2  # newest
    owner: us  # all of us

  - name: b
    version: v1
# the end
"""


def test_fields_that_say_the_same_keep_their_comments():
    then = "models:\n- name: a\n  version: v1\n  owner: us\n"
    then_indented = "models:\n  - name: a\n    version: v1\n    owner: us\n"

    assert take_past_model(NOW, then_indented, "a") == NOW.replace("v2  # newest", "v1")
    assert "owner: us\n" in take_past_model(NOW, then, "a")  # of another indentation


def test_a_field_that_was_not_there_goes_and_one_that_was_comes():
    then = "models:\n  - name: a\n    version: v1\n    key: k\n"
    after = take_past_model(NOW, then, "a")

    assert "    # why\n    version: v1\n    key: k\n" in after
    assert "owner" not in after


def test_a_removed_model_comes_back_with_its_comments():
    now = NOW.replace(NOW[NOW.index("  # above a") : NOW.index("  - name: b")], "")

    assert take_past_model(now, NOW, "a").endswith(
        "  - name: b\n    version: v1\n  # above a\n  - name: a\n    # why\n"
        "    version: v2  # newest\n    owner: us  # all of us\n# the end\n"
    )
    assert "name: a\n" in take_past_model("models: []\n", NOW, "a")


def test_a_model_in_braces_comes_back_too():
    then = "models:\n  - {name: a, version: v1}\n"

    assert "- {name: a, version: v1}\n" in take_past_model(NOW, then, "a")
    assert "version: v1" in take_past_model(NOW, "models: [{name: a, version: v1}]\n", "a")


def test_what_a_model_ran_in_is_added_to_its_entry():
    then = "models:\n  - name: a\n    version: v1\n    owner: us\n"

    after = take_past_model(NOW, then, "a", {"image": "i:1"})
    assert '    owner: us  # all of us\n    environment:\n      image: "i:1"\n' in after


def test_stages_are_replaced_added_and_removed_and_none_leaves_an_empty_mapping():
    now = "schema: '2.0'\nstages:\n  a:\n    cmd: x\n  b:\n    cmd: y\n"
    then = "schema: '2.0'\nstages:\n  a:\n    cmd: w\n  c:\n    cmd: z\n"
    keys = [("stages", one) for one in "abc"]

    assert take_past_blocks(now, then, "dvc.lock", keys) == then
    none = take_past_blocks(now, "schema: '2.0'\n", "dvc.lock", keys)
    assert none == "schema: '2.0'\nstages: {}\n"
    assert take_past_blocks(none, then, "dvc.lock", keys) == then
    assert take_past_blocks("schema: '2.0'\n", then, "dvc.lock", keys) == then


def test_a_file_that_cannot_be_cut_is_refused():
    with pytest.raises(InvalidFile, match=r"dvc.lock:1:1: expected YAML with each entry on lines"):
        take_past_blocks("stages: {a: {}}\n", "stages:\n  a: {}\n", "dvc.lock", [("stages",)])
