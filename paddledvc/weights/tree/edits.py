"""What would be lost with the weights that lie in the work tree, and how what went comes back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from paddledvc.hashes import same_hashes
from paddledvc.models.lockfile import Lock
from paddledvc.paths import quote_path
from paddledvc.tools.dvc.cache import Cache
from paddledvc.tools.dvc.core.outputs import FOLDER_SUFFIX
from paddledvc.weights.core.decide import UNKNOWN
from paddledvc.weights.core.tracked import list_tracked
from paddledvc.weights.tree.records import read_placed_records
from paddledvc.weights.tree.survey import Surveyor

if TYPE_CHECKING:
    from pathlib import Path

    from paddledvc.models.lockfile import LockedModel
    from paddledvc.project import Project
    from paddledvc.weights.tree.survey import Survey


class Unsaved(NamedTuple):
    """What is in the place of weights.

    Attributes:
        edit: what somebody did to them that nothing else has, as the end of a sentence; empty
            where nothing would be lost.
        back: where the cache has them, and how they come back, if nothing else has them.
    """

    edit: str = ""
    back: str = ""


def find_unsaved_weights(project: Project, model: LockedModel) -> Unsaved:
    """Say what would be lost if the weights of a model were replaced by what models.lock pins.

    Args:
        project: the project.
        model: the model, as models.lock pins it.
    """
    wanted = list_tracked(Lock(models=(model,)), {})
    cache, entries = Cache.of(project.root), read_placed_records(project)
    surveyor = Surveyor(project, cache, wanted=wanted, before=(), entries=entries, force=False)
    for survey in surveyor.every(prune=False):
        if survey.alone:
            return Unsaved(back=say_way_back(project.root, cache, survey))
        if survey.decision.act == "keep" and _is_any_lost(survey, cache):
            return Unsaved(edit=survey.decision.why)
    return Unsaved()


def _is_any_lost(survey: Survey, cache: Cache) -> bool:
    """Tell whether bytes would go: a link of somebody's own and an empty file have none."""
    content, found = survey.content or {}, survey.found or {}
    for name, seen in survey.seen.items():
        own = seen.link is not None and cache.inside(seen.link) is None
        if own or seen.file is None or not seen.file.st_size:
            continue
        if name not in content or not same_hashes(content[name], found.get(name, UNKNOWN)):
            return True
    return False


def say_way_back(root: Path, cache: Cache, survey: Survey) -> str:
    """Say where the cache has what gives way, as it alone does, and how it comes back."""
    if survey.alone.endswith(FOLDER_SUFFIX):
        return f"as {survey.alone}; `dvc repro` with the same inputs brings it back"
    file = os.path.relpath(cache.path(survey.alone), root)
    # `cp` would write through a link into the cache.
    back = f"install -m 644 {quote_path(file)} {quote_path(survey.path)}"
    return f"as {survey.alone}; `{back}` brings it back"
