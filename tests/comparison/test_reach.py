from __future__ import annotations

import numpy as np
import pytest

from paddledvc.comparison.reach import (
    TableRead,
    describe_input_reach,
    draw_reach_probes,
    list_open_inputs,
    reach_inputs,
)
from paddledvc.comparison.samples import draw_sample_cases
from paddledvc.models.model import Input

IDS = Input(name="ids", shape=(None, None), dtype="int64")
MASK = Input(name="mask", shape=(None, None), dtype="int64")
ROWS = 100


def reached(look_up, *inputs, batch=1):
    """Tell the ranges of inputs of which the network looks some up in a table of 100 rows."""
    probes = draw_reach_probes(inputs, (), batch, seed=0)
    called = [(case, [TableRead(look_up(case), ROWS)]) for case in probes]
    return [one.range for one in reach_inputs(inputs, called)]


def beside(ids, value):
    return np.concatenate([np.full((len(ids), 1), value), ids], axis=1)


@pytest.mark.parametrize(
    ("look_up", "expected"),
    [
        pytest.param(lambda case: case["ids"], (0, 100), id="as they are"),
        pytest.param(lambda case: case["ids"].astype("int32").T, (0, 100), id="turned"),
        pytest.param(lambda case: case["ids"] + 3, (0, 97), id="moved up"),
        pytest.param(lambda case: case["ids"] - 1, (1, 101), id="moved down"),
        pytest.param(lambda case: case["ids"][:, 1:], (0, 100), id="cut"),
        pytest.param(lambda case: beside(case["ids"], 99), (0, 100), id="after a start"),
        pytest.param(lambda case: beside(case["ids"][:, 1:], 99), (0, 100), id="cut and started"),
        pytest.param(lambda case: case["ids"][:, :1], None, id="too few to tell"),
        pytest.param(lambda case: case["ids"] * 7, None, id="computed"),
        pytest.param(lambda case: np.cumsum(case["ids"]), None, id="counted"),
        pytest.param(lambda _: np.zeros((1, 0), "int64"), None, id="nothing"),
        pytest.param(lambda _: np.arange(64), None, id="positions"),
    ],
)
def test_ids_go_as_far_as_the_table_that_they_arrive_at(look_up, expected):
    assert reached(look_up, IDS) == [expected]


def test_a_mask_beside_ids_goes_nowhere_and_positions_counted_from_it_do_not_count():
    def positions(case):
        return np.cumsum(case["mask"], axis=1) * case["mask"]

    assert reached(lambda case: case["ids"], IDS, MASK) == [(0, 100), None]
    assert reached(positions, IDS, MASK) == [None, None]


def test_an_input_of_several_tables_goes_as_far_as_the_smallest():
    probes = draw_reach_probes([IDS], (), 1, seed=0)
    called = [(one, [TableRead(one["ids"], rows) for rows in (100, 7, 30)]) for one in probes]

    assert reach_inputs([IDS], called)[0].range == (0, 7)


def test_single_ids_are_told_from_each_other_by_several_calls():
    users, items = (Input(name=name, shape=(None,), dtype="int64") for name in ("users", "items"))

    assert reached(lambda case: case["users"], users, items) == [(0, 100), None]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("int8", (0, 128)), ("uint8", (0, 256)), ("int16", (0, 300)), ("int32", (0, 300))],
)
def test_no_type_is_asked_for_more_than_it_holds(dtype, expected):
    item = Input(name="ids", shape=(None, 64), dtype=dtype)
    probes = draw_reach_probes([item], (), 1, seed=0)

    found = reach_inputs([item], [(one, [TableRead(one["ids"], 300)]) for one in probes])
    assert found[0].range == expected


def test_what_arrives_at_no_table_is_unknown_but_for_bytes():
    every = [Input(name=one, shape=(None, 4), dtype=one) for one in ("uint8", "int8", "int64")]

    assert [one.range for one in reach_inputs(every, [])] == [(0, 256), None, None]


def test_floats_booleans_and_stated_ranges_are_left_as_they_are():
    every = [
        Input(name="float", shape=(None, 4)),
        Input(name="bool", shape=(None, 4), dtype="bool"),
        Input(name="stated", shape=(None, 4), dtype="int64", range=(0, 9)),
    ]

    assert list_open_inputs(every) == []
    assert reach_inputs(every, []) == tuple(every)


@pytest.mark.parametrize(
    ("limits", "sizes", "tried"),
    [
        pytest.param((0, 100), (1, 3, 8), 100, id="a small vocabulary, all of it"),
        pytest.param((5, 768), (1, 3, 8), 763, id="one that just fits"),
        pytest.param((0, 30000), (1, 3, 8), 864, id="a large one, each number once"),
        pytest.param((-5, 5), (1,), 10, id="from below zero"),
    ],
)
def test_samples_reach_as_many_numbers_of_a_range_as_there_is_room_for(limits, sizes, tried):
    item = Input(name="ids", shape=(None, None), dtype="int64", range=limits)
    drawn = [case["ids"].ravel() for case in draw_sample_cases([item], (), sizes, seed=0)]
    values = np.concatenate(drawn)

    assert len(set(values.tolist())) == tried
    assert (values.min(), values.max()) == (limits[0], limits[1] - 1)


@pytest.mark.parametrize(
    ("item", "values", "failed", "expected"),
    [
        (IDS, [0, 1], "", ["of ids only 0 and 1 were tried (state its range)"]),
        (IDS, [0, 0], "", ["of ids only 0 were tried (state its range)"]),
        (IDS, [0, 1], "it fails", ["of ids only 0 and 1 were tried (it fails)"]),
        (IDS, [0, 1, 99], "", ["of ids only 0 to 99 were tried (state its range)"]),
        (
            Input(name="ids", shape=(None, 2), dtype="int32", range=(0, 100)),
            [5, 99],
            "",
            ["of ids only 2 of 100 numbers were tried"],
        ),
        (Input(name="ids", shape=(None, 2), dtype="int32", range=(0, 2)), [0, 1], "", []),
        (Input(name="ids", shape=(None, 2), dtype="bool"), [0, 1], "", []),
        (Input(name="ids", shape=(None, 2)), [0, 1], "", []),
    ],
)
def test_what_was_not_tried_is_told(item, values, failed, expected):
    case = {"ids": np.array([values]).astype(item.dtype)}

    assert [str(one) for one in describe_input_reach([item], [case], failed)] == expected
