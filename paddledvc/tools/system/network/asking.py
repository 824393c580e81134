"""Questions to servers in threads of their own, so that no server holds whoever asks.

A limit of a socket is one between two packets: a server that sends a byte of a header now and then
never exceeds it, and a name server is not asked by a socket of ours. A thread that waits for such a
one is left behind; it ends with its server, or with the process.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Generic, TypeVar

from paddledvc.tools.system.network.errors import Silent, no_answer_error
from paddledvc.tools.system.network.patience import TICK, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

QUEUED = 4
"""Pieces that may wait for whoever reads them."""
Answer = TypeVar("Answer")


def ask_within(ask: Callable[[], Answer], seconds: float) -> Answer:
    """Ask, and wait for the answer for a limited time.

    Args:
        ask: asks a server; nothing that it does may need to be undone.
        seconds: how long to wait.

    Raises:
        Silent: there is no answer by then.

    >>> ask_within(lambda: 1, seconds=5)
    1
    """

    def asked() -> Generator[Answer, None, None]:
        yield ask()

    return next(read_within(asked, seconds))


def read_within(
    read: Callable[[], Generator[Answer, None, None]],
    seconds: float,
    patience: float | None = None,
) -> Iterator[Answer]:
    """Read pieces, as long as they come.

    Args:
        read: reads them; nothing that it does may need to be undone.
        seconds: how long to wait for the first.
        patience: seconds over which the least rate is measured afterwards; None to wait.

    Raises:
        Silent: none came in time, or too little.

    >>> list(read_within(lambda: (piece for piece in [b"a", b"b"]), seconds=5))
    [b'a', b'b']
    """
    reading = _Reading(read, seconds, patience)
    threading.Thread(target=reading.run, daemon=True).start()
    return reading.pieces()


class _Reading(Generic[Answer]):
    def __init__(
        self,
        read: Callable[[], Generator[Answer, None, None]],
        seconds: float,
        patience: float | None,
    ) -> None:
        self._read, self._seconds = read, seconds
        self._rate = None if patience is None else Patience(patience)
        self._queue: Queue[tuple[Answer] | BaseException] = Queue(QUEUED)
        self._over = threading.Event()
        self._moving = False

    def run(self) -> None:
        """Read in this thread; whatever goes wrong is told to the other one."""
        try:
            with closing(self._read()) as pieces:
                for piece in pieces:
                    if self._rate is not None and isinstance(piece, bytes):
                        self._rate.moved(len(piece))
                    self._moving = True
                    if not self._hand((piece,)):
                        return
            self._hand(StopIteration())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            self._hand(error)

    def _hand(self, said: tuple[Answer] | BaseException) -> bool:
        """Hand something over, unless nobody wants it any more."""
        while not self._over.is_set():
            try:
                self._queue.put(said, timeout=TICK)
            except Full:
                continue
            return True
        return False

    def pieces(self) -> Iterator[Answer]:
        """Wait for what comes."""
        if self._rate is not None:
            self._rate.begin()
        until = time.monotonic() + self._seconds
        try:
            while True:
                try:
                    said = self._queue.get(timeout=TICK)
                except Empty:
                    self._look(until)
                    continue
                if isinstance(said, StopIteration):
                    return
                if isinstance(said, BaseException):
                    raise said
                yield said[0]
        finally:
            self._over.set()

    def _look(self, until: float) -> None:
        if not self._moving:
            if time.monotonic() > until:
                raise Silent(no_answer_error(round(self._seconds, 1)))
        elif self._rate is not None and (why := self._rate.exceeded()) is not None:
            raise Silent(why)
