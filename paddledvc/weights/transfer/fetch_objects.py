"""Objects from remotes and URLs into the cache, each from the first place with the right bytes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.errors import ChecksumMismatch, DownloadFailed, RemoteFailed, RemoteNotTrusted
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.core.objects import read_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source
from paddledvc.weights.core.transfer_results import Bad, wrong_transfer_size
from paddledvc.weights.transfer.remote_pool import Remotes, Tally, run_in_pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from paddledvc.tools.dvc.cache import Cache
    from paddledvc.tools.dvc.core.objects import ListedFile
    from paddledvc.tools.system.progress import ByteProgress, NamedProgress
    from paddledvc.weights.core.transfer_results import BadKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """An object that an output needs.

    Attributes:
        oid: its name.
        hashes: what is known of its bytes.
        title: what people call the output.
        path: where the file lies, from the root of the project.
        remote: the remote to ask first; None for the usual order.
        pushed: whether it belongs in remotes at all.
        urls: where else to take it from.
    """

    oid: str
    hashes: Hashes
    title: str
    path: str
    remote: str | None = None
    pushed: bool = True
    urls: tuple[str, ...] = ()

    def bad(self, place: str, kind: BadKind, expected: str = "", found: str = "") -> Bad:
        """Say that the object was of no use somewhere."""
        return Bad(
            title=self.title,
            path=self.path,
            place=place,
            kind=kind,
            expected=expected,
            found=found,
        )

    def compared(self, place: str, found: Hashes) -> Bad | None:
        """Say what is wrong with bytes that are to be the object's; None if they are."""
        expected = replace(self.hashes, md5=self.oid.removesuffix(FOLDER_SUFFIX))
        difference = expected.first_difference(found)
        if difference is None:
            return None
        shorter = (found.size or 0) < (expected.size or 0)
        return self.bad(place, "truncated" if shorter else "corrupt", *difference)

    def with_(self, other: Need) -> Need:
        """Add what another output knows of the same object."""
        return replace(
            self,
            hashes=self.hashes.completed_by(other.hashes),
            remote=self.remote or other.remote,
            pushed=self.pushed or other.pushed,
            urls=tuple(dict.fromkeys((*self.urls, *other.urls))),
        )


def name_failure(error: RemoteFailed) -> BadKind:
    """Say what a failure of a remote means for the objects that it was asked for."""
    if isinstance(error, RemoteNotTrusted):
        return "untrusted"
    return "missing" if error.absent else "unreachable"


class Wrong(Exception):
    """Bytes arrived that are not those of the object."""

    def __init__(self, bad: Bad) -> None:
        self.bad = bad
        super().__init__(str(bad))


class Gathering:
    """Brings objects into the cache, and remembers from where, and what was of no use.

    Attributes:
        cache: the cache.
        came: remote or URL, and size in bytes, of each object that was brought, by name.
    """

    def __init__(
        self,
        root: Path,
        cache: Cache,
        remotes: Remotes,
        *,
        jobs: int | None = None,
        progress: NamedProgress | None = None,
    ) -> None:
        self.root, self.cache, self.remotes = root, cache, remotes
        self.came: dict[str, tuple[str, int]] = {}
        self._jobs, self._tally = jobs, Tally("weights", progress)
        self._bad: defaultdict[str, list[Bad]] = defaultdict(list)
        self._listings: dict[str, tuple[ListedFile, ...]] = {}

    def gather(self, needs: Iterable[Need], order: Sequence[str]) -> None:
        """Bring those objects that the cache lacks.

        Args:
            needs: the objects; one that is named twice comes once.
            order: names of the remotes to ask.

        Raises:
            OutsideFailure: the cache cannot be written to, or the disk is full.
        """
        missing: dict[str, Need] = {}
        for need in needs:
            if need.oid in missing:
                missing[need.oid] = missing[need.oid].with_(need)
            elif not self.has(need):
                missing[need.oid] = need
        queues = {oid: _queue(need, order) for oid, need in missing.items()}
        while groups := self._next(missing, queues):
            for name, group in groups.items():
                self._from_remote(name, group)
        pinned = [need for need in missing.values() if need.urls and need.oid not in self.came]
        self.run([partial(self._from_urls, need) for need in pinned])

    def _next(
        self, missing: dict[str, Need], queues: dict[str, list[str]]
    ) -> dict[str, list[Need]]:
        """Name the next remote to ask for each object that has not come yet."""
        groups: defaultdict[str, list[Need]] = defaultdict(list)
        for oid, queue in queues.items():
            if queue and oid not in self.came:
                groups[queue.pop(0)].append(missing[oid])
        return dict(groups)

    def run(self, tasks: Sequence[partial[None]]) -> None:
        """Do several things at a time."""
        run_in_pool(tasks, jobs=self._jobs, stop=self.remotes.stop)

    def _from_remote(self, name: str, needs: Sequence[Need]) -> None:
        try:
            sizes = self.remotes.sizes(name, [need.oid for need in needs])
        except RemoteFailed as error:
            for need in needs:
                self.note(need, need.bad(name, name_failure(error), found=error.cause))
            return
        tasks = []
        for need in needs:
            size = sizes.get(need.oid)
            if size is None:
                self.note(need, need.bad(name, "missing"))
            elif wrong := wrong_transfer_size(need.hashes, size):
                self.note(need, need.bad(name, *wrong))
            else:
                tasks.append(partial(self._download, name, need, size))
        self.run(tasks)

    def _download(self, name: str, need: Need, size: int) -> None:
        told = self._tally.part(Hashes(size=size))
        try:
            remote = self.remotes.get(name)
            with self.cache.receiving(need.oid) as file:
                found = remote.get(need.oid, file, told, size)
                _require_same(need, name, found, file)
        except RemoteFailed as error:
            self.remotes.give_up(error)
            kind = name_failure(error)
            self.note(need, need.bad(name, kind, found="" if error.absent else error.cause))
        except Wrong as error:
            self.note(need, error.bad)
        else:
            self.came[need.oid] = name, size

    def _from_urls(self, need: Need) -> None:
        source = self.source(need)
        try:
            with self.cache.receiving(need.oid) as file:
                fetched = fetch.fetch_to_file(source, need.hashes, file, self.told(need.hashes))
        except (ChecksumMismatch, DownloadFailed) as error:
            self.note_urls(need, error)
        else:
            self.came[need.oid] = fetched.url, fetched.hashes.size or 0

    def source(self, need: Need) -> Source:
        """Say where else the bytes of an object are."""
        return Source(
            model=need.title,
            urls=need.urls,
            root=self.root,
            offline=self.remotes.offline,
            patience=self.remotes.patience,
        )

    def told(self, hashes: Hashes) -> ByteProgress:
        """Say whom to tell how the bytes of an object arrive."""
        return self._tally.part(hashes)

    def note_urls(self, need: Need, error: ChecksumMismatch | DownloadFailed) -> None:
        """Remember that URLs were of no use."""
        if isinstance(error, ChecksumMismatch):
            self.note(need, need.bad(error.url, "corrupt", error.expected, error.found))
            return
        for cause in error.causes:
            url = next((url for url in need.urls if cause.startswith(f"{url}: ")), "its URLs")
            found = cause.removeprefix(f"{url}: ")
            self.note(need, need.bad(url, "unreachable", found=found))

    def note(self, need: Need, bad: Bad) -> None:
        """Remember that an object was of no use somewhere."""
        self._bad[need.oid].append(bad)

    def problems(self, needs: Iterable[Need]) -> Iterator[Bad]:
        """Yield what was of no use, in the words of these outputs."""
        for need in needs:
            for bad in self._bad.get(need.oid, ()):
                yield replace(bad, title=need.title, path=need.path)

    def has(self, need: Need) -> bool:
        """Tell whether the cache holds an object."""
        return self.cache.holds(need.oid, need.hashes.size)

    def listing(self, oid: str) -> tuple[ListedFile, ...] | None:
        """Read the listing of a folder; None if the cache does not hold one that can be used."""
        if oid not in self._listings:
            listed = self.cache.listing(oid)
            if listed is None:
                return None
            self._listings[oid] = listed
        return self._listings[oid]


def _queue(need: Need, order: Sequence[str]) -> list[str]:
    if not need.pushed:
        return []
    return [*dict.fromkeys([*filter(None, [need.remote]), *order])]


def _require_same(need: Need, place: str, found: Hashes, file: Path) -> None:
    """Refuse bytes that are not those of an object.

    Raises:
        Wrong: they are not.
    """
    if (bad := need.compared(place, found)) is not None:
        raise Wrong(bad)
    if need.oid.endswith(FOLDER_SUFFIX):
        try:
            read_object_listing(file.read_bytes())
        except ValueError as error:
            bad = need.bad(place, "corrupt", "a listing of a folder", str(error))
            raise Wrong(bad) from error
