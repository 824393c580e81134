"""Outputs into the cache: from remotes in their order, else from where they were pinned.

Every byte that arrives is hashed and compared with all that is known of it, for DVC trusts what a
remote promises.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc.hashes import Hashes
from paddledvc.tools.dvc.cache import Cache
from paddledvc.weights.core.transfer_results import Arrived, Bad, name_sources
from paddledvc.weights.transfer.fetch_objects import Gathering, Need
from paddledvc.weights.transfer.md5_index import Learning, pinned_files
from paddledvc.weights.transfer.remote_pool import Remotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked

OLD = "its hash is one of DVC 1 or 2, not of its bytes; run `dvc pull`, then `dvc commit --force`"
UNHASHED = "nobody has hashed its bytes yet; run `dvc repro`"
UNPUSHED = "its stage keeps it out of remotes; run `dvc repro`"
NO_REMOTE = "there is no DVC remote; set one up by `paddledvc init --remote URL`"


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
        outputs = bring(project, gathering, wanted, remotes)
        return tuple(_arrived(gathering, one, remotes) for one in outputs)


def bring(
    project: Project, gathering: Gathering, wanted: Iterable[Tracked], order: Sequence[str]
) -> list[Tracked]:
    """Bring what the cache lacks of outputs; return these with all that is known of them then."""
    learning = Learning(project, gathering)
    outputs = [learning.completed(one) for one in wanted]
    gathering.gather((need for one in outputs for need in name_object(one)), order)
    outputs = learning.learn(outputs)
    gathering.gather(
        (need for one in outputs for need in name_objects_inside(gathering, one)), order
    )
    return outputs


def name_object(tracked: Tracked) -> list[Need]:
    """Name the object of a file, or of the listing of a folder."""
    if tracked.oid is None or not tracked.exact:
        return []
    if tracked.folder:
        return [_need(tracked, tracked.path, tracked.oid, Hashes(md5=tracked.hashes.md5), ())]
    return [_need(tracked, tracked.path, tracked.oid, tracked.hashes, tracked.urls)]


def name_objects_inside(gathering: Gathering, tracked: Tracked) -> list[Need]:
    """Name the objects of the files in a folder, as far as its listing is known."""
    oid = tracked.oid if tracked.folder and tracked.exact else None
    listed = None if oid is None else gathering.listing(oid)
    pinned = {file.path: file for file in tracked.files}
    needs = []
    for one in listed or ():
        pin = pinned.get(one.path)
        hashes = Hashes(md5=one.md5) if pin is None else replace(pin.hashes, md5=one.md5)
        urls = () if pin is None else pin.urls
        needs.append(_need(tracked, f"{tracked.path}/{one.path}", one.md5, hashes, urls))
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
    )


def _arrived(gathering: Gathering, tracked: Tracked, order: Sequence[str]) -> Arrived:
    needs = [*name_object(tracked), *name_objects_inside(gathering, tracked)]
    came = [gathering.came[need.oid] for need in needs if need.oid in gathering.came]
    complete = bool(needs) and all(map(gathering.has, needs))
    if tracked.folder and complete:
        complete = gathering.listing(str(tracked.oid)) is not None
    problems = tuple(gathering.problems([*needs, *pinned_files(tracked)]))
    if not complete and not problems:
        problems = (_hopeless(tracked, order),)
    return Arrived(
        tracked=tracked,
        state="failed" if not complete else "fetched" if came else "cached",
        source=name_sources(source for source, _ in came) if complete else "",
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
