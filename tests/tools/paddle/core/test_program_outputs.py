"""Exported programs, read without Paddle; tests/workflows/test_export_format.py has real ones."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.models.model import Output
from paddledvc.tools.paddle.core.program_outputs import (
    describe_output,
    explain_layer_order,
    list_output_mismatches,
    outputs_of_json,
    outputs_of_protobuf,
    parameters_of_json,
    parameters_of_protobuf,
)


def tensor(dtype, *sizes):
    return {"TT": {"#": "0.t_dtensor", "D": [{"#": f"0.t_{dtype}"}, list(sizes), "NCHW", [], 0]}}


def fetch(column, dtype, *sizes):
    return {
        "#": "1.fetch",
        "A": [{"AT": {"#": "0.a_i32", "D": column}, "N": "col"}],
        "O": [tensor(dtype, *sizes)],
    }


def program(*operations):
    return json.dumps({"program": {"regions": [{"blocks": [{"ops": list(operations)}]}]}})


def test_outputs_of_json_come_in_the_order_of_their_columns():
    text = program({"#": "1.data"}, fetch(1, "i64", -1), fetch(0, "bf16", -1, 3), fetch(2, "f32"))

    assert outputs_of_json(text) == (
        Output(name="0", shape=(None, 3), dtype="bfloat16"),
        Output(name="1", shape=(None,), dtype="int64"),
        Output(name="2", shape=(), dtype="float32"),
    )


def test_a_type_that_models_yaml_does_not_have_is_unknown():
    assert outputs_of_json(program(fetch(0, "c64", 2))) == (Output(name="0", shape=(2,)),)


def varint(number):
    number %= 1 << 64
    data = b""
    while number >= 0x80:
        data, number = data + bytes([number & 0x7F | 0x80]), number >> 7
    return data + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, *parts):
    data = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field << 3 | 2) + varint(len(data)) + data


def variable(name, dtype, *sizes, packed=False):
    dims = [number(2, size) for size in sizes]
    if packed:
        dims = [message(2, *map(varint, sizes))]
    dense = message(3, message(1, number(1, dtype), *dims))
    return message(3, message(1, name), message(2, number(1, 7), dense), number(3, 1))


def fetching(name, column):
    attribute = message(4, message(1, "col"), number(2, 0), number(3, column))
    real = message(4, message(1, "scale"), varint(4 << 3 | 5) + b"\0\0\0\0")
    inputs = message(1, message(1, "X"), message(2, name))
    return message(4, inputs, message(3, "fetch"), real, attribute)


def test_outputs_of_protobuf_are_looked_up_by_their_names():
    other = message(4, message(3, "relu"))
    block = message(
        1,
        number(1, 0),
        number(2, -1),
        variable("a", 5, -1, 10),
        variable("b", 3, -1, packed=True),
        variable("c", 0),
        other,
        fetching("b", 1),
        fetching("a", 0),
        fetching("c", 2),
    )

    assert outputs_of_protobuf(block + message(4, number(1, 0))) == (
        Output(name="0", shape=(None, 10), dtype="float32"),
        Output(name="1", shape=(None,), dtype="int64"),
        Output(name="2", shape=(), dtype="bool"),
    )


def kept(name, kind, *, persistable=1):
    return message(3, message(1, name), message(2, number(1, kind)), number(3, persistable))


def test_parameters_are_the_persistable_tensors_of_protobuf_and_no_feed_or_fetch():
    variables = [kept("feed", 9), kept("w", 7), kept("x", 7, persistable=0), kept("fetch", 10)]

    assert parameters_of_protobuf(message(1, *variables, kept("b", 7))) == ("w", "b")


def test_parameters_of_json_are_what_stands_for_them_among_the_operations():
    weight = {"#": "p", "A": [0, 1, 1, "linear_0.w_0"], "OA": [1, 0, 1]}
    # As of an LSTM's dropout, which Paddle writes into no file.
    state = {"#": "p", "A": [0, 1, 1, "lstm_0.dropout_state"], "OA": [0, 1, 0]}

    assert parameters_of_json(program(state, weight, {"#": "1.data"}, fetch(0, "f32"))) == (
        "linear_0.w_0",
    )


def scaled(name):
    return message(4, message(2, message(1, "Out"), message(2, name)), message(3, "scale"))


@pytest.mark.parametrize(
    ("operations", "said"),
    [
        ([fetching("b", 1), fetching("a", 0)], "in the order 2, 1"),
        ([fetching("a", 0), fetching("b", 1)], None),
        (
            [
                scaled("other"),
                scaled("save_infer_model/scale_1"),
                fetching("mask", 0),
                fetching("save_infer_model/scale_1", 1),
            ],
            "in the order 2, 1, because it puts those last that Paddle 2 did not scale",
        ),
    ],
)
def test_a_layer_returns_last_what_nothing_scales_before_it_is_fetched(operations, said):
    why = explain_layer_order(message(1, *operations))

    assert (why is None) if said is None else (said in why)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "{}", program({"#": "1.fetch"}), "[" * 100_000),
        program({"#": "1.fetch", "A": [], "O": [{"TT": {"D": []}}]}),
        program(fetch(0, "f32")).replace('"D": 0', '"D": Infinity'),
    ],
)
def test_what_is_no_program_in_json_is_refused(text):
    with pytest.raises(ValueError, match=r"^no program of Paddle 3$"):
        outputs_of_json(text)


@pytest.mark.parametrize("text", ["", "[]", "null", program({"#": "p", "A": []}), "[" * 100_000])
def test_what_is_no_program_has_no_parameters_to_name(text):
    with pytest.raises(ValueError, match=r"^no program of Paddle 3$"):
        parameters_of_json(text)
    for read in (parameters_of_protobuf, explain_layer_order):
        with pytest.raises(ValueError, match=r"^no program of Paddle 2$"):
            read(text.encode())


def test_a_fetch_without_a_column_is_no_program_in_protobuf():
    fetch = message(4, message(1, message(1, "X"), message(2, "a")), message(3, "fetch"))
    with pytest.raises(ValueError, match=r"^no program of Paddle 2$"):
        outputs_of_protobuf(message(1, variable("a", 5, -1), fetch))


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: message(1, data)))
def test_what_is_no_program_in_protobuf_is_refused_or_has_no_outputs(data):
    with suppress(ValueError):
        assert (outputs_of_protobuf(data), parameters_of_protobuf(data)) == ((), ())
    with suppress(ValueError):
        assert explain_layer_order(data) is None


def out(name="y", dtype=None, shape=None):
    return Output(name=name, dtype=dtype, shape=shape)


@pytest.mark.parametrize(
    ("stated", "found", "expected"),
    [
        ([out()], [out("0", "int64", (3,))], []),
        ([out(shape=(None, 3))], [out("0", "int64", (8, 3))], []),
        ([out(dtype="int64")], [out("0")], []),
        (
            [out(), out("boxes", "float32", (None, 6))],
            [out("0"), out("1", "float32", (None, 10))],
            [(1, "output 2 as float32[?,10]", "boxes: float32[?,6]")],
        ),
        (
            [out(shape=(1, 3))],
            [out("0", "float32", (None, 3))],
            [(0, "output 1 as float32[?,3]", "y: [1,3]")],
        ),
        (
            [out(shape=(None,))],
            [out("0", "float32", ())],
            [(0, "output 1 as float32[]", "y: [?]")],
        ),
        (
            [out(dtype="float32")],
            [out("0", "float16", (2,))],
            [(0, "output 1 as float16[2]", "y: float32")],
        ),
        (
            [out("scores"), out("boxes")],
            [out("0", "float32", (None, 10))],
            [(0, "1 output: float32[?,10]", "2: scores, boxes")],
        ),
        (
            [out("scores")],
            [out("0", "bool", ()), out("1", "int8", (1,))],
            [(0, "2 outputs: bool[], int8[1]", "1: scores")],
        ),
    ],
)
def test_outputs_are_compared_by_position_as_far_as_they_are_stated(stated, found, expected):
    assert list(list_output_mismatches(stated, found)) == expected


def test_an_output_of_unknown_type_and_shape_is_written_so():
    assert [describe_output(out()), describe_output(out(shape=()))] == ["anything", "[]"]
