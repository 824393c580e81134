"""The tables of docs/evaluate.md are what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from paddledvc.evaluation.core.significance import SIGNIFICANT, mcnemar_p, smallest_drop

PAGE = (Path(__file__).parents[2] / "docs/evaluate.md").read_text(encoding="utf-8")
RUNS = 2_000


def rows(head):
    table = PAGE.partition(head)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in table]


def number(text):
    return float(re.match(r"[\d.,]+", text)[0].replace(",", ""))


def test_the_smallest_drop_that_samples_prove_is_what_the_page_says():
    for samples, *cells in rows("| samples | 1 % differ | 3 % differ | 10 % differ |"):
        for share, cell in zip((0.01, 0.03, 0.1), cells, strict=True):
            drop = smallest_drop(int(number(samples)), share)
            assert cell == ("none" if drop is None else f"{100 * drop:.2f} points")


@pytest.mark.slow
def test_changes_fail_as_often_as_the_page_says():
    rng = np.random.default_rng(1)
    for samples, *cells in rows("| samples | equal models: `warn`"):
        count = int(number(samples))
        for (drop, noise), cell in zip(
            [(0.0, "warn"), (0.0, "fail"), (0.02, "warn"), (0.02, "fail"), (0.05, "warn")],
            cells,
            strict=True,
        ):
            differing = max(0.03, drop)
            lost = rng.binomial(count, (differing + drop) / 2, RUNS).tolist()
            won = rng.binomial(count, (differing - drop) / 2, RUNS).tolist()
            failed = sum(
                (one - other) / count > 0.01
                and (noise == "fail" or mcnemar_p(one, other) < SIGNIFICANT)
                for one, other in zip(lost, won, strict=True)
            )
            assert 100 * failed / RUNS == pytest.approx(number(cell), abs=4)
