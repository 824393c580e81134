from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.comparison.agreement import measure_agreement, measure_batch_agreement, scaled_errors
from paddledvc.comparison.other_measures import Ranking
from paddledvc.comparison.samples import OutputValues

NAN, INF = float("nan"), float("inf")


def outputs(*arrays):
    names = "yzuvw"
    return [
        OutputValues(name=name, values=np.asarray(array))
        for name, array in zip(names, arrays, strict=False)
    ]


def one_call(reference, candidate, batch=1, tolerance=1e-5):
    return measure_agreement([outputs(reference)], [outputs(candidate)], [batch], tolerance)


def floats(values, dtype="float32"):
    return np.asarray(values, dtype)


def test_equal_outputs_agree_without_any_error():
    agreement = one_call(floats([[1, 2]]), floats([[1, 2]]), tolerance=0)

    assert (agreement.agrees, agreement.scaled_error, agreement.problems) == (True, 0.0, ())


def test_an_output_may_have_a_tolerance_of_its_own():
    calls = [outputs(floats([[1.0]]), floats([[1.0]]))], [outputs(floats([[1.5]]), floats([[1]]))]

    assert measure_agreement(*calls, [1], 0, overrides={"y": 0.5}).agrees
    assert not measure_agreement(*calls, [1], 0, overrides={"z": 0.5}).agrees
    assert not measure_agreement(*calls, [1], 0.5, overrides={"y": 0}).agrees


def test_the_error_of_a_sample_is_scaled_by_its_largest_element():
    errors = scaled_errors(floats([[2, 0], [100, 0]]), floats([[2, 1], [100, 1]]), 0)

    assert errors.tolist() == [0.5, 0.01]


def test_the_scale_is_that_of_the_reference():
    assert scaled_errors(floats([[1.0]]), floats([[4.0]]), 0).tolist() == [3.0]


@pytest.mark.parametrize(
    ("reference", "candidate", "problem"),
    [
        pytest.param(
            floats([[1, 2]]), floats([[1], [2]]), "y: shape [2, 1], expected [1, 2]", id="turned"
        ),
        pytest.param(
            floats([1]), floats([[1]]), "y: shape [1, 1], expected [1]", id="one more axis"
        ),
        pytest.param(floats(1), floats([1]), "y: shape [1], expected []", id="0-d and 1-d"),
        pytest.param(
            floats([1]), floats([1], "float64"), "y: type float64, expected float32", id="wider"
        ),
        pytest.param(
            np.array([1], "int32"),
            np.array([1], "int64"),
            "y: type int64, expected int32",
            id="int",
        ),
        pytest.param(
            np.array([True]), np.array([1], "int8"), "y: type int8, expected bool", id="bool"
        ),
    ],
)
def test_outputs_of_other_shape_or_type_cannot_be_compared(reference, candidate, problem):
    agreement = one_call(reference, candidate, tolerance=1e9)

    assert agreement.problems == (problem,)
    assert (agreement.agrees, agreement.scaled_error) == (False, INF)
    assert [sample.scaled_error for sample in agreement.samples] == [INF]


def test_a_missing_output_is_a_problem():
    agreement = measure_agreement([outputs([1.0], [2.0])], [outputs([1.0])], [1], 1e-5)

    assert agreement.problems == ("1 outputs, expected 2: y, z",)
    assert not agreement.agrees


@pytest.mark.parametrize(
    ("expected", "found", "again"),
    [
        pytest.param([[[1.0], [1.0]]], [[[1.0]]], "z is y once more", id="a tensor returned twice"),
        pytest.param([[[NAN], [NAN]]], [[[NAN]]], "z is y once more", id="of NaN"),
        pytest.param(
            [[[1.0], [1], [1.0]]], [[[1.0], [1]]], "u is y once more", id="another type between"
        ),
        pytest.param(
            [[[1.0], [2.0], [1.0], [2.0]]],
            [[[1.0], [2.0]]],
            "u is y once more, v is z once more",
            id="two",
        ),
        pytest.param(
            [[[1.0], [1.0], [1.0]]],
            [[[1.0], [1.0]]],
            "z is y once more, u is y once more (1 of them is missing)",
            id="beside its copy",
        ),
        pytest.param([[[1.0], [2.0]]], [[[1.0]]], None, id="other values"),
        pytest.param([[[1.0], [1.0]], [[1.0], [2.0]]], [[[1.0]]] * 2, None, id="once by chance"),
        pytest.param([[[1.0], [1.0], [2.0]]], [[[1.0]]], None, id="more is missing"),
        pytest.param([[[1.0], [1.0]]], [[[1.0, 2.0]]], None, id="another shape"),
        pytest.param([[[1.0], [1.0]]], [[[1.0]] * 3], None, id="too many"),
    ],
)
def test_of_outputs_that_are_missing_those_that_are_others_once_more_are_named(
    expected, found, again
):
    calls = [outputs(*call) for call in expected], [outputs(*call) for call in found]
    agreement = measure_agreement(*calls, [1] * len(expected), 1e-5)

    names = ", ".join("yzuvw"[: len(expected[0])])
    reason = (
        ""
        if again is None
        else (
            f"; {again}, and paddle.jit.save writes a tensor that is returned twice only "
            "once; return a copy of it, by clone()"
        )
    )
    told = f"{len(found[0])} outputs, expected {len(expected[0])}: {names}{reason}"
    assert (agreement.problems, agreement.repeats) == ((told,), again is not None)


def test_an_output_that_is_exported_twice_may_be_another_once_more():
    calls = [outputs([1.0], [1.0])]

    assert measure_agreement(calls, calls, [1], tolerance=0).agrees


def test_an_additional_output_is_a_problem():
    agreement = measure_agreement([outputs([1.0])], [outputs([1.0], [2.0])], [1], 1e-5)

    assert agreement.problems == ("2 outputs, expected 1: y",)


def test_a_problem_of_every_call_is_said_once():
    calls = [outputs([1.0])] * 3

    agreement = measure_agreement(calls, [outputs([[1.0]])] * 3, [1, 1, 1], 1e-5)

    assert agreement.problems == ("y: shape [1, 1], expected [1]",)
    assert [(sample.case, sample.scaled_error) for sample in agreement.samples] == [
        (0, INF),
        (1, INF),
        (2, INF),
    ]


def test_a_missing_call_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="zip"):
        measure_agreement([outputs([1.0])], [], [1], 1e-5)


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        pytest.param([NAN, 1], [NAN, 1], id="nan"),
        pytest.param([INF, 1], [INF, 1], id="inf"),
        pytest.param([-INF, NAN], [-INF, NAN], id="only special"),
    ],
)
def test_the_same_nans_and_infinities_agree(reference, candidate):
    agreement = one_call(floats([reference]), floats([candidate]), tolerance=0)

    assert (agreement.agrees, agreement.scaled_error) == (True, 0.0)


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        pytest.param([1, 1], [NAN, 1], id="nan for a number"),
        pytest.param([NAN, 1], [1, 1], id="a number for nan"),
        pytest.param([NAN, 1], [1, NAN], id="moved nan"),
        pytest.param([INF, 1], [-INF, 1], id="sign"),
        pytest.param([INF, 1], [NAN, 1], id="nan for inf"),
        pytest.param([6e4, 1], [INF, 1], id="overflow"),
    ],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_other_nans_and_infinities_disagree_whatever_the_tolerance(reference, candidate, dtype):
    left, right = np.array([reference], dtype), np.array([candidate], dtype)
    agreement = one_call(left, right, tolerance=1e30)

    assert not agreement.agrees
    assert agreement.problems == (
        "y: infinities or NaNs at other places than in the dynamic network",
    )


def test_finite_elements_beside_infinities_are_compared():
    agreement = one_call(floats([[INF, 2, NAN]]), floats([[INF, 1, NAN]]))

    assert agreement.scaled_error == 0.5


def test_a_sample_of_zeros_is_judged_by_the_scale_of_the_whole_output():
    errors = scaled_errors(floats([[10, 0], [0, 0]]), floats([[10, 0], [1, 0]]), 0)

    assert errors.tolist() == [0.0, 0.1]


def of_calls(*scales, edges=()):
    """Calls of one sample each, which are off by 1e-4."""
    right = [outputs([[scale, 0.0]]) for scale in scales]
    wrong = [outputs([[scale, 1e-4]]) for scale in scales]
    found = measure_agreement(right, wrong, [1] * len(scales), 1e-3, edges=edges)
    return [float(f"{one.scaled_error:.3g}") for one in found.samples]


@pytest.mark.parametrize(
    ("scales", "errors"),
    [
        pytest.param((1, 1, 2e-4), [1e-4, 1e-4, 1e-4], id="a page without text"),
        pytest.param((1, 2e-4, 2e-4, 1), [1e-4, 0.5, 0.5, 1e-4], id="as many without text as with"),
        pytest.param((1, 1e6, 1, 2), [1e-4, 1e-10, 1e-4, 5e-5], id="a large one hides no other"),
        pytest.param((1e6, 1e-3), [1e-10, 0.1], id="of two each has its own"),
        pytest.param((0, 0, 2), [5e-5, 5e-5, 5e-5], id="zeros are no scale"),
        pytest.param((INF, 1, 2e-4, 1), [1e-4, 1e-4, 1e-4, 1e-4], id="nor are infinities"),
    ],
)
def test_a_sample_that_is_smaller_than_usual_is_judged_by_the_usual_scale(scales, errors):
    assert of_calls(*scales) == errors


def test_a_call_at_an_edge_has_its_own_scale_and_is_not_usual():
    assert of_calls(1, 1, 1e-2, 1e-2, edges=("", "", "tiny", "tiny")) == [1e-4, 1e-4, 1e-2, 1e-2]
    assert of_calls(1, 1, 1e4, 1e4, 1e4, edges=("", "", *["huge"] * 3))[:2] == [1e-4, 1e-4]


def test_an_output_of_zeros_must_stay_zero():
    assert scaled_errors(floats([[0, 0]]), floats([[0, 1e-30]]), 0).tolist() == [INF]
    assert scaled_errors(floats([[0, 0]]), floats([[0, -0.0]]), 0).tolist() == [0.0]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "bool"])
def test_integers_and_booleans_must_be_equal(dtype):
    left, right = np.array([[1, 0], [1, 1]], dtype), np.array([[1, 0], [1, 0]], dtype)
    agreement = one_call(left, right, batch=2, tolerance=1e9)

    assert [sample.scaled_error for sample in agreement.samples] == [0.0, INF]
    assert not agreement.agrees


def test_large_integers_that_no_float_tells_apart_are_told_apart():
    left, right = np.array([2**62], "int64"), np.array([2**62 + 1], "int64")

    assert not one_call(left, right).agrees


def test_the_error_of_small_unsigned_integers_does_not_wrap_around():
    agreement = one_call(np.array([[0]], "uint8"), np.array([[255]], "uint8"))

    assert agreement.outputs[0].closeness.absolute_error == 255.0


def test_float16_is_measured_without_overflow():
    left, right = floats([[60000, 1]], "float16"), floats([[-60000, 1]], "float16")

    assert one_call(left, right).scaled_error == 2.0


def test_complex_outputs_are_compared_by_magnitude():
    left, right = np.array([[3 + 4j]], "complex64"), np.array([[3 + 3j]], "complex64")

    assert one_call(left, right).scaled_error == pytest.approx(0.2)


def test_an_output_without_axes_is_one_sample():
    agreement = one_call(floats(2.0), floats(1.0), batch=8)

    assert [sample.scaled_error for sample in agreement.samples] == [0.5]
    assert agreement.outputs[0].ranking is None


@pytest.mark.parametrize(
    ("shape", "batch", "samples"),
    [
        pytest.param((8, 4), 8, 8, id="batch first"),
        pytest.param((8,), 8, 8, id="a number a sample"),
        pytest.param((4, 8), 8, 8, id="batch second"),
        pytest.param((4, 8, 8), 8, 1, id="two axes that fit"),
        pytest.param((2, 3, 5), 2, 2, id="three axes"),
        pytest.param((6, 5), 2, 1, id="boxes of all samples"),
        pytest.param((0, 5), 2, 1, id="no boxes"),
        pytest.param((2, 0), 2, 2, id="empty rows"),
    ],
)
def test_the_axis_that_has_their_number_holds_the_samples(shape, batch, samples):
    array = np.ones(shape, "float32")

    assert len(one_call(array, array, batch=batch).samples) == samples


def test_the_axis_that_follows_the_batch_size_holds_the_samples():
    calls = [[OutputValues(name="h", values=np.ones((2, batch, 3)))] for batch in (2, 5)]

    assert len(measure_agreement(calls, calls, [2, 5], tolerance=0).samples) == 7


def test_one_bad_sample_of_a_recurrent_state_is_not_diluted_by_a_large_one():
    reference = np.ones((10, 32, 4), "float32")
    reference[:, 0] *= 1e6
    candidate = reference.copy()
    candidate[:, 5] *= 1.5

    assert not one_call(reference, candidate, batch=32).agrees


def test_samples_that_cannot_be_compared_are_all_off():
    agreement = one_call(floats([[1], [2]]), floats([[1], [NAN]]), batch=2)

    assert [sample.scaled_error for sample in agreement.samples] == [INF, INF]


def test_one_bad_sample_among_many_is_found_and_named():
    reference = np.random.default_rng(0).standard_normal((1000, 10)).astype("float32")
    candidate = reference.copy()
    candidate[777, 3] += 0.1
    agreement = measure_agreement(
        [outputs(reference[:500]), outputs(reference[500:])],
        [outputs(candidate[:500]), outputs(candidate[500:])],
        [500, 500],
        1e-3,
    )

    assert not agreement.agrees
    assert [(s.case, s.sample, s.output) for s in agreement.samples if s.scaled_error > 0] == [
        (1, 277, "y")
    ]
    assert agreement.scaled_error == max(sample.scaled_error for sample in agreement.samples)


def test_a_fault_in_a_small_sample_does_not_hide_behind_a_large_one():
    left = floats([[1e6, 0], [1e-3, 0]])
    right = floats([[1e6, 0], [2e-3, 0]])

    assert not one_call(left, right, batch=2, tolerance=1e-2).agrees


@pytest.mark.parametrize(
    ("candidate", "agrees"),
    [
        pytest.param(1.5, True, id="at the tolerance"),
        pytest.param(np.nextafter(1.5, 2), False, id="just above"),
        pytest.param(np.nextafter(1.5, 1), True, id="just below"),
    ],
)
def test_the_tolerance_is_the_largest_error_allowed(candidate, agrees):
    agreement = one_call(np.array([[1.0]]), np.array([[candidate]]), tolerance=0.5)

    assert agreement.agrees is agrees


def test_the_worst_of_each_output_over_all_calls_is_kept():
    agreement = measure_agreement(
        [outputs([[1.0, 0.0]], [[2.0]]), outputs([[1.0, 0.0]], [[2.0]])],
        [outputs([[1.0, 0.5]], [[2.0]]), outputs([[0.0, 0.1]], [[3.0]])],
        [1, 1],
        1e-5,
    )

    assert [
        (out.name, out.scaled_error, out.closeness.absolute_error, out.ranking)
        for out in agreement.outputs
    ] == [
        ("y", 1.0, 1.0, Ranking(top1_changed=1, top5_changed=0, margin=1.0)),
        ("z", 0.5, 1.0, None),
    ]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param((2, 3), 2, id="classes"),
        pytest.param((2, 1), None, id="one class"),
        pytest.param((2, 3, 1), None, id="three axes"),
    ],
)
def test_a_changed_top1_is_counted_where_it_says_something(shape, expected):
    reference = np.arange(math.prod(shape), dtype="float32").reshape(shape)
    agreement = one_call(reference, -reference, batch=2)

    found = agreement.outputs[0].ranking
    assert (found and found.top1_changed) == expected


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4),
    st.floats(0.25, 4),
    st.integers(-6, 6),
)
def test_the_scaled_error_does_not_depend_on_the_unit(values, factor, power):
    reference = np.array(values).reshape(2, 2)
    candidate = reference * factor
    unit = 2.0**power

    assert np.array_equal(
        scaled_errors(reference, candidate, 0),
        scaled_errors(reference * unit, candidate * unit, 0),
    )


def in_batches(function, *sizes):
    """Run a function on batches of samples, and on the first samples of the last one alone."""
    rows = np.random.default_rng(0).standard_normal((max(sizes), 4)).astype("float32")
    calls = [outputs(function(rows[:size])) for size in sizes]
    return measure_batch_agreement(
        calls, sizes, [outputs(function(rows[n : n + 1])) for n in range(2)]
    )


def test_samples_that_do_not_depend_on_their_batch_have_no_error():
    assert in_batches(lambda rows: rows * 2, 1, 3, 8) == 0


def test_samples_that_depend_on_the_others_are_off():
    assert in_batches(lambda rows: rows - rows.mean(axis=0), 1, 3, 8) == 1


def test_samples_along_the_second_axis_are_found():
    assert in_batches(lambda rows: rows.T, 1, 3, 8) == 0
    assert in_batches(lambda rows: rows.T - rows.mean(), 1, 3, 8) > 0.1


def test_an_output_of_the_whole_batch_is_left_out():
    assert in_batches(lambda rows: rows.sum(axis=0), 1, 3, 8) == 0


def test_a_sample_that_alone_has_another_shape_cannot_be_compared():
    calls = [outputs(np.ones((size, 2))) for size in (2, 3)]

    assert measure_batch_agreement(calls, [2, 3], [outputs(np.ones(2))]) == INF


def test_nans_that_come_with_the_batch_cannot_be_compared():
    calls = [outputs(floats([[NAN], [1]])), outputs(floats([[NAN], [1], [1]]))]

    assert measure_batch_agreement(calls, [2, 3], [outputs(floats([[1]]))]) == INF
    assert measure_batch_agreement(calls, [2, 3], [outputs(floats([[NAN]]))]) == 0


def test_what_is_wrong_at_an_edge_is_named_and_apart_from_the_usual():
    usual, edge = np.array([[1.0, 2.0]]), np.array([[np.nan, 2.0]])
    reference = [[OutputValues(name="y", values=values)] for values in (usual, edge, usual)]
    found = [[OutputValues(name="y", values=values)] for values in (usual, usual, usual * 2)]
    agreement = measure_agreement(reference, found, [1] * 3, 1e-5, edges=["", "nan", "huge"])

    assert agreement.problems == (
        "y: infinities or NaNs at other places than in the dynamic network at edge value nan",
    )
    assert [(one.name, one.edge, one.scaled_error) for one in agreement.outputs] == [
        ("y", "", 0.0),
        ("y", "huge", 1.0),
    ]
    assert [(one.edge, one.scaled_error) for one in agreement.samples] == [
        ("", 0.0),
        ("nan", INF),
        ("huge", 1.0),
    ]


def test_the_worst_sample_is_the_one_that_uses_most_of_its_own_tolerance():
    ref = [
        [
            OutputValues(name="loose", values=np.ones((2, 1))),
            OutputValues(name="strict", values=np.ones((2, 1))),
        ]
    ]
    off = [
        [
            OutputValues(name="loose", values=np.array([[1.0], [1.05]])),
            OutputValues(name="strict", values=np.array([[1.001], [1.0]])),
        ]
    ]

    found = measure_agreement(ref, off, [2], tolerance=0.1, overrides={"strict": 1e-6})

    assert found.worst is not None
    assert (found.worst.output, found.worst.sample) == ("strict", 0)


def test_there_is_no_worst_sample_where_nothing_was_compared():
    assert measure_agreement([], [], [], tolerance=0.1).worst is None
