"""Weights into the project: downloaded, compared with their pins, moved into place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from paddledvc.core import pins
from paddledvc.core.resolution import require_fresh
from paddledvc.errors import InvalidInput
from paddledvc.tools import files, http, sources
from paddledvc.tools.sources import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from paddledvc.core.hashes import Hashes
    from paddledvc.core.lock import LockedModel
    from paddledvc.project import Project

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told a model's name, how many bytes have arrived, and how many there are if that is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Synced:
    """Weights that are in place, and are the pinned ones.

    Attributes:
        path: where they are, relative to the project.
        state: ``present`` if they were in place already, ``fetched`` if they had to be brought.
        url: where they were brought from; None if they were present.
        hashes: what the bytes hash to.
    """

    name: str
    version: str
    path: str
    state: Literal["present", "fetched"]
    url: str | None
    hashes: Hashes


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What one source answered without giving its bytes.

    Attributes:
        size: size in bytes, None if the source keeps it back.
        problem: why the source is of no use; empty if it is.
    """

    url: str
    size: int | None
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Probed:
    """What ``sync`` would find.

    Attributes:
        hash_known: whether the bytes could be compared with a digest.
        present: whether a file is in place already; its bytes are not looked at.
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
        """Whether some source would give the bytes."""
        return any(not source.problem for source in self.sources)


def sync(
    project: Project,
    names: Sequence[str] = (),
    *,
    pin: str | None = None,
    progress: Progress | None = None,
) -> list[Synced]:
    """Bring the pinned weights of models into the project.

    Weights that are in place and hash to their pin are left alone, without any network.

    Args:
        project: the project.
        names: the models; all that have weights by default.
        pin: what the stage in dvc.yaml was generated for; refused if it is another one now.
        progress: told how the bytes arrive.

    Raises:
        ChecksumMismatch: the bytes are not the pinned ones; what was in place still is.
        DownloadFailed: no source could be read.
        StaleLock: models.lock is not what models.yaml asks for.
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
    return [_bring(project, entry, progress) for entry in _entries(project, names, pin)]


def probe(project: Project, names: Sequence[str] = (), *, pin: str | None = None) -> list[Probed]:
    """Ask every source whether it has the weights, without downloading them.

    Args:
        project: the project.
        names: the models; all that have weights by default.
        pin: as for ``sync``.

    Raises:
        StaleLock: models.lock is not what models.yaml asks for.
        StaleStages: the stage was generated for another pin.
        UnknownModel: there is no such model.
    """
    return [_probe(project, entry) for entry in _entries(project, names, pin)]


def _entries(project: Project, names: Sequence[str], pin: str | None) -> list[LockedModel]:
    registry, lock = project.registry(), project.lock()
    models = [registry.model(name) for name in names]
    require_fresh(registry, lock, tuple(names) or None)
    models = models or [model for model in registry.models if lock.model(model.name).urls]
    for model in models:
        if not lock.model(model.name).urls:
            raise InvalidInput(f"{model.name} has no weights to download; add weights_url")
    if pin is not None:
        if len(models) != 1:
            raise InvalidInput("--pin belongs to one model; name it")
        pins.require_pin("sync", models[0], pin, pins.sync_pin(lock, models[0]))
    return [lock.model(model.name) for model in models]


def _bring(project: Project, entry: LockedModel, progress: Progress | None) -> Synced:
    target = _target(project, entry)
    name = entry.name
    # Two at once: the second waits, and then finds the weights in place.
    with files.exclusive(project.scratch() / f"{target.name}.lock"):
        files.remove_parts(target)
        present = _present(target, entry)
        if present is not None:
            return _synced(entry, "present", None, present)
        fetched = sources.fetch(
            Source(model=name, urls=entry.urls, root=project.root),
            entry.hashes,
            target,
            None if progress is None else lambda done, total: progress(name, done, total),
        )
    return _synced(entry, "fetched", fetched.url, fetched.hashes)


def _present(target: Path, entry: LockedModel) -> Hashes | None:
    """Hash what is in place; None if that is not the pinned file."""
    if not target.is_file() or entry.size not in (None, target.stat().st_size):
        return None
    found = files.hash_file(target)
    return None if entry.hashes.first_difference(found) else found


def _target(project: Project, entry: LockedModel) -> Path:
    assert entry.path is not None, "a locked model with URLs has a path"
    return project.root / entry.path


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


def _probe(project: Project, entry: LockedModel) -> Probed:
    return Probed(
        name=entry.name,
        version=entry.version,
        path=str(entry.path),
        hash_known=entry.hashes.known,
        present=_target(project, entry).is_file(),
        sources=tuple(_reach(project, entry, url) for url in entry.urls),
    )


def _reach(project: Project, entry: LockedModel, url: str) -> Reached:
    try:
        size = sources.size(url, project.root)
    except http.Unreadable as error:
        return Reached(url=url, size=None, problem=str(error))
    differs = size is not None and entry.size is not None and size != entry.size
    problem = f"has {size:,} bytes, the pin says {entry.size:,}" if differs else ""
    return Reached(url=url, size=size, problem=problem)
