"""What is compared with what tolerance."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from paddledvc.models.verify_settings import (
    GATES,
    Engine,
    PathName,
    Tolerance,
    override_verify_settings,
    read_verify_settings,
)


@pytest.mark.parametrize(
    ("path", "precision", "expected"),
    [
        ("jit", "bfloat16", 1e-7),
        ("predictor", "bfloat16", 1e-7),
        ("deployed", "float32", 1e-5),
        ("deployed", "float16", 2e-3),
        ("deployed", "bfloat16", 2e-2),
        ("onnx", "bfloat16", 1e-5),
        ("gpu", "float32", 1e-4),
        ("gpu", "float16", 2e-3),
        ("tensorrt", "bfloat16", 2e-2),
    ],
)
def test_a_tolerance_follows_the_precision_that_the_path_computes_in(path, precision, expected):
    assert Tolerance().for_path(path, precision) == expected


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_a_tolerance_that_is_stated_holds_in_every_precision(precision):
    stated = Tolerance(program=0.1, engine=0.2, device=0.3)

    assert [stated.for_path(path, precision) for path in get_args(PathName)] == [
        {"program": 0.1, "engine": 0.2, "device": 0.3}[GATES[path]] for path in get_args(PathName)
    ]


def test_params_override_the_precision_and_the_reference():
    model = read_verify_settings({"engine": {"threads": 2}, "tolerance": {"program": 0.5}})

    settings = override_verify_settings(
        model, {"engine": {"precision": "float16"}, "reference": "float64"}
    )

    assert settings == replace(
        model, engine=Engine(threads=2, precision="float16"), reference="float64"
    )
    assert settings.tolerance.for_path("deployed", settings.engine.precision) == 2e-3
