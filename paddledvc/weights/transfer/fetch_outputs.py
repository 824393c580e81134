"""Outputs into the cache: from remotes in their order, else from where they were pinned.

Every byte that arrives is hashed and compared with all that is known of it, for DVC trusts what a
remote promises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.errors import ChecksumMismatch, DownloadFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.objects import ListedFile, write_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.sources import fetch
from paddledvc.tools.system import atomic, files
from paddledvc.weights.core.pins import OLD_HASH, REHASH, add_pins, find_stated_disagreement
from paddledvc.weights.core.transfer_results import (
    DAMAGED,
    Arrived,
    Bad,
    name_transfer_sources,
    worst_transfer_problem,
)
from paddledvc.weights.select_outputs import select_remotes
from paddledvc.weights.transfer.fetch_objects import Gathering, Need
from paddledvc.weights.transfer.remote_pool import Remotes
from paddledvc.weights.tree import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.outcome import Placed
    from paddledvc.weights.core.tracked import Tracked

OLD = f"{OLD_HASH}; {REHASH}"
UNHASHED = "its bytes have not been hashed yet; run `dvc repro`"
UNPUSHED = "its stage keeps it out of remotes; run `dvc repro`"
NO_REMOTE = "there is no DVC remote; set one up by `paddledvc init --remote URL`"
SILENCE = 5.0
"""Seconds that a server may be silent."""


def fetch_outputs(  # noqa: PLR0913 - each is a setting of its own
    project: Project,
    wanted: Iterable[Tracked],
    *,
    remotes: Sequence[str],
    offline: str | None = None,
    patience: float | None = None,
    jobs: int | None = None,
    progress: NamedProgress | None = None,
) -> tuple[Arrived, ...]:
    """Bring into the cache what it lacks of outputs.

    Each object is asked of the remote that its stage names, of the other remotes in their order,
    and of the URLs that models.lock pins, until one gives the right bytes. An object that several
    outputs share comes once; a remote that does not answer is asked once.

    Args:
        project: the project.
        wanted: the outputs.
        remotes: names of the remotes, in the order to ask them.
        offline: what forbids to use the network, for messages; None if nothing does.
        patience: seconds that a server may be silent; with it, URLs are tried once only.
        jobs: how many objects are on their way at a time.
        progress: told how the bytes of all objects arrive.

    Returns:
        One for each output, in the same order.

    Raises:
        OutsideFailure: the cache cannot be written to, or the disk is full.
    """
    with Remotes(project.root, patience=patience, offline=offline) as asked:
        cache = Cache.of(project.root)
        gathering = Gathering(project.root, cache, asked, jobs=jobs, progress=progress)
        outputs = _bring(project, gathering, wanted, remotes)
        return tuple(_arrived(gathering, one, remotes) for one in outputs)


def _bring(
    project: Project, gathering: Gathering, wanted: Iterable[Tracked], order: Sequence[str]
) -> list[Tracked]:
    """Bring what the cache lacks of outputs; return these with all that is known of them then."""
    learning = Learning(project, gathering)
    outputs = [learning.completed(one) for one in wanted]
    gathering.gather((need for one in outputs for need in name_fetched_object(one)), order)
    outputs = learning.learn(outputs)
    gathering.gather(
        (need for one in outputs for need in name_fetched_objects_inside(gathering, one)), order
    )
    return outputs


class Learning:
    """Finds what DVC calls bytes that models.lock knows by their SHA-256 only, when they come.

    That is the MD5 digests of weights, and the listings of folders of weights.
    """

    def __init__(self, project: Project, gathering: Gathering) -> None:
        self._project, self._gathering = project, gathering
        self._md5s = records.learned_md5_records(project)

    def completed(self, tracked: Tracked) -> Tracked:
        """Add what was learned before; make the listing of a folder whose files are all known."""
        if tracked.files and not self._is_listed(tracked):
            return self._listed(tracked)
        if tracked.oid is None and not tracked.files:
            return replace(tracked, hashes=self._completed(tracked.hashes))
        return tracked

    def learn(self, outputs: Iterable[Tracked]) -> list[Tracked]:
        """Bring what only its URLs have, and learn its digests."""
        outputs = list(outputs)
        needs = {need.hashes.sha256: need for tracked in outputs for need in self._unknown(tracked)}
        self._gathering.run([partial(self._learn, need) for need in needs.values()])
        if needs:
            records.note_md5_records(self._project, self._md5s)
            # What versions before left there when they were killed.
            atomic.sweep_atomic_leftovers(self._project.scratch(), "learning-")
        return [self.completed(tracked) for tracked in outputs]

    def _unknown(self, tracked: Tracked) -> list[Need]:
        """Name the files of an output that DVC's names are not known of."""
        if self._is_listed(tracked) or (tracked.oid is not None and not tracked.files):
            return []
        return [need for need in _pinned_files(tracked) if self._completed(need.hashes).md5 is None]

    def _learn(self, need: Need) -> None:
        gathering = self._gathering
        with gathering.cache.receiving() as new:
            told = gathering.told(need.hashes)
            try:
                fetched = fetch.fetch_to_file(gathering.source(need), need.hashes, new, told)
            except (ChecksumMismatch, DownloadFailed) as error:
                gathering.note_urls(need, error)
                return
            md5 = str(fetched.hashes.md5)
            gathering.cache.settle(new, md5, sha256=fetched.hashes.sha256, name=need.path)
        gathering.came[md5] = fetched.url, fetched.hashes.size or 0
        self._md5s[str(need.hashes.sha256)] = md5

    def _completed(self, hashes: Hashes) -> Hashes:
        md5 = hashes.md5 or self._md5s.get(hashes.sha256 or "")
        return replace(hashes, md5=md5)

    def _is_listed(self, tracked: Tracked) -> bool:
        return tracked.oid is not None and self._gathering.listing(tracked.oid) is not None

    def _listed(self, tracked: Tracked) -> Tracked:
        """Write the listing of a folder, as DVC will when it sees the folder."""
        known = [(one.path, self._completed(one.hashes).md5) for one in tracked.files]
        listed = [ListedFile(path, md5) for path, md5 in known if md5 is not None]
        if len(listed) < len(known):
            return tracked
        data = write_object_listing(listed)
        md5 = str(files.hash_file_chunks([data]).md5)
        if tracked.hashes.md5 not in (None, md5):
            return tracked
        with self._gathering.cache.receiving(f"{md5}{FOLDER_SUFFIX}", tracked.path) as file:
            file.write_bytes(data)
        return replace(tracked, folder=True, hashes=Hashes(md5=md5, size=tracked.hashes.size))


def _pinned_files(tracked: Tracked) -> list[Need]:
    """Name the files that models.lock pins, by what it knows of them."""
    whole = (("", tracked.hashes, tracked.urls),) if tracked.urls else ()
    parts = [(f"/{one.path}", one.hashes, one.urls) for one in tracked.files]
    return [
        Need(
            oid=hashes.sha256,
            hashes=hashes,
            title=tracked.title,
            path=f"{tracked.path}{inside}",
            urls=urls,
        )
        for inside, hashes, urls in parts or whole
        if hashes.sha256 is not None
    ]


def name_fetched_object(tracked: Tracked) -> list[Need]:
    """Name the object of a file, or of the listing of a folder."""
    if tracked.oid is None or not tracked.exact:
        return []
    if tracked.folder:
        return [_need(tracked, tracked.path, tracked.oid, Hashes(md5=tracked.hashes.md5), ())]
    return [_need(tracked, tracked.path, tracked.oid, tracked.hashes, tracked.urls)]


def name_fetched_objects_inside(gathering: Gathering, tracked: Tracked) -> list[Need]:
    """Name the objects of the files in a folder, as far as its listing is known."""
    oid = tracked.oid if tracked.folder and tracked.exact else None
    listed = None if oid is None else gathering.listing(oid)
    pinned = {file.path: file for file in tracked.files}
    content = {one.path: Hashes(md5=one.md5) for one in listed or ()}
    told = find_stated_disagreement(tracked, content) if pinned and listed is not None else None
    needs = []
    for name, hashes in add_pins(tracked, content).items():
        urls = pinned[name].urls if name in pinned else ()
        need = _need(tracked, f"{tracked.path}/{name}", str(hashes.md5), hashes, urls)
        # One that is not listed at all is told of the first that is.
        if told is not None and (told.inside == name or told.inside not in content):
            need, told = replace(need, contradiction=(told.expected, told.named)), None
        needs.append(need)
    return needs


def _need(tracked: Tracked, path: str, oid: str, hashes: Hashes, urls: tuple[str, ...]) -> Need:
    return Need(
        oid=oid,
        hashes=hashes,
        title=tracked.title,
        path=path,
        remote=tracked.remote,
        pushed=tracked.pushed,
        urls=urls,
        record=tracked.record,
    )


def _arrived(gathering: Gathering, tracked: Tracked, order: Sequence[str]) -> Arrived:
    needs = [*name_fetched_object(tracked), *name_fetched_objects_inside(gathering, tracked)]
    came = [gathering.came[need.oid] for need in needs if need.oid in gathering.came]
    complete = bool(needs) and all(map(gathering.has, needs))
    if tracked.folder and complete:
        complete = gathering.listing(str(tracked.oid)) is not None
    problems = (
        *gathering.contradictions(needs),
        *gathering.problems([*needs, *_pinned_files(tracked)]),
    )
    if not complete and not problems:
        problems = (_hopeless(tracked, order),)
    return Arrived(
        tracked=tracked,
        state="failed" if not complete else "fetched" if came else "cached",
        source=name_transfer_sources(source for source, _ in came) if complete else "",
        size=sum(size for _, size in came),
        problems=problems,
    )


def _hopeless(tracked: Tracked, order: Sequence[str]) -> Bad:
    """Say why an output was asked of nobody."""
    if not tracked.exact:
        why = OLD
    elif tracked.oid is None:
        why = UNHASHED
    else:
        why = NO_REMOTE if tracked.pushed and not order else UNPUSHED
    title, path = tracked.title, tracked.path
    return Bad(title=title, path=path, place="anywhere", kind="unreachable", found=why)


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """What became of outputs that the cache lacked.

    Attributes:
        arrived: those that the cache holds now, with all that is known of their bytes, by the
            outputs as they were asked for.
        sources: where they came from, by path.
        problems: why the others did not, as the end of a sentence, by path.
        untrusted: what keeps those from a remote that this clone has not approved, by path.
        damaged: lines about objects that are not what they should be, where others were.
    """

    arrived: Mapping[Tracked, Tracked]
    sources: Mapping[str, str]
    problems: Mapping[str, str]
    untrusted: Mapping[str, str]
    damaged: tuple[str, ...]

    def explain(self, placed: Placed) -> Placed:
        """Say of what is missing why it could not be fetched."""
        outputs = tuple(
            replace(one, problem=self.problems[one.path])
            if one.state == "missing" and one.path in self.problems
            else one
            for one in placed.outputs
        )
        return replace(placed, outputs=outputs)


def bring_outputs(
    project: Project, asked: Sequence[Tracked], *, branch: str | None, offline: str | None
) -> Brought:
    """Fetch outputs: from the remote of the branch's role, from the others, from their URLs.

    Args:
        project: the project.
        asked: the outputs.
        branch: the branch that is checked out; None where HEAD is detached.
        offline: what keeps us from the network, for messages; None where nothing does.

    Raises:
        OutsideFailure: the cache cannot be written to, or the disk is full.
    """
    order = select_remotes(project, branch, project.policy())
    found = fetch_outputs(project, asked, remotes=order, offline=offline, patience=SILENCE)
    return Brought(
        arrived={
            one: came.tracked
            for one, came in zip(asked, found, strict=True)
            if came.state != "failed"
        },
        sources={one.tracked.path: one.source for one in found if one.source},
        problems={one.tracked.path: _why(one.problems) for one in found if one.problems},
        untrusted={
            one.tracked.path: bad.found
            for one in found
            for bad in one.problems
            if bad.kind == "untrusted" and one.state == "failed"
        },
        damaged=tuple(
            f"weights: {bad}; run `paddledvc push --repair` where the right bytes are"
            for one in found
            if one.state != "failed"
            for bad in one.problems
            if bad.kind in DAMAGED
        ),
    )


def _why(problems: Sequence[Bad]) -> str:
    places = list(dict.fromkeys(one.place for one in problems))
    if len(places) > 1 and all(one.kind == "missing" for one in problems):
        return f"it is in none of {', '.join(places)}"
    return worst_transfer_problem(problems).why
