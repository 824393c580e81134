"""What ``make test-gpu`` says, here of paths that are made up, and of one network as it is here."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from paddledvc.verification.core.verify_report import PathReport
from tests.gpu.sweep import CASES, Case, draw, row, run

CONV, SMALL = Case("Conv", "json", "float32"), Case("Small", "pdmodel", "float32")


def agreeing(error):
    agreement = SimpleNamespace(agrees=error < 1e-4, scaled_error=error, problems=(), outputs=())
    runtime = SimpleNamespace(device="gpu (H100)")
    return {"agreement": agreement, "runtime": runtime}


def path(name, **found):
    return PathReport(path=name, gate="device", tolerance=1e-4, **found)


NOTHING = "TensorRT takes no part of the program that has 3 operators or more; what ran is relu"


def test_the_table_says_what_ran_what_was_skipped_and_what_is_wrong():
    rows = [
        row(CONV, path("gpu", **agreeing(2.5e-6))),
        row(CONV, path("tensorrt", failure="no TensorRT", missing=True, skipped=True)),
        row(SMALL, path("gpu", failure="no TensorRT")),
        row(SMALL, path("tensorrt", failure=NOTHING)),
        row(CONV, path("tensorrt", failure=NOTHING)),
        row(SMALL, path("tensorrt", **agreeing(0.0))),
    ]

    assert list(draw(rows)) == [
        "| network | program | precision | path | result | scaled error of tolerance |",
        "|---|---|---|---|---|---|",
        "| Conv | json | float32 | gpu | pass | 2.5e-06 of 0.0001 |",
        "| Conv | json | float32 | tensorrt | skipped (1) |  |",
        "| Small | pdmodel | float32 | gpu | fail, which is wrong (1) |  |",
        "| Small | pdmodel | float32 | tensorrt | refused (2) |  |",
        "| Conv | json | float32 | tensorrt | refused, which is wrong (2) |  |",
        "| Small | pdmodel | float32 | tensorrt | pass, which is wrong | 0 of 0.0001 |",
        "(1) no TensorRT",
        f"(2) {NOTHING}",
        "5 of 6 ran on gpu (H100), 1 were skipped, 3 are wrong",
    ]


@pytest.mark.thorough
def test_what_runs_here_agrees_and_the_rest_is_skipped_with_a_reason(tmp_path):
    rows = list(run(CASES[0], tmp_path / "conv"))

    assert [one.path for one in rows] == ["gpu", "tensorrt"]
    assert all(one.right and (one.numbers or one.reason) for one in rows)
