"""What becomes of an output: decided in values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.hashes import Hashes
from paddledvc.weights.core.decide import UNKNOWN, decide_output

OLD, NEW, OWN = (Hashes(md5=digit * 32) for digit in "123")
FILE_OLD, FILE_NEW, FILE_OWN = ({"": one} for one in (OLD, NEW, OWN))


@pytest.mark.parametrize(
    ("wanted", "earlier", "found", "expected"),
    [
        pytest.param(FILE_NEW, [FILE_OLD], FILE_NEW, "leave", id="right already"),
        pytest.param(FILE_NEW, [FILE_OLD], {}, "put", id="nothing there"),
        pytest.param(FILE_NEW, [FILE_OLD], FILE_OLD, "put", id="what was there before"),
        pytest.param(FILE_NEW, [FILE_OWN, FILE_OLD], FILE_OLD, "put", id="any of what was before"),
        pytest.param(FILE_NEW, [FILE_OLD], FILE_OWN, "keep", id="somebody's own"),
        pytest.param(FILE_NEW, [], FILE_OLD, "keep", id="nobody knows what was before"),
        pytest.param(FILE_NEW, [FILE_OLD], {"": UNKNOWN}, "keep", id="not to be read"),
        pytest.param(FILE_NEW, [{"": UNKNOWN}], {"": UNKNOWN}, "keep", id="unknown is never equal"),
        pytest.param(None, [FILE_OLD], FILE_OLD, "remove", id="no longer wanted"),
        pytest.param(None, [FILE_OLD], FILE_OWN, "keep", id="no longer wanted, but changed"),
        pytest.param(None, [FILE_OLD], {}, "leave", id="no longer wanted, nor there"),
        pytest.param({}, [], {}, "leave", id="an empty folder"),
        pytest.param(FILE_NEW, [{"a": OLD}], {"a": OLD}, "put", id="a folder becomes a file"),
        pytest.param({"a": NEW}, [FILE_OLD], FILE_OLD, "put", id="a file becomes a folder"),
        pytest.param(FILE_NEW, [FILE_OLD], {"a": OWN}, "keep", id="a folder of somebody's"),
    ],
)
def test_an_output_is_replaced_only_if_commits_know_what_is_there(wanted, earlier, found, expected):
    assert decide_output(wanted, earlier, found).act == expected


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param({"a": OLD}, "b was deleted", id="deleted"),
        pytest.param({"a": OLD, "b": OLD, "c": OWN}, "c was added", id="added"),
        pytest.param({"a": OWN, "b": OLD}, "a was changed", id="changed"),
        pytest.param({"a": OWN, "c": OLD}, "a was changed, and 2 more", id="all of it"),
        pytest.param({"": OWN}, "a file is in its place", id="a file"),
    ],
)
def test_a_folder_that_somebody_changed_is_kept_as_a_whole(found, why):
    decision = decide_output({"a": NEW, "b": OLD}, [{"a": OLD, "b": OLD}], found)

    assert ("keep", why, (), ()) == (decision.act, decision.why, decision.put, decision.drop)


def test_only_the_files_of_a_folder_that_differ_are_put_or_dropped():
    decision = decide_output({"a": NEW, "b": OLD, "d": NEW}, [{"a": OLD, "b": OLD, "c": OLD}],
                      {"a": OLD, "b": OLD, "c": OLD})  # fmt: skip

    assert (decision.put, decision.drop) == (("a", "d"), ("c",))


def test_after_a_kill_a_folder_with_files_of_both_versions_is_completed():
    wanted, before = {"a": NEW, "b": NEW, "c": NEW}, {"a": OLD, "b": OLD, "d": OLD}

    assert decide_output(wanted, [before], {"a": NEW, "b": OLD}).act == "keep"
    assert decide_output(wanted, [before], {"a": NEW, "b": OLD}, interrupted=True).put == ("b", "c")
    assert decide_output(wanted, [before], {"a": NEW, "b": OWN}, interrupted=True).act == "keep"


def test_force_gives_up_what_somebody_did_to_a_wanted_output():
    assert decide_output(FILE_NEW, [FILE_OLD], FILE_OWN, force=True).put == ("",)
    assert decide_output({"a": NEW}, [], {"a": NEW, "b": OWN}, force=True).drop == ("b",)
    assert decide_output(None, [FILE_OLD], FILE_OWN, force=True).act == "keep"


HASHES = st.sampled_from([OLD, NEW, OWN, Hashes(md5="4" * 32), UNKNOWN])
CONTENT = st.dictionaries(st.sampled_from(["a", "b", "c/d"]), HASHES, max_size=3)
CONTENTS = st.one_of(CONTENT, HASHES.map(lambda one: {"": one}))


@given(
    wanted=st.none() | CONTENTS,
    earlier=st.lists(CONTENTS, max_size=3),
    found=CONTENTS,
    interrupted=st.booleans(),
)
def test_no_bytes_that_no_commit_knows_are_ever_lost(wanted, earlier, found, interrupted):
    decision = decide_output(wanted, earlier, found, interrupted=interrupted)
    known = {one for content in (*earlier, wanted or {}) for one in content.values()} - {UNKNOWN}
    after = {path: one for path, one in found.items() if path not in decision.drop}
    after |= {path: (wanted or {})[path] for path in decision.put}

    assert {one for one in found.values() if one not in known} <= set(after.values())
    assert decision.act != "keep" or after == found
    assert decision.act not in ("put", "leave") or wanted is None or after == wanted
    assert decision.act != "remove" or after == {}


@given(before=CONTENTS, wanted=CONTENTS, done=st.integers(0, 6))
def test_a_folder_that_was_left_half_done_by_a_kill_is_always_completed(before, wanted, done):
    if UNKNOWN in {*before.values(), *wanted.values()}:
        return
    decision = decide_output(wanted, [before], before)
    steps = [*(("put", path) for path in decision.put), *(("drop", path) for path in decision.drop)]
    there = dict(before)
    for step, path in steps[:done]:
        if step == "put":
            there[path] = wanted[path]
        else:
            del there[path]
    again = decide_output(wanted, [before, wanted], there, interrupted=True)

    assert again.act in ("put", "leave")
