"""How long servers may keep somebody waiting: to their first byte, then by how little they send."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.tools.system.network.errors import no_answer_error

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_RATE = 1000
"""Bytes a second below which nobody waits for the rest."""
LEAST = 0.5
"""Seconds that somebody is given who is asked when all are over."""
TICK = 0.1
"""Seconds between two looks at whether somebody has waited long enough."""
PATIENCE = 20.0
"""Seconds that somebody waits who asked for what servers have."""
VARIABLE = "PADDLEDVC_PATIENCE"
"""The setting for all who ask servers, in seconds."""


class Patience:
    """One wait for all the servers that are asked, one after the other or at once.

    The clock begins with the first question, and again with each answer. Once bytes come, they
    have to come at a least rate, measured over as many seconds: nobody waits for ever for one byte
    in half a second.

    Args:
        seconds: how long, unless the environment says otherwise.
        clock: tells the time in seconds.

    >>> now = [0.0]
    >>> patience = Patience(5, clock=lambda: now[0])
    >>> patience.begin()
    >>> now[0] = 5.5
    >>> patience.exceeded()
    'no answer within 5 s'
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._clock = _setting() or seconds, clock
        self._began: float | None = None
        self._since, self._bytes = 0.0, 0
        self._moving = False
        self._counting = threading.Lock()

    def begin(self) -> None:
        """Start the clock, unless it runs."""
        if self._began is None:
            self._began = self._clock()

    @property
    def left(self) -> float:
        """Seconds until somebody has to have answered."""
        if self._began is None or self._moving:
            return self.seconds
        return max(0.0, self._began + self.seconds - self._clock())

    def share(self, *, last: bool) -> float:
        """Say how many seconds one place gets: half of what is left, unless it is the last."""
        return max(LEAST, self.left if last else self.left / 2)

    def answered(self) -> None:
        """Take note that somebody has answered, if only that there is nothing."""
        self._began = self._clock()

    def rest(self) -> None:
        """Stop the clock until the next question: nobody waits for a server meanwhile."""
        with self._counting:
            self._began, self._moving = None, False

    def moved(self, count: int) -> None:
        """Take note that bytes have come."""
        with self._counting:
            now = self._clock()
            if not self._moving or self._bytes >= LEAST_RATE * self.seconds:
                self._moving, self._since, self._bytes = True, now, 0
            self._bytes += count

    def exceeded(self) -> str | None:
        """Say why nobody should wait any longer; None if one should."""
        if self._began is None:
            return None
        if not self._moving:
            return no_answer_error(self.seconds) if self.left <= 0 else None
        with self._counting:
            waited = self._clock() - self._since
            if waited < self.seconds:
                return None
            if self._bytes >= LEAST_RATE * self.seconds:
                self._since, self._bytes = self._clock(), 0
                return None
            what = "byte" if self._bytes == 1 else "bytes"
            return f"only {self._bytes:,} {what} in {round(waited, 1):g} s"


def usual_patience() -> float:
    """Say how many seconds somebody waits who asked for what servers have."""
    return _setting() or PATIENCE


def _setting() -> float | None:
    said = os.environ.get(VARIABLE, "")
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise InvalidInput(f"{VARIABLE}={said}: expected a number of seconds, such as 20")
    return seconds
