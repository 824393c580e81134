"""Many objects on their way at a time: remotes that are asked once, one progress, a prompt end."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from paddledvc.errors import RemoteFailed
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.remotes.remote import open_remote
from paddledvc.tools.system.network.errors import no_answer_error
from paddledvc.tools.system.network.patience import PATIENCE, TICK, Patience
from paddledvc.tools.system.streams import draw_waiting_line
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from paddledvc.hashes import Hashes
    from paddledvc.tools.dvc.remotes.remote import Remote
    from paddledvc.tools.system.progress import ByteProgress, NamedProgress

JOBS = 8
"""Objects that are on their way at a time."""
GRACE = 0.5
"""Seconds that a question gets to end once it is broken off; not every file system can be."""
Result = TypeVar("Result")


class Remotes:
    """The remotes of a project; each is opened once, and one that fails is not asked again.

    Attributes:
        patience: how long all of them together may keep somebody waiting.
        hurried: whether somebody waits who did not ask for it, so that nothing is tried twice.
        offline: what forbids to use the network; None if nothing does.
        ended: why nobody is asked any more; empty as long as somebody is.
    """

    def __init__(self, root: Path, *, patience: float | None, offline: str | None = None) -> None:
        self._root, self.offline = root, offline
        self.patience = Patience(patience or PATIENCE)
        self.hurried = patience is not None
        self._open: dict[str, Remote] = {}
        self._failed: dict[str, RemoteFailed] = {}
        self._opening = threading.Lock()
        self.ended = ""

    def get(self, name: str) -> Remote:
        """Open a remote.

        Raises:
            RemoteFailed: it cannot be opened, or failed before.
        """
        with self._opening:
            if name in self._failed:
                raise self._failed[name]
            if self.ended:
                raise self._failure(name, f"no longer asked: {self.ended}")
            if name not in self._open:
                try:
                    self._require_allowed(name)
                    seconds = self.patience.seconds
                    self._open[name] = open_remote(self._root, name, patience=seconds)
                except RemoteFailed as error:
                    self._failed[name] = error
                    raise
            return self._open[name]

    def _require_allowed(self, name: str) -> None:
        url = configuration.read_dvc_config(self._root).remotes.get(name, "")
        if self.offline is not None and "://" in url:
            raise self._failure(name, f"it needs the network, which {self.offline} forbids")

    def _failure(self, name: str, cause: str, *, silent: bool = False) -> RemoteFailed:
        url = configuration.read_dvc_config(self._root).remotes.get(name, "")
        url = hide_url_secrets(url)
        return RemoteFailed(remote=name, url=url, cause=cause, silent=silent)

    def sizes(
        self, name: str, oids: Iterable[str], *, last: bool = True, drawn: bool = True
    ) -> dict[str, int]:
        """Ask a remote for the sizes of those objects that it has.

        Args:
            name: the remote.
            oids: names of the objects.
            last: whether nobody else can be asked after it, so that it may take all the time.
            drawn: whether to say on a terminal whom one waits for.

        Raises:
            RemoteFailed: it does not answer, or not soon enough.
        """
        remote = self.get(name)
        self.patience.begin()
        seconds = self.patience.share(last=last)
        answering = _Answering(name, seconds, drawn=drawn)

        def answered() -> None:
            answering.over = True
            self.patience.answered()

        try:
            task = partial(remote.sizes, oids, answered)
            return run_watched([task], watch=lambda: answering.look(remote.stop))[0]
        except (RemoteFailed, _LeftBehind) as error:
            if isinstance(error, RemoteFailed) and not answering.late:
                self._failed[name] = error
                raise
            self._failed[name] = self._failure(
                name, no_answer_error(round(seconds, 1)), silent=True
            )
            raise self._failed[name] from error
        finally:
            answering.close()

    def watch(self) -> None:
        """Break off what is on its way once it has taken too long."""
        if not self.ended and (why := self.patience.exceeded()) is not None:
            self.ended = why
            self.stop()

    def why(self, error: RemoteFailed) -> str:
        """Say why a remote failed, which we may have broken off ourselves."""
        return self.ended or error.cause

    def give_up(self, error: RemoteFailed) -> None:
        """Ask a remote no more that nobody answers for."""
        if error.silent:
            self._failed.setdefault(error.remote, error)

    def stop(self) -> None:
        """Break off what is on its way."""
        for remote in tuple(self._open.values()):
            remote.stop()

    def __enter__(self) -> Remotes:  # noqa: PYI034 - Self comes with Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:  # or threads may still be at work
            for remote in tuple(self._open.values()):
                remote.close()


class _LeftBehind(Exception):
    """A thread does not end that was broken off; nobody waits for it any more."""


class _Answering:
    """Waits for the first answer of a remote, and says so on a terminal."""

    def __init__(self, name: str, seconds: float, *, drawn: bool) -> None:
        self._name, self._seconds, self._drawn = name, seconds, drawn
        self._began = time.monotonic()
        self._shown = 0
        self.over = self.late = False

    def look(self, stop: Callable[[], None]) -> None:
        """Break off what takes too long."""
        waited = time.monotonic() - self._began
        if self._drawn and int(waited) > self._shown:
            self._shown = int(waited)
            draw_waiting_line(f"asking {self._name} ... {self._shown} s")
        if not self.over and not self.late and waited > self._seconds:
            self.late = True
            stop()
        if self.late and waited > self._seconds + GRACE:
            raise _LeftBehind

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            draw_waiting_line("")


def run_in_pool(
    tasks: Sequence[Callable[[], Result]],
    *,
    jobs: int | None,
    stop: Callable[[], None],
    watch: Callable[[], None],
) -> list[Result]:
    """Run tasks in threads, and give their results in the same order.

    Whatever ends the waiting for them, such as ^C or a full disk, ends them too, and soon: ``stop``
    breaks off what they wait for.

    Args:
        tasks: what to do.
        jobs: how many at a time.
        stop: breaks them off.
        watch: called again and again until they are done.
    """
    try:
        return run_watched(tasks, watch=watch, jobs=jobs)
    except BaseException:
        stop()
        raise


def run_watched(
    tasks: Sequence[Callable[[], Result]], *, watch: Callable[[], None], jobs: int | None = None
) -> list[Result]:
    """Run tasks in threads, and look after them meanwhile.

    Args:
        tasks: what to do; none of them is waited for once one has failed.
        watch: called again and again until they are done.
        jobs: how many at a time.
    """
    if not tasks:
        return []
    pool = ThreadPoolExecutor(max_workers=jobs or JOBS)
    try:
        futures = [pool.submit(task) for task in tasks]
        return [_result(future, watch) for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _result(future: Future[Result], watch: Callable[[], None]) -> Result:
    while not wait([future], timeout=TICK).done:
        watch()
    return future.result()


class Tally:
    """One progress of many objects.

    Args:
        name: what to call it.
        progress: told how many bytes of all have moved, and how many there are as far as known.
        moved: told how many more bytes have.
    """

    def __init__(
        self,
        name: str,
        progress: NamedProgress | None,
        moved: Callable[[int], None],
    ) -> None:
        self._name, self._progress, self._moved = name, progress, moved
        self._done: dict[int, int] = {}
        self._totals: dict[int, int] = {}
        self._counting = threading.Lock()

    @property
    def drawn(self) -> bool:
        """Whether somebody has been told of it."""
        return self._progress is not None and bool(self._done)

    def part(self, expected: Hashes) -> ByteProgress:
        """Add an object, and say whom to tell how its bytes move."""
        with self._counting:
            key = len(self._totals)
            self._totals[key] = expected.size or 0

        def told(done: int, total: int | None) -> None:
            with self._counting:
                self._moved(done - self._done.get(key, 0))
                self._done[key] = done
                self._totals[key] = total or max(self._totals[key], done)
                all_done, all_there = sum(self._done.values()), sum(self._totals.values())
                if self._progress is not None:
                    self._progress(self._name, all_done, all_there)

        return told
