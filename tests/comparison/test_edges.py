from __future__ import annotations

import numpy as np
import pytest

from paddledvc.comparison.samples import make_edge_samples
from paddledvc.models.model import Input

BASE = np.full((1, 3), 0.5, "float32")


def of(item, array=BASE):
    return {name: case["x"] for name, case in make_edge_samples({"x": array}, [item]).items()}


def test_floats_without_a_range_have_zeros_ones_tiny_huge_infinity_and_nan():
    made = of(Input(name="x", shape=(None, 3)))

    assert {name: array.tolist() for name, array in made.items()} == {
        "zeros": [[0.0] * 3],
        "ones": [[1.0] * 3],
        "tiny": [[float(np.finfo("float32").tiny)] * 3],
        "huge": [[1e4] * 3],
        "inf": [[0.5, float("inf"), 0.5]],
        "nan": [[0.5, pytest.approx(float("nan"), nan_ok=True), 0.5]],
    }


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_edge_is_a_normal_number_of_its_type(dtype):
    made = of(Input(name="x", shape=(None, 3), dtype=dtype), BASE.astype(dtype))

    assert {array.dtype.name for array in made.values()} == {dtype}
    assert np.isfinite(made["huge"]).all()
    assert (made["tiny"] == np.finfo(dtype).tiny).all()


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        ((0, 1), ["tiny", "low", "high"]),
        ((-1, 2), ["zeros", "ones", "tiny", "low", "high"]),
        ((5, 6), ["low", "high"]),
        ((0, 256), ["ones", "tiny", "low", "high"]),
    ],
)
def test_nothing_beyond_a_stated_range_is_tried(limits, names):
    made = of(Input(name="x", shape=(None, 3), range=limits))

    assert list(made) == names
    assert all(limits[0] <= array.min() and array.max() < limits[1] for array in made.values())
    assert made["low"].max() == limits[0]
    assert made["high"].min() == np.nextafter(np.float32(limits[1]), np.float32(limits[0]))


@pytest.mark.parametrize(
    ("dtype", "limits", "ends"),
    [
        ("int64", (3, 10), (3, 9)),
        ("int64", None, (0, 1)),
        ("uint8", (0, 256), (0, 255)),
        ("bool", None, (0, 1)),
    ],
)
def test_integers_have_the_ends_of_their_range_only(dtype, limits, ends):
    item = Input(name="x", shape=(None, 3), dtype=dtype, range=limits)
    made = of(item, np.zeros((1, 3), dtype))

    assert {name: np.unique(array).tolist() for name, array in made.items()} == {
        "low": [ends[0]],
        "high": [ends[1]],
    }
    assert {array.dtype.name for array in made.values()} == {dtype}


def test_inputs_without_an_edge_keep_their_values_and_order():
    inputs = [
        Input(name="ids", shape=(None, 2), dtype="int64", range=(0, 9)),
        Input(name="x", shape=(None, 3)),
    ]
    base = {"ids": np.array([[4, 5]]), "x": BASE}
    made = make_edge_samples(base, inputs)

    assert list(made) == ["zeros", "ones", "tiny", "huge", "low", "high", "inf", "nan"]
    assert made["zeros"]["ids"].tolist() == [[4, 5]]
    assert made["high"]["ids"].tolist() == [[8, 8]]
    assert made["high"]["x"].tolist() == BASE.tolist()
    assert all(list(case) == ["ids", "x"] for case in made.values())
    assert BASE.tolist() == [[0.5] * 3]


def test_an_array_without_elements_has_no_edges():
    assert of(Input(name="x", shape=(None, None)), np.zeros((1, 0), "float32")) == {}
