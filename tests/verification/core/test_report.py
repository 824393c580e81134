from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import jsonschema
import pytest

from paddledvc import schemas
from paddledvc.comparison.agreement import Agreement, OutputAgreement, SampleError
from paddledvc.comparison.caveats import Caveat
from paddledvc.comparison.other_measures import Closeness, Ranking
from paddledvc.comparison.untaken_branches import Branch
from paddledvc.hashes import Hashes
from paddledvc.models.model import Output
from paddledvc.models.verify_settings import Engine, OutputTolerance, Tolerance
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.paddle.core.jobs import Cost, Diagnosis, Latency, Runtime, Wide
from paddledvc.verification.core.verify_report import PathReport, VerifyReport, round_reported_error

RUNTIME = Runtime(paddle="3.2.0", commit="abc", device="cpu", flags=(("FLAGS_x", "1"),))


def a_latency(**fields):
    return Latency(calls=10, fastest_ms=0.25, q1_ms=0.5, q3_ms=0.625, **fields)


LATENCY = (
    a_latency(batch=1, median_ms=0.5, p95_ms=0.75),
    a_latency(batch=8, median_ms=2.5, p95_ms=3.0),
)


def an_agreement(*errors, tolerance=1e-5, problems=()):
    worst = max(errors, default=0.0)
    return Agreement(
        tolerance=tolerance,
        problems=problems,
        outputs=(
            OutputAgreement(
                name="y",
                scaled_error=worst,
                closeness=Closeness(absolute_error=worst, ulps=3),
                ranking=Ranking(top1_changed=0, top5_changed=0, margin=0.25),
            ),
        ),
        samples=tuple(
            SampleError(case=0, sample=number, output="y", scaled_error=error)
            for number, error in enumerate(errors)
        ),
    )


def a_path(*errors, **fields):
    path = PathReport(
        path="jit",
        gate="program",
        tolerance=1e-5,
        agreement=an_agreement(*errors),
        latency=LATENCY,
        runtime=RUNTIME,
    )
    return replace(path, **fields)


def a_report(*paths, **fields):
    report = VerifyReport(
        model="a",
        version="v1",
        repeatable=True,
        starts=(0, 1),
        batches=(1, 8),
        paths=paths,
        files=(Hashed(path="a.pdparams", hashes=Hashes(sha256="0" * 64, size=3)),),
        samples_sha256="1" * 64,
        engine=Engine(),
        runtime=RUNTIME,
        latency=LATENCY,
        cost=Cost(peak_mib=512.5, seconds=(("import", 1.5), ("calls", 0.25))),
        outputs=(Output(name="y", shape=(None, 2), dtype="float32"), Output(name="z")),
    )
    return replace(report, **fields)


LITTLE = (Caveat(kind="nothing-shown", text="the samples show nothing: every output is zero"),)
NOT_RUN = PathReport(path="gpu", gate="device", tolerance=1e-4, failure="there is no GPU")


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        pytest.param(a_report(a_path(0.0), a_path(1e-5)), "pass", id="all agree"),
        pytest.param(a_report(a_path(0.0), a_path(1e-4)), "fail", id="one is off"),
        pytest.param(a_report(a_path(0.0), NOT_RUN), "fail", id="one did not run"),
        pytest.param(
            a_report(a_path(0.0), repeatable=False), "not-repeatable", id="not-repeatable"
        ),
        pytest.param(
            a_report(a_path(1.0), repeatable=False), "not-repeatable", id="off and not-repeatable"
        ),
    ],
)
def test_the_verdict_is_pass_only_if_every_path_agrees(report, verdict):
    assert report.verdict == verdict


def test_a_report_without_any_path_proves_nothing():
    assert a_report().verdict != "pass"


def test_a_path_that_did_not_run_says_why():
    assert (NOT_RUN.passed, NOT_RUN.scaled_error, NOT_RUN.findings) == (
        False,
        float("inf"),
        ("there is no GPU",),
    )


def test_findings_name_problems_and_outputs_over_the_tolerance():
    agreement = an_agreement(0.1234567, problems=("z: shape [1], expected [2]",))

    assert a_path(agreement=agreement).findings == (
        "z: shape [1], expected [2]",
        "y: scaled error 0.123 over the tolerance 1e-05",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(0.0, 0.0, id="zero"),
        pytest.param(1.23456e-7, 1.23e-7, id="small"),
        pytest.param(123456.0, 123000.0, id="large"),
        pytest.param(float("inf"), "inf", id="infinite"),
    ],
)
def test_errors_are_rounded_to_three_digits_and_infinity_is_text(error, expected):
    assert round_reported_error(error) == expected


def test_the_report_says_what_was_compared_and_with_what_result():
    report = a_report(a_path(2e-5, 1e-7), replace(NOT_RUN, repeatable=False))

    assert json.loads(report.to_json()) == {
        "verdict": "fail",
        "evidence": [
            {
                "version": 1,
                "scaled_error": {"jit": 2e-5, "gpu": "inf"},
                "tolerance_used": {"jit": 2.0, "gpu": "inf"},
                "samples": 9,
                "model": "a",
                "model_version": "v1",
                "batch_sizes": [1, 8],
                "repeatable": True,
                "batch_error": None,
                "float64_error": None,
                "notes": [
                    "gpu: what paddledvc does for this was not yet run on a GPU by its makers"
                ],
                "branches": [],
                "edge_values": [],
                "outputs": [
                    {"name": "y", "dtype": "float32", "shape": [None, 2]},
                    {"name": "z", "dtype": None, "shape": None},
                ],
                "runtime": {
                    "paddle": "3.2.0",
                    "commit": "abc",
                    "device": "cpu",
                    "flags": {"FLAGS_x": "1"},
                },
                "files": [{"path": "a.pdparams", "md5": None, "sha256": "0" * 64, "size": 3}],
                "samples_sha256": "1" * 64,
                "engine": {
                    "onednn": True,
                    "ir_optim": True,
                    "memory_optim": True,
                    "threads": 1,
                    "precision": "float32",
                },
                "tolerance": {
                    "program": None,
                    "engine": None,
                    "device": None,
                    "reason": "",
                    "outputs": {},
                },
                "paths": [
                    {
                        "path": "jit",
                        "passed": False,
                        "skipped": False,
                        "gate": "program",
                        "tolerance": 1e-5,
                        "repeatable": True,
                        "runtime": {
                            "paddle": "3.2.0",
                            "commit": "abc",
                            "device": "cpu",
                            "flags": {"FLAGS_x": "1"},
                        },
                        "findings": ["y: scaled error 2e-05 over the tolerance 1e-05"],
                        "diagnosis": None,
                        "outputs": [
                            {
                                "name": "y",
                                "scaled_error": 2e-5,
                                "tolerance": 1e-5,
                                "absolute_error": 2e-5,
                                "relative_error": 0.0,
                                "mean_error": 0.0,
                                "cosine_distance": 0.0,
                                "ulps": 3,
                                "top1_changed": 0,
                                "top5_changed": 0,
                                "margin": 0.25,
                            }
                        ],
                    },
                    {
                        "path": "gpu",
                        "passed": False,
                        "skipped": False,
                        "gate": "device",
                        "tolerance": 1e-4,
                        "repeatable": False,
                        "runtime": None,
                        "findings": ["there is no GPU"],
                        "diagnosis": None,
                        "outputs": [],
                    },
                ],
            }
        ],
    }


def test_a_path_that_was_skipped_counts_for_nothing_and_says_why():
    report = a_report(a_path(1e-6), replace(NOT_RUN, skipped=True))
    value = json.loads(report.to_json())

    assert (report.verdict, value["evidence"][0]["scaled_error"]) == ("pass", {"jit": 1e-6})
    assert value["evidence"][0]["paths"][1]["skipped"]
    assert value["evidence"][0]["paths"][1]["findings"] == ["there is no GPU"]
    assert a_report(replace(NOT_RUN, skipped=True)).verdict == "fail"


def test_an_output_with_a_tolerance_of_its_own_is_judged_by_it():
    agreement = replace(an_agreement(2e-5), overrides={"y": 1e-4})
    path = a_path(agreement=agreement)

    assert path.passed
    assert path.tolerance_used == 0.2
    stricter = a_path(agreement=replace(agreement, overrides={"y": 1e-6}))
    assert stricter.findings == ("y: scaled error 2e-05 over the tolerance 1e-06",)


@pytest.mark.parametrize(
    "report",
    [
        a_report(a_path(2e-5, 1e-7), replace(NOT_RUN, repeatable=False)),
        a_report(a_path(0.0, path="onnx"), NOT_RUN, version="", batch_error=float("inf")),
        a_report(
            replace(NOT_RUN, skipped=True),
            float64=Wide(errors=(("y", 1e-7), ("z", float("inf"))), reason=""),
            branches=(Branch(file="n.py", line=1, code="if x:", outcomes=(True,)),),
            warnings=("look",),
            tolerance=Tolerance(
                engine=1e-3, reason="a", outputs={"y": OutputTolerance(device=1, reason="b")}
            ),
        ),
        a_report(
            replace(NOT_RUN, path="export"),
            a_path(
                0.5,
                diagnosis=Diagnosis(
                    sublayer="a", kind="A", scaled_error=float("inf"), cause="", advice=""
                ),
            ),
            edges=("", "nan"),
        ),
        a_report(a_path(0.0), caveats=LITTLE),
    ],
    ids=["fails", "new paths", "notes", "export and diagnosis", "caveats"],
)
def test_a_report_keeps_to_its_published_schema(report):
    schema = json.loads(schemas.schema_text("report"))

    validator = jsonschema.Draft202012Validator(schema)
    assert [*validator.iter_errors(json.loads(report.to_json()))] == []


@pytest.mark.parametrize("change", [{"more": 1}, {"verdict": "good"}, {"evidence": []}])
def test_what_is_no_report_breaks_the_published_schema(change):
    value = json.loads(a_report(a_path(0.0)).to_json()) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, json.loads(schemas.schema_text("report")))


def test_the_same_result_gives_the_same_bytes():
    assert a_report(a_path(1e-6)).to_json() == a_report(a_path(1e-6)).to_json()


def test_the_report_has_no_latency_for_that_differs_at_every_run():
    quick = a_report(a_path(1e-6, latency=()), latency=())

    assert quick.to_json() == a_report(a_path(1e-6)).to_json()


def test_a_report_is_strict_json_even_with_infinities():
    def refuse(constant):
        raise AssertionError(constant)

    text = a_report(a_path(float("inf")), NOT_RUN).to_json()

    (found,) = json.loads(text, parse_constant=refuse)["evidence"]
    assert found["scaled_error"] == {"jit": "inf", "gpu": "inf"}


def test_a_report_keeps_unicode_and_ends_in_a_newline():
    text = a_report(a_path(0.0), model="模型").to_json()

    assert '"模型"' in text
    assert text.endswith("}\n")


def test_latencies_are_the_median_at_the_largest_batch_and_every_call():
    report = json.loads(a_report(a_path(0.0), NOT_RUN).latency_json())

    assert report["median_ms"] == {"eager": 2.5, "jit": 2.5}
    assert report["samples_per_second"] == {"eager": 3200.0, "jit": 3200.0}
    assert report["peak_mib"] == {"eager": 512.5}
    assert report["processes"] == [
        {"path": "eager", "peak_mib": 512.5, "seconds": {"import": 1.5, "calls": 0.25}}
    ]
    assert report["calls"][0] == {
        "path": "eager",
        "batch": 1,
        "median_ms": 0.5,
        "p95_ms": 0.75,
        "calls": 10,
        "fastest_ms": 0.25,
        "q1_ms": 0.5,
        "q3_ms": 0.625,
        "samples_per_second": 2000.0,
    }
    assert [(call["path"], call["batch"]) for call in report["calls"]] == [
        ("eager", 1),
        ("eager", 8),
        ("jit", 1),
        ("jit", 8),
    ]


def test_the_table_has_a_row_a_sample_numbered_over_all_calls():
    agreement = replace(
        an_agreement(0.0),
        samples=(
            SampleError(case=0, sample=0, output="y", scaled_error=0.0),
            SampleError(case=0, sample=0, output="z", scaled_error=1.23456e-6),
            SampleError(case=1, sample=0, output="y", scaled_error=float("inf")),
            SampleError(case=1, sample=1, output="y", scaled_error=0.5),
        ),
    )

    assert a_report(a_path(agreement=agreement), NOT_RUN).to_csv() == (
        "sample,batch,path,output,scaled_error,tolerance\n"
        "0,1,jit,y,0.0,1e-05\n0,1,jit,z,1.23e-06,1e-05\n"
        "1,8,jit,y,inf,1e-05\n2,8,jit,y,0.5,1e-05\n"
    )


def test_the_table_survives_names_with_commas_and_quotes():
    sample = SampleError(case=0, sample=0, output='a,"b"', scaled_error=0.0)
    text = a_report(a_path(agreement=replace(an_agreement(0.0), samples=(sample,)))).to_csv()

    assert list(csv.reader(io.StringIO(text)))[1] == ["0", "1", "jit", 'a,"b"', "0.0", "1e-05"]


def reduced(error):
    path = a_path(error, path="deployed", gate="engine")
    return a_report(a_path(0.0), path, engine=Engine(precision="bfloat16"))


def test_an_engine_that_is_as_exact_as_float32_is_told():
    assert reduced(1e-6).notes == (
        (
            "deployed: no output is off by more than in float32; little or nothing of the network "
            "was computed in bfloat16"
        ),
    )


def test_a_report_without_jit_and_predictor_says_what_was_not_looked_for():
    deployed = a_path(1e-6, path="deployed", gate="engine")
    skipped = a_path(path="jit", agreement=None, skipped=True)

    assert a_report(deployed, skipped).notes == (
        "what is off by less than 1e-05 was not looked for: that takes the path jit or predictor",
    )
    assert a_report(deployed, a_path(0.0)).notes == ()


def test_what_agrees_only_beside_the_noise_of_the_network_is_noted_once():
    judged = replace(an_agreement(1.5e-5), overrides={"y": 4e-5}, noise={"y": 1e-5})
    engine = a_path(agreement=judged, path="deployed", gate="engine")
    programs = [a_path(agreement=judged), a_path(agreement=judged, path="predictor")]
    told = json.loads(a_report(*programs, engine).to_json())["evidence"][0]

    assert told["notes"] == [
        (
            "jit, predictor: y is off by 1.5e-05; a program multiplies by the reciprocal of a "
            "number that the network divides by, and has another kernel for powers: the network "
            "computed so agrees with it"
        ),
        (
            "deployed: y is off by 1.5e-05; that is within its noise: to move inputs and weights "
            "by one unit in the last place moves it by 1e-05"
        ),
    ]
    assert [path["outputs"][0]["noise"] for path in told["paths"]] == [1e-5] * 3


def test_an_engine_that_rounds_to_fewer_bits_needs_no_note():
    assert (reduced(3e-3).notes, a_report(a_path(0.0)).notes) == ((), ())


def test_the_error_of_float32_itself_is_told_by_output():
    report = a_report(float64=Wide(errors=(("y", 1.2345e-7), ("z", float("inf"))), reason=""))
    told = json.loads(report.to_json())["evidence"][0]

    assert (told["float64_error"], told["notes"]) == ({"y": 1.23e-7, "z": "inf"}, [])


def test_a_network_that_does_not_run_in_float64_is_a_note():
    report = a_report(a_path(0.0), float64=Wide(errors=(), reason="it casts"))
    told = json.loads(report.to_json())["evidence"][0]

    assert (report.verdict, told["float64_error"]) == ("pass", {})
    assert told["notes"] == ["no error against float64: it casts"]


def test_what_is_off_at_an_edge_value_is_named_in_findings_report_and_table():
    agreement = an_agreement(0.5)
    edged = replace(
        agreement,
        outputs=tuple(replace(one, edge="nan") for one in agreement.outputs),
        samples=tuple(replace(one, case=1, edge="nan") for one in agreement.samples),
    )
    report = a_report(a_path(agreement=edged), edges=("", "nan"))
    evidence = json.loads(report.to_json())["evidence"][0]

    assert report.paths[0].findings == (
        "y: scaled error 0.5 over the tolerance 1e-05 at edge value nan",
    )
    assert (evidence["edge_values"], evidence["paths"][0]["outputs"][0]["edge"]) == (["nan"], "nan")
    assert report.to_csv().splitlines() == [
        "sample,batch,path,output,scaled_error,edge,tolerance",
        "1,8,jit,y,0.5,nan,1e-05",
    ]


def test_a_pass_that_proves_little_says_so_in_its_verdict_and_keeps_it():
    report = a_report(a_path(0.0), caveats=LITTLE)
    value = json.loads(report.to_json())

    assert report.verdict == value["verdict"] == "pass"
    assert report.conclusion == "agrees, but the samples show nothing: every output is zero"
    assert repr(report).startswith(f"<VerifyReport a v1: {report.conclusion}, 9 samples")
    assert value["evidence"][0]["caveats"] == [{"kind": "nothing-shown", "text": str(LITTLE[0])}]
    assert report.notes == ()


def test_what_makes_a_pass_prove_little_is_a_note_of_a_failure():
    report = a_report(a_path(0.5), caveats=LITTLE)

    assert (report.conclusion, report.notes) == ("fail", (str(LITTLE[0]),))


def test_a_report_without_caveats_is_written_as_before():
    assert "caveats" not in a_report(a_path(0.0)).to_json()
