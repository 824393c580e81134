"""What list and show tell of models that are trained and exported; dvc.lock by hand, real git."""

from __future__ import annotations

import json
import subprocess

import pytest

import paddledvc
from paddledvc.hashes import Hashes
from paddledvc.models.model import Output
from paddledvc.stages.core.record import Dataset, Hashed, Record, record_path
from paddledvc.verification.core.evidence import CallTime, Latencies
from tests.gated import IMAGE_DIGEST, Gated, md5

pytestmark = pytest.mark.slow
MODELS = """\
environment: paddlepaddle/paddle:3.3.1
models:
  - name: digits
    version: v1.0.0
    owner: us@team.example
    docs: docs/digits.md
    meta: {team: vision}
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4]}]
    outputs: [{name: y, shape: [null, 3], dtype: float32}]
    train: {command: python train.py, deps: [train.py]}
    export: {}
"""
WEIGHTS, EXPORT = "checkpoints/digits_trained.pdparams", "exports/digits"


@pytest.fixture
def made(project):
    """A model that was trained at v1.0.0 and anew at v1.1.0, on main."""
    gated = Gated(project)
    gated.write(".gitignore", "/checkpoints/\n/exports/\n")
    gated.write("train.py", "")
    gated.models(MODELS)
    gated.commit("first")
    gated.holds = {WEIGHTS: "second", EXPORT: "second"}
    gated.models(MODELS.replace("v1.0.0", "v1.1.0"))
    gated.commit("second")
    gated.write("dvc.lock", gated.read("dvc.lock") + "# more\n")
    gated.commit("something else")
    return gated


def test_a_trained_model_is_shown_with_its_weights_export_and_evidence(made, cli):
    first, second = (
        made.git("log", "-1", f"--format=%h {form}", "--abbrev=10", f":/{title}").strip()
        for title, form in (("first", "%cs"), ("second", "%cs %an: %s"))
    )
    made.write(WEIGHTS, "second")
    done = cli("show", "digits").stdout.splitlines()
    old = md5(WEIGHTS), made.exported("digits")
    made.holds = {}
    export = made.digest(EXPORT)
    made.holds = {EXPORT: "second"}

    assert old[0] != md5("second")
    assert done == [
        "digits v1.1.0",
        "  asked for       v1.1.0 (models.yaml:4)",
        f"  trained weights {WEIGHTS} (in place)",
        f"  md5             {md5('second')}",
        f"  since           {second}",
        f"  export          {EXPORT} (not here)",
        f"  md5             {made.digest(EXPORT)}",
        f"  since           {second}",
        "  evidence        pass (reports/digits/verify.json)",
        "  image           paddlepaddle/paddle:3.3.1",
        f"  digest          {IMAGE_DIGEST}",
        "  inputs          x float32[?,4]",
        "  outputs         y float32[?,3]",
        "  owner           us@team.example",
        "  docs            docs/digits.md",
        '  meta            {"team": "vision"}',
        (
            f"  was             v1.0.0 md5:{md5(WEIGHTS)}, export md5:{export} on main (commit "
            f"{first[:7]} of {first[11:]})"
        ),
    ]


def test_a_version_that_was_only_raised_stands_for_its_bytes_since_then(made):
    made.models(MODELS.replace("v1.0.0", "v1.2.0"))
    commit = made.commit("raise")
    shown = paddledvc.show(made.project, "digits")

    assert [one.since.name for one in shown.parts] == [commit, commit]
    assert [(one.version, one.weights) for one in shown.earlier] == [
        ("v1.0.0", f"md5:{md5(WEIGHTS)}"),
        ("v1.1.0", f"md5:{md5('second')}"),
    ]
    made.holds[WEIGHTS] = "third"
    made.build()
    assert paddledvc.show(made.project, "digits").parts[0].since is None


def test_what_a_version_was_is_what_its_own_training_gave(made):
    made.write("train.py", "epochs = 9\n")
    made.models(MODELS.replace("v1.0.0", "v1.2.0"), build=False)
    made.commit("raise")
    made.holds = {WEIGHTS: "third", EXPORT: "third"}
    made.build()
    made.commit("train")
    made.models(MODELS.replace("v1.0.0", "v1.3.0"))
    made.commit("raise again")

    before = paddledvc.show(made.project, "digits").earlier[-1]
    assert (before.version, before.weights) == ("v1.2.0", f"md5:{md5('third')}")
    assert before.export == f"md5:{made.digest(EXPORT)}"


LATENCIES = Latencies(
    median_ms=(("eager", 2.0), ("jit", 0.5)),
    samples_per_second=(("eager", 4000.0), ("jit", 16000.4)),
    peak_mib=(("eager", 305.5),),
    calls=tuple(
        CallTime(path=path, batch=batch, median_ms=1.0, p95_ms=1.0)
        for path in ("eager", "jit")
        for batch in (1, 8)
    ),
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            LATENCIES.to_json(),
            [
                "  latency         eager 2 ms at batch 8, 4,000 samples/s, 306 MiB",
                "                  jit 0.5 ms at batch 8, 16,000 samples/s",
            ],
            id="measured",
        ),
        pytest.param("{", [], id="no JSON"),
        pytest.param('{"median_ms": {"jit": 0.5}}', ["  latency         jit 0.5 ms"], id="little"),
    ],
)
def test_what_calls_of_the_export_take_is_shown(made, cli, text, lines):
    made.write("reports/digits/latency.json", text)

    shown = cli("show", "digits").stdout.splitlines()

    at = shown.index("  evidence        pass (reports/digits/verify.json)") + 1
    assert shown[at : at + len(lines)] == lines
    assert shown[at + len(lines)] == "  image           paddlepaddle/paddle:3.3.1"


def test_what_calls_of_another_export_took_is_not_shown(made):
    made.write("reports/digits/latency.json", LATENCIES.to_json())
    assert paddledvc.show(made.project, "digits").latencies == LATENCIES
    made.edit("reports/digits/verify.json", md5("second"), "0" * 32)

    assert paddledvc.show(made.project, "digits").latencies is None


CAVEAT = '{"kind": "nothing-shown", "text": "x"}'


@pytest.mark.parametrize(
    ("spoil", "evidence"),
    [
        ((), "pass"),
        (('verdict": "pass"', 'verdict": "fail"'), "fail"),
        (('passed": true', 'passed": false'), "invalid"),
        (('"runtime"', f'"caveats": [{CAVEAT}], "runtime"'), "shows nothing"),
        ((md5("second"), "0" * 32), "of other bytes"),
        (("{", "["), "invalid"),
        (None, "missing"),
    ],
)  # fmt: skip
def test_evidence_is_what_the_report_says_of_these_very_bytes(made, spoil, evidence):
    report = "reports/digits/verify.json"
    if spoil is None:
        (made.root / report).unlink()
    elif spoil:
        made.edit(report, *spoil)

    assert paddledvc.show(made.project, "digits").evidence == evidence
    [row] = paddledvc.list_models(made.project)
    assert row.evidence == evidence


def test_trained_models_are_listed_like_others(made, cli):
    lines = cli("list").stdout.splitlines()
    [row] = json.loads(cli("list", "--format", "json").stdout)
    made.write(WEIGHTS, "second")

    assert lines == [
        "name    requires    locked    source    size    weights    evidence    state",
        "digits  v1.1.0      v1.1.0    -         -       missing    pass        locked",
    ]
    assert (row["path"], row["md5"], row["present"]) == (WEIGHTS, md5("second"), False)
    assert (row["image"], row["owner"]) == ("paddlepaddle/paddle:3.3.1", "us@team.example")
    assert (row["docs"], row["meta"]) == ("docs/digits.md", {"team": "vision"})
    assert [one["name"] for one in (*row["inputs"], *row["outputs"])] == ["x", "y"]
    assert (row["export"]["path"], row["export"]["what"]) == (EXPORT, "export")
    assert paddledvc.list_models(made.project)[0].weights == "in place"
    (made.root / "dvc.lock").unlink()
    assert cli("show", "digits").stdout.splitlines()[2] == (
        f"  trained weights {WEIGHTS} (not built yet; run `dvc repro train-digits`)"
    )


def test_what_was_before_is_told_by_tags_too(made):
    made.git("tag", "v1", ":/first")
    made.git("checkout", "--quiet", "--orphan", "fresh")
    made.commit("anew")

    [before] = paddledvc.show(made.project, "digits").earlier
    assert (before.version, before.where) == ("v1.0.0", "the tag v1")


def record_of(digest):
    return Record(
        model="digits",
        version="v1.1.0",
        weights=Hashed(path=WEIGHTS, hashes=Hashes(md5=digest, size=6)),
        commit="1a2b3c4d5e6f" + "0" * 28,
        dirty=True,
        params={"lr": 0.1},
        datasets={"mnist": Dataset(path="data/mnist", md5="0" * 32 + ".dir")},
        environment={"OMP_NUM_THREADS": "2"},
        paddle="3.3.1",
        python="3.11.7",
        paddledvc="0.1.0",
        began="2026-11-30T03:00:00Z",
        seconds=12.3,
    ).to_json()


def test_what_made_trained_weights_is_shown_from_their_record(made, cli):
    made.write(record_path(made.project.registry().model("digits")), record_of(md5("second")))

    lines = cli("show", "digits").stdout.splitlines()

    at = next(index for index, line in enumerate(lines) if line.startswith("  trained  "))
    assert [line.strip().split(maxsplit=1) for line in lines[at : at + 6]] == [
        ["trained", "2026-11-30T03:00:00Z, in 12 s"],
        ["at", "commit       1a2b3c4d5e with changes"],
        ["with", "Paddle 3.3.1, Python 3.11.7, cpu"],
        ["param", "lr 0.1"],
        ["dataset", f"mnist data/mnist {'0' * 32}.dir"],
        ["variable", "OMP_NUM_THREADS=2"],
    ]
    trained = json.loads(cli("show", "digits", "--format", "json").stdout)["trained"]
    assert (trained["weights"]["hashes"]["md5"], trained["params"]) == (md5("second"), {"lr": 0.1})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (record_of("a1" * 16), f"is of other bytes (md5:{'a1' * 16})"),
        ("<<<<<<< HEAD", "is not JSON: Expecting value in line 1"),
        ("\udcff", "is not JSON: Expecting value in line 1"),
        ("{}", "is no record of `paddledvc train`"),
    ],
    ids=["of other bytes", "torn", "not UTF-8", "of nothing"],
)
def test_a_record_that_counts_for_nothing_is_named_and_not_shown(made, cli, text, why):
    path = made.root / record_path(made.project.registry().model("digits"))
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogateescape"))

    lines = [line for line in cli("show", "digits").stdout.splitlines() if "record" in line]

    assert lines == [f"  trained         the record {why}"]
    shown = json.loads(cli("show", "digits", "--format", "json").stdout)
    assert (shown["trained"], shown["unrecorded"]) == (None, f"the record {why}")


def test_a_record_is_not_asked_for_where_nothing_is_trained(made, cli):
    made.write(record_path(made.project.registry().model("digits")), record_of("a1" * 16))
    made.edit("models.yaml", "    train: {command: python train.py, deps: [train.py]}\n", "")

    assert "record" not in cli("show", "digits").stdout


def test_a_report_that_is_not_utf8_is_invalid_evidence(made, cli):
    (made.root / "reports/digits/verify.json").write_bytes(b"\xff")

    assert "  evidence        invalid (reports/digits/verify.json)" in cli("show", "digits").stdout
    assert cli("list").stdout.splitlines()[1].split()[-2:] == ["invalid", "locked"]


@pytest.mark.parametrize(
    "stated", ["[{name: z}]", "[{name: z, shape: [null, 3]}]", "[{name: z, dtype: float32}]"]
)
def test_what_is_not_stated_of_an_output_is_as_the_program_has_it(made, stated):
    made.edit("models.yaml", "[{name: y, shape: [null, 3], dtype: float32}]", stated)

    [row] = paddledvc.list_models(made.project)
    assert row.outputs == (Output(name="z", shape=(None, 3), dtype="float32"),)


def test_a_report_of_other_bytes_does_not_say_what_the_program_gives(made):
    made.edit("models.yaml", "    outputs: [{name: y, shape: [null, 3], dtype: float32}]\n", "")
    [row] = paddledvc.list_models(made.project)
    assert row.outputs == (Output(name="y", shape=(None, 3), dtype="float32"),)

    made.edit("dvc.lock", made.digest(EXPORT), "0" * 30 + "ab.dir", 2)
    [row] = paddledvc.list_models(made.project)
    assert (row.evidence, row.outputs) == ("of other bytes", ())


def test_a_shallow_clone_does_not_claim_to_know_since_when(made, cli):
    root = made.root.parent / "shallow"
    command = ["git", "clone", "--quiet", "--depth=1", f"file://{made.root}", str(root)]
    subprocess.run(command, check=True)
    lines = cli("-C", str(root), "show", "digits").stdout.splitlines()
    since = [line for line in lines if line.startswith("  since")]

    assert [line.partition(": ")[2] for line in since] == [
        "something else, or earlier, as this clone is shallow"
    ] * 2


def test_stated_datasets_are_shown_where_no_record_tells_of_them(made, cli):
    made.write("data/mnist/a", "")
    made.edit("models.yaml", "deps: [train.py]", "datasets: {mnist: data/mnist}")
    shown = ["  dataset         mnist data/mnist"]
    record = record_path(made.project.registry().model("digits"))

    def datasets():
        return [line for line in cli("show", "digits").stdout.splitlines() if "dataset" in line]

    assert datasets() == shown
    made.write(record, record_of("a1" * 16))
    assert datasets() == shown
    made.write(record, record_of(md5("second")))
    assert datasets() == [f"{shown[0]} {'0' * 32}.dir"]


@pytest.mark.parametrize(
    ("environment", "lines", "paddle"),
    [
        (
            "{image: team/serving:1.4, paddle: 3.2.0}",
            ["image           team/serving:1.4", "has Paddle      3.2.0"],
            "3.2.0",
        ),
        ("{paddle: 3.2.0}", ["has Paddle      3.2.0"], "3.2.0"),
        ("paddle:3.3.1", ["image           paddle:3.3.1"], "3.3.1"),
        ("team/serving:1.4", ["image           team/serving:1.4"], None),
    ],
)
def test_the_paddle_of_an_image_is_shown_where_its_tag_does_not_name_it(
    made, cli, environment, lines, paddle
):
    made.edit("models.yaml", "paddlepaddle/paddle:3.3.1", environment)
    done = [line.strip() for line in cli("show", "digits").stdout.splitlines()]

    assert [line for line in done if line.startswith(("image", "has Paddle"))] == lines
    assert json.loads(cli("show", "digits", "--format", "json").stdout)["paddle"] == paddle
