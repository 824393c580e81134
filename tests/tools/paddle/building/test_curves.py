from __future__ import annotations

import json

import numpy as np
import pytest

from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building.training import Curves


def test_each_metric_has_its_table_and_its_final_value(tmp_path):
    curves = Curves(tmp_path)
    curves.log(0, {"loss": 1.0, "accuracy": 0.5})
    curves.log(10, {"loss": 0.25})
    tables = tmp_path / "plots" / "metrics"

    assert (tables / "loss.tsv").read_text() == "step\tloss\n0\t1.0\n10\t0.25\n"
    assert (tables / "accuracy.tsv").read_text() == "step\taccuracy\n0\t0.5\n"
    assert json.loads((tmp_path / "metrics.json").read_text()) == {
        "step": 10,
        "loss": 0.25,
        "accuracy": 0.5,
    }


def test_a_new_training_starts_anew(tmp_path):
    Curves(tmp_path).log(0, {"loss": 1.0})
    Curves(tmp_path)

    assert list((tmp_path / "plots" / "metrics").iterdir()) == []
    assert json.loads((tmp_path / "metrics.json").read_text()) == {}


def test_nan_and_infinity_are_text_in_json(tmp_path):
    curves = Curves(tmp_path)
    curves.summarise({"loss": float("nan"), "worst": float("-inf")})

    assert json.loads((tmp_path / "metrics.json").read_text()) == {"loss": "nan", "worst": "-inf"}


@pytest.mark.parametrize("name", ["", "a/b", "..", ".a", "a\tb", "a:b", "a\nb"])
def test_a_metric_that_cannot_be_a_file_is_refused(tmp_path, name):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        Curves(tmp_path).log(0, {name: 1.0})

    assert str(caught.value) == f"{name!r} cannot be the name of a metric; use letters and _"


def test_arrays_come_back_by_call_and_name_in_the_same_order(tmp_path):
    calls = [
        {"y.0": np.arange(3, dtype="int64"), "a/b": np.float16(2)},
        {},
        {"y.0": np.array([[float("nan")]]), "b": np.array([True])},
    ]
    arrays.save_arrays(tmp_path / "a", calls)
    back = arrays.load_arrays(tmp_path / "a")

    assert [list(call) for call in back] == [list(call) for call in calls]
    for one, other in zip(calls, back, strict=True):
        for name in one:
            np.testing.assert_array_equal(other[name], one[name])
            assert other[name].dtype == np.asarray(one[name]).dtype


def test_the_digest_of_arrays_tells_values_shapes_types_and_names_apart():
    zeros = np.zeros((2, 3), "float32")
    different = [
        [{"x": zeros}],
        [{"y": zeros}],
        [{"x": zeros.reshape(3, 2)}],
        [{"x": zeros.view("int32")}],
        [{"x": zeros + 1}],
        [{"x": zeros[:1]}, {"x": zeros[1:]}],
    ]

    assert len({arrays.digest_arrays(calls) for calls in different}) == len(different)
    assert arrays.digest_arrays([{"x": zeros}]) == arrays.digest_arrays(
        [{"x": np.asfortranarray(zeros)}]
    )
