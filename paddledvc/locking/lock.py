"""models.yaml to models.lock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.locking import missing_code
from paddledvc.locking.core.resolution import plan_resolution, require_fresh_resolution
from paddledvc.locking.core.selection import Upgrade
from paddledvc.locking.current import UPDATE, Locked, LockUse, make_lock_current
from paddledvc.locking.images import pin_images
from paddledvc.locking.resolve import Resolved, resolve_conflicts
from paddledvc.models.lockfile import compare_lockfiles
from paddledvc.project import Inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.models.lockfile import Lock
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.yaml.conflicts import Side


def lock(  # noqa: PLR0913
    project: Project,
    *,
    check: bool = False,
    dry_run: bool = False,
    upgrade: bool = False,
    upgrade_packages: Sequence[str] = (),
    upgrade_images: bool = False,
    keep_going: bool = False,
    every_digest: bool = False,
    resolve: Side | None = None,
    use: LockUse = UPDATE,
    progress: NamedProgress | None = None,
) -> Locked:
    """Lock every model of models.yaml to one exact version, and write models.lock.

    Pins that still satisfy models.yaml stay; a new version in a catalog moves none. Bytes that
    nobody has hashed are read once from their source, and trusted. Of images that models.yaml
    names by a tag, the digest is asked of their registries, once.

    Args:
        project: the project.
        check: change nothing, and raise where something would change.
        dry_run: change nothing, and say what would change.
        upgrade: let every pin move to the newest version that satisfies models.yaml.
        upgrade_packages: models whose pin may move, each as ``NAME`` or ``NAME==VERSION``.
        upgrade_images: let the digest of every image move to what its tag names now.
        keep_going: go on after a failure, to report all of them.
        every_digest: state MD5 and SHA-256 of every file: of bytes in the work tree or the cache
            that have what is stated already, else of those of their source, which are read.
        resolve: the side to take first in each merge conflict of the project's files.
        use: what forbids to change the lock or to use the network.
        progress: told how bytes arrive that nobody has hashed yet.

    Raises:
        StaleLock: the lock is not what models.yaml asks for, and may not be changed.
        InvalidFile: models.yaml or models.lock breaks its rules, or models.yaml names code that is
            not there.
        Unresolvable: no version satisfies all that is asked of a model.
        CatalogFailed: a catalog could not answer.
        DownloadFailed: a model has no digest, and its source cannot be read.
        ChecksumMismatch: a model has no digest, and its bytes are not of the size it states.
        Several: with ``keep_going``, more than one of these.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text('models: [{name: a, version: "v1.0"}]')
    >>> from paddledvc import Project
    >>> [str(change) for change in lock(Project(root)).changes]
    ['Add a v1.0']
    """
    refused_by = "--check" if check else use.locked or use.frozen
    if resolve is not None and (by := refused_by or ("--dry-run" if dry_run else None)):
        raise InvalidInput(f"--resolve changes files, which {by} forbids")
    if every_digest and refused_by:
        raise InvalidInput(f"--hash changes models.lock, which {refused_by} forbids")
    inputs = Inputs(project)  # nothing is read yet: others may change it until the lock is ours
    if refused_by:
        missing_code.refuse_missing_code(inputs)
        movable = Upgrade.parse(inputs.registry, upgrade_packages, everything=upgrade)
        if upgrade_images:
            raise InvalidInput(f"--upgrade-image changes models.lock, which {refused_by} forbids")
        return _unchanged(inputs, movable, use, refused_by)
    with project.exclusive():
        resolved = Resolved() if resolve is None else resolve_conflicts(project, resolve)
        missing_code.refuse_missing_code(inputs)
        previous = project.previous_lock()
        movable = Upgrade.parse(inputs.registry, upgrade_packages, everything=upgrade)
        done = make_lock_current(
            project,
            plan_resolution(inputs.registry, previous, movable),
            offline=use.offline,
            keep_going=keep_going,
            hash_bytes=not dry_run,
            every_digest=every_digest,
            progress=progress,
        )
        new = pin_images(
            project.root, inputs.registry, done.lock, offline=use.offline, upgrade=upgrade_images
        )
        done = replace(done, lock=new, changes=compare_lockfiles(previous, new))
        if not dry_run:
            project.write_lock(done.lock)
    _warn_of_absent(inputs, done.lock)
    return replace(done, resolved=resolved.taken, unresolved=resolved.left)


def _unchanged(inputs: Inputs, movable: Upgrade, use: LockUse, refused_by: str) -> Locked:
    """Answer where the lock may not be changed."""
    if movable != Upgrade():
        raise InvalidInput(f"an upgrade changes models.lock, which {refused_by} forbids")
    current = inputs.project.lock()
    if use.frozen is None:
        require_fresh_resolution(inputs.registry, current, refused_by=use.locked or "")
    _warn_of_absent(inputs, current)
    return Locked(lock=current, changes=(), trusted=())


def _warn_of_absent(inputs: Inputs, lock: Lock) -> None:
    there = missing_code.look_for_missing_code(inputs.project, inputs.registry, lock)
    missing_code.warn_of_missing_files(inputs, there)
