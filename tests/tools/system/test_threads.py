"""Work in several threads ends as one."""

from __future__ import annotations

import subprocess
import sys
import time
from threading import Event, Timer
from typing import TYPE_CHECKING

import pytest

from paddledvc.tools.system import shell
from paddledvc.tools.system.threads import map_in_threads

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
FOREVER = 30.0
"""Seconds that no test waits for."""


@pytest.mark.slow
def test_results_come_in_the_order_of_the_items():
    def slow_first(number: int) -> int:
        time.sleep(0.1 if number == 0 else 0)
        return number * 10

    assert map_in_threads(slow_first, [0, 1, 2], jobs=3) == (0, 10, 20)


@pytest.mark.slow
def test_a_program_that_was_ended_for_nobody_waits_is_no_answer(tmp_path: Path):
    """Else a comparison that somebody stopped would be written down as one that failed."""
    answers: list[object] = []
    started = Event()

    def work(number: int) -> None:
        if number == 0:
            started.wait(FOREVER)
            raise ValueError("no")
        for _ in range(3):
            Timer(0.2, started.set).start()
            answers.append(shell.try_program(SLEEP, cwd=tmp_path))

    with pytest.raises(ValueError, match="no"):
        map_in_threads(work, [0, 1], jobs=2)

    assert answers == []


def test_what_has_not_begun_never_does():
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        map_in_threads(work, range(50), jobs=1)

    assert len(begun) < 50


@pytest.mark.slow
def test_whoever_is_stopped_waits_for_no_server():
    code = (
        "import time, signal, threading, os\n"
        "from paddledvc.tools.system.threads import ask_in_threads, end_soon\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    ask_in_threads(time.sleep, [30] * 9, jobs=2)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True); end_soon(130)\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (130, "stopped\n")
    assert time.monotonic() - began < 10
