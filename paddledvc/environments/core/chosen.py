"""Which image an environment is, pinned as models.lock has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidInput
from paddledvc.models.images import Image, pin_image
from paddledvc.models.model import Environment

if TYPE_CHECKING:
    from paddledvc.models.lockfile import Lock, LockedModel
    from paddledvc.models.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The environment of a model, a group or a whole project.

    Attributes:
        name: the model or group; None for the project.
        version: the version of the model that is locked; None for what is more than one model.
        models: the models whose weights belong to it, those they start from among them.
        environment: what models.yaml states.
        image: the image with its tag and, where it is known, its digest; None where none is stated.
        mirrors: the same image in other registries.
    """

    name: str | None
    version: str | None
    models: tuple[str, ...]
    environment: Environment
    image: str | None
    mirrors: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether the image is named by its digest, so that it is the same bytes for ever."""
        return self.image is not None and Image.parse(self.image).digest is not None

    @property
    def cuda(self) -> str | None:
        """The version of CUDA that is stated, or that the tag of the image names."""
        tagged = None if self.image is None else Image.parse(self.image).cuda
        return self.environment.cuda or tagged

    @property
    def cudnn(self) -> str | None:
        """The version of cuDNN that the tag of the image names."""
        return None if self.image is None else Image.parse(self.image).cudnn

    @property
    def title(self) -> str:
        """What it is the environment of, in a word for people."""
        return " ".join(filter(None, (self.name or "the project", self.version)))


def choose_environment(registry: Registry, lock: Lock, name: str | None) -> Chosen:
    """Choose what a model, the models of a group or a project run in.

    Raises:
        UnknownModel: there is no such model or group.
        InvalidInput: no image is stated, or more than one, or what is locked is none.
    """
    named = registry.members(name) if name is not None else tuple(registry.by_name)
    common = registry.environment if name is None else None
    environment = common or _agree(registry, named, name)
    locked = [lock.by_name[one] for one in named if one in lock.by_name]
    _require_current(registry, locked, common)
    image = environment.image
    entries = [one for one in (*locked, *lock.models) if one.image == image]
    pin = next((one for one in entries if one.image_digest is not None), None)
    lineage = dict.fromkeys(other for one in named for other in registry.lineage(one))
    return Chosen(
        name=name,
        version=locked[0].version if locked and named == (name,) else None,
        models=() if name is None else tuple(lineage),
        environment=environment,
        image=None if image is None else _pin(image, pin.image_digest if pin else None),
        mirrors=pin.image_mirrors if pin is not None else (),
    )


def require_image(chosen: Chosen) -> str:
    """Give the image of an environment.

    Raises:
        InvalidInput: none is stated.
    """
    if chosen.image is None:
        raise InvalidInput(_explain_nothing(chosen.name, "no container image"))
    return chosen.image


def _explain_nothing(name: str | None, what: str) -> str:
    return (
        f"{names.REGISTRY} states {what} for {name or 'the project'}; add `environment: "
        "{image: paddlepaddle/paddle:3.3.1}` at its top or to a model, then run `paddledvc lock`"
    )


def _agree(registry: Registry, models: tuple[str, ...], name: str | None) -> Environment:
    """Find the one environment that some models have."""
    found: dict[Environment, str] = {}
    for one in models:
        found.setdefault(registry.environment_of(registry.model(one)), one)
    found.pop(Environment(), None)
    if not found:
        raise InvalidInput(_explain_nothing(name, "no environment"))
    if len(found) > 1:
        each = ", ".join(f"{one} has {at.image or 'no image'}" for at, one in found.items())
        raise InvalidInput(f"found several environments: {each}; name one of these models")
    return next(iter(found))


def _require_current(
    registry: Registry, locked: list[LockedModel], common: Environment | None
) -> None:
    """Refuse a lock that names other images than models.yaml does."""
    for one in locked:
        own = registry.environment_of(registry.model(one.name))
        if one.image != own.image and (common is None or own == common):
            raise InvalidInput(
                f"{names.LOCK} has {one.image or 'no image'} for {one.name}, {names.REGISTRY} "
                f"states {own.image or 'none'}; run `paddledvc lock`"
            )


def _pin(image: str, digest: str | None) -> str:
    """Name an image by its digest too; what no image is must not get onto a command line."""
    try:
        Image.parse(image)
    except ValueError as error:
        raise InvalidInput(f"{names.REGISTRY}: {error}") from error
    if image.startswith("-"):  # docker would read an option
        raise InvalidInput(f"found the container image {image!r}, which begins with '-'")
    return pin_image(image, digest)
