from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from paddledvc.evaluation.core import significance
from paddledvc.evaluation.core.significance import (
    SIGNIFICANT,
    bootstrap_p,
    mcnemar_p,
    mean_interval,
    samples_to_prove,
    share_interval,
    smallest_drop,
)


def exact(lost, won):
    count = lost + won
    tail = sum(math.comb(count, heads) for heads in range(lost, count + 1))
    return float(Fraction(tail, 2**count))


@pytest.mark.parametrize(
    ("lost", "won"), [(0, 0), (5, 0), (0, 5), (12, 3), (3, 12), (7, 7), (90, 60), (700, 630)]
)
def test_the_test_of_pairs_is_the_exact_binomial(lost, won):
    assert mcnemar_p(lost, won) == pytest.approx(exact(lost, won), rel=1e-9)


def test_a_gain_is_never_proven_to_be_a_drop():
    assert all(mcnemar_p(lost, lost + more) >= 0.5 for lost in range(40) for more in range(40))


def outcomes(rng, samples, drop, discordant=0.03):
    """Draw how many samples each of two models has right alone."""
    lost = won = 0
    for _ in range(samples):
        drawn = rng.random()
        lost += drawn < (discordant + drop) / 2
        won += (discordant + drop) / 2 <= drawn < discordant
    return lost, won


def alarms(drop, tolerance, runs=1000, samples=510):
    rng = random.Random(20261130)
    found = 0
    for _ in range(runs):
        lost, won = outcomes(rng, samples, drop)
        found += (lost - won) / samples > tolerance and mcnemar_p(lost, won) < SIGNIFICANT
    return found / runs


def test_two_equal_models_fail_in_at_most_one_run_of_twenty():
    assert alarms(0.0, 0.01) <= 0.05


def test_a_true_drop_of_two_points_is_caught_on_510_samples():
    assert alarms(0.02, 0.01) >= 0.75


def test_scores_that_are_no_outcomes_are_compared_in_pairs():
    rng = random.Random(1)
    before = [rng.random() for _ in range(400)]
    noise = [rng.gauss(0, 0.05) for _ in before]

    assert bootstrap_p(before, [one + more for one, more in zip(before, noise, strict=True)]) > 0.01
    assert bootstrap_p(before, [one - 0.02 for one in before]) < 0.001
    assert bootstrap_p(before, [one + 0.02 for one in before]) == 1.0
    assert bootstrap_p(before, before) == 1.0


@pytest.mark.slow
def test_equal_scores_alarm_as_seldom_as_is_said():
    rng = random.Random(2)
    found = 0
    for _ in range(200):
        pairs = [(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(60)]
        found += bootstrap_p(*zip(*pairs, strict=True)) < SIGNIFICANT
    assert found / 200 <= 0.09  # 5 %, and three standard deviations of 200 runs


def test_so_many_samples_show_a_drop_of_that_size():
    assert [smallest_drop(count) for count in (100, 510, 2_000, 10_000)] == [
        None,
        pytest.approx(0.0176, abs=1e-4),
        pytest.approx(0.0070, abs=1e-4),
        pytest.approx(0.0030, abs=1e-4),
    ]


def test_so_many_samples_would_prove_a_drop_that_is_not_proven():
    enough = samples_to_prove(9, 5, 510)
    scaled = round(9 * enough / 510), round(5 * enough / 510)

    assert mcnemar_p(9, 5) > SIGNIFICANT
    assert mcnemar_p(*scaled) < SIGNIFICANT
    assert mcnemar_p(scaled[0] - 2, scaled[1]) > SIGNIFICANT


def test_hardly_any_drop_of_many_samples_is_answered_at_once():
    enough = 50_000 * 2.706 * 10_001  # the square of 1.645, for one sample of 10,001
    assert samples_to_prove(5_001, 5_000, 50_000) == pytest.approx(enough, rel=0.01)
    # Where both ways to count could be taken, they agree.
    enough = samples_to_prove(60, 50, 510)
    scale = enough / 510
    assert mcnemar_p(round(60 * scale), round(50 * scale)) == pytest.approx(SIGNIFICANT, abs=0.003)


def test_more_samples_prove_what_is_one_of_many_parts():
    enough = samples_to_prove(9, 5, 510, SIGNIFICANT / 10)
    scaled = round(9 * enough / 510), round(5 * enough / 510)

    assert enough > samples_to_prove(9, 5, 510)
    assert mcnemar_p(*scaled) < SIGNIFICANT / 10 < mcnemar_p(scaled[0] - 3, scaled[1])


def test_intervals_hold_what_they_are_of():
    low, high = share_interval(0, 20)
    assert low == 0.0
    assert 0 < high < 0.2
    low, high = mean_interval(1.0, 0.5, 25)
    assert (round(low, 2), round(high, 2)) == (0.8, 1.2)


@pytest.mark.parametrize(
    ("lost", "won", "samples"),
    [(110, 109, 10_000), (1_001, 1_000, 50_000), (250_001, 250_000, 1_000_000)],
)
def test_samples_that_prove_a_drop_are_told_at_once_however_many(lost, won, samples):
    found = samples_to_prove(lost, won, samples)

    share = (lost - won) / (lost + won)
    assert found / samples * (lost + won) == pytest.approx((1.645 / share) ** 2, rel=0.05)


def test_the_test_of_pairs_takes_no_longer_for_millions():
    assert mcnemar_p(20_000_000, 20_001_000) == pytest.approx(0.563, abs=0.001)
    assert mcnemar_p(1, 40_000_000) == 1.0
    assert mcnemar_p(40_000_000, 1) == 0.0


def test_draws_are_the_same_however_many_are_made_at_a_time(monkeypatch):
    rng = random.Random(1)
    before = [rng.random() for _ in range(300)]
    now = [one - 0.01 + 0.1 * rng.random() for one in before]
    at_once = bootstrap_p(before, now)
    monkeypatch.setattr(significance, "_AT_ONCE", 1)
    assert bootstrap_p(before, now) == at_once
