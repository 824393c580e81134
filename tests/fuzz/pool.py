"""Processes that feed inputs and tell what became of each; one that hangs or dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from tests.fuzz import bench as benches
from tests.fuzz.bench import LIMIT, PATIENCE, Bench, Verdict
from tests.fuzz.examples import SEPARATOR
from tests.fuzz.formats import Format, list_formats
from tests.fuzz.mutations import spoil

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

STUCK = 2 * PATIENCE * LIMIT
"""Seconds of silence after which a process is taken for one that not even a signal ends."""
SLICE = 100
"""Inputs of one format in a row."""
SAMPLE = 250
"""Of so many inputs, one has its command run in a process of its own."""
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an input."""

    name: str
    number: int
    verdict: Verdict
    seconds: float = 0.0


def make_input(seed: str, one: Format, number: int) -> tuple[bytes, random.Random]:
    """Make an input, and what decides how it is fed; it follows from these alone."""
    rng = random.Random(f"{seed} {one.name} {number}")
    parts = [spoil(rng, one.kind, one.examples) for _ in range(one.parts)]
    if one.parts > 1 and rng.random() < 0.7:  # sides of a merge that are alike but for little
        example = rng.choice(one.examples)
        parts = [example if rng.random() < 0.4 else spoil(rng, one.kind, (example,)) for _ in parts]
    return SEPARATOR.join(parts), rng


def work(pipe: Connection, top: Path, pristine: Path, seed: str) -> None:
    """Feed what the parent names, and tell it what became of each; None when all are through."""
    parent = os.getppid()
    one = Bench(top, pristine)
    benches.isolate(one.home, one.own)
    os.chdir(one.root)
    benches.confine()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # programs that we start print what they like
        os.dup2(null, number)
    formats = {each.name: each for each in list_formats(pristine)}
    while (asked := _hear_parent(pipe, parent)) is not None:
        name, numbers = asked
        for number in numbers:
            if os.getppid() != parent:
                return  # nobody listens
            pipe.send(number)
            data, rng = make_input(seed, formats[name], number)
            one.apart = number % SAMPLE == SAMPLE - 1
            before = time.monotonic()
            verdict = one.judge(partial(formats[name].feed, one, data, rng))
            pipe.send(Told(name, number, verdict, time.monotonic() - before))
        pipe.send(None)


def _hear_parent(pipe: Connection, parent: int) -> Any:
    while not pipe.poll(1):
        if os.getppid() != parent:  # its siblings keep its end of the pipe open
            return None
    return pipe.recv()


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    top: Path
    name: str
    numbers: Sequence[int]
    at: int
    heard: float = field(default_factory=time.monotonic)


class Pool:
    """Feeds inputs.

    Args:
        top: a folder for the benches.
        pristine: the project that each of them copies.
        seed: what all inputs follow from.
        counts: how many inputs each format gets.
    """

    def __init__(self, top: Path, pristine: Path, seed: str, counts: dict[str, int]) -> None:
        self._top, self._pristine, self._seed = top, pristine, seed
        self._busy: dict[Connection, _Worker] = {}
        self._started = 0
        self._todo = deque(
            (name, range(at, min(at + SLICE, count)))
            for at in range(0, max(counts.values()), SLICE)
            for name, count in counts.items()
            if at < count
        )

    def run(self, jobs: int) -> Iterable[Told]:
        """Yield what became of each input."""
        while self._todo or self._busy:
            while self._todo and len(self._busy) < jobs:
                self._start()
            for pipe in wait(list(self._busy), timeout=1):
                yield from self._hear(pipe)  # type: ignore[arg-type]
            for pipe, worker in list(self._busy.items()):
                if time.monotonic() - worker.heard > STUCK:
                    yield self._lose(pipe, "hang that no signal ends")

    def _start(self) -> None:
        self._started += 1
        top = self._top / f"bench{self._started}"
        top.mkdir()
        ours, theirs = FORK.Pipe()
        given = (theirs, top, self._pristine, self._seed)
        process = FORK.Process(target=work, args=given, daemon=True)
        process.start()
        theirs.close()
        name, numbers = self._todo.popleft()
        self._busy[ours] = _Worker(process, top, name, numbers, numbers[0])
        ours.send((name, numbers))

    def _hear(self, pipe: Connection) -> Iterable[Told]:
        worker = self._busy[pipe]
        worker.heard = time.monotonic()
        try:
            told = pipe.recv()
        except (EOFError, OSError):
            yield self._lose(pipe, "its process died")
            return
        if isinstance(told, Told):
            yield told
        elif told is not None:
            worker.at = told
        elif self._todo:
            worker.name, worker.numbers = self._todo.popleft()
            worker.at = worker.numbers[0]
            pipe.send((worker.name, worker.numbers))
        else:
            pipe.send(None)
            self._end(pipe)

    def _lose(self, pipe: Connection, why: str) -> Told:
        worker = self._busy[pipe]
        if left := [one for one in worker.numbers if one > worker.at]:
            self._todo.append((worker.name, left))  # type: ignore[arg-type]
        worker.process.kill()
        self._end(pipe)
        return Told(worker.name, worker.at, Verdict("failed", why))

    def _end(self, pipe: Connection) -> None:
        worker = self._busy.pop(pipe)
        worker.process.join(STUCK)
        if worker.process.is_alive():
            worker.process.kill()
        pipe.close()
        shutil.rmtree(worker.top, ignore_errors=True)
