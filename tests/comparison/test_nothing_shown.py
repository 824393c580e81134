from __future__ import annotations

import numpy as np
import pytest

from paddledvc.comparison.agreement import Agreement
from paddledvc.comparison.nothing_shown import find_nothing_shown
from paddledvc.comparison.samples import OutputValues

NAN, INF = float("nan"), float("inf")
BATCHES = (1, 3, 8)
RANDOM = np.random.default_rng(0)


def inputs(batches, *, same=False):
    return [{"x": np.zeros((n, 4)) if same else RANDOM.normal(size=(n, 4))} for n in batches]


def told(*outputs, batches=BATCHES, cases=None, tolerances=()):
    """Judge outputs, each a function of the batch size that gives its array, or such arrays."""
    calls = [
        [
            OutputValues(name=name, values=np.asarray(one(batch)))
            for name, one in zip("yzuvw", outputs, strict=False)
        ]
        for batch in batches
    ]
    agreements = [
        Agreement(tolerance=one, problems=(), outputs=(), samples=()) for one in tolerances
    ]
    found = find_nothing_shown(calls, cases or inputs(batches), batches, agreements)
    assert {one.kind for one in found} <= {"nothing-shown"}
    return [str(one).removeprefix("the samples show nothing: ") for one in found]


def filled(value, *shape, dtype="float32"):
    return lambda batch: np.full((batch, *shape), value, dtype)


def repeated(*row, dtype="float32"):
    return lambda batch: np.tile(np.asarray(row, dtype), (batch, *[1] * np.ndim(row)))


def varied(batch):
    return RANDOM.normal(size=(batch, 3))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(filled(NAN, 3), "y is NaN", id="NaN"),
        pytest.param(filled(INF, 3), "y is infinite or NaN", id="infinite"),
        pytest.param(filled(0, 3), "y is zero", id="zero"),
        pytest.param(filled(-0.0), "y is zero", id="minus zero"),
        pytest.param(filled(1, 3), "y is 1.0 everywhere", id="saturated"),
        pytest.param(filled(False, 3, dtype="bool"), "y is zero", id="a mask without a pixel"),
        pytest.param(filled(True, 3, dtype="bool"), "y is True everywhere", id="a full mask"),
        pytest.param(filled(7, dtype="int64"), "y is 7 everywhere", id="one class"),
        pytest.param(
            lambda _: np.zeros((0, 6), "float32"), "y is without elements", id="no box at all"
        ),
        pytest.param(repeated(0, 1, 1), "y is the same for all samples", id="saturated both ways"),
        pytest.param(repeated(NAN, 1), "y is the same for all samples", id="NaN and a number"),
        pytest.param(lambda _: [1.0, 2.0], "y is the same for all samples", id="a parameter"),
    ],
)
def test_outputs_that_show_nothing_are_told(output, expected):
    assert told(output) == [expected]


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(varied, id="numbers"),
        pytest.param(lambda n: np.arange(n) + n, id="integers"),
        pytest.param(lambda n: np.where(RANDOM.normal(size=(n, 3)) > 0, NAN, 1), id="NaN varies"),
        pytest.param(lambda n: np.ones((n, 3)) * (1 if n > 1 else 2), id="between calls"),
        pytest.param(lambda n: np.tile([1.0, 2.0], (n // 3, 1)), id="another number of boxes"),
        pytest.param(lambda n: np.arange(n * 6.0).reshape(n, 6), id="boxes"),
    ],
)
def test_outputs_that_vary_show_something(output):
    assert told(output) == []


def test_one_output_that_varies_is_enough():
    assert told(filled(NAN, 3), varied, repeated(1, 2)) == []


def test_several_outputs_are_told_in_one_sentence():
    assert told(filled(0), filled(0, 2)) == ["every output is zero"]
    assert told(filled(0), filled(NAN), repeated(1, 2), filled(2), filled(3)) == [
        "y is zero, z is NaN, u is the same for all samples, and 2 outputs more"
    ]


def test_one_sample_alone_cannot_show_whether_its_answer_varies():
    assert told(repeated(1, 2), batches=(1,)) == []
    assert told(filled(0, 2), batches=(1,)) == ["y is zero"]


def test_calls_of_one_sample_each_show_whether_it_varies():
    assert told(repeated(1, 2), batches=(1, 1)) == ["y is the same for all samples"]
    assert told(lambda _: RANDOM.normal(size=(1, 2)), batches=(1, 1)) == []


def test_samples_that_are_equal_may_have_equal_answers():
    assert told(repeated(1, 2), cases=inputs(BATCHES, same=True)) == []


def test_an_answer_of_a_shape_that_no_other_sample_has_is_compared_with_none():
    sizes = iter((2, 3, 2))

    assert told(lambda n: np.tile(np.arange(1.0, next(sizes) + 1), (n, 1)), batches=(1, 1, 3)) == []


def test_an_output_of_the_whole_batch_is_one_answer_a_call():
    assert told(lambda n: np.tile([1.0, 2.0], (n + 1, 1)), batches=(3, 5)) == []
    assert told(lambda _: np.ones((5, 2)) * [1, 2], batches=(3, 4)) == [
        "y is the same for all samples"
    ]


def test_samples_along_the_second_axis_are_compared_too():
    assert told(lambda n: np.tile([[[1.0]], [[2.0]]], (1, n, 1))) == [
        "y is the same for all samples"
    ]
    assert told(lambda n: RANDOM.normal(size=(2, n, 1))) == []


def test_answers_that_differ_by_less_than_every_tolerance_show_nothing():
    def nearly(batch):
        return 1 + np.linspace(0, 5e-6, batch)[:, None] * [1, 0.5]

    assert told(nearly, tolerances=(1e-7, 1e-5)) == []
    assert told(nearly, tolerances=(1e-5, 2e-2)) == [
        "y is the same for all samples within the tolerance 1e-05"
    ]


def test_a_network_without_outputs_is_not_judged():
    assert told() == []
