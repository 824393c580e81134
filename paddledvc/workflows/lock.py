"""models.yaml to models.lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc.core import changes
from paddledvc.core import lock as locks
from paddledvc.core.resolution import Resolution, require_fresh, resolve
from paddledvc.errors import InvalidInput
from paddledvc.tools import sources
from paddledvc.tools.sources import Source

if TYPE_CHECKING:
    from paddledvc.core.changes import Change
    from paddledvc.core.lock import Lock
    from paddledvc.project import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """What locking did.

    Attributes:
        lock: the lock as it is now.
        changes: what moved, sorted by name.
        trusted: names of the models whose bytes were hashed for the first time, so that nothing
            but their source vouches for them.
    """

    lock: Lock
    changes: tuple[Change, ...]
    trusted: tuple[str, ...] = ()


def lock(project: Project, *, check: bool = False, dry_run: bool = False) -> Locked:
    """Lock every model of models.yaml to one exact version, and write models.lock.

    What the lock knows about the same bytes is kept. A model whose bytes nobody has hashed is
    read once from its source, and trusted.

    Args:
        project: the project.
        check: change nothing, and raise where something would change.
        dry_run: change nothing, and say what would change.

    Raises:
        StaleLock: with ``check``, the lock is not what models.yaml asks for.
        InvalidFile: models.yaml or models.lock breaks its rules.
        InvalidInput: a version is a range.
        DownloadFailed: a model has no digest, and its source cannot be read.
        ChecksumMismatch: a model has no digest, and its bytes are not of the size it states.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text('models: [{name: a, version: "v1.0"}]')
    >>> from paddledvc import Project
    >>> [str(change) for change in lock(Project(root)).changes]
    ['Add a v1.0']
    """
    registry = project.registry()
    if check:
        current = project.lock()
        require_fresh(registry, current)
        return Locked(lock=current, changes=())
    previous = project.previous_lock()
    resolution = resolve(registry, previous)
    _require_exact(resolution)
    hashed = resolution.lock if dry_run else _hash_unhashed(project, resolution)
    if not dry_run:
        project.write_lock(hashed)
    return Locked(
        lock=hashed,
        changes=changes.compare(previous, hashed),
        trusted=() if dry_run else resolution.unhashed,
    )


def _require_exact(resolution: Resolution) -> None:
    if resolution.floating:
        names = ", ".join(resolution.floating)
        raise InvalidInput(
            f"models.yaml asks for a range of versions of {names}; no catalog lists the versions "
            "to choose from, so write an exact one such as v3.3.0"
        )


def _hash_unhashed(project: Project, resolution: Resolution) -> Lock:
    entries = []
    for entry in resolution.lock.models:
        if entry.name in resolution.unhashed:
            source = Source(model=entry.name, urls=entry.urls, root=project.root)
            found = sources.describe(source, entry.hashes)
            entries.append(replace(entry, md5=found.md5, sha256=found.sha256, size=found.size))
        else:
            entries.append(entry)
    return locks.Lock(models=tuple(entries))
