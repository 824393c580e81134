from __future__ import annotations

from dataclasses import replace

from paddledvc.cli.verify_output import echo_report, echo_reports
from paddledvc.comparison.agreement import Agreement
from paddledvc.comparison.caveats import Caveat
from paddledvc.models.verify_settings import Engine
from paddledvc.tools.paddle.core.jobs import Runtime
from paddledvc.verification.core.verify_report import PathReport, VerifyReport
from paddledvc.verification.verify import Verified

AGREED = Agreement(tolerance=1e-7, problems=(), outputs=(), samples=())
REPORT = VerifyReport(
    model="a",
    version="v1",
    repeatable=True,
    starts=(0,),
    batches=(3,),
    paths=(PathReport(path="jit", gate="program", tolerance=1e-7, agreement=AGREED),),
    files=(),
    samples_sha256="1" * 64,
    engine=Engine(),
    runtime=Runtime(paddle="3.3.1", commit="abc", device="cpu", flags=()),
    latency=(),
    caveats=(Caveat(kind="nothing-shown", text="the samples show nothing: every output is zero"),),
)


def test_the_last_line_of_a_pass_says_what_it_is_worth(capsys):
    echo_report(REPORT)

    *_, last = capsys.readouterr().out.splitlines()
    assert last == (
        "a: agrees, but the samples show nothing: every output is zero; 3 samples at batch sizes 3"
    )


def test_of_several_models_those_that_prove_little_are_told(capsys):
    echo_reports(
        [
            Verified(model="a", report=REPORT, error=None),
            Verified(model="b", report=replace(REPORT, caveats=()), error=None),
        ],
        "look here",
    )

    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:3] for line in lines[:2]] == [["pass,", "but"], ["pass", "jit"]]
    assert lines[2:] == [
        "a: agrees, but the samples show nothing: every output is zero",
        "2 of 2 models pass",
    ]
