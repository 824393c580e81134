from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.comparison.samples import draw_sample_cases, split_sample_arrays
from paddledvc.models.model import Input

IMAGE = Input(name="image", shape=(None, 3, None, None))
X = Input(name="x", shape=(None, 4))


def shapes(inputs, input_size=(), batch_sizes=(1, 3)):
    return [
        {name: array.shape for name, array in case.items()}
        for case in draw_sample_cases(inputs, input_size, batch_sizes, seed=0)
    ]


def same(left, right):
    return all(
        one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)
        for one, other in zip(left, right, strict=True)
    )


def test_the_same_seed_gives_the_same_samples():
    assert same(
        draw_sample_cases([IMAGE, X], (), (1, 3), 7), draw_sample_cases([IMAGE, X], (), (1, 3), 7)
    )


def test_another_seed_gives_other_samples():
    assert not same(draw_sample_cases([X], (), (2,), 0), draw_sample_cases([X], (), (2,), 1))


def test_seeded_samples_are_these_forever():
    [case] = draw_sample_cases([X], (), (1,), 0)

    assert case["x"].tolist() == [
        pytest.approx([0.12573022, -0.13210486, 0.64042265, 0.10490011], rel=1e-6)
    ]


@pytest.mark.parametrize(
    ("inputs", "input_size", "expected"),
    [
        pytest.param([X], (), [{"x": (1, 4)}, {"x": (3, 4)}], id="batch"),
        pytest.param(
            [IMAGE],
            (32, 48),
            [{"image": (1, 3, 32, 48)}, {"image": (3, 3, 32, 48)}],
            id="input_size",
        ),
        pytest.param(
            [IMAGE],
            (),
            [{"image": (1, 3, 64, 64)}, {"image": (3, 3, 96, 96)}],
            id="free sizes in turn",
        ),
        pytest.param(
            [IMAGE],
            (7,),
            [{"image": (1, 3, 64, 64)}, {"image": (3, 3, 96, 96)}],
            id="input_size of another number",
        ),
        pytest.param([Input(name="x", shape=(2, 4))], (), [{"x": (2, 4)}] * 2, id="fixed batch"),
        pytest.param([Input(name="x", shape=())], (), [{"x": ()}] * 2, id="no axes"),
        pytest.param(
            [X, Input(name="y", shape=(None,))],
            (),
            [{"x": (1, 4), "y": (1,)}, {"x": (3, 4), "y": (3,)}],
            id="two inputs",
        ),
    ],
)
def test_dynamic_dimensions_get_sizes(inputs, input_size, expected):
    assert shapes(inputs, input_size) == expected


@pytest.mark.parametrize(
    "dtype",
    ["float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"],
)
def test_samples_have_the_type_of_the_input(dtype):
    [case] = draw_sample_cases([Input(name="x", shape=(None, 64), dtype=dtype)], (), (4,), 0)

    assert case["x"].dtype == np.dtype(dtype)
    assert len(np.unique(case["x"])) > 1


def test_integers_without_a_range_are_0_or_1():
    [case] = draw_sample_cases([Input(name="x", shape=(None, 64), dtype="int64")], (), (4,), 0)

    assert set(np.unique(case["x"])) == {0, 1}


@pytest.mark.parametrize(
    ("dtype", "limits", "expected"),
    [
        pytest.param("int64", (3, 6), {3, 4, 5}, id="integers"),
        pytest.param("int64", (-1, 1), {-1, 0}, id="negative integers"),
        pytest.param("uint8", (250, 256), {250, 251, 252, 253, 254, 255}, id="end of a type"),
        pytest.param("int32", (5, 6), {5}, id="one value"),
    ],
)
def test_integers_are_drawn_from_the_range_without_its_end(dtype, limits, expected):
    item = Input(name="x", shape=(None, 500), dtype=dtype, range=limits)
    [case] = draw_sample_cases([item], (), (4,), 0)

    assert set(np.unique(case["x"]).tolist()) == expected


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_drawn_from_the_range_without_its_end(dtype):
    item = Input(name="x", shape=(None, 20_000), dtype=dtype, range=(0, 1))
    [case] = draw_sample_cases([item], (), (4,), 0)

    assert case["x"].min() >= 0
    assert case["x"].max() < 1
    assert case["x"].mean() == pytest.approx(0.5, abs=0.01)


def arrays(count=5, width=4):
    return {"x": np.arange(count * width, dtype="float32").reshape(count, width)}


def sizes(cases):
    return [len(case["x"]) for case in cases]


@pytest.mark.parametrize(
    ("count", "batch_sizes", "expected"),
    [
        pytest.param(5, (1, 2), [1, 2, 2, 1], id="each size once, then all"),
        pytest.param(8, (1, 3, 8), [1, 3, 8], id="all in the largest"),
        pytest.param(2, (1, 3, 8), [1, 2], id="fewer samples than a batch"),
        pytest.param(1, (8,), [1], id="one sample"),
        pytest.param(20, (8, 1, 3), [1, 3, 8, 8, 4], id="sorted"),
    ],
)
def test_representative_samples_are_cut_into_batches(count, batch_sizes, expected):
    assert sizes(split_sample_arrays(arrays(count), [X], batch_sizes)) == expected


@given(st.integers(1, 40), st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))
def test_every_sample_is_in_some_case(count, batch_sizes):
    cases = split_sample_arrays(arrays(count), [X], batch_sizes)

    assert {value for case in cases for value in case["x"].ravel().tolist()} == set(
        range(count * 4)
    )


def test_a_fixed_batch_overrides_the_batch_sizes():
    fixed = Input(name="x", shape=(2, 4))

    assert sizes(split_sample_arrays(arrays(6), [fixed], (1, 3))) == [2, 2, 2]


def test_every_sample_is_in_some_case_of_a_fixed_batch_too():
    cases = split_sample_arrays(arrays(5), [Input(name="x", shape=(2, 4))], (1,))

    assert {value for case in cases for value in case["x"].ravel().tolist()} == set(range(20))
    assert set(sizes(cases)) == {2}


def test_samples_of_several_inputs_stay_together():
    values = {"x": arrays()["x"], "y": np.arange(5, dtype="int64")}
    cases = split_sample_arrays(values, [X, Input(name="y", shape=(None,), dtype="int64")], (2,))

    assert [(case["x"][:, 0] / 4).astype(int).tolist() == case["y"].tolist() for case in cases] == [
        True
    ] * len(cases)


@pytest.mark.parametrize(
    ("values", "inputs", "message"),
    [
        pytest.param(
            {"y": np.zeros((1, 4))},
            [X],
            "found arrays ['y'], expected one for each input: ['x']",
            id="name",
        ),
        pytest.param({}, [X], "found arrays [], expected one for each input: ['x']", id="none"),
        pytest.param(
            {"x": np.zeros((2, 4), "float32"), "y": np.zeros((3,), "float32")},
            [X, Input(name="y", shape=(None,))],
            "found samples {'x': 2, 'y': 3}, expected equally many of each, and at least one",
            id="counts",
        ),
        pytest.param(
            {"x": np.zeros((0, 4), "float32")},
            [X],
            "found samples {'x': 0}, expected equally many of each, and at least one",
            id="empty",
        ),
        pytest.param(
            {"x": np.float32(3)},
            [X],
            "found samples {'x': 0}, expected equally many of each, and at least one",
            id="no axes",
        ),
        pytest.param(
            {"x": np.zeros((2, 5), "float32")},
            [X],
            "x: found shape [2, 5], expected [null, 4]",
            id="shape",
        ),
        pytest.param(
            {"x": np.zeros((2, 4, 1), "float32")},
            [X],
            "x: found shape [2, 4, 1], expected [null, 4]",
            id="axes",
        ),
        pytest.param({"x": np.zeros((2, 4))}, [X], "x: found float64, expected float32", id="type"),
        pytest.param(
            {"x": np.zeros((2, 4), "float32")},
            [Input(name="x", shape=(3, 4))],
            "x: found 2 samples, expected 3",
            id="fixed batch",
        ),
    ],
)
def test_samples_that_do_not_fit_the_inputs_are_refused(values, inputs, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        split_sample_arrays(values, inputs, (1,))

    assert str(caught.value) == message
