"""Outputs that models.yaml states, judged by the evidence: no Paddle, and nothing exported."""

from __future__ import annotations

import pytest

from tests.gated import EXPORTED, Gated

REPORT = "reports/resnet50/verify.json"
ADVICE = "state what it gives, or change the network and run `dvc repro`"
STATED = "    outputs:\n      - {name: scores}\n      - {name: boxes, shape: [null, 6]}\n"


@pytest.fixture
def gated(project):
    """A model at the gate whose report has the outputs that models.yaml states."""
    made = Gated(project)
    made.models(EXPORTED + STATED)
    made.commit()
    return made


def findings(gated, branch):
    rule = "evidence-other-outputs"
    return [str(one) for one in gated.check(branch=branch).violations if one.rule == rule]


def test_a_program_with_the_outputs_that_are_stated_passes(gated):
    assert gated.lines() == []


@pytest.mark.parametrize(("branch", "level"), [("main", "error"), ("develop", "warning")])
def test_a_program_with_other_outputs_than_are_stated_is_a_finding_at_its_line(
    gated, branch, level
):
    gated.edit("models.yaml", "shape: [null, 6]", "shape: [null, 6], dtype: int64")
    gated.edit(REPORT, '"dtype": null', '"dtype": "float32"', 2)
    found = findings(gated, branch)

    assert found == [
        (
            f"models.yaml:14:9: {level}[evidence-other-outputs]: resnet50: the exported program "
            f"gives output 2 as float32[?,6], models.yaml states boxes: int64[?,6]; {ADVICE}"
        )
    ]


def test_one_output_more_than_is_stated_is_a_finding(gated):
    gated.edit("models.yaml", "      - {name: scores}\n", "")

    assert findings(gated, "main") == [
        (
            "models.yaml:13:9: error[evidence-other-outputs]: resnet50: the exported program gives "
            f"2 outputs: anything, [?,6], models.yaml states 1: boxes; {ADVICE}"
        )
    ]


def test_a_report_from_before_outputs_were_told_says_nothing_of_them(gated):
    text = gated.read(REPORT)
    start, end = text.index('      "outputs": ['), text.index('      "runtime"')
    gated.write(REPORT, text[:start] + text[end:])

    assert findings(gated, "main") == []
