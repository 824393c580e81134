"""Another try where that may help: how often, and after which waits."""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, TypeVar

from paddledvc.tools.system.network.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)
PAUSES = (0.5, 1.0, 2.0)
"""Seconds between tries to read a source; there is one try more."""
QUESTION_PAUSES = PAUSES[:2]
"""The same for questions, for the answers to which a person waits."""
_NOTICED = 4.0
"""Seconds of silence that need an explanation."""
_Answer = TypeVar("_Answer")


def ask_with_retries(
    ask: Callable[[], _Answer],
    pauses: Sequence[float] = QUESTION_PAUSES,
    *,
    passing: type[Unreadable] = Unreadable,
    timeout: float = math.inf,
    title: str = "",
) -> _Answer:
    """Ask, and again a little later where that may help.

    Args:
        ask: what to call.
        pauses: seconds between two tries, unless the server asks for more.
        passing: what must have happened for another try.
        timeout: seconds after which no further try begins.
        title: what to name where a long wait is explained; none is where it is empty.

    Raises:
        Unreadable: what the last try raised.
    """
    deadline = time.monotonic() + timeout
    for pause in pauses:
        try:
            return ask()
        except passing as error:
            wait = max(pause, error.wait)
            if not error.again or time.monotonic() + wait > deadline:
                raise
        sleep_before_retry(wait, title)
    return ask()


def sleep_before_retry(seconds: float, title: str = "") -> None:
    """Wait before the next try, and explain a long wait where there is a title for it."""
    if title and seconds > _NOTICED:
        logger.warning("%s: waiting %g s, as the server asked", title, seconds)
    time.sleep(seconds)
