"""What registries tell of the images that are locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.locking.core.image_pins import list_image_names, list_locked_images
from paddledvc.models.images import Image

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.models.lockfile import Lock
    from paddledvc.models.registry import Registry

_ABSENT = 404


def read_image_digests(
    root: Path, registry: Registry | None, lock: Lock
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """Ask for the digest of each locked image, and say of which nobody told.

    Args:
        root: the project.
        registry: what is wanted; None where that could not be read.
        lock: what is locked.

    Returns:
        The digests by the names of images, None for one that is gone; and what is not known.
    """
    named = list_image_names(registry) if registry is not None else ()
    images: dict[str, Image] = {}
    for entry in lock.models:
        for _, name, digest in list_locked_images(entry):
            try:
                image = Image.parse(name)
            except ValueError:  # a models.lock written by hand may have such
                continue
            whole = f"{name}@{digest}"  # as models.yaml may name a mirror
            images[name] = Image.parse(whole) if whole in named else image
    if not images:
        return {}, ()
    # Only those who ask for it pay for what speaks to servers.
    from paddledvc.tools.sources.image_registries import (  # noqa: PLC0415
        ask_image_digests,
        name_image_registry,
    )

    answers = ask_image_digests(images.values(), root)
    found: dict[str, str | None] = {}
    notes = []
    for name, image in images.items():
        answer = answers[image]
        if isinstance(answer, str):
            found[name] = answer
        elif answer.status == _ABSENT:
            found[name] = None
        else:
            why = f"{name_image_registry(image)}: {answer}"
            notes.append(f"whether {name} has moved is not known ({why})")
    return found, tuple(notes)
