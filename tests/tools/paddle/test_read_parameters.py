from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from paddledvc.comparison.parameters import digest_values
from paddledvc.errors import InvalidInput
from paddledvc.tools.paddle.read_parameters import (
    read_exported_parameters,
    read_exported_values,
)

TYPES = {"bool": 0, "int16": 1, "int32": 2, "int64": 3, "float16": 4, "float32": 5, "float64": 6}
TYPES |= {"uint8": 20, "int8": 21, "complex64": 23}
ONE = np.arange(6, dtype="float32").reshape(2, 3)


def described(dtype, shape):
    return bytes([8, dtype, *(one for size in shape for one in (16, size))])


def stream(array, *, dtype=None, shape=None, levels=b"\0" * 8):
    """Write a tensor as Paddle does: versions, levels, type and sizes, bytes."""
    about = described(dtype or TYPES[str(array.dtype)], array.shape if shape is None else shape)
    return b"\0" * 4 + levels + b"\0" * 4 + struct.pack("<i", len(about)) + about + array.tobytes()


def program(*names):
    operations = [{"#": "p", "A": [0, 1, 1, name], "OA": [1, 0, 1]} for name in names]
    state = {"#": "p", "A": [0, 1, 1, "lstm_0.dropout_state__non_persistable"], "OA": [0, 1, 0]}
    blocks = [{"ops": [state, *operations, {"#": "1.data"}]}]
    return json.dumps({"program": {"regions": [{"blocks": blocks}]}})


def read(tmp_path, data, text=None):
    (tmp_path / "m.pdiparams").write_bytes(data)
    if text is not None:
        (tmp_path / "m.json").write_text(text)
    return read_exported_parameters(tmp_path / "m")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_every_type_and_shape_is_read(tmp_path, dtype, shape):
    array = np.ones(shape, dtype)
    [one] = read(tmp_path, stream(array), program("a"))

    assert (one.name, one.shape, one.dtype) == ("a", shape, dtype)
    assert one.digests == {dtype: digest_values(array)}


def test_the_names_are_those_of_the_program_in_their_order(tmp_path):
    found = read(tmp_path, stream(ONE) + stream(ONE[0]), program("linear_9.w_0", "linear_10.w_0"))

    assert [(one.name, one.shape) for one in found] == [
        ("linear_10.w_0", (2, 3)),
        ("linear_9.w_0", (3,)),
    ]


@pytest.mark.parametrize("text", [None, "no JSON", program("a", "b")])
def test_without_a_name_for_each_they_have_none(tmp_path, text):
    [one] = read(tmp_path, stream(ONE), text)

    assert (one.name, one.shape) == ("", (2, 3))


def test_levels_of_sequences_are_passed_over(tmp_path):
    levels = struct.pack("<QQ", 1, 16) + b"\0" * 16

    assert read(tmp_path, stream(ONE, levels=levels))[0].shape == (2, 3)


def test_without_the_file_there_are_none(tmp_path):
    assert read_exported_parameters(tmp_path / "m") == ()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(stream(ONE)[:-1], id="cut in the values"),
        pytest.param(stream(ONE)[:9], id="cut in the head"),
        pytest.param(stream(ONE, dtype=17), id="no such type"),
        pytest.param(stream(ONE, shape=(100, 100)), id="more values than bytes"),
        pytest.param(stream(ONE, levels=b"\xff" * 8), id="endless levels"),
        pytest.param(stream(ONE, levels=struct.pack("<QQ", 1, 2**64 - 1)), id="a giant level"),
        pytest.param(b"\0" * 16 + b"\xff" * 4 + stream(ONE), id="sizes of less than nothing"),
        pytest.param(b"\0" * 16 + struct.pack("<i", 9**9) + stream(ONE), id="giant sizes"),
        pytest.param(stream(ONE, shape=(*(255,) * 9, 127)), id="sizes that go on and on"),
        pytest.param(b"\x89PNG\r\n" * 10, id="an image"),
    ],
)
def test_what_is_no_file_of_parameters_is_said_to_be_none(tmp_path, data):
    with pytest.raises(InvalidInput, match=r"m\.pdiparams is no file of parameters"):
        read(tmp_path, data)


def test_values_are_read_by_their_place(tmp_path):
    bits = (ONE.view("uint32") >> 16).astype("uint16")
    read(tmp_path, stream(ONE[0]) + stream(ONE) + stream(bits, dtype=22))
    found = read_exported_values(tmp_path / "m", {1, 2})

    assert {number: array.tolist() for number, array in found.items()} == {
        1: ONE.tolist(),
        2: ONE.tolist(),
    }
