from __future__ import annotations

import pytest

from paddledvc.comparison.causes import CAUSES, ENGINES, describe_cause
from paddledvc.comparison.suspects import Suspect
from paddledvc.tools.paddle.core.jobs import Diagnosis


def a_suspect(number=0, kind="rebound", line=7, code="y[0] = 1"):
    return Suspect(number=number, kind=kind, file="/p/net.py", line=line, code=code)


def described(*suspects, values=None):
    return describe_cause(suspects, values or {}, {"/p/net.py": "net.py"})


def test_a_cause_has_its_place_its_code_and_an_advice():
    place, cause = described(a_suspect())

    assert place == "net.py:7"
    assert cause.what.startswith("`y[0] = 1` writes in place; views ")
    assert cause.advice.startswith("make a new tensor instead")


def test_a_value_is_told_as_it_was_both_times():
    _, cause = described(a_suspect(kind="value", code="f()"), values={0: ("True", "False")})

    assert cause.what == (
        "`f()` is True in the network, and False while it is exported, which stays"
    )


def test_of_causes_that_all_have_to_change_each_is_told():
    place, cause = described(a_suspect(), a_suspect(number=1, kind="cast", line=9, code="c()"))

    assert place == "net.py:7"
    assert cause.what.endswith(
        "; and net.py:9: `c()`: a CPU ignores it eagerly, and the export casts"
    )
    assert cause.advice.endswith("; cast around the network, not in its forward")


@pytest.mark.parametrize("cause", [*CAUSES.values(), *ENGINES.values()])
def test_every_cause_has_an_advice(cause):
    assert cause.what
    assert cause.advice


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            ("block.1", "Conv", "it is", "do", "net.py:7"),
            "net.py:7: it is; do; it begins in sublayer block.1 (Conv)",
        ),
        (("block.1", "Conv", "it is", "do", ""), "it is; do; it begins in sublayer block.1 (Conv)"),
        (("", "Net", "", "", ""), "it begins in Net"),
        (("", "", "stale", "export", ""), "stale; export"),
        (("", "", "", "", ""), ""),
    ],
)
def test_a_diagnosis_says_first_what_to_change(fields, said):
    sublayer, kind, why, advice, place = fields
    found = Diagnosis(
        sublayer=sublayer, kind=kind, scaled_error=1.0, cause=why, advice=advice, place=place
    )

    assert str(found) == said
