"""Weights into the project: downloaded, compared with their pins, moved into place."""

from __future__ import annotations

import logging
import posixpath
from dataclasses import dataclass, replace
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Literal

from paddledvc.display.results import Displayed
from paddledvc.errors import ChecksumMismatch, DownloadFailed, InvalidInput, UnsavedEdit
from paddledvc.locking import download
from paddledvc.locking.current import UPDATE, current_lock
from paddledvc.paths import quote_path
from paddledvc.stages.core import settings_digest
from paddledvc.tools.git.project_files import require_beneath, require_output_folder
from paddledvc.tools.sources import fetch
from paddledvc.tools.system import files
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.tools.system.progress import label_progress
from paddledvc.urls import hide_url_secrets
from paddledvc.weights.core.outcome import describe_way_back
from paddledvc.weights.tree.edits import find_unsaved_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paddledvc.hashes import Hashes
    from paddledvc.locking.current import LockUse
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Synced(Displayed):
    """Weights that are in place, and are the pinned ones.

    Attributes:
        path: the file or folder where they are, relative to the project.
        state: ``present`` if they were in place already, ``fetched`` if they had to be brought.
        url: where they, or the first file of a folder, were brought from; None if present.
        hashes: what the bytes of a file hash to; of a folder only the size.
    """

    name: str
    version: str
    path: str
    state: Literal["present", "fetched"]
    url: str | None
    hashes: Hashes


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What one source answered.

    Attributes:
        url: the source.
        file: the file of a folder that it is to have; empty where the weights are one file.
        size: size in bytes, None if the source keeps it back.
        problem: why the source is unusable; empty if it is not.
        hashes: what its bytes hash to, if they were read.
        differs: whether it has other bytes than the pinned ones.
    """

    url: str
    file: str = ""
    size: int | None
    problem: str
    hashes: Hashes | None = None
    differs: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Probed(Displayed):
    """What ``sync`` would find.

    Attributes:
        hash_known: whether the bytes could be compared with a digest.
        present: whether something is in place already; its bytes are not looked at.
        sources: the answer of each source, in the order to try.
    """

    name: str
    version: str
    path: str
    hash_known: bool
    present: bool
    sources: tuple[Reached, ...]

    @property
    def reachable(self) -> bool:
        """Whether some source has the bytes, of a folder those of each file."""
        good = {source.file for source in self.sources if not source.problem}
        return good >= {source.file for source in self.sources}


def sync(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    pin: str | None = None,
    use: LockUse = UPDATE,
    force: bool = False,
    progress: NamedProgress | None = None,
) -> list[Synced]:
    """Bring the pinned weights of models into the project.

    Weights that are in place and hash to their pin are left alone, without any network. What is
    there instead gives way only where DVC's cache, or a commit, has it.

    Args:
        project: the project.
        names: the models; all that have weights by default.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        use: how models.lock may be used.
        force: give up what somebody wrote in the place of weights.
        progress: told how the bytes arrive.

    Raises:
        UnsavedEdit: something else is in place that nothing else has; it stays.
        ChecksumMismatch: the bytes are not the pinned ones; what was in place still is.
        DownloadFailed: no source could be read.
        StaleLock: models.lock is not what models.yaml asks for, and may not be updated.
        StaleStages: the stage was generated for another pin.
        UnknownModel: there is no such model.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import paddledvc
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "a.pdparams").write_bytes(b"weights")
    >>> _ = (root / "models.yaml").write_text(
    ...     'models: [{name: a, version: "v1", weights_url: a.pdparams}]')
    >>> project = paddledvc.Project(root)
    >>> _ = paddledvc.lock(project)
    >>> [(done.state, done.path) for done in paddledvc.sync(project, ["a"])]
    [('fetched', 'checkpoints/a_v1.pdparams')]
    """
    entries = _entries(project, names, pin, use)
    return [_bring(project, entry, use.offline, progress, force=force) for entry in entries]


def probe(  # noqa: PLR0913 - each is an option
    project: Project,
    names: Sequence[str] = (),
    *,
    pin: str | None = None,
    use: LockUse = UPDATE,
    hash_bytes: bool = False,
    progress: NamedProgress | None = None,
) -> list[Probed]:
    """Ask every source whether it has the weights, and write nothing.

    Args:
        project: the project.
        names: the models; all that have weights by default.
        pin: as for ``sync``.
        use: as for ``sync``, but a stale lock is never updated.
        hash_bytes: read every byte of every source, and compare it with the pin.
        progress: told how the bytes arrive that are hashed.

    Raises:
        StaleLock: models.lock is not what models.yaml asks for.
        StaleStages: the stage was generated for another pin.
        UnknownModel: there is no such model.

    Example:
        project = paddledvc.Project.find()
        for found in paddledvc.probe(project):
            print(found.model, found.reachable)
    """
    use = replace(use, locked=use.locked or "--dry-run")
    entries = _entries(project, names, pin, use)
    if not hash_bytes:
        return [_probe(project, one, partial(_reach, project, use.offline)) for one in entries]
    return [
        _probe(project, one, partial(_compare, project, use.offline, one.name, progress))
        for one in entries
    ]


def _entries(
    project: Project, names: Sequence[str], pin: str | None, use: LockUse
) -> list[LockedModel]:
    registry = project.registry()
    models = [registry.model(name) for name in names]
    lock = current_lock(project, registry, use, names or None, pin=pin)
    models = models or [model for model in registry.models if lock.model(model.name).downloads]
    for model in models:
        if not lock.model(model.name).downloads:
            raise InvalidInput(
                f"{model.name} has no weights to download; add weights_url, or a source"
            )
    if pin is not None:
        if len(models) != 1:
            raise InvalidInput("--pin belongs to one model; name it")
        settings_digest.require_digest(
            "sync", models[0], pin, settings_digest.sync_digest(lock, models[0])
        )
    return [lock.model(model.name) for model in models]


def _bring(
    project: Project,
    entry: LockedModel,
    offline: str | None,
    progress: NamedProgress | None,
    *,
    force: bool,
) -> Synced:
    target = download.download_target(entry, project.root)
    require_output_folder(project.root, posixpath.dirname(str(entry.path)))
    require_beneath(project.root, str(entry.path))
    # Two at once: the second waits, and then finds the weights in place.
    with files.hold_file_lock(project.scratch() / f"{target.name}.lock"):
        files.remove_part_files(target)
        present = download.hash_downloaded(entry, project.root)
        if present is not None:
            return _synced(entry, "present", None, present)
        if not force:
            _require_saved(project, entry)
        fetched = download.download_model(entry, project.root, offline=offline, progress=progress)
    return _synced(entry, "fetched", fetched.url, fetched.hashes)


def _require_saved(project: Project, entry: LockedModel) -> None:
    """Require that what is in the place of weights is no edit that nothing else has.

    Raises:
        UnsavedEdit: it is.
    """
    path, unsaved = str(entry.path), find_unsaved_weights(project, entry)
    if unsaved.edit:
        raise UnsavedEdit(
            path,
            unsaved.edit,
            f"to keep it, run `mv {quote_path(path)} {quote_path(f'{path}.mine')}`; "
            f"to drop it, run `paddledvc sync --force {quote(entry.name)}`",
        )
    if unsaved.back:
        logger.warning("%s", describe_way_back(path, unsaved.back))


def _synced(
    entry: LockedModel, state: Literal["present", "fetched"], url: str | None, hashes: Hashes
) -> Synced:
    return Synced(
        name=entry.name,
        version=entry.version,
        path=str(entry.path),
        state=state,
        url=url,
        hashes=hashes,
    )


def _probe(project: Project, entry: LockedModel, ask: Callable[[str, Hashes], Reached]) -> Probed:
    return Probed(
        name=entry.name,
        version=entry.version,
        path=str(entry.path),
        hash_known=entry.hashed,
        present=download.download_target(entry, project.root).exists(),
        sources=tuple(
            replace(ask(url, hashes), file=file)
            for file, urls, hashes in _downloads(entry)
            for url in urls
        ),
    )


def _downloads(entry: LockedModel) -> list[tuple[str, tuple[str, ...], Hashes]]:
    if entry.files:
        return [(file.path, file.urls, file.hashes) for file in entry.files]
    return [("", entry.urls, entry.hashes)]


def _reach(project: Project, offline: str | None, url: str, expected: Hashes) -> Reached:
    """Ask a source for the size of what it has."""
    try:
        fetch.require_fetch_allowed(url, offline)
        size = fetch.source_size(url, project.root)
    except Unreadable as error:
        return Reached(url=url, size=None, problem=str(error))
    if size is None or expected.size in (None, size):
        return Reached(url=url, size=size, problem="")
    problem = f"has {size:,} bytes, the pin says {expected.size:,}"
    return Reached(url=url, size=size, problem=problem, differs=True)


def _compare(  # noqa: PLR0913, PLR0917 - each is a setting of its own
    project: Project,
    offline: str | None,
    name: str,
    progress: NamedProgress | None,
    url: str,
    expected: Hashes,
) -> Reached:
    """Read all that a source has, and compare it with the pin."""
    shown = hide_url_secrets(url)
    source = fetch.Source(model=name, urls=(url,), root=project.root, offline=offline)
    try:
        found = fetch.hash_source(source, expected, label_progress(progress, f"{name}: {shown}"))
    except ChecksumMismatch as error:
        problem = f"has {error.found}, the pin says {error.expected}"
        return Reached(url=url, size=None, problem=problem, differs=True)
    except DownloadFailed as error:
        return Reached(url=url, size=None, problem=error.causes[0].removeprefix(f"{shown}: "))
    return Reached(url=url, size=found.size, problem="", hashes=found)
