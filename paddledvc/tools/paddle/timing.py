"""How long a call takes."""

from __future__ import annotations

import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

from paddledvc.core.jobs import Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CALLS = 20
"""Calls that are timed at most, for each batch size."""
BUDGET = 2.0
"""Seconds after which timing one batch size stops."""
WARM_UP = 2


def latency(call: Callable[[int], object], batches: Sequence[int]) -> tuple[Latency, ...]:
    """Time calls, once for each different batch size.

    Args:
        call: runs the call of a number; returns when its outputs are there.
        batches: number of samples of each call.
    """
    return tuple(_measure(call, batches.index(batch), batch) for batch in sorted(set(batches)))


def _measure(call: Callable[[int], object], number: int, batch: int) -> Latency:
    for _ in range(WARM_UP):
        call(number)
    times: list[float] = []
    end = time.perf_counter() + BUDGET
    while len(times) < CALLS and (not times or time.perf_counter() < end):
        start = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - start) * 1000)
    parts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    return Latency(
        batch=batch,
        median_ms=round(median(times), 3),
        p95_ms=round(parts[18], 3),
        calls=len(times),
        fastest_ms=round(min(times), 3),
        q1_ms=round(parts[4], 3),
        q3_ms=round(parts[14], 3),
    )
