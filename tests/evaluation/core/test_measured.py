from __future__ import annotations

import json

import jsonschema
import pytest

from paddledvc import schemas
from paddledvc.evaluation.core.measured import Measured, Parts, Scores, Slice
from paddledvc.hashes import Hashes
from paddledvc.stages.core.record import Hashed
from tests.gated import RUNTIME

RIGHT = [1, 1, 1, 0, 1, 0, 1, 1, 1, 1]
PATHS = ("network", "deployed")
LOSSES = [0.5, 0.0] * 5


def part(name, accuracy, exported, loss):
    """What is measured of every other sample."""
    metrics = {"accuracy": (accuracy, exported), "loss": (loss, loss)}
    each = {metric: dict(zip(PATHS, values, strict=True)) for metric, values in metrics.items()}
    return Slice(by="form", name=name, samples=5, metrics=each)


MEASURED = Measured(
    metrics={
        "accuracy": {"network": 0.8, "deployed": 0.7},
        "loss": {"network": 0.25, "deployed": 0.25},
    },
    samples=10,
    worst_slice={"accuracy": 0.4},
    model="a",
    model_version="v1",
    files=(Hashed(path="checkpoints/a.pdparams", hashes=Hashes(md5="0" * 32, size=3)),),
    inputs_sha256=dict.fromkeys(PATHS, "ab" * 32),
    ids_sha256="cd" * 32,
    code_sha256="ef" * 32,
    scores={
        "accuracy": Scores.of({"network": RIGHT, "deployed": [*RIGHT[:9], 0]}),
        "loss": Scores.of(dict.fromkeys(PATHS, LOSSES)),
    },
    slices=(part("a", 1.0, 1.0, 0.5), part("b", 0.6, 0.4, 0.0)),
    parts={"form": Parts.of(["a", "b"] * 5)},
    runtime=dict.fromkeys(PATHS, RUNTIME),
)


def edited(**changes):
    value = json.loads(MEASURED.to_json())
    details = value["evidence"][0]
    for key, one in changes.items():
        (value if key in value else details)[key] = one
    return json.dumps(value)


def test_a_report_is_read_as_it_was_written():
    assert Measured.from_json(MEASURED.to_json()) == MEASURED


def test_the_same_measurement_is_the_same_bytes():
    assert Measured.from_json(MEASURED.to_json()).to_json() == MEASURED.to_json()


def test_dvc_is_shown_the_metrics_and_nothing_else():
    shown = json.loads(MEASURED.to_json())
    assert [key for key, one in shown.items() if not isinstance(one, list)] == [
        "accuracy",
        "loss",
        "worst_slice",
    ]


def test_a_report_of_an_earlier_version_has_its_samples_outside_of_the_list():
    value = json.loads(MEASURED.to_json())
    value["samples"] = value["evidence"][0].pop("samples")

    assert Measured.from_json(json.dumps(value)) == MEASURED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"accuracy": {"network": 0.9, "deployed": 0.7}}, "says that accuracy is 0.9 of network, "),
        ({"accuracy": {"network": float("nan")}}, "holds NaN, which JSON does not have"),
        (
            {"accuracy": {"network": "high"}},
            r"schema in line 1, accuracy.network: found 'high', expected a number",
        ),
        ({"worst_slice": {"accuracy": 0.7}}, "the worst accuracy of a part is 0.7, and no part"),
        ({"more": 1}, r"schema in line 1, evidence\[0\].more: unknown key 'more'"),
        (
            {
                "slices": [
                    {"by": "form", "name": name, "samples": 5, "metrics": metrics}
                    for name, metrics in (
                        ("a", {"accuracy": {}, "loss": {}}),
                        ("b", {"accuracy": {"network": 0.9}, "loss": {}}),
                    )
                ],
                "worst_slice": {},
            },
            "and its 5 samples whose form is b that it is 0.6",
        ),
        ({"samples": 11}, "has no parts of 11 samples|says that accuracy"),
        ({"samples": 40}, "has no parts of 40 samples"),
        ({"samples": -1}, "samples: found -1, which is a whole number; expected at least 0"),
        ({"files": [{"md5": "x"}]}, r"files\[0\]: 'path' is missing"),
        ({"samples": 10**400}, "expected at most 9007199254740992"),
        ({"worst_slice": {"accuracy": 0.9}}, "says that the worst accuracy of a part is 0.9,"),
        ({"version": 7}, "has the format 7, this paddledvc reads up to 1; upgrade"),
        (
            {
                "scores": {
                    metric: {"kind": "bits", "values": dict.fromkeys(PATHS, "§")}
                    for metric in ("accuracy", "loss")
                }
            },
            "no Base64",
        ),
        ({"parts": {"form": {"names": ["a"], "members": "AA=="}}}, "has no parts of 10 samples"),
    ],
)
def test_a_report_that_somebody_edited_is_seen_through(changes, why):
    with pytest.raises(ValueError, match=why):
        Measured.from_json(edited(**changes))


def test_a_report_keeps_to_its_published_schema():
    schema = json.loads(schemas.schema_text("evaluate"))

    assert [*jsonschema.Draft202012Validator(schema).iter_errors(json.loads(edited()))] == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"evidence": []}', "[" * 100_000])
def test_what_is_no_report_is_refused(text):
    with pytest.raises(ValueError, match=r"^is "):
        Measured.from_json(text)


def test_scores_come_back_as_they_went():
    assert Scores.of({"network": RIGHT}).of_path("network", 10) == RIGHT
    assert Scores.of({"network": [0.5, 0.25]}).of_path("network", 2) == [0.5, 0.25]
    assert Scores.of({"network": [0.5] * 20_001}).of_path("network", 20_001) is None
    assert len(Scores.of({"network": [1] * 50_000}).values["network"]) < 8_400
