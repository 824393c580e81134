"""Whether the bytes of outputs are anywhere, and intact; brought into the cache if asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.tools.dvc.cache import Cache
from paddledvc.weights.select_outputs import select_remotes
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs
from paddledvc.weights.transfer.inspect_remote import inspect_remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked

CACHE = "cache"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Where the bytes of an output are.

    Attributes:
        where: ``cache``, a remote or a URL; empty where nothing has them.
        lacking: what nothing has, and where it was looked for, one sentence each.
    """

    where: str = ""
    lacking: tuple[str, ...] = ()


def find_bytes(  # noqa: PLR0913 - each is a setting of its own
    project: Project,
    outputs: Sequence[Tracked],
    *,
    branch: str,
    fetch: bool,
    offline: str | None = None,
    progress: NamedProgress | None = None,
) -> dict[str, Found]:
    """Look for the bytes of outputs, by path.

    Args:
        project: the project.
        outputs: the outputs.
        branch: the branch whose remote is asked first.
        fetch: bring what the cache lacks, and compare every byte; else only look, by the names and
            sizes of objects in remotes.
        offline: what forbids to use the network, for messages; None if nothing does.
        progress: told how the bytes arrive.

    Raises:
        OutsideFailure: the cache cannot be written to, or the disk is full.
    """
    order = select_remotes(project, branch, project.policy())
    if fetch:
        arrived = fetch_outputs(project, outputs, remotes=order, offline=offline, progress=progress)
        return {
            one.tracked.path: Found(
                lacking=tuple(f"{bad}; looked in {_places(order)}" for bad in one.problems)
            )
            if one.state == "failed"
            else Found(where=one.source or CACHE)
            for one in arrived
        }
    cache = Cache.of(project.root)
    found = {one.path: Found(where=CACHE) for one in outputs if _is_cached(cache, one)}
    asked: dict[str, list[str]] = defaultdict(lambda: ["the cache"])
    for remote in order:
        left = [one for one in outputs if one.path not in found]
        for seen in inspect_remote(project, left, remote, offline=offline) if left else ():
            if seen.state == "present":
                found[seen.tracked.path] = Found(where=remote)
            else:
                state = "" if seen.state == "missing" else f" ({seen.state})"
                asked[seen.tracked.path].append(f"the remote {remote}{state}")
    lacking = {one.path: _elsewhere(one, asked[one.path]) for one in outputs}
    return {**lacking, **found}


def _elsewhere(output: Tracked, asked: Sequence[str]) -> Found:
    urls = (*output.urls, *(url for file in output.files for url in file.urls))
    if urls:
        return Found(where=urls[0])
    what = f"{output.title}: {output.path} ({output.oid or 'of unknown digest'})"
    return Found(lacking=(f"{what} is missing; looked in {', '.join(asked)}",))


def _places(order: Sequence[str]) -> str:
    return ", ".join(("the cache", *(f"the remote {one}" for one in order)))


def _is_cached(cache: Cache, output: Tracked) -> bool:
    """Tell whether the cache has all of an output, intact."""
    if output.oid is None or not output.exact:
        return False
    if not output.folder:
        return cache.holds(output.oid, output.hashes.size)
    listing = cache.listing(output.oid)
    return listing is not None and all(cache.holds(one.md5) for one in listing)
