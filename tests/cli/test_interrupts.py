from __future__ import annotations

import signal
import subprocess
import sys

import pytest

WAITING = """\
import signal, threading
from paddledvc.cli import interrupts
interrupts.end_on_signals()
# As of a signal that comes just before the wait: noted, and this thread is not woken.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
lock = threading.Lock()
lock.acquire()
try:
    print("waits", flush=True)
    lock.acquire()
except BaseException as stop:
    print(repr(stop), flush=True)
"""


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, "KeyboardInterrupt()"), (signal.SIGTERM, "SystemExit(143)")],
)
def test_a_signal_ends_a_wait_that_it_did_not_wake(number, raised):
    command = [sys.executable, "-c", WAITING]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout.readline() == "waits\n"
        running.send_signal(number)
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()

    assert said == f"{raised}\n"
