"""How long a call takes."""

from __future__ import annotations

import resource
import sys
import time
from collections import defaultdict
from statistics import median, quantiles
from typing import TYPE_CHECKING, Generic, TypeVar

from paddledvc.comparison.samples import count_samples
from paddledvc.tools.paddle.core.jobs import Cost, Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.comparison.samples import Case

Result = TypeVar("Result")
CALLS = 20
"""Calls of a batch size for whose sake none is added."""
BUDGET = 0.5
"""Seconds of calls of a batch size after which none is added."""


class Costs:
    """The seconds of each part of the work, and the memory that it took."""

    def __init__(self) -> None:
        """Start with the first part."""
        self._since = time.perf_counter()
        self._seconds: list[tuple[str, float]] = []

    def done(self, part: str) -> None:
        """End a part of the work, and start the next one."""
        now = time.perf_counter()
        self._seconds.append((part, round(now - self._since, 3)))
        self._since = now

    def cost(self) -> Cost:
        """Sum up what this process took so far."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        scale = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
        return Cost(peak_mib=round(peak / scale, 1), seconds=tuple(self._seconds))


class Stopwatch(Generic[Result]):
    """What runs calls, timed at every call that happens anyway."""

    def __init__(self, run: Callable[[Case], Result]) -> None:
        """Time what runs a call and returns when its outputs are there."""
        self._run = run
        self._times: dict[int, list[float]] = defaultdict(list)

    def __call__(self, case: Case) -> Result:
        """Run a call."""
        start = time.perf_counter()
        result = self._run(case)
        self._times[count_samples(case)].append(time.perf_counter() - start)
        return result

    def latency(self, cases: Sequence[Case]) -> tuple[Latency, ...]:
        """Sum up the times of each batch size of the cases, after further calls where few are.

        The first call of each batch size is left out: it prepares what the others find prepared.
        """
        firsts = {count_samples(case): case for case in reversed(cases)}
        return tuple(self._sum_up(batch, firsts[batch]) for batch in sorted(firsts))

    def _sum_up(self, batch: int, case: Case) -> Latency:
        while len(self._warm(batch)) < CALLS and sum(self._warm(batch)) < BUDGET:
            self(case)
        times = [second * 1000 for second in self._warm(batch)]
        # Nineteen cuts: the one at index n is of 5 (n + 1) percent.
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

    def _warm(self, batch: int) -> list[float]:
        return self._times[batch][1:]
