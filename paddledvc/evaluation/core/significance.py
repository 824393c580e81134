"""What a number of samples can show: exact tests of pairs, intervals, the least drop seen.

Two models that are measured on the same samples are compared sample by sample: what both have
right, or both wrong, tells nothing of which is better. McNemar, Note on the sampling error of the
difference between correlated proportions or percentages, Psychometrika 12 (1947).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNIFICANT = 0.05
"""Below it, a drop is taken for proven."""
DISCORDANT = 0.03
"""Share of samples that one model of two has right, where nothing is known of them."""
RESAMPLES = 1_999
_Z95 = 1.959963984540054
_Z90 = 1.6448536269514722
_NOTHING = 1e-17
"""Share that a term of a sum may be and not change it."""
_STEP = 1.02
_DRAWN = 1 << 16
"""Numbers drawn at a time: they fit into the processor's caches."""


def mcnemar_p(lost: int, won: int) -> float:
    """Tell how often two equally good models differ by so many samples, or more: one-sided, exact.

    Args:
        lost: samples that only the model before had right.
        won: samples that only the new one has right.

    >>> mcnemar_p(5, 0), round(mcnemar_p(12, 3), 4)
    (0.03125, 0.0176)
    """
    if not lost:
        return 1.0
    count = lost + won
    half = count * math.log(2)
    whole = math.lgamma(count + 1)
    found = 0.0
    for heads in range(lost, count + 1):
        term = math.exp(whole - math.lgamma(heads + 1) - math.lgamma(count - heads + 1) - half)
        found += term
        if 2 * heads > count and term <= found * _NOTHING:
            break  # the terms only shrink from here
    return min(1.0, found)


def bootstrap_p(before: Sequence[float], now: Sequence[float], *, seed: int = 0) -> float:
    """Tell how often two equally good models differ by so much, or more: one-sided.

    The differences of the pairs, moved so that their mean is 0, are drawn again and again.

    Args:
        before: the score of every sample, more is better.
        now: the same of the new model, in the same order.
        seed: of the draws.

    >>> bootstrap_p([0.9, 0.8, 0.9, 0.7] * 20, [0.5, 0.5, 0.4, 0.6] * 20) < 0.001
    True
    """
    import numpy as np  # noqa: PLC0415 - only where scores are no outcomes

    losses = np.asarray(before, dtype=np.float64) - np.asarray(now, dtype=np.float64)
    mean = losses.mean()
    if mean <= 0 or not losses.size:
        return 1.0
    centred, draws = losses - mean, np.random.default_rng(seed)
    reached, rows = 0, max(1, _DRAWN // losses.size)
    for first in range(0, RESAMPLES, rows):
        size = (min(rows, RESAMPLES - first), losses.size)
        means = centred[draws.integers(0, losses.size, size)].mean(axis=1)
        reached += int((means >= mean).sum())
    return float((reached + 1) / (RESAMPLES + 1))


def share_interval(right: int, samples: int) -> tuple[float, float]:
    """Give the 95 % interval of a share of samples, by Wilson's formula.

    >>> low, high = share_interval(498, 510)
    >>> round(low, 3), round(high, 3)
    (0.959, 0.986)
    """
    if not samples:
        return 0.0, 1.0
    share, spread = right / samples, _Z95**2 / samples
    middle = (share + spread / 2) / (1 + spread)
    half = _Z95 / (1 + spread) * math.sqrt(share * (1 - share) / samples + spread / samples / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_interval(mean: float, deviation: float, samples: int) -> tuple[float, float]:
    """Give the 95 % interval of a mean of samples.

    >>> low, high = mean_interval(0.5, 0.1, 100)
    >>> round(low, 3), round(high, 3)
    (0.48, 0.52)
    """
    half = _Z95 * deviation / math.sqrt(samples) if samples else math.inf
    return mean - half, mean + half


def smallest_drop(samples: int, discordant: float = DISCORDANT) -> float | None:
    """Tell the smallest drop of a share that so many samples can prove; None if they prove none.

    Args:
        samples: how many there are.
        discordant: the share of them of which one of the two models has the right answer.

    >>> [smallest_drop(count) for count in (100, 510, 2000, 10_000)]
    [None, 0.01764705882352941, 0.007, 0.003]
    """
    differing = round(samples * discordant)
    for lost in range((differing + 1) // 2, differing + 1):
        if mcnemar_p(lost, differing - lost) < SIGNIFICANT:
            return (2 * lost - differing) / samples
    return None


def samples_to_prove(lost: int, won: int, samples: int) -> int | None:
    """Tell how many samples would prove a drop, were they to differ as these do; None if none.

    >>> samples_to_prove(8, 3, 510)
    743
    """
    if lost <= won:
        return None
    # The normal distribution asks for fewer than the exact test does, but for what rounding to
    # whole samples does to the difference: two at most.
    needed = _Z90**2 * (lost + won) / (lost - won) ** 2
    difference = needed * (lost - won)
    enough = needed * difference / (difference + 2)
    more = _STEP ** max(0, math.floor(math.log(enough, _STEP)))
    while mcnemar_p(round(lost * more), round(won * more)) >= SIGNIFICANT:
        more *= _STEP
    return math.ceil(samples * more)
