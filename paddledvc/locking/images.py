"""Images of models.yaml pinned by digest, as far as registries tell what their tags name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from paddledvc.locking.core.image_pins import (
    explain_image_drift,
    fill_image_pins,
    list_image_pins,
    list_unpinned_images,
)
from paddledvc.models.images import Image
from paddledvc.models.lockfile import Lock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.models.registry import Registry

logger = logging.getLogger(__name__)


def pin_images(
    root: Path, registry: Registry, lock: Lock, *, offline: str | None, upgrade: bool
) -> Lock:
    """Ask registries for the digests that a lock lacks; warn of those that they do not tell.

    Args:
        root: the project.
        registry: what is wanted.
        lock: what is locked; the digest of an image that is not told now stays.
        offline: what forbids to use the network; None if nothing does.
        upgrade: whether digests that are there are asked for too.
    """
    asked = list_unpinned_images(registry, lock.models, everything=upgrade)
    if not asked:
        return lock
    told, refused = _ask(root, asked, offline)
    pinned = Lock(models=fill_image_pins(registry, lock.models, told))
    if refused:
        kept = dict(list_image_pins(pinned.models)).keys() & refused.keys()
        clauses = (("has no digest", refused.keys() - kept), ("keeps the digest", kept))
        logger.warning(
            "models.lock %s; run `paddledvc lock%s` where their registries can be reached",
            ", and ".join(
                f"{what} of {', '.join(f'{name} ({refused[name]})' for name in sorted(them))}"
                for what, them in clauses
                if them
            ),
            " --upgrade-image" if upgrade else "",
        )
    for warning in explain_image_drift(registry, pinned.models, told):
        logger.warning("%s", warning)
    return pinned


def _ask(
    root: Path, names: tuple[str, ...], offline: str | None
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Give what registries told, and why they did not, both by name."""
    if offline is not None:
        return {}, dict.fromkeys(names, f"{offline} forbids asking")
    # What asks servers costs 0.1 s to import, and a fresh lock needs none of it.
    from paddledvc.tools.sources.image_registries import (  # noqa: PLC0415
        ask_image_digests,
        name_image_registry,
    )

    images = {name: Image.parse(name) for name in names}
    answers = ask_image_digests(images.values(), root)
    told = {name: said for name, one in images.items() if isinstance(said := answers[one], str)}
    refused = {
        name: f"{name_image_registry(image)}: {answers[image]}"
        for name, image in images.items()
        if name not in told
    }
    return told, refused
