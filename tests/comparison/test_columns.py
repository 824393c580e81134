from __future__ import annotations

import numpy as np
import pytest

from paddledvc.comparison.agreement import measure_agreement
from paddledvc.comparison.columns import find_column_units
from paddledvc.comparison.samples import OutputValues

NAN = float("nan")
INF = float("inf")
DRAW = np.random.default_rng(0)


def boxes(rows=20, size=640.0, seed=0):
    """Class, score and box, as detectors of PaddleDetection give them."""
    draw = np.random.default_rng(seed)
    classes, scores = draw.integers(0, 79, (rows, 1)), draw.uniform(0.1, 0.9, (rows, 1))
    corners = draw.uniform(0, size, (rows, 4))
    return np.concatenate([classes, scores, corners], axis=1).astype("float32")


def padded(rows):
    return np.concatenate([rows, np.full((5, 6), -1, rows.dtype), np.zeros((5, 6), rows.dtype)])


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def agreed(rows, candidate, *, batches=(20,), **options):
    def call(array):
        return [OutputValues(name="y", values=array)]

    return measure_agreement([call(rows)], [call(candidate)], batches, 1e-5, **options)


def moved(rows, column, by):
    other = rows.copy()
    other[..., column] += by
    return other


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(boxes(), id="rows of a batch"),
        pytest.param(boxes(rows=7), id="rows of any number"),
        pytest.param(boxes().reshape(4, 5, 6), id="rows of each sample"),
        pytest.param(padded(boxes()), id="padding"),
        pytest.param(boxes(size=6e4), id="a large image"),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_a_score_that_is_off_beside_boxes_is_found(rows, exact):
    batches = (4 if rows.ndim == 3 else 20,)
    found = agreed(rows, moved(rows, 1, 0.005), batches=batches, exact=exact)

    assert not found.agrees
    assert found.outputs[0].scaled_error == pytest.approx(0.005, rel=1e-3)
    assert (found.outputs[0].column, found.only_columns) == (1, True)


def test_a_box_that_is_off_is_measured_as_before():
    rows = boxes()
    found = agreed(rows, moved(rows, 2, 1.0))

    assert found.outputs[0].column is None
    usual = np.median(np.abs(rows).max(axis=1))
    assert found.scaled_error == pytest.approx(1 / usual, rel=0.1)


# In float32 a box of 640 pixels may well be off by 6e-5 pixels, and a score by 6e-8.
def test_rounding_of_each_column_agrees():
    rows = boxes()
    found = np.nextafter(rows, np.float32(np.inf))

    assert agreed(rows, found).scaled_error < 1e-6


@pytest.mark.parametrize(
    "arrays",
    [
        pytest.param([DRAW.normal(size=(n, 10)) * 300 for n in (1, 3, 8)], id="logits"),
        pytest.param([DRAW.normal(size=(n, 1000)) for n in (1, 3, 8)], id="many classes"),
        pytest.param([softmax(DRAW.normal(size=(12, 10)) * 20)], id="probabilities"),
        pytest.param([np.log(softmax(np.array([[9.0, 0], [8, 0.5]])))], id="their logarithms"),
        pytest.param([DRAW.normal(size=(3, 8, 16, 16)) * 300], id="maps of features"),
        pytest.param([np.array([[300.0, 0.5], [300.1, 0.4]])], id="small by cancellation"),
        pytest.param([np.array([[900.0, 1e-5], [0.1, 2e-6]])], id="all but zero"),
        pytest.param([np.array([[900.0, 0], [0.1, 0]])], id="zero"),
        pytest.param([np.array([[600.0, 0.5]])], id="one row"),
        pytest.param([np.array([[600, 1], [3, 0]])], id="integers"),
        pytest.param([np.full((4, 6), -1.0)], id="only padding"),
        pytest.param([np.zeros((0, 6))], id="no row"),
        pytest.param([np.full((4, 6), NAN)], id="only NaN"),
        pytest.param([np.ones((3, 4)), np.ones((3, 5))], id="columns of any number"),
        pytest.param([np.array(3.0)], id="a number"),
    ],
)
def test_columns_of_one_unit_are_measured_as_a_whole(arrays):
    assert find_column_units(arrays) is None
    assert find_column_units(arrays, exact=True) is None


def test_a_column_of_any_numbers_has_a_unit_only_where_numbers_repeat_to_the_last_bit():
    rows = np.array([[6e4, -0.3], [1e4, 0.1], [-5e4, 0.2]])

    assert find_column_units([rows]) is None
    assert find_column_units([rows], exact=True).tolist() == [INF, 0.3]
    assert agreed(rows, moved(rows, 1, 0.005), batches=(3,)).agrees
    assert not agreed(rows, moved(rows, 1, 0.005), batches=(3,), exact=True).agrees


def test_units_are_those_of_all_calls_but_those_at_edges():
    rows = boxes(rows=4)
    calls = [rows[:1], rows[1:], rows[:1] * 1e4]
    other = [*calls[:2], moved(calls[2], 1, 0.005)]

    def named(arrays):
        return [[OutputValues(name="y", values=array)] for array in arrays]

    def judged(found):
        return measure_agreement(
            named(calls), named(found), (1, 3, 1), 1e-5, edges=("", "", "huge")
        ).agrees

    assert judged(other)
    assert not judged([moved(calls[0], 1, 0.005), *calls[1:]])


def test_a_search_begins_where_most_samples_are_off_in_a_column():
    rows = boxes(rows=4)
    calls = [rows[:1], rows[1:]]
    found = measure_agreement(
        [[OutputValues(name="y", values=array)] for array in calls],
        [[OutputValues(name="y", values=moved(array, 1, 0.005))] for array in calls],
        (1, 3),
        1e-5,
    )

    assert found.worst_call == 1


def test_samples_along_the_last_axis_are_no_columns():
    rows = boxes(rows=4).T

    assert agreed(rows, moved(rows.T, 1, 0.005).T, batches=(4,)).outputs[0].column is None
