# ruff: noqa: ARG005 - of these functions only the parameters matter
from __future__ import annotations

from inspect import signature

import pytest

from paddledvc.models.forward import explain_forward_form, list_forward_inputs
from paddledvc.tools.paddle.core.forward_calls import (
    guess_forward_calls,
    list_arguments_by_position,
)


@pytest.mark.parametrize(
    ("forward", "names", "calls"),
    [
        # One by one, as nearly all networks: the name need not be that of the parameter. What asks
        # a single input for a key or a place takes a dict or a list of one.
        (lambda x: 0, ["x"], [["x"]]),
        (lambda x: 0, ["image"], [["image"], [{"image": "image"}], [["image"]]]),
        (lambda x, y: 0, ["a", "b"], [["a", "b"]]),
        (lambda x, y: 0, ["y", "x"], [["x", "y"]]),
        (lambda x, y: 0, ["a", "x"], [["x", "a"], ["x", {"a": "a"}], ["x", ["a"]]]),
        # Those with a default may be left out, and a gap needs one that is None.
        (lambda x, y=None, z=None: 0, ["x", "z"], [["x", None, "z"]]),
        (lambda x, k=2.0, z=None: 0, ["x", "z"], [{"x": "x", "z": "z"}]),
        # More inputs than parameters: a dict, or else a list.
        (lambda inputs: 0, ["b", "a"], [[{"b": "b", "a": "a"}], [["b", "a"]]]),
        (
            lambda inputs, t: 0,
            ["a", "t", "b"],
            [[{"a": "a", "b": "b"}, "t"], [["a", "b"], "t"]],
        ),
        (
            lambda x, more=None: 0,
            ["x", "a", "b"],
            [["x", {"a": "a", "b": "b"}], ["x", ["a", "b"]]],
        ),
        # What can be given by keyword only, or in any number.
        (lambda x, *, mask: 0, ["a", "mask"], [{"x": "a", "mask": "mask"}]),
        (lambda x, **more: 0, ["x", "y"], [{"x": "x", "y": "y"}]),
        (lambda *xs: 0, ["a", "b"], [["a", "b"]]),
        # No call has room for them.
        (lambda x: 0, ["x", "y"], []),
        (lambda x, y: 0, ["a", "b", "c"], []),
        (lambda: 0, [], [[]]),
    ],
)
def test_the_calls_that_a_signature_allows_for_begin_with_the_likeliest(forward, names, calls):
    found = guess_forward_calls(signature(forward), names)

    assert found[: len(calls)] == calls
    assert bool(found) == bool(calls)
    assert all(sorted(list_forward_inputs(call)) == sorted(names) for call in found)


def test_an_argument_that_has_no_position_is_named():
    with pytest.raises(ValueError, match=r"^mask by keyword only$"):
        list_arguments_by_position(signature(lambda x, *, mask: 0), {"x": 1, "mask": 2})


def test_a_call_is_a_list_or_a_mapping_of_names():
    assert explain_forward_form({"inputs": {"a": "x", "b": ["y", None]}}) is None
    assert explain_forward_form([["x", 3]]) == (
        "found 3, expected the name of an input, a list or a mapping of such, or null for None"
    )
