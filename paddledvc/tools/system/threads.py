"""Threads that end when whoever waits for them is stopped, or when the process is to end."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from paddledvc.tools.system import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")
PAUSE = 0.05
"""Seconds between two looks for programs that were started meanwhile."""
GRACE = 1.0
"""Seconds that threads get to end by themselves when the process is to end."""


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int
) -> tuple[Result, ...]:
    """Call a function for every item, several at once.

    Args:
        function: what to call; it may start programs.
        items: what to call it with.
        jobs: calls at once.

    Returns:
        What it returned, in the order of the items.

    Raises:
        BaseException: what the first call raised that raised anything, or whoever stopped us,
            once nothing runs any more.

    >>> map_in_threads(len, ["a", "bcd"], jobs=2)
    (1, 3)
    """
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return tuple(future.result() for future in futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            # A thread may be about to start its next program.
            while not all(future.done() for future in futures):
                shell.end_all_programs()
                time.sleep(PAUSE)
            raise


def ask_in_threads(
    ask: Callable[[Item], Result], items: Iterable[Item], *, jobs: int
) -> tuple[Result, ...]:
    """Ask servers about every item, several at once; whoever stops us waits for none of them.

    Args:
        ask: what to call; nothing that it does may need to be undone.
        items: what to call it with.
        jobs: calls at once.

    Returns:
        What it returned, in the order of the items.

    >>> ask_in_threads(len, ["a", "bcd"], jobs=2)
    (1, 3)
    """
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        return tuple(future.result() for future in [pool.submit(ask, item) for item in items])
    except Exception:
        pool.shutdown(cancel_futures=True)  # what the others started is theirs to tidy up
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def end_soon(code: int) -> None:
    """See that this process, which is about to end, does so soon.

    Python waits for every thread first, and nothing ends one that waits for the answer of a name
    server, or for a file system that does not answer.

    Args:
        code: the exit status, if it has to be ended.
    """
    late = threading.Timer(GRACE, _end, (code,))
    late.daemon = True
    late.start()


def _end(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(code)
