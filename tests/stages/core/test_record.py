"""Records of trainings: written and read again, the same bytes for the same value."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from paddledvc.hashes import Hashes
from paddledvc.stages.core.record import Dataset, Hashed, Record
from paddledvc.tools.paddle.core.jobs import Runtime

HASHES = Hashes(md5="0" * 32, sha256="1" * 64, size=7)
RECORD = Record(
    model="det",
    version="v1.2.0",
    weights=Hashed(path="checkpoints/det_trained.pdparams", hashes=HASHES),
    base=Hashed(path="checkpoints/base_v1.pdparams", hashes=HASHES),
    commit="2" * 40,
    dirty=True,
    params={"lr": 0.1, "steps": [1, 2]},
    datasets={"b": Dataset(path="data/b", md5=None), "a": Dataset(path="data/a", md5="3" * 32)},
    seed=3,
    device="gpu",
    runtime=Runtime(paddle="3.3.1", commit="abc", device="gpu (X)", flags=(("FLAGS_a", "1"),)),
    environment={"OMP_NUM_THREADS": "2", "FLAGS_b": "1"},
    paddle="3.3.1",
    python="3.11.7",
    paddledvc="1.0.0",
    launch={"processes": 2},
    began="2026-11-30T03:00:00Z",
    seconds=12.5,
)
LEAST = Record(
    model="m",
    version="v1",
    weights=Hashed(path="w", hashes=HASHES),
    python="3.10.1",
    paddledvc="1.0.0",
    began="2026-11-30T03:00:00Z",
    seconds=0.0,
)


IN_IMAGE = replace(RECORD, image="paddlepaddle/paddle:3.3.1")


def test_a_record_of_no_image_is_written_as_before():
    assert "image" not in json.loads(RECORD.to_json())


@pytest.mark.parametrize("record", [RECORD, LEAST, IN_IMAGE], ids=["all", "least", "image"])
def test_a_record_is_read_as_it_was_written(record):
    assert Record.from_json(record.to_json()) == record


def test_a_record_says_first_what_it_is_of():
    keys = list(json.loads(RECORD.to_json()))

    assert keys[:4] == ["version", "model", "model_version", "weights"]


def test_names_of_datasets_and_variables_come_in_order():
    value = json.loads(RECORD.to_json())

    assert (list(value["datasets"]), list(value["environment"])) == (
        ["a", "b"],
        ["FLAGS_b", "OMP_NUM_THREADS"],
    )


def test_hyperparameters_that_json_has_no_form_for_are_text():
    record = replace(LEAST, params={"clip": math.inf, "deep": [{"x": math.nan}]})

    assert json.loads(record.to_json())["params"] == {"clip": "inf", "deep": [{"x": "nan"}]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes in line 1"),
        ("<<<<<<< HEAD\n", "is not JSON: Expecting value in line 1"),
        ("[" * 100_000, "is JSON of too many lists in lists"),
        ("[]", "is no record of `paddledvc train`"),
        ("null", "is no record of `paddledvc train`"),
        ("{}", "is no record of `paddledvc train`"),
        ('{"version": 1, "model": "m"}', "is no record of `paddledvc train`"),
        ('{"version": 2}', "has the format 2, this paddledvc reads up to 1; upgrade paddledvc"),
        ('{"version": "x"}', "has the format 'x', this paddledvc reads 1"),
        (RECORD.to_json().replace(": 3,", ': "three",'), "is no record of `paddledvc train`"),
        (RECORD.to_json().replace("3,", "Infinity,"), "is no record of `paddledvc train`"),
        (RECORD.to_json().replace("12.5", '""'), "is no record of `paddledvc train`"),
    ],
)
def test_what_is_no_record_is_told_why(text, message):
    with pytest.raises(ValueError, match=r"^is|^has") as caught:
        Record.from_json(text)

    assert str(caught.value) == message
