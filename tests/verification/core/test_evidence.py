from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddledvc.comparison.agreement import Agreement, OutputAgreement, SampleError
from paddledvc.comparison.caveats import Caveat
from paddledvc.comparison.other_measures import Closeness, Ranking
from paddledvc.comparison.untaken_branches import Branch
from paddledvc.hashes import Hashes
from paddledvc.models.model import Output
from paddledvc.models.verify_settings import Engine, OutputTolerance, Tolerance
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.paddle.core.jobs import Cost, Diagnosis, Latency, Runtime, Wide
from paddledvc.verification.core.evidence import Evidence, Latencies, read_evidence_csv
from paddledvc.verification.core.verify_report import (
    PathReport,
    VerifyReport,
    errors_of_report,
    evidence_of_report,
    latencies_of_report,
)

FILES = (
    Hashed(path="checkpoints/a.pdparams", hashes=Hashes(md5="a" * 32, sha256="b" * 64, size=3)),
    Hashed(path="exports/a/inference.json", hashes=Hashes(md5="c" * 32)),
)


def a_report(*paths, files=FILES, repeatable=True):
    return VerifyReport(
        model="a",
        version="v1",
        repeatable=repeatable,
        starts=(0,),
        batches=(1,),
        paths=paths,
        files=files,
        samples_sha256="1" * 64,
        engine=Engine(),
        runtime=Runtime(paddle="3.3.1", commit="abc", device="cpu", flags=()),
        latency=(),
    ).to_json()


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
COUNT = st.integers(min_value=0, max_value=9)
FROM_1 = st.integers(min_value=1, max_value=9)
FINITE = st.floats(min_value=0, max_value=1e300)
ERROR = FINITE | st.just(float("inf"))
MD5, SHA256 = (st.none() | st.integers(0, 9).map(f"{{:0{size}x}}".format) for size in (32, 64))


def several(strategy, **options):
    return st.lists(strategy, max_size=3, **options).map(tuple)


def pairs(strategy):
    return several(st.tuples(TEXT, strategy), unique_by=lambda one: one[0])


RUNTIMES = st.builds(Runtime, paddle=TEXT, commit=TEXT, device=TEXT, flags=pairs(TEXT))
LATENCIES = several(
    st.builds(
        Latency,
        batch=COUNT,
        median_ms=FINITE,
        p95_ms=FINITE,
        calls=COUNT,
        fastest_ms=FINITE,
        q1_ms=FINITE,
        q3_ms=FINITE,
    )
)
COSTS = st.none() | st.builds(Cost, peak_mib=FINITE, seconds=pairs(FINITE))
OUTPUTS = st.builds(
    OutputAgreement,
    name=TEXT,
    scaled_error=ERROR,
    closeness=st.builds(
        Closeness,
        absolute_error=ERROR,
        relative_error=ERROR,
        mean_error=ERROR,
        cosine_distance=ERROR,
        ulps=st.none() | COUNT,
    ),
    ranking=st.none() | st.builds(Ranking, top1_changed=COUNT, top5_changed=COUNT, margin=ERROR),
    edge=TEXT,
    column=st.none() | COUNT,
)


def measured(agreement):
    """Let the samples be those that the outputs are the worst of."""
    samples = tuple(
        SampleError(case=0, sample=0, output=one.name, scaled_error=one.scaled_error, edge=one.edge)
        for one in agreement.outputs
    )
    return replace(agreement, samples=samples)


AGREEMENTS = st.builds(
    Agreement,
    tolerance=FINITE,
    overrides=st.dictionaries(TEXT, FINITE, max_size=2),
    problems=several(TEXT),
    outputs=several(OUTPUTS),
    samples=st.just(()),
).map(measured)
PATHS = several(
    st.builds(
        PathReport,
        path=st.sampled_from(["export", "jit", "predictor", "deployed", "gpu"]),
        gate=st.sampled_from(["program", "engine", "device"]),
        tolerance=FINITE,
        agreement=st.none() | AGREEMENTS,
        failure=TEXT,
        skipped=st.booleans(),
        repeatable=st.booleans(),
        latency=LATENCIES,
        runtime=st.none() | RUNTIMES,
        cost=COSTS,
        diagnosis=st.none()
        | st.builds(
            Diagnosis, sublayer=TEXT, kind=TEXT, scaled_error=ERROR, cause=TEXT, advice=TEXT
        ),
    ),
    unique_by=lambda one: one.path,
)
HASHED = st.builds(
    Hashed,
    path=TEXT,
    hashes=st.builds(Hashes, md5=MD5, sha256=SHA256, size=st.none() | COUNT),
)
MAYBE = st.none() | FINITE
REPORTS = st.builds(
    VerifyReport,
    model=TEXT,
    version=TEXT,
    repeatable=st.booleans(),
    starts=st.just((0, 1)),
    batches=st.just((1, 8)),
    paths=PATHS,
    files=several(HASHED),
    samples_sha256=st.just("1" * 64),
    engine=st.builds(Engine, onednn=st.booleans(), threads=FROM_1, precision=st.just("bfloat16")),
    runtime=RUNTIMES,
    latency=LATENCIES,
    cost=COSTS,
    batch_error=st.none() | ERROR,
    warnings=several(TEXT),
    tolerance=st.builds(
        Tolerance,
        program=FINITE,
        engine=MAYBE,
        device=MAYBE,
        reason=TEXT,
        outputs=st.dictionaries(
            TEXT,
            st.builds(OutputTolerance, reason=TEXT, program=MAYBE, engine=MAYBE, device=MAYBE),
            max_size=2,
        ),
    ),
    float64=st.none() | st.builds(Wide, errors=pairs(ERROR), reason=TEXT),
    branches=several(
        st.builds(
            Branch, file=TEXT, line=FROM_1, code=TEXT, outcomes=several(st.booleans(), min_size=1)
        )
    ),
    edges=st.just(("", "nan")),
    refused=several(TEXT),
    outputs=several(
        st.builds(
            Output,
            name=TEXT,
            shape=st.none() | several(st.none() | COUNT),
            dtype=st.none() | TEXT,
        )
    ),
    caveats=several(st.builds(Caveat, kind=st.just("nothing-shown"), text=TEXT)),
)


@given(REPORTS)
@settings(deadline=None)
def test_every_report_that_is_written_is_read_back_as_an_equal_value(report):
    text = report.to_json()
    found = Evidence.from_json(text)

    assert found == evidence_of_report(report)
    assert found.to_json() == text
    assert found.passes == (report.verdict == "pass")
    assert Latencies.from_json(report.latency_json()) == latencies_of_report(report)
    assert read_evidence_csv(report.to_csv()) == errors_of_report(report)


def of_the_first_version(text):
    """Leave out of a report what reports had not before the outputs had tolerances."""
    value = json.loads(text)
    late = ("notes", "tolerance", "branches", "edge_values", "outputs", "float64_error", "caveats")
    (details,) = value["evidence"]
    # DVC showed these, too.
    outside = {key: details[key] for key in ("scaled_error", "tolerance_used", "samples")}
    inside = {key: one for key, one in details.items() if key not in (*late, *outside)}
    value |= {**outside, "evidence": [inside]}
    for path in value["evidence"][0]["paths"]:
        del path["skipped"], path["diagnosis"]
        early = ("name", "scaled_error", "absolute_error", "top1_changed")
        path["outputs"] = [{key: one[key] for key in early} for one in path["outputs"]]
    return json.dumps(value)


@given(REPORTS.filter(lambda report: not any(path.skipped for path in report.paths)))
@settings(deadline=None)
def test_a_report_of_an_earlier_version_is_judged_as_it_was(report):
    found, now = (
        Evidence.from_json(of_the_first_version(report.to_json())),
        evidence_of_report(report),
    )

    assert (found.verdict, found.passes, found.failures) == (now.verdict, now.passes, now.failures)
    assert (found.agreeing, found.files, found.paddles) == (now.agreeing, now.files, now.paddles)
    assert (found.scaled_error, found.samples) == (now.scaled_error, now.samples)
    assert (found.outputs, found.notes, found.tolerance) == ((), (), Tolerance())


def test_a_report_is_read_back():
    path = PathReport(path="jit", gate="program", tolerance=1e-7, failure="it crashed")
    found = Evidence.from_json(a_report(path))

    assert (found.verdict, found.passes) == ("fail", False)
    assert found.failures == ("jit: it crashed",)
    assert found.files == FILES
    assert found.hashes("checkpoints/a.pdparams") == FILES[0].hashes
    assert found.hashes("exports/a") is None
    assert found.folder("exports/a") == folder_object_name({"inference.json": "c" * 32})
    assert found.folder("exports") is not None
    assert found.folder("nothing") is None


def test_a_network_that_disagrees_with_itself_does_not_pass():
    found = Evidence.from_json(a_report(repeatable=False))

    assert (found.verdict, found.passes) == ("not-repeatable", False)


def test_a_report_that_compares_nothing_does_not_pass():
    text = a_report(PathReport(path="jit", gate="program", tolerance=1e-7, failure="it crashed"))
    value = json.loads(text)
    value["verdict"], value["evidence"][0]["paths"] = "pass", []
    found = Evidence.from_json(json.dumps(value))

    assert (found.verdict, found.passes) == ("pass", False)
    assert found.failures == ("nothing was compared",)


def test_paths_that_were_skipped_prove_nothing_and_fail_nothing():
    skipped = PathReport(path="gpu", gate="device", tolerance=1e-4, failure="none", skipped=True)
    text = a_report(skipped)
    value = json.loads(text)
    value["verdict"] = "pass"
    value["evidence"][0]["paths"].append({"path": "jit", "passed": True, "findings": []})
    found = Evidence.from_json(json.dumps(value))

    assert (found.passes, found.agreeing) == (True, ("jit",))
    assert json.loads(text)["verdict"] == "fail", "for nothing else was compared"


def test_a_folder_without_all_digests_has_none():
    files = (*FILES, Hashed(path="exports/a/x", hashes=Hashes(sha256="d" * 64)))

    assert Evidence.from_json(a_report(files=files)).folder("exports/a") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not JSON: Expecting value in line 1"),
        ("[" * 100_000, "is JSON of too many lists in lists"),
        ("null", "is no report of `paddledvc verify`"),
        ('{"verdict": "pass"}', "is no report of `paddledvc verify`"),
        (
            a_report().replace('"verdict"', '"vredict"'),
            "line 2, vredict: unknown key",
        ),
        (
            a_report().replace('"samples": 1', '"samples": "<img>"'),
            "samples: found '<img>', exp",
        ),
        (
            a_report().replace('"samples": 1', '"samples": true'),
            "found true, which is true",
        ),
        (a_report().replace('"samples": 1', '"samples": 1.5'), "found 1.5, which is a number; exp"),
        (
            a_report().replace('"batch_sizes": [', '"batch_sizes": ["1",'),
            "batch_sizes.0.: found",
        ),
        (a_report().replace('"flags": {}', '"flags": []'), "flags: found an empty list, expected"),
        (a_report().replace('"device": null', f'"device": 1{"0" * 400}'), "is no report of"),
        (a_report().replace('"size"', '"bytes"'), "files\\[0\\].bytes: unknown key 'bytes'"),
        (
            a_report().replace('"version": 1', '"version": 9'),
            "has the format 9, this paddledvc reads up to 1; upgrade paddledvc",
        ),
        (a_report(files=FILES * 50_000), "is too large: it has"),
        (a_report().replace('"size"', f'"{"x" * (17 << 20)}"'), "is too large: it has"),
    ],
)
def test_what_is_no_report_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        Evidence.from_json(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["inference.json", "inference.pdiparams"], id="export"),
        pytest.param(["b", "a/z", "a.b", "a/y/x", "Z", "ä", "日本", 'q"\\'], id="odd names"),
    ],
)
def test_the_digest_of_a_folder_is_that_of_dvc(tmp_path, names):
    from dvc_data.hashfile.build import build  # noqa: PLC0415 - it takes a second
    from dvc_data.hashfile.db import HashFileDB  # noqa: PLC0415
    from dvc_objects.fs.local import LocalFileSystem  # noqa: PLC0415

    folder = tmp_path / "folder"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    system = LocalFileSystem()
    cache = HashFileDB(system, str(tmp_path / "cache"))
    _, _, tree = build(cache, str(folder), system, "md5")
    digests = {path: info.value for path, _, info in (("/".join(k), m, i) for k, m, i in tree)}

    assert folder_object_name(digests) == tree.hash_info.value
    assert len(digests) == len(names)
