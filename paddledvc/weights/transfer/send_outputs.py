"""Outputs into a remote: only what it lacks, and never other bytes than the right ones."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from paddledvc.errors import RemoteFailed
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.objects import ListedFile, write_object_listing
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.tools.system import files
from paddledvc.tools.system.hash_cache import hash_md5
from paddledvc.weights.core.transfer_results import DAMAGED, Sent
from paddledvc.weights.transfer.fetch_objects import Gathering, name_failure
from paddledvc.weights.transfer.fetch_outputs import (
    name_fetched_object,
    name_fetched_objects_inside,
)
from paddledvc.weights.transfer.inspect_remote import (
    bad_inspected_object,
    belongs_in_remotes,
    inspect_objects,
    list_inspected_needs,
    other_remotes,
)
from paddledvc.weights.transfer.remote_pool import Remotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Bad, SentState
    from paddledvc.weights.transfer.fetch_objects import Need

HERE = "cache"
"""What problems call the bytes of this machine."""


def send_outputs(  # noqa: PLR0913 - each is a setting of its own
    project: Project,
    wanted: Iterable[Tracked],
    remote: str,
    *,
    repair: bool = False,
    patience: float | None = None,
    jobs: int | None = None,
    progress: NamedProgress | None = None,
) -> tuple[Sent, ...]:
    """Send to a remote what it lacks of outputs.

    The bytes are those of the cache, else of the work tree, else of other remotes or of the URLs
    that models.lock pins; each is hashed before it is sent. The listing of a folder is sent after
    its files, so that a listing that is there has them all.

    Args:
        project: the project.
        wanted: the outputs; those that do not belong in remotes are left out.
        remote: name of the remote; an output whose stage names another one goes there.
        repair: read and hash everything that the remote has, and replace what is bad there.
        patience: seconds that a server may be silent.
        jobs: how many objects are on their way at a time.
        progress: told how the bytes move.

    Returns:
        One for each output that belongs in remotes, in the same order.

    Raises:
        RemoteFailed: the remote does not answer.
        OutsideFailure: the cache cannot be written to, or the disk is full.
    """
    outputs = [one for one in wanted if belongs_in_remotes(one)]
    done: dict[Tracked, Sent] = {}
    with Remotes(project.root, patience=patience) as remotes:
        cache = Cache.of(project.root)
        gathering = Gathering(project.root, cache, remotes, jobs=jobs, progress=progress)
        for name in dict.fromkeys(one.remote or remote for one in outputs):
            group = [one for one in outputs if (one.remote or remote) == name]
            sending = _Sending(gathering, name, other_remotes(project, name), repair=repair)
            done.update(zip(group, sending.send(group), strict=True))
    return tuple(done[one] for one in outputs)


class _Sending:
    """Sends objects to one remote."""

    def __init__(
        self, gathering: Gathering, remote: str, others_: Sequence[str], *, repair: bool
    ) -> None:
        self._gathering, self._cache = gathering, gathering.cache
        self._remote, self._others, self._repair = remote, others_, repair
        self._sent: dict[str, int] = {}
        self._bad: dict[str, Bad] = {}
        self._here: defaultdict[str, list[Bad]] = defaultdict(list)

    def send(self, outputs: Sequence[Tracked]) -> list[Sent]:
        """Send what is missing, or bad and to be repaired."""
        gathering = self._gathering
        _adopt_folders(gathering, outputs)
        needs = list_inspected_needs(gathering, outputs, [self._remote, *self._others])
        every: dict[str, Need] = {}
        for need in (need for its in needs for need in its):
            # What one output is not to have may be right for another one.
            if need.oid not in every or gathering.contradicted(every[need.oid]) is not None:
                every[need.oid] = need
        self._bad = inspect_objects(gathering, self._remote, every.values(), deep=self._repair)
        self._send_bad(needs, every)
        if self._sent:
            self._send_again(needs, every)
        return [self._told(one, its) for one, its in zip(outputs, needs, strict=True)]

    def _send_again(self, needs: Sequence[Sequence[Need]], every: Mapping[str, Need]) -> None:
        """Send what somebody removed while the rest was on its way.

        A `gc` may do that with objects that no commit of the server names yet.
        """
        now = inspect_objects(self._gathering, self._remote, every.values(), deep=False)
        gone = {oid: bad for oid, bad in now.items() if bad.kind == "missing"}
        lost = {oid: bad for oid, bad in gone.items() if oid in self._sent or oid not in self._bad}
        if lost:
            before, self._bad = self._bad, lost
            for oid in lost:
                self._sent.pop(oid, None)
            self._send_bad(needs, every)
            self._bad = {**before, **lost}

    def _send_bad(self, needs: Sequence[Sequence[Need]], every: Mapping[str, Need]) -> None:
        gathering = self._gathering
        asked = [every[oid] for oid, bad in self._bad.items() if self._may_send(bad)]
        self._fill(asked)
        plain = [need for need in asked if not need.oid.endswith(FOLDER_SUFFIX)]
        gathering.run([partial(self._put, need) for need in plain], watched=False)
        whole = [
            its[0]
            for its in needs
            if its[0].oid.endswith(FOLDER_SUFFIX)
            and its[0] in asked
            and self._has_all(its[1:])
            and not gathering.contradictions(its)
        ]
        listings = {need.oid: need for need in whole}
        gathering.run([partial(self._put, need) for need in listings.values()], watched=False)

    def _may_send(self, bad: Bad) -> bool:
        return bad.kind == "missing" or (self._repair and bad.kind in DAMAGED)

    def _has_all(self, needs: Iterable[Need]) -> bool:
        return all(need.oid not in self._bad or need.oid in self._sent for need in needs)

    def _fill(self, needs: Sequence[Need]) -> None:
        """Bring into the cache the right bytes of what it lacks, or holds damaged."""
        _adopt_files(self._gathering, needs)
        self._gathering.gather(needs, self._others)

    def _put(self, need: Need) -> None:
        path, oid = self._cache.path(need.oid), need.oid
        try:
            md5 = hash_md5(path)
        except FileNotFoundError:
            self._here[oid].append(need.bad(HERE, "missing"))
            return
        if md5 != oid.removesuffix(FOLDER_SUFFIX):
            expected, found = f"md5:{oid.removesuffix(FOLDER_SUFFIX)}", f"md5:{md5}"
            self._here[oid].append(need.bad(HERE, "corrupt", expected, found))
            return
        if self._gathering.contradicted(need) is not None:
            return
        remotes = self._gathering.remotes
        size = path.stat().st_size
        try:
            remotes.get(self._remote).put(oid, path, self._gathering.told(need.hashes))
        except RemoteFailed as error:
            remotes.give_up(error)
            self._here[oid].append(need.bad(self._remote, name_failure(error), found=error.cause))
        else:
            self._sent[oid] = size

    def _told(self, tracked: Tracked, needs: Sequence[Need]) -> Sent:
        bad = [need for need in needs if need.oid in self._bad]
        replaced = [need for need in bad if self._bad[need.oid].kind != "missing"]
        problems = [bad_inspected_object(self._bad, need) for need in replaced]
        for need in bad:
            if need.oid not in self._sent:
                problems += self._gathering.problems([need])
                problems += self._here[need.oid]
        contradictions = self._gathering.contradictions(needs)
        problems += contradictions
        missing = bool(contradictions) or any(need.oid not in self._sent for need in bad)
        if tracked.folder and self._gathering.listing(str(tracked.oid)) is None:
            missing = True
        state: SentState = (
            "failed" if missing else "repaired" if replaced else "sent" if bad else "present"
        )
        return Sent(
            tracked=tracked,
            state=state,
            size=sum(self._sent.get(need.oid, 0) for need in bad),
            problems=tuple(dict.fromkeys(problems)),
        )


def adopt_outputs(project: Project, outputs: Sequence[Tracked]) -> None:
    """Add to the cache what it lacks of outputs, and the work tree has; no remote is asked.

    Raises:
        OutsideFailure: the cache cannot be written to, or the disk is full.
    """
    with Remotes(project.root, patience=None) as remotes:
        gathering = Gathering(project.root, Cache.of(project.root), remotes)
        _adopt_folders(gathering, outputs)
        for one in outputs:
            plain = () if one.folder else name_fetched_object(one)
            _adopt_files(gathering, [*plain, *name_fetched_objects_inside(gathering, one)])


def _adopt_folders(gathering: Gathering, outputs: Sequence[Tracked]) -> None:
    """Add to the cache the folders of the work tree whose listings it lacks."""
    for one in outputs:
        if one.folder and one.oid is not None and not gathering.cache.holds(one.oid):
            _adopt_folder(gathering, one.path, one.oid)


def _adopt_folder(gathering: Gathering, path: str, oid: str) -> None:
    folder = gathering.root / path
    if not folder.is_dir():
        return
    names = sorted(files.list_files_below(folder))
    if not all((folder / name).is_file() for name in names):
        return
    listed = [ListedFile(name, hash_md5(folder / name)) for name in names]
    data = write_object_listing(listed)
    if f"{files.hash_file_chunks([data]).md5}.dir" != oid:
        return
    for one in listed:
        if not gathering.cache.holds(one.md5):
            gathering.cache.adopt(str(folder / one.path), one.md5, f"{path}/{one.path}")
    with gathering.cache.receiving(oid) as file:
        file.write_bytes(data)


def _adopt_files(gathering: Gathering, needs: Sequence[Need]) -> None:
    """Add to the cache the files of the work tree that it lacks."""
    for need in needs:
        file = gathering.root / need.path
        if not gathering.has(need) and file.is_file() and hash_md5(file) == need.oid:
            gathering.cache.adopt(str(file), need.oid, need.path)
