from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from paddledvc.comparison.agreement import Agreement, OutputAgreement, SampleError
from paddledvc.models.verify_settings import Engine, OutputTolerance, Tolerance, Verify
from paddledvc.tools.paddle.core.jobs import Diagnosis, Runtime
from paddledvc.verification.core.judge_anew import (
    judge_report_anew,
    parse_saved_report,
    render_saved_report,
)
from paddledvc.verification.core.verify_report import JUDGED_ANEW, PathReport, VerifyReport
from tests.verification.core.test_evidence import REPORTS

RUNTIME = Runtime(paddle="3.3.1", commit="a", device="cpu", flags=())


def a_path(error, tolerance=1e-5, **fields):
    sample = SampleError(case=0, sample=0, output="y", scaled_error=error)
    worst = OutputAgreement(name="y", scaled_error=error)
    found = Agreement(tolerance=tolerance, problems=(), outputs=(worst,), samples=(sample,))
    return PathReport(
        path="deployed", gate="engine", tolerance=tolerance, agreement=found, **fields
    )


def a_report(*paths, **fields):
    return VerifyReport(
        model="a",
        version="v1",
        repeatable=fields.pop("repeatable", True),
        starts=(0,),
        batches=(1,),
        paths=paths,
        files=(),
        samples_sha256="1" * 64,
        engine=Engine(),
        runtime=RUNTIME,
        latency=(),
        **fields,
    )


def stating(**tolerance):
    return Verify(paths=("deployed",), tolerance=Tolerance(**tolerance))


@given(REPORTS)
@settings(deadline=None)
def test_a_report_is_saved_with_every_digit(report):
    assert parse_saved_report(render_saved_report(report, "d")) == (report, "d")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"report": {}, "made_of": "d"}', "NaN"])
def test_what_was_not_saved_is_not_read(text):
    assert parse_saved_report(text) is None


def test_an_error_that_other_tolerances_allow_passes_without_a_run():
    diagnosis = Diagnosis(sublayer="a", kind="A", scaled_error=1, cause="", advice="")
    saved = a_report(a_path(1.23456e-5, diagnosis=diagnosis))
    found = judge_report_anew(saved, stating(engine=1.23457e-5, reason="deep"))

    assert (saved.verdict, found.verdict) == ("fail", "pass")
    assert found.notes[0] == JUDGED_ANEW
    assert found.paths[0].diagnosis is None
    assert (found.paths[0].tolerance, found.tolerance.reason) == (1.23457e-5, "deep")


def test_a_tolerance_of_one_output_counts_for_that():
    saved = a_report(a_path(1e-3))
    own = {"y": OutputTolerance(engine=1e-2, reason="a mask")}

    assert judge_report_anew(saved, stating(outputs=own)).verdict == "pass"
    assert judge_report_anew(saved, stating(outputs={**own, "z": own["y"]})) is None


@pytest.mark.parametrize(
    ("saved", "tolerance"),
    [
        (a_report(a_path(1e-6)), {}),
        (a_report(a_path(1e-6)), {"engine": 1e-7}),
        (a_report(a_path(1e-6), repeatable=False), {"engine": 1e-4}),
        (a_report(a_path(1e-6), replace(a_path(0.0), agreement=None)), {"engine": 1e-4}),
        (a_report(a_path(1e-6), replace(a_path(0.0), agreement=None, skipped=True)), {"engine": 1}),
    ],
    ids=["same tolerances", "a failure", "not repeatable", "not run", "skipped"],
)
def test_where_that_says_too_little_everything_runs(saved, tolerance):
    assert judge_report_anew(saved, stating(**tolerance)) is None
