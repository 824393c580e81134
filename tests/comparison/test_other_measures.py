from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paddledvc.comparison.other_measures import (
    Closeness,
    Ranking,
    measure_closeness,
    measure_ranking,
)

NAN, INF = float("nan"), float("inf")


def floats(values, dtype="float32"):
    return np.asarray(values, dtype)


def test_equal_outputs_have_no_distance_in_any_measure():
    values = floats([[1, -2, 0], [NAN, INF, 3]])

    assert measure_closeness(values, values.copy()) == Closeness(ulps=0)


def test_an_element_that_is_0_in_the_reference_has_no_relative_error():
    found = measure_closeness(floats([[0, 2]]), floats([[1, 3]]))

    assert (found.absolute_error, found.relative_error, found.mean_error) == (1, 0.5, 1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("start", [1.0, -1.0, 0.0])
def test_the_floats_between_an_element_and_its_reference_are_counted(dtype, steps, start):
    value = np.array([[start]], dtype)
    away = value
    for _ in range(steps):
        away = np.nextafter(away, np.array(10, dtype), dtype=dtype)

    assert measure_closeness(value, away).ulps == steps


def test_both_zeros_are_the_same_and_the_gap_spans_them():
    smallest = np.float32(1e-45)

    assert measure_closeness(floats([[0.0]]), floats([[-0.0]])).ulps == 0
    assert measure_closeness(floats([[smallest]]), floats([[-smallest]])).ulps == 2


def test_integers_have_no_floats_between_them():
    found = measure_closeness(np.array([[1, 2]]), np.array([[1, 5]]))

    assert (found.ulps, found.absolute_error) == (None, 3)


@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        pytest.param([[1, 0]], [[0, 1]], 1.0, id="at right angles"),
        pytest.param([[1, 0]], [[-1, 0]], 2.0, id="opposite"),
        pytest.param([[1, 0]], [[9, 0]], 0.0, id="longer"),
        pytest.param([[0, 0]], [[1, 0]], 1.0, id="of nothing"),
        pytest.param([[0, 0]], [[0, 0]], 0.0, id="nothing"),
        pytest.param([[1, 0], [1, 0]], [[1, 0], [0, 1]], 1.0, id="the worst sample"),
    ],
)
def test_the_angle_between_samples_is_measured(reference, candidate, expected):
    found = measure_closeness(floats(reference), floats(candidate))

    assert found.cosine_distance == pytest.approx(expected)


def test_an_angle_that_a_cosine_rounds_away_is_still_seen():
    found = measure_closeness(floats([[1, 0]], "float64"), floats([[1, 1e-9]], "float64"))

    assert found.cosine_distance == pytest.approx(5e-19)


@given(arrays("float32", (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_every_measure_is_a_number_whatever_the_outputs(values):
    found = measure_closeness(values, values[::-1])

    assert all(np.isfinite(one) and one >= 0 for one in (found.absolute_error, found.mean_error))
    assert 0 <= found.cosine_distance <= 2.0001
    assert found.relative_error >= 0


def test_the_worst_of_two_calls_is_kept():
    one = Closeness(absolute_error=1, relative_error=5, ulps=None)
    other = Closeness(absolute_error=2, relative_error=3, ulps=7)

    assert one.worse(other) == Closeness(absolute_error=2, relative_error=5, ulps=7)


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        pytest.param([9, 8, 7, 6, 5, 4], (0, 0), id="the same"),
        pytest.param([8, 9, 7, 6, 5, 4], (1, 0), id="the first two"),
        pytest.param([9, 8, 7, 6, 4, 5], (0, 1), id="the fifth and sixth"),
        pytest.param([9, 7, 8, 6, 5, 4], (0, 0), id="among the five"),
    ],
)
def test_changes_of_the_order_are_counted(candidate, expected):
    found = measure_ranking(floats([[9, 8, 7, 6, 5, 4]]), floats([candidate]))

    assert (found.top1_changed, found.top5_changed) == expected
    assert found.margin == pytest.approx(1 / 9)


def test_the_samples_of_two_calls_are_added_and_the_smallest_margin_is_kept():
    one, other = (
        Ranking(top1_changed=1, top5_changed=0, margin=0.5),
        Ranking(top1_changed=2, top5_changed=1, margin=0.1),
    )

    assert one.joined(other) == Ranking(top1_changed=3, top5_changed=1, margin=0.1)


@pytest.mark.parametrize(
    "values", [np.ones((2, 1)), np.ones((2, 3, 1)), np.ones((2, 3), "int64"), np.ones(3)]
)
def test_what_is_no_scores_has_no_order(values):
    assert measure_ranking(values, values) is None
