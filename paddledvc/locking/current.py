"""models.lock as a command may use it: as it is, or brought up to date first.

Catalogs are asked, versions chosen by the core, and bytes hashed that nobody has hashed yet.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from paddledvc.catalogs.opening import Catalogs
from paddledvc.display.results import Displayed
from paddledvc.errors import CatalogFailed, PaddleDVCError, Several, Unresolvable
from paddledvc.locking.core.image_pins import fill_image_pins
from paddledvc.locking.core.resolution import (
    find_clashing_resolutions,
    plan_resolution,
    require_fresh_resolution,
    resolve_pin,
    stale_planned_resolutions,
)
from paddledvc.locking.core.selection import complete_selection, select_version, why_not_selectable
from paddledvc.models import lockfile
from paddledvc.models.lockfile import FIRST_USE, Lock
from paddledvc.names import suggest_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from paddledvc.catalogs.base import Catalog
    from paddledvc.hashes import Hashes
    from paddledvc.locking.core.resolution import Plan
    from paddledvc.locking.core.selection import Question
    from paddledvc.models.lockfile import Change, LockedFile, LockedModel
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress

logger = logging.getLogger(__name__)
AT_ONCE = 8
"""Questions that are asked at the same time."""
TRIES = 20
"""Versions of a model that are described before giving up."""
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class LockUse:
    """How a command may use models.lock; each holds the words to blame, such as ``--locked``.

    Without any of them a stale lock is updated before it is used.

    Attributes:
        locked: what forbids to change the lock; a stale one is refused.
        frozen: what says to trust the lock, stale or not.
        offline: what forbids to use the network.

    >>> LockUse(locked="PADDLEDVC_LOCKED").frozen is None
    True
    """

    locked: str | None = None
    frozen: str | None = None
    offline: str | None = None


UPDATE = LockUse()


def current_lock(
    project: Project,
    registry: Registry,
    use: LockUse = UPDATE,
    names: Collection[str] | None = None,
    *,
    pin: str | None = None,
) -> Lock:
    """Give the lock to work with, updated first where it is stale and may be.

    Args:
        project: the project.
        registry: what is wanted.
        use: what may be done.
        names: the models that matter; all by default.
        pin: what the stage that is running was generated for; a stage never updates the lock.

    Raises:
        StaleLock: the lock is stale and may not be updated.
    """
    if use.frozen is not None:
        return project.lock()
    refused_by = use.locked or (None if pin is None else "--pin")
    if refused_by is not None:
        lock = project.lock()
        require_fresh_resolution(registry, lock, names, refused_by)
        return lock
    planned = plan_resolution(registry, project.previous_lock())
    if not _is_stale(planned, names):
        return planned.previous
    with project.exclusive():
        now = (project.registry(), project.previous_lock())
        if now != (planned.registry, planned.previous):
            # Somebody changed either file while we waited.
            planned = plan_resolution(*now)
            if not _is_stale(planned, names):
                return planned.previous
        done = make_lock_current(project, planned, offline=use.offline)
        project.write_lock(done.lock)
    for change in done.changes:
        logger.warning("models.lock: %s", change)
    for name in done.trusted:
        logger.warning("models.lock: trust %s: its source publishes no digest", name)
    return done.lock


def _is_stale(planned: Plan, names: Collection[str] | None) -> bool:
    stale = {reason.model for reason in stale_planned_resolutions(planned)}
    return bool(stale if names is None else stale & set(names))


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Locked(Displayed):
    """What resolving a registry gave.

    Attributes:
        lock: the new lock.
        changes: what moved, sorted by name.
        trusted: names of the models whose bytes were hashed for the first time.
        resolved: files in whose merge conflicts a side was taken.
        unresolved: files that are still in conflict.
    """

    _table_of = "changes"
    lock: Lock
    changes: tuple[Change, ...]
    trusted: tuple[str, ...]
    resolved: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()


def make_lock_current(  # noqa: PLR0913
    project: Project,
    planned: Plan,
    *,
    offline: str | None = None,
    keep_going: bool = False,
    hash_bytes: bool = True,
    every_digest: bool = False,
    progress: NamedProgress | None = None,
) -> Locked:
    """Carry out a plan, asking catalogs and reading bytes only where that is needed.

    Args:
        project: the project.
        planned: what stands, and what is left to be asked.
        offline: what forbids to use the network; None if nothing does.
        keep_going: go on after a failure, to report all of them.
        hash_bytes: read bytes that nobody has hashed yet.
        every_digest: read also those of which a digest is not stated.
        progress: told how these bytes arrive.

    Raises:
        Unresolvable: no version satisfies all that is asked of a model.
        CatalogFailed: a catalog could not answer.
        DownloadFailed: bytes that nobody has hashed could not be read.
        Several: with ``keep_going``, more than one of these.
    """
    failures = _Failures(planned.conflicts, keep_going=keep_going)
    catalogs = Catalogs(project.root, planned.registry, offline)
    answered = failures.collect(lambda one: _answer(catalogs, one), planned.questions)
    entries = sorted((*planned.entries, *answered), key=lambda entry: entry.name)
    unhashed = tuple(entry.name for entry in entries if not entry.hashed)
    if hash_bytes and not failures:
        reader = _TrustingReader(
            root=project.root, offline=offline, progress=progress, every_digest=every_digest
        )
        entries = failures.collect(reader.hashed, entries, on_stop=reader.stop.set)
    failures.add(find_clashing_resolutions(entries))
    failures.raise_any()
    lock = Lock(models=fill_image_pins(planned.registry, entries, {}))
    return Locked(
        lock=lock,
        changes=lockfile.compare_lockfiles(planned.previous, lock),
        trusted=unhashed if hash_bytes else (),
    )


class _Failures:
    """Errors of models, told one or all."""

    def __init__(self, errors: Iterable[PaddleDVCError], *, keep_going: bool) -> None:
        self._errors = list(errors)
        self._keep_going = keep_going
        if not keep_going:
            self.raise_any()

    def __bool__(self) -> bool:
        return bool(self._errors)

    def collect(
        self,
        do: Callable[[Item], Result],
        items: Sequence[Item],
        on_stop: Callable[[], None] = lambda: None,
    ) -> list[Result]:
        """Do something with many items at once; the results keep their order.

        Args:
            do: what to do, in threads.
            items: what to do it with.
            on_stop: lets the threads end early, where nobody wants their results any more.
        """
        results: list[Result] = []
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for future in [pool.submit(do, item) for item in items]:
                try:
                    results.append(future.result())
                except PaddleDVCError as error:
                    self._errors.append(error)
                    if not self._keep_going:
                        self.raise_any()
        except BaseException:
            # Whoever waits for a slow server must not keep everybody waiting.
            on_stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        return results

    def add(self, errors: Iterable[PaddleDVCError]) -> None:
        self._errors += errors

    def raise_any(self) -> None:
        distinct = list({str(error): error for error in self._errors}.values())
        if len(distinct) > 1 and self._keep_going:
            raise Several(distinct)
        if distinct:
            raise distinct[0]


def _answer(catalogs: Catalogs, question: Question) -> LockedModel:
    """Ask a catalog for the versions of a model, choose one and have it described."""
    catalog = catalogs.open(question.catalog)
    listed = list(catalog.versions(question.query))
    if not listed:
        raise _unlisted(question, catalog)
    for _ in range(TRIES):
        choice = select_version(question, listed)
        release = catalog.describe(question.query, choice.version)
        said = complete_selection(choice.listed, release)
        if why_not_selectable(question, said) is None:
            if choice.warning is not None:
                logger.warning("%s", choice.warning)
            return resolve_pin(question, release)
        # Only its description told that the version cannot be loaded: choose again.
        listed[listed.index(choice.listed)] = said
    summary = f"none of the {TRIES} newest versions that satisfy all of this can be loaded"
    raise Unresolvable(question.model.name, summary, list(map(str, question.wants)))


def _unlisted(question: Question, catalog: Catalog) -> Unresolvable:
    """Say where the catalog is that does not list a model, and the nearest name that it has."""
    name, asked = question.model.name, question.query.name
    try:
        known = catalog.names()
    except CatalogFailed:
        known = ()
    if asked in known:
        where = f"{question.catalog} ({catalog.where})"
        return Unresolvable(name, f"the catalog {where} lists no version of it")
    hint = suggest_name(asked, known)
    known_as = f" as {asked!r}" if asked != name else ""
    summary = f"the catalog {question.catalog} ({catalog.where}) does not list it{known_as}{hint}"
    advice = "look for it with `paddledvc list --available`, or set source_name to its name there"
    return Unresolvable(name, summary, [] if hint else [advice])


class _StoppedError(Exception):
    """Nobody wants the result any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _TrustingReader:
    """Reads the bytes that nobody has hashed yet, and trusts them."""

    root: Path
    offline: str | None
    progress: NamedProgress | None
    every_digest: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def hashed(self, entry: LockedModel) -> LockedModel:
        if self.every_digest:
            from paddledvc.locking.complete import complete_digests  # noqa: PLC0415 - only for --hash

            trust = entry.trust if entry.hashed else FIRST_USE
            return replace(complete_digests(self.root, entry, self._read), trust=trust)
        if entry.hashed:
            return entry
        if entry.files:
            files = tuple(self._file(entry, file) for file in entry.files)
            return replace(entry, files=files, trust=FIRST_USE)
        found = self._read(entry.name, entry.urls, entry.hashes)
        return replace(entry, md5=found.md5, sha256=found.sha256, size=found.size, trust=FIRST_USE)

    def _file(self, entry: LockedModel, file: LockedFile) -> LockedFile:
        if file.hashes.known:
            return file
        found = self._read(f"{entry.name}: {file.path}", file.urls, file.hashes)
        return replace(file, md5=found.md5, sha256=found.sha256, size=found.size)

    def _read(self, name: str, urls: Sequence[str], expected: Hashes) -> Hashes:
        # What reads costs 0.1 s to import, and a fresh lock needs none of it.
        from paddledvc.tools.sources import fetch  # noqa: PLC0415
        from paddledvc.tools.system.progress import label_progress  # noqa: PLC0415

        source = fetch.Source(model=name, urls=urls, root=self.root, offline=self.offline)
        told = label_progress(self.progress, name)

        def progress(done: int, total: int | None) -> None:
            if self.stop.is_set():
                raise _StoppedError
            if told is not None:
                told(done, total)

        return fetch.hash_source(source, expected, progress)
