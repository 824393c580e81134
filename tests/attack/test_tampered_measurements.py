"""A measurement that a branch spoils: refused with a sentence, soon, and never judged as right."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import pytest

import paddledvc
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.evaluation.core.measured import Measured, Parts, Scores, Slice
from paddledvc.hashes import Hashes
from paddledvc.stages.core.record import Hashed
from tests.gated import EXPORTED, RUNTIME, Gated

SAMPLES = 100
PATHS = ("network", "deployed")
SHARES = dict.fromkeys(PATHS, 0.5)
OUTCOMES = [at % 2 for at in range(SAMPLES)]
FORMS = ["a" if at < SAMPLES // 2 else "b" for at in range(SAMPLES)]
GOOD = Measured(
    metrics={"accuracy": SHARES, "loss": dict.fromkeys(PATHS, 1.5)},
    samples=SAMPLES,
    model="resnet50",
    files=(Hashed(path="checkpoints/a.pdparams", hashes=Hashes(md5="1" * 32)),),
    inputs_sha256=dict.fromkeys(PATHS, "ab" * 32),
    ids_sha256="cd" * 32,
    code_sha256="ef" * 32,
    scores={"accuracy": Scores.of(dict.fromkeys(PATHS, OUTCOMES))},
    slices=tuple(
        Slice(by="form", name=name, samples=50, metrics={"accuracy": SHARES}) for name in "ab"
    ),
    parts={"form": Parts.of(FORMS)},
    runtime=dict.fromkeys(PATHS, RUNTIME),
)
BITS = base64.b64encode(b"\x55" * 13).decode()


def spoilt(key, change):
    value = json.loads(GOOD.to_json())
    place = value if key in value else value["evidence"][0]
    place[key] = change(place[key]) if callable(change) else change
    return json.dumps(value)


def test_what_is_not_spoilt_is_read():
    assert Measured.from_json(GOOD.to_json()) == GOOD
    alone = replace(GOOD, samples=0, ids_sha256="", scores={}, slices=(), parts={})
    assert Measured.from_json(alone.to_json()) == alone


@pytest.mark.parametrize(
    ("key", "change", "why"),
    [
        ("samples", -5, "samples: found -5, which is a whole number; expected at least 0"),
        ("changed", -1, "changed: found -1, which is a whole number; expected at least 0"),
        ("ids_sha256", "", "no digest of the ids of its 100 samples"),
        ("code_sha256", "", "no digest of the code"),
        ("inputs_sha256", {}, "no digest of the inputs of the network"),
        ("inputs_sha256", {"deployed": "1" * 64}, "no digest of the inputs of the network"),
        ("inputs_sha256", dict(zip(PATHS, ("1" * 64, "2" * 64), strict=True)), "other inputs"),
        ("runtime", {}, "is of network and deployed, and its runtime of nothing"),
        ("accuracy", {"deployed": 0.5}, "and its accuracy of deployed"),
        ("accuracy", {**SHARES, "\x1b[2J::error": 0.5}, "and its accuracy of network, deployed"),
        ("files", lambda files: [{**files[0], "md5": None}], "no MD5 of checkpoints/a.pdparams"),
        ("files", lambda files: [*files, {**files[0], "md5": "2" * 32}], "names it twice"),
        ("engine", lambda one: {**one, "precision": "float64"}, "precision: found 'float64'"),
        ("scores", {"accuracy": {"kind": "zip", "values": {}}}, "kind: found 'zip'"),
        ("scores", {"accuracy": {"kind": "bits", "values": {}}}, "and its scores of nothing"),
        ("scores", {"a": {"kind": "bits", "values": dict.fromkeys(PATHS, BITS)}}, "scores of 'a'"),
        ("slices", [], "other parts of form"),
        ("slices", lambda slices: slices[:1], "other parts of form"),
        ("slices", lambda slices: [*slices, slices[0]], "other parts of form"),
        ("slices", lambda slices: [{**one, "samples": 1} for one in slices], "other parts of form"),
        ("slices", lambda slices: [{**one, "metrics": {}} for one in slices], "accuracy of parts"),
        ("parts", {}, "other parts of form"),
        ("worst_slice", {"accuracy": "inf"}, "accuracy: found 'inf'"),
    ],
)
def test_what_nobody_measured_is_refused(key, change, why):
    good = replace(GOOD, worst_slice={"accuracy": 0.5}) if key == "worst_slice" else GOOD
    value = json.loads(good.to_json())
    place = value if key in value else value["evidence"][0]
    place[key] = change(place[key]) if callable(change) else change
    with pytest.raises(ValueError, match=re.escape(why)):
        Measured.from_json(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        "{" + "".join(f'"m{at}":{{"network":1}},' for at in range(300_000)) + '"samples":0}',
        '{"a":[' + "[]," * 3_000_000 + "1]}",
        spoilt("slices", lambda slices: slices * 50_000),
        spoilt("model", "x" * (20 << 20)),
    ],
    ids=["metrics", "lists", "slices", "text"],
)
def test_what_is_too_large_is_refused_at_once(text):
    with pytest.raises(ValueError, match="is too large"):
        Measured.from_json(text)


def test_what_would_take_for_ever_to_add_up_is_refused():
    metrics = {f"m{at}": SHARES for at in range(300)}
    properties = [f"p{at}" for at in range(400)]
    made = replace(
        GOOD,
        metrics=metrics,
        scores=dict.fromkeys(metrics, GOOD.scores["accuracy"]),
        slices=tuple(
            Slice(by=by, name=name, samples=50, metrics={}) for by in properties for name in "ab"
        ),
        parts=dict.fromkeys(properties, GOOD.parts["form"]),
    )
    with pytest.raises(ValueError, match="has 600 scores of 100 samples in 400 divisions"):
        Measured.from_json(made.to_json())


def evaluated(plots="{}"):
    return f"""{EXPORTED}    evaluate:
      function: measure.py:evaluate
      metrics: {{accuracy: {{direction: higher}}}}
      plots: {plots}
"""


PWNED = """
import pathlib

pathlib.Path(__file__).with_name("pwned").touch()


def evaluate(model, run):
    return {}
"""


@pytest.mark.parametrize(
    ("plots", "why"),
    [
        ("{slices: {}}", "is none of slices and changed"),
        ("{Changed: {}}", "is none of slices and changed"),
        ("{../../x: {}}", "a name of letters"),
        ('{"a\\n": {}}', "a name of letters"),
        ("{a: {template: ../../x}}", "a file of one in the project"),
        ("{a: {template: /etc/passwd}}", "a file of one in the project"),
        ("{a: {template: a/../../../x}}", "a file of one in the project"),
    ],
)
def test_tables_lie_in_their_folder_and_overwrite_none_of_ours(project, plots, why):
    project.write("models.yaml", evaluated(plots))
    with pytest.raises(InvalidFile, match=re.escape(why)):
        paddledvc.Project(project.root).registry()


def test_nothing_but_evaluate_runs_the_function(project, cli):
    made = Gated(project)
    project.write("measure.py", PWNED)
    made.models(evaluated(), build=False)
    project.write("reports/resnet50/evaluate.json", GOOD.to_json())
    made.build()
    made.commit()
    project.write("reports/resnet50/baseline.json", GOOD.to_json())
    for command in (("check",), ("list",), ("show", "resnet50"), ("report",), ("status",)):
        assert cli(*command)[0] != 70
    cli("evaluate", "resnet50", "--baseline", "HEAD")  # whose weights are nowhere

    assert not (project.root / "pwned").exists()


def test_no_report_is_read_or_written_behind_a_link_out_of_the_project(project, cli, tmp_path):
    made = Gated(project)
    project.write("measure.py", PWNED)
    made.models(evaluated(), build=False)
    project.write("reports/resnet50/evaluate.json", GOOD.to_json())
    made.build()
    secret = tmp_path / "secret.json"
    secret.write_text(GOOD.to_json())
    for name in ("evaluate.json", "baseline.json"):
        report = project.root / "reports/resnet50" / name
        report.unlink(missing_ok=True)
        report.symlink_to(secret)
    made.commit()
    code, out, err = cli("check")

    assert code in {1, 2}
    assert "is a link out of the project" in out + err
    assert cli("show", "resnet50")[0] != 70
    with pytest.raises(InvalidInput, match="link out of the project"):
        made.project.write("reports/resnet50/evaluate.json", "new")
    assert secret.read_text() == GOOD.to_json()
