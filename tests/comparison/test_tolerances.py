from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paddledvc.comparison.agreement import measure_agreement
from paddledvc.comparison.samples import OutputValues
from paddledvc.comparison.tolerances import (
    LIMIT,
    judge_by_noise,
    judge_by_program,
    may_be_noise,
    round_tolerance_up,
    widen_tolerance,
)

FLIPPED = float("inf")
"""The error of an integer that is another."""


def off_by(*errors, tolerance=1e-5, overrides=None):
    """An agreement whose outputs ``y0``, ``y1`` … are off by such scaled errors."""
    names = [f"y{number}" for number in range(len(errors))]
    right = [[OutputValues(name=name, values=np.array([[1.0, 0.0]])) for name in names]]
    wrong = [
        [
            OutputValues(name=name, values=np.array([[1.0, error]]))
            for name, error in zip(names, errors, strict=True)
        ]
    ]
    return measure_agreement(right, wrong, [1], tolerance, overrides=overrides)


@pytest.mark.parametrize(
    ("usual", "noise", "tolerance"),
    [
        pytest.param(1e-5, 0.0, 1e-5, id="no noise"),
        pytest.param(1e-5, 2e-6, 1e-5, id="well-conditioned"),
        pytest.param(1e-5, 1e-5, 4e-5, id="ill-conditioned"),
        pytest.param(1e-5, 1.0, LIMIT, id="chaotic"),
        pytest.param(1e-5, float("inf"), LIMIT, id="infinite"),
        pytest.param(2e-2, 1.0, 2e-2, id="of few bits"),
    ],
)
def test_a_tolerance_follows_the_noise_up_to_a_limit(usual, noise, tolerance):
    assert widen_tolerance(usual, noise) == tolerance


@pytest.mark.parametrize("tolerance", [1.2345e-5, 1.5991e-4, 9.9999e-6, 3e-7, 1e-7 + 2.134e-7])
def test_a_tolerance_that_is_rounded_is_never_smaller(tolerance):
    rounded = round_tolerance_up(tolerance)

    assert tolerance <= rounded < tolerance * 1.011
    assert rounded == float(f"{rounded:.2e}")


@pytest.mark.parametrize(
    ("found", "doubtful"),
    [
        pytest.param(off_by(2e-5), True, id="little"),
        pytest.param(off_by(1e-6), False, id="within"),
        pytest.param(off_by(3e-4), False, id="much"),
        pytest.param(off_by(2e-5, 3e-4), True, id="little beside much"),
        pytest.param(off_by(2e-5, 3e-4, overrides={"y1": 1e-3}), True, id="much is allowed"),
        pytest.param(replace(off_by(2e-5), problems=("shape",)), False, id="a problem"),
    ],
)
def test_only_what_is_off_by_little_may_be_noise(found, doubtful):
    assert may_be_noise(found) is doubtful


def test_an_engine_is_judged_by_the_noise_of_each_output():
    found = judge_by_noise(off_by(3e-5, 3e-5), {"y0": 1e-5, "y1": 1e-6})

    assert [found.tolerance_of(name) for name in ("y0", "y1")] == [4e-5, 1e-5]
    assert not found.agrees
    assert judge_by_noise(off_by(3e-5), {"y0": 1e-5}).agrees


def test_a_tolerance_that_an_output_was_given_is_never_widened():
    found = judge_by_noise(off_by(3e-5, 0.0, overrides={"y0": 2e-5}), {"y0": 1e-5, "y1": 1e-5})

    assert (found.tolerance_of("y0"), found.agrees) == (2e-5, False)


@pytest.mark.parametrize(
    ("error", "beside", "moved", "agrees"),
    [
        pytest.param(3e-7, 0.0, 3e-7, True, id="it computes as a program"),
        pytest.param(5e-6, 1e-7, 5e-6, True, id="through many layers"),
        pytest.param(2e-6, 2e-6, 0.0, False, id="nothing is divided"),
        pytest.param(2e-6, 2e-6, 3e-7, False, id="something else is wrong too"),
        pytest.param(3e-4, 0.0, 3e-4, False, id="it is as large as a fault"),
        pytest.param(FLIPPED, 0.0, FLIPPED, False, id="an integer is another"),
    ],
)
def test_a_program_may_be_off_by_what_its_divisions_cost_and_no_more(error, beside, moved, agrees):
    found = off_by(error, tolerance=1e-7)

    judged = judge_by_program(found, off_by(beside, tolerance=1e-7), {"y0": moved})

    assert judged.agrees is agrees


def test_a_program_that_cannot_be_compared_with_one_that_divides_so_is_judged_as_before():
    found = off_by(3e-7, tolerance=1e-7)
    beside = replace(off_by(0.0), problems=("infinities at other places",))

    assert judge_by_program(found, beside, {"y0": 3e-7}) == found
