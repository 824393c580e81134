"""Which digests of images stand in a lock, which only a registry can tell, and where they differ.

A pin is of a name: it stands as long as models.yaml names that image or mirror. A lock without one
is not stale by that, for no registry has to be reachable where somebody locks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paddledvc.models.images import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Environment
    from paddledvc.models.registry import Registry


def keep_image_pins(environment: Environment, pinned: LockedModel | None) -> dict[str, Any]:
    """Give what the lock says of the images of a model, as far as models.yaml still names them."""
    image = environment.image
    known = dict(list_image_pins([pinned] if pinned is not None else []))
    digest = known.get(image or "")
    return {
        "image": image,
        "image_digest": digest if _digest_in(image) in (None, digest) else None,
        "image_mirrors": _pin_mirrors(environment.mirrors, known),
    }


def _pin_mirrors(mirrors: Iterable[str], known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{_bare(name)}@{known[name]}" for name in mirrors if name in known)


def _digest_in(name: str | None) -> str | None:
    return (name or "").partition("@")[2] or None


def _bare(name: str) -> str:
    return name.partition("@")[0]


def list_image_pins(entries: Iterable[LockedModel]) -> Iterator[tuple[str, str]]:
    """List the names of images that a lock has digests of, each with its digest.

    >>> from paddledvc.models.lockfile import LockedModel
    >>> digest = f"sha256:{'0a' * 32}"
    >>> locked = LockedModel(name="a", version="v1", image="paddle:3", image_digest=digest)
    >>> dict(list_image_pins([locked])) == {"paddle:3": digest}
    True
    """
    for entry in entries:
        for _, name, digest in list_locked_images(entry):
            yield name, digest
        yield from ((mirror, mirror.partition("@")[2]) for mirror in entry.image_mirrors)


def list_locked_images(
    entry: LockedModel,
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """List the images of a model, each with its place in the model's block, and its digest."""
    if entry.image is not None and entry.image_digest is not None:
        yield ("image_digest",), entry.image, entry.image_digest
    for index, mirror in enumerate(entry.image_mirrors):
        name, _, digest = mirror.partition("@")
        yield ("image_mirrors", index), name, digest


def list_image_names(registry: Registry) -> tuple[str, ...]:
    """List the images and mirrors that models run in, each once."""
    environments = [registry.environment_of(model) for model in registry.models]
    names = (name for one in environments for name in (one.image, *one.mirrors) if name is not None)
    return tuple(dict.fromkeys(names))


def list_unpinned_images(
    registry: Registry, entries: Iterable[LockedModel], *, everything: bool = False
) -> tuple[str, ...]:
    """List the names whose digest only a registry can tell: those with a tag, and no digest yet.

    Args:
        registry: what is wanted.
        entries: what is locked.
        everything: whether digests that are there are asked for too.
    """
    known = {} if everything else dict(list_image_pins(entries))
    return tuple(
        name
        for name in list_image_names(registry)
        if name not in known and _digest_in(name) is None and Image.parse(name).tag is not None
    )


def fill_image_pins(
    registry: Registry, entries: Iterable[LockedModel], told: Mapping[str, str]
) -> tuple[LockedModel, ...]:
    """Pin images by what registries told, by their names, and by what other models have.

    Args:
        registry: what is wanted.
        entries: what is locked.
        told: digests by the names of images.
    """
    entries = tuple(entries)
    named = {name: said for name in list_image_names(registry) if (said := _digest_in(name))}
    others = dict(reversed(list(list_image_pins(entries))))
    filled = []
    for entry in entries:
        environment = registry.environment_of(registry.model(entry.name))
        known = {**others, **dict(list_image_pins([entry])), **told, **named}
        filled.append(
            replace(
                entry,
                image_digest=known.get(environment.image or ""),
                image_mirrors=_pin_mirrors(environment.mirrors, known),
            )
        )
    return tuple(filled)


def explain_image_drift(
    registry: Registry, entries: Iterable[LockedModel], told: Iterable[str]
) -> Iterator[str]:
    """Say which mirrors have another image than the one that they mirror.

    Args:
        registry: what is wanted.
        entries: what is locked.
        told: the names that registries told digests of just now.
    """
    told, pins, said = frozenset(told), dict(list_image_pins(entries)), set()
    for model in registry.models:
        environment = registry.environment_of(model)
        image = environment.image or ""
        for mirror in environment.mirrors:
            differs = image in pins and pins.get(mirror, pins[image]) != pins[image]
            if differs and not told.isdisjoint((image, mirror)) and (image, mirror) not in said:
                said.add((image, mirror))
                yield (
                    f"{mirror} is {pins[mirror]}, and {image}, which it mirrors, is {pins[image]}; "
                    "both are locked as they are, so compare them before they take each other's "
                    "place"
                )
