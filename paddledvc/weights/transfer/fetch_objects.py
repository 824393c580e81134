"""Objects from remotes and URLs into the cache, each from the first place with the right bytes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import ChecksumMismatch, DownloadFailed, RemoteFailed, RemoteNotTrusted
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.core.objects import Forbidden, read_object_listing
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
    from paddledvc.tools.dvc.trust.servers import Servers
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
        record: DVC's file that names it.
        contradiction: what models.lock pins, and what DVC's file names, where files tell that
            already.
    """

    oid: str
    hashes: Hashes
    title: str
    path: str
    remote: str | None = None
    pushed: bool = True
    urls: tuple[str, ...] = ()
    record: str = ""
    contradiction: tuple[str, str] | None = None

    @property
    def expected(self) -> Hashes:
        """All that is stated of the bytes of the object that has this name."""
        return replace(self.hashes, md5=self.oid.removesuffix(FOLDER_SUFFIX))

    def contradicted(self, expected: str, found: str) -> Bad:
        """Say that the bytes of this name are not those that models.lock pins."""
        told = found if self.contradiction else f"md5:{self.oid}, whose bytes are {found}"
        return self.bad(self.record or names.DVC_LOCK, "contradicted", expected, told)

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
        expected = self.expected
        difference = expected.first_difference(found)
        if difference is None:
            return None
        if found.md5 == expected.md5:
            return self.contradicted(*difference)
        shorter = (found.size or 0) < (expected.size or 0)
        return self.bad(place, "truncated" if shorter else "corrupt", *difference)

    def with_(self, other: Need) -> Need:
        """Add what another output knows of the same object."""
        same = self.hashes.sha256 == other.hashes.sha256
        hashes = self.hashes.completed_by(other.hashes)
        return replace(
            self,
            # A pin of one of them is none of the other, which may be right to need these bytes.
            hashes=hashes if same else replace(hashes, sha256=None),
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
        seen: what the bytes of an object hash to that were read somewhere, by name, if they are
            what that says; also where models.lock does not pin them, so that they did not come.
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
        self.seen: dict[str, Hashes] = {}
        self._jobs, self._tally = jobs, Tally("weights", progress, remotes.patience.moved)
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
            if self.contradicted(need) is not None:
                continue
            if need.oid in missing:
                missing[need.oid] = missing[need.oid].with_(need)
            elif not self.has(need):
                missing[need.oid] = need
        queues = {oid: _queue(need, order) for oid, need in missing.items()}
        while groups := self._next(missing, queues):
            for name, group in groups.items():
                last = not any(queues[need.oid] or need.urls for need in group)
                self._from_remote(name, group, last=last)
        pinned = [need for need in missing.values() if need.urls and not self._is_settled(need.oid)]
        self.run([partial(self._from_urls, need) for need in pinned])

    def _next(
        self, missing: dict[str, Need], queues: dict[str, list[str]]
    ) -> dict[str, list[Need]]:
        """Name the next remote to ask for each object that has not come yet."""
        groups: defaultdict[str, list[Need]] = defaultdict(list)
        for oid, queue in queues.items():
            if queue and not self._is_settled(oid):
                groups[queue.pop(0)].append(missing[oid])
        return dict(groups)

    def _is_settled(self, oid: str) -> bool:
        """Tell whether an object has come, or nobody can have the bytes that are wanted of it."""
        return oid in self.came or oid in self.seen

    def saw(self, need: Need, found: Hashes) -> None:
        """Remember what bytes hash to that have the name of an object."""
        if found.md5 == need.expected.md5:
            self.seen[need.oid] = found

    def contradicted(self, need: Need) -> Bad | None:
        """Say what is wrong with an object that models.lock does not pin, as far as is known."""
        if need.contradiction is not None:
            return need.contradicted(*need.contradiction)
        expected, found = need.expected, self.seen.get(need.oid)
        both = self.cache.compare(expected) if found is None else expected.first_difference(found)
        return None if both is None else need.contradicted(*both)

    def contradictions(self, needs: Iterable[Need]) -> list[Bad]:
        """List the objects of an output that models.lock does not pin, as far as is known."""
        return [bad for bad in map(self.contradicted, needs) if bad is not None]

    def run(self, tasks: Sequence[partial[None]], *, watched: bool = True) -> None:
        """Do several things at a time.

        Args:
            tasks: what to do.
            watched: whether bytes have to come at a least rate.
        """
        watch = self.remotes.watch if watched else lambda: None
        run_in_pool(tasks, jobs=self._jobs, stop=self.remotes.stop, watch=watch)

    def ask_sizes(self, name: str, oids: Iterable[str], *, last: bool = True) -> dict[str, int]:
        """Ask a remote for the sizes of those objects that it has.

        Args:
            name: the remote.
            oids: names of the objects.
            last: whether nobody else can be asked after it.

        Raises:
            RemoteFailed: it does not answer.
        """
        return self.remotes.sizes(name, oids, last=last, drawn=not self._tally.drawn)

    def _from_remote(self, name: str, needs: Sequence[Need], *, last: bool) -> None:
        try:
            sizes = self.ask_sizes(name, [need.oid for need in needs], last=last)
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
            with self.cache.receiving() as file:
                found = remote.get(need.oid, file, told, size)
                self.saw(need, found)
                _require_same(need, name, found, file)
                self.cache.settle(file, need.oid, sha256=found.sha256, name=need.path)
        except RemoteFailed as error:
            self.remotes.give_up(error)
            cause = "" if error.absent else self.remotes.why(error)
            self.note(need, need.bad(name, name_failure(error), found=cause))
        except Wrong as error:
            if error.bad.kind != "contradicted":  # that is told of each output by itself
                self.note(need, error.bad)
        else:
            self.came[need.oid] = name, size

    def _from_urls(self, need: Need) -> None:
        source = self.source(need)
        if self.remotes.ended:
            found = f"no longer asked: {self.remotes.ended}"
            for url in need.urls:
                self.note(need, need.bad(url, "unreachable", found=found))
            return
        try:
            with self.cache.receiving() as file:
                fetched = fetch.fetch_to_file(source, need.expected, file, self.told(need.hashes))
                self.cache.settle(file, need.oid, sha256=fetched.hashes.sha256, name=need.path)
        except (ChecksumMismatch, DownloadFailed) as error:
            self.note_urls(need, error)
        else:
            self.came[need.oid] = fetched.url, fetched.hashes.size or 0

    @cached_property
    def _servers(self) -> Servers:
        from paddledvc.tools.dvc.trust.servers import Servers  # noqa: PLC0415 - hardly ever

        return Servers(self.root)

    def source(self, need: Need) -> Source:
        """Say where else the bytes of an object are, as far as they may be asked for.

        Who has not started us by hand asks no server that only a branch names.
        """
        urls = need.urls
        if self.remotes.hurried:
            told = {url: self._servers.explain_untrusted(url) for url in urls}
            for url, why in told.items():
                if why is not None:
                    self.note(need, need.bad(url, "untrusted", found=why))
            urls = tuple(url for url in urls if told[url] is None)
        return Source(
            model=need.title,
            urls=urls,
            root=self.root,
            offline=self.remotes.offline,
            patience=self.remotes.patience,
            hurried=self.remotes.hurried,
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
        """Tell whether the cache holds an object, with every digest that is stated of it."""
        held = self.cache.holds(need.oid, need.hashes.size)
        return held and self.contradicted(need) is None

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
        except Forbidden as error:
            raise Wrong(need.bad(place, "refused", found=str(error))) from error
        except ValueError as error:
            bad = need.bad(place, "corrupt", "a listing of a folder", str(error))
            raise Wrong(bad) from error
