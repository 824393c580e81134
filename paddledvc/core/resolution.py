"""From what is wanted to what is locked, and how far the two are apart."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.core.hashes import Hashes
from paddledvc.core.lock import Lock, LockedModel, stated
from paddledvc.core.versions import same_version
from paddledvc.errors import Stale, StaleLock

if TYPE_CHECKING:
    from paddledvc.core.model import Model
    from paddledvc.core.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What the registry resolves to without asking anyone.

    Attributes:
        lock: an entry for every model that names one exact version.
        unhashed: names of the models whose bytes nobody has hashed yet.
        floating: names of the models whose version is a range, which only a catalog can resolve.
    """

    lock: Lock
    unhashed: tuple[str, ...]
    floating: tuple[str, ...]


def resolve(registry: Registry, previous: Lock) -> Resolution:
    """Resolve a registry, keeping what the previous lock knows about the same bytes."""
    exact = [model for model in registry.models if model.requires.exact]
    entries = sorted(
        (_entry(model, previous.by_name.get(model.name), registry.image) for model in exact),
        key=lambda entry: entry.name,
    )
    return Resolution(
        lock=Lock(models=tuple(entries)),
        unhashed=tuple(entry.name for entry in entries if entry.urls and not entry.hashes.known),
        floating=tuple(model.name for model in registry.models if not model.requires.exact),
    )


def _entry(model: Model, previous: LockedModel | None, image: str | None) -> LockedModel:
    version = model.requires.text
    hashes = Hashes(md5=model.md5, sha256=model.sha256, size=model.size)
    if previous is not None and same_version(previous.version, version) and model.urls:
        hashes = hashes.completed_by(previous.hashes)
    common = LockedModel(
        name=model.name,
        version=version,
        requires=version,
        source=model.source,
        base=model.base,
        image=model.image or image,
    )
    if not model.urls:
        return common
    file_format = model.format or layout.format_of(model.urls[0]) or "pdparams"
    return LockedModel(
        **{**stated(common), "urls": model.urls},
        md5=hashes.md5,
        sha256=hashes.sha256,
        size=hashes.size,
        format=file_format,
        path=layout.downloaded(model.name, version, file_format),
    )


def staleness(registry: Registry, lock: Lock) -> tuple[Stale, ...]:
    """List where the lock is not what the registry asks for."""
    resolution = resolve(registry, lock)
    wanted = resolution.lock.by_name
    reasons = [
        Stale(model=name, why="its version is a range, which is not locked")
        for name in resolution.floating
    ]
    for name in sorted(wanted.keys() | lock.by_name.keys()):
        if name not in lock.by_name:
            reasons.append(Stale(model=name, why="is in models.yaml but not in models.lock"))
        elif name not in registry.by_name:
            why = "is in models.lock but no longer in models.yaml"
            reasons.append(Stale(model=name, why=why))
        elif name in wanted:
            reasons += _differences(wanted[name], lock.by_name[name])
    reasons += [
        Stale(model=name, why="nobody has hashed its bytes yet")
        for name in resolution.unhashed
        if name in lock.by_name
    ]
    return tuple(reasons)


def _differences(wanted: LockedModel, locked: LockedModel) -> list[Stale]:
    name = wanted.name
    if wanted.version != locked.version:
        why = f"models.yaml asks for {wanted.version}, locked is {locked.version}"
        return [Stale(model=name, why=why)]
    differences = []
    for field in fields(LockedModel):
        now, before = getattr(wanted, field.name), getattr(locked, field.name)
        follows = field.name == "path" and wanted.format != locked.format
        if now != before and not follows:
            why = f"{field.name} is {_say(now)} in models.yaml, {_say(before)} locked"
            differences.append(Stale(model=name, why=why))
    return differences


def _say(value: object) -> str:
    if value in (None, ()):
        return "absent"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def require_fresh(registry: Registry, lock: Lock, names: tuple[str, ...] | None = None) -> None:
    """Refuse a lock that does not say what the registry asks for.

    Args:
        registry: what is wanted.
        lock: what is locked.
        names: the models to look at; all by default.

    Raises:
        StaleLock: with a reason for each difference.
    """
    reasons = [
        reason for reason in staleness(registry, lock) if names is None or reason.model in names
    ]
    if reasons:
        raise StaleLock(reasons, "models.lock is stale; run `paddledvc lock` to update it:")
