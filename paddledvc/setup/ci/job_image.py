"""The image that the stages of a project run in, as the jobs of a pipeline name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput

if TYPE_CHECKING:
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.project import Project


def env_image(project: Project) -> str | None:
    """Name the image in models.lock of the models that are trained or exported, by its digest.

    Args:
        project: the project.

    Returns:
        A name such as ``registry.example/paddle:3.3.1@sha256:…``; None where none is locked.

    Raises:
        InvalidInput: they have several images.

    Example:
        print(paddledvc.env_image(paddledvc.Project.find()))
    """
    lock = project.lock().by_name
    running = [one for one in project.registry().models if one.train is not None or one.exports]
    locked = [lock[one.name] for one in running if one.name in lock]
    found = {_pinned(one): one.name for one in reversed(locked) if one.image is not None}
    if len(found) > 1:
        raise InvalidInput(
            f"models.lock has several images, and the jobs of a pipeline run in one: "
            f"{', '.join(f'{image} of {name}' for image, name in sorted(found.items()))}; give "
            "the models that are trained or exported one `environment`"
        )
    return next(iter(found), None)


def _pinned(locked: LockedModel) -> str:
    image = str(locked.image)
    return image if "@" in image or not locked.image_digest else f"{image}@{locked.image_digest}"
