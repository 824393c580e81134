"""The file by which editors open a project in its container: https://containers.dev."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.environments.core.chosen import require_image
from paddledvc.environments.core.docker_lines import SHARED_MEMORY

if TYPE_CHECKING:
    from paddledvc.environments.core.chosen import Chosen

DEVCONTAINER = ".devcontainer/devcontainer.json"


def render_devcontainer(chosen: Chosen, *, gpus: bool) -> str:
    """Write the file; a machine without a GPU opens it too."""
    image = require_image(chosen)
    value: dict[str, Any] = {
        "name": chosen.title,
        "image": image,
        "runArgs": [f"--shm-size={SHARED_MEMORY}"],
        "containerEnv": {names.IMAGE_VARIABLE: image},
        # On the host, where the clone's remotes and credentials are.
        "initializeCommand": ["paddledvc", "pull", *chosen.models],
    }
    if gpus:
        value["hostRequirements"] = {"gpu": "optional"}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
