"""What a remote has of outputs, and whether that is intact."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.errors import RemoteFailed
from paddledvc.hashes import Hashes
from paddledvc.tools.dvc import configuration
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.system import files
from paddledvc.weights.core.transfer_results import (
    Inspected,
    worst_transfer_problem,
    wrong_transfer_size,
)
from paddledvc.weights.transfer.fetch_objects import Gathering, name_failure
from paddledvc.weights.transfer.fetch_outputs import (
    name_fetched_object,
    name_fetched_objects_inside,
)
from paddledvc.weights.transfer.remote_pool import Remotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Bad, ObjectCondition
    from paddledvc.weights.transfer.fetch_objects import Need


def inspect_remote(  # noqa: PLR0913 - each is a setting of its own
    project: Project,
    wanted: Iterable[Tracked],
    remote: str,
    *,
    deep: bool = False,
    offline: str | None = None,
    patience: float | None = None,
    jobs: int | None = None,
    progress: NamedProgress | None = None,
) -> tuple[Inspected, ...]:
    """Look which objects of outputs a remote has, and whether they have their sizes.

    An object whose size nobody knows counts as present if there is one of its name.

    Args:
        project: the project.
        wanted: the outputs; those that do not belong in remotes are left out.
        remote: name of the remote.
        deep: also read every object, and hash its bytes.
        offline: what forbids to use the network, for messages; None if nothing does.
        patience: seconds that a server may be silent.
        jobs: how many objects are looked at, or read, at a time.
        progress: told how the bytes arrive that are hashed.
    """
    outputs = [one for one in wanted if belongs_in_remotes(one)]
    with Remotes(project.root, patience=patience, offline=offline) as remotes:
        cache = Cache.of(project.root)
        gathering = Gathering(project.root, cache, remotes, jobs=jobs, progress=progress)
        try:
            needs = list_inspected_needs(
                gathering, outputs, [remote, *other_remotes(project, remote)]
            )
            every = [need for one in needs for need in one]
            bad = inspect_objects(gathering, remote, every, deep=deep)
        except RemoteFailed as error:
            state: ObjectCondition = name_failure(error)
            return tuple(
                Inspected(tracked=one, state=state, remote=remote, found=error.cause)
                for one in outputs
            )
    return tuple(
        _inspected(
            one,
            remote,
            [
                *(bad_inspected_object(bad, need) for need in its if need.oid in bad),
                *gathering.contradictions(its),
            ],
        )
        for one, its in zip(outputs, needs, strict=True)
    )


def belongs_in_remotes(tracked: Tracked) -> bool:
    """Tell whether an output has an object that belongs in remotes."""
    return tracked.pushed and tracked.exact and tracked.oid is not None


def other_remotes(project: Project, remote: str) -> list[str]:
    """Name the other remotes of a project."""
    return [name for name in configuration.read_dvc_config(project.root).remotes if name != remote]


def list_inspected_needs(
    gathering: Gathering, outputs: Sequence[Tracked], order: Sequence[str]
) -> list[list[Need]]:
    """Name the objects of each output, those in folders too, whose listings are brought."""
    listings = [need for one in outputs if one.folder for need in name_fetched_object(one)]
    gathering.gather(listings, order)
    return [
        [*name_fetched_object(one), *name_fetched_objects_inside(gathering, one)] for one in outputs
    ]


def inspect_objects(
    gathering: Gathering, remote: str, needs: Iterable[Need], *, deep: bool
) -> dict[str, Bad]:
    """Look for objects in a remote, each once; say what is wrong with those that are bad.

    Raises:
        RemoteFailed: the remote does not answer.
    """
    asked: dict[str, Need] = {}
    for need in needs:
        asked[need.oid] = asked[need.oid].with_(need) if need.oid in asked else need
    sizes = gathering.ask_sizes(remote, asked)
    bad: dict[str, Bad] = {}
    for oid, need in asked.items():
        size = sizes.get(oid)
        if size is None:
            bad[oid] = need.bad(remote, "missing")
        elif wrong := wrong_transfer_size(_sized(gathering, need), size):
            bad[oid] = need.bad(remote, *wrong)
    if deep:
        left = [(need, sizes[oid]) for oid, need in asked.items() if oid not in bad]
        gathering.run([partial(_read_object, gathering, remote, *one, bad) for one in left])
    return bad


def _sized(gathering: Gathering, need: Need) -> Hashes:
    """Take the size of an object from the cache, where nothing else tells it."""
    if need.hashes.size is not None or not gathering.cache.holds(need.oid):
        return need.hashes
    return replace(need.hashes, size=gathering.cache.path(need.oid).stat().st_size)


def _read_object(
    gathering: Gathering, remote: str, need: Need, size: int, bad: dict[str, Bad]
) -> None:
    """Hash the bytes of an object in a remote."""
    told = gathering.told(Hashes(size=size))
    try:
        found = files.hash_file_chunks(gathering.remotes.get(remote).chunks(need.oid, size, told))
    except RemoteFailed as error:
        gathering.remotes.give_up(error)
        bad[need.oid] = need.bad(remote, name_failure(error), found=gathering.remotes.why(error))
        return
    gathering.saw(need, found)
    wrong = need.compared(remote, found)
    if wrong is not None and wrong.kind != "contradicted":  # told of each output by itself
        bad[need.oid] = wrong


def bad_inspected_object(bad: dict[str, Bad], need: Need) -> Bad:
    """Say what is wrong with an object, in the words of the output that needs it."""
    return replace(bad[need.oid], title=need.title, path=need.path)


def _inspected(tracked: Tracked, remote: str, problems: Sequence[Bad]) -> Inspected:
    if not problems:
        return Inspected(tracked=tracked, state="present", remote=remote)
    chief = worst_transfer_problem(problems)
    return Inspected(
        tracked=tracked,
        state=chief.kind,
        remote=remote,
        expected=chief.expected,
        found=chief.found,
        problems=tuple(problems),
    )
