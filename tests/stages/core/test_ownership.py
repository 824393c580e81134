from __future__ import annotations

import pytest

from paddledvc.stages.core.pipeline import is_our_stage, merge_pipeline_section

OURS = {"meta": {"generated_by": "paddledvc"}}


def ours(**fields):
    return {**fields, **OURS}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(ours(cmd="x"), True, id="marked"),
        pytest.param({"cmd": "x"}, False, id="unmarked"),
        pytest.param({"meta": {"generated_by": "zntrack"}}, False, id="another tool's"),
        pytest.param({"meta": "paddledvc"}, False, id="meta is text"),
        pytest.param({"meta": None}, False, id="meta is null"),
        pytest.param("text", False, id="text"),
        pytest.param(None, False, id="null"),
    ],
)
def test_an_entry_is_ours_by_its_mark_alone(entry, expected):
    assert is_our_stage(entry) is expected


def test_what_is_as_wanted_needs_nothing():
    plan = merge_pipeline_section({"a": ours(cmd="x"), "u": {"cmd": "u"}}, {"a": ours(cmd="x")})

    assert not plan
    assert plan.foreign == ()


def test_what_differs_is_changed():
    assert merge_pipeline_section({"a": ours(cmd="x")}, {"a": ours(cmd="y")}).changed == {
        "a": ours(cmd="y")
    }


def test_the_order_of_keys_is_no_difference():
    assert not merge_pipeline_section({"a": {**OURS, "cmd": "x"}}, {"a": {"cmd": "x", **OURS}})


def test_what_is_not_there_is_added_in_the_order_wanted():
    plan = merge_pipeline_section({}, {"b": ours(cmd="b"), "a": ours(cmd="a")})

    assert list(plan.added) == ["b", "a"]


def test_what_nothing_asks_for_is_removed_if_it_is_ours():
    plan = merge_pipeline_section({"a": ours(cmd="x"), "u": {"cmd": "u"}}, {})

    assert plan.removed == {"a"}


def test_a_users_entry_of_a_name_that_we_need_is_foreign():
    plan = merge_pipeline_section({"a": {"cmd": "mine"}}, {"a": ours(cmd="x")})

    assert (plan.foreign, bool(plan)) == (("a",), False)


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_stays_in_a_stage_of_ours(frozen):
    plan = merge_pipeline_section({"a": ours(cmd="x", frozen=frozen)}, {"a": ours(cmd="y")})

    assert plan.changed == {"a": ours(cmd="y", frozen=frozen)}


def test_a_frozen_stage_that_is_as_wanted_needs_nothing():
    assert not merge_pipeline_section({"a": ours(cmd="x", frozen=True)}, {"a": ours(cmd="x")})


def test_a_key_that_a_user_added_to_a_stage_of_ours_goes():
    plan = merge_pipeline_section({"a": ours(cmd="x", always_changed=True)}, {"a": ours(cmd="x")})

    assert plan.changed == {"a": ours(cmd="x")}
