"""Latency is taken from the calls that happen anyway."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from paddledvc.tools.paddle.running import timing

if TYPE_CHECKING:
    import pytest


class Runner:
    """Runs calls that each take what is said, by a clock of its own."""

    def __init__(self, *seconds: float) -> None:
        self.seconds, self.now, self.calls = list(seconds), 0.0, 0

    def __call__(self, _):
        self.now += self.seconds[min(self.calls, len(self.seconds) - 1)]
        self.calls += 1


def case(batch: int):
    return {"x": np.zeros((batch, 4))}


def measured(runner: Runner, monkeypatch: pytest.MonkeyPatch, *batches: int):
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: runner.now))
    watch = timing.Stopwatch(runner)
    cases = [case(batch) for batch in batches]
    for one in cases:
        watch(one)
    return watch.latency(cases)


def test_the_first_call_of_a_batch_size_prepares_the_others_and_does_not_count(monkeypatch):
    (latency,) = measured(Runner(9.0, 0.3, 0.5), monkeypatch, 8, 8, 8)

    assert (latency.batch, latency.calls) == (8, 2)
    assert (latency.fastest_ms, latency.median_ms) == (300.0, 400.0)


def test_no_call_is_added_where_half_a_second_of_them_was_run_anyway(monkeypatch):
    runner = Runner(0.25)
    (latency,) = measured(runner, monkeypatch, 8, 8, 8)

    assert (latency.calls, runner.calls) == (2, 3)


def test_quick_calls_are_added_until_there_are_twenty(monkeypatch):
    runner = Runner(0.001)
    (latency,) = measured(runner, monkeypatch, 1)

    assert (latency.calls, runner.calls, latency.median_ms) == (20, 21, 1.0)


def test_slow_calls_are_added_for_half_a_second(monkeypatch):
    runner = Runner(0.125)
    (latency,) = measured(runner, monkeypatch, 1)

    assert (latency.calls, runner.calls) == (4, 5)


def test_each_batch_size_has_its_own_times(monkeypatch):
    one, eight = measured(Runner(1.0, 1.0, 0.75, 3.0), monkeypatch, 8, 1, 1, 8)

    assert (one.batch, one.calls, one.median_ms) == (1, 1, 750.0)
    assert (eight.batch, eight.calls, eight.median_ms) == (8, 1, 3000.0)
