"""Many objects on their way at a time: remotes that are asked once, one progress, a prompt end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from paddledvc.errors import RemoteFailed
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.remotes.remote import open_remote
from paddledvc.urls import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from paddledvc.hashes import Hashes
    from paddledvc.tools.dvc.remotes.remote import Remote
    from paddledvc.tools.system.progress import ByteProgress, NamedProgress

JOBS = 8
"""Objects that are on their way at a time."""
Result = TypeVar("Result")


class Remotes:
    """The remotes of a project; each is opened once, and one that fails is not asked again.

    Attributes:
        patience: seconds that a server may be silent; None for the usual.
        offline: what forbids to use the network; None if nothing does.
    """

    def __init__(self, root: Path, *, patience: float | None, offline: str | None = None) -> None:
        self._root, self.patience, self.offline = root, patience, offline
        self._open: dict[str, Remote] = {}
        self._failed: dict[str, RemoteFailed] = {}
        self._opening = threading.Lock()

    def get(self, name: str) -> Remote:
        """Open a remote.

        Raises:
            RemoteFailed: it cannot be opened, or failed before.
        """
        with self._opening:
            if name in self._failed:
                raise self._failed[name]
            if name not in self._open:
                try:
                    self._require_allowed(name)
                    self._open[name] = open_remote(self._root, name, patience=self.patience)
                except RemoteFailed as error:
                    self._failed[name] = error
                    raise
            return self._open[name]

    def _require_allowed(self, name: str) -> None:
        url = configuration.read_dvc_config(self._root).remotes.get(name, "")
        if self.offline is not None and "://" in url:
            cause = f"it needs the network, which {self.offline} forbids"
            raise RemoteFailed(remote=name, url=hide_url_secrets(url), cause=cause)

    def sizes(self, name: str, oids: Iterable[str]) -> dict[str, int]:
        """Ask a remote for the sizes of those objects that it has.

        Raises:
            RemoteFailed: it does not answer.
        """
        remote = self.get(name)
        try:
            return remote.sizes(oids)
        except RemoteFailed as error:
            self._failed[name] = error
            raise

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


def run_in_pool(
    tasks: Sequence[Callable[[], Result]], *, jobs: int | None, stop: Callable[[], None]
) -> list[Result]:
    """Run tasks in threads, and give their results in the same order.

    Whatever ends the waiting for them, such as ^C or a full disk, ends them too, and soon: ``stop``
    breaks off what they wait for.
    """
    if len(tasks) <= 1:
        return [task() for task in tasks]
    pool = ThreadPoolExecutor(max_workers=jobs or JOBS)
    try:
        futures = [pool.submit(task) for task in tasks]
        return [future.result() for future in futures]
    except BaseException:
        stop()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Tally:
    """One progress of many objects.

    Args:
        name: what to call it.
        progress: told how many bytes of all have moved, and how many there are as far as known.
    """

    def __init__(self, name: str, progress: NamedProgress | None) -> None:
        self._name, self._progress = name, progress
        self._done: dict[int, int] = {}
        self._totals: dict[int, int] = {}
        self._counting = threading.Lock()

    def part(self, expected: Hashes) -> ByteProgress:
        """Add an object, and say whom to tell how its bytes move."""
        with self._counting:
            key = len(self._totals)
            self._totals[key] = expected.size or 0

        def told(done: int, total: int | None) -> None:
            with self._counting:
                self._done[key] = done
                self._totals[key] = total or max(self._totals[key], done)
                all_done, all_there = sum(self._done.values()), sum(self._totals.values())
                if self._progress is not None:
                    self._progress(self._name, all_done, all_there)

        return told
