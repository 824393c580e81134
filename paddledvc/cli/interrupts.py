"""Signals that end this process, whatever it waits for."""

from __future__ import annotations

import os
import signal
import threading
import time

OWN_THREADS = 2
"""The main thread, and the one below."""
PAUSES = (0.05, 0.5)
"""Seconds before each nudge."""


def end_on_signals() -> None:
    """See that SIGINT, SIGTERM and SIGHUP raise an exception in the main thread, and soon.

    Python handles a signal between two steps of the main thread. Where one comes as that thread is
    about to wait for a lock, the wait goes on, until another signal comes (python/cpython#150873).
    So a thread here sees every signal come, and sends the main thread one that does nothing else.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    signal.signal(signal.SIGURG, lambda *_: None)
    come, noted = os.pipe()
    os.set_blocking(noted, False)
    signal.set_wakeup_fd(noted, warn_on_full_buffer=False)
    threading.Thread(target=_nudge, args=(come,), daemon=True).start()


def _stop(number: int, _frame: object) -> None:
    """End by an exception, so that what we have started is ended too."""
    raise SystemExit(128 + number)


def _nudge(come: int) -> None:
    main = threading.main_thread().ident
    assert main is not None
    while numbers := os.read(come, 64):
        if set(numbers) != {signal.SIGURG}:
            for pause in PAUSES:
                time.sleep(pause)
                signal.pthread_kill(main, signal.SIGURG)
