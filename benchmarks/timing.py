"""Medians, printed side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Timed = tuple[str, Callable[[], object]]


def compare(title: str, alternatives: list[Timed], *, runs: int = 3) -> None:
    """Run every alternative in turn, several times, and print the medians and their ratio."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in alternatives}
    for _ in range(runs):
        for name, call in alternatives:
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    first = next(iter(medians.values()))
    print(f"\n{title} (median of {runs})")
    width = max(map(len, medians))
    for name, median in medians.items():
        print(f"  {name:<{width}}  {median:8.3f} s  {median / first:6.2f} x")
