"""What is known of a training, from its beginning to its end: what becomes its record."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.errors import PaddleDVCError
from paddledvc.hashes import Hashed
from paddledvc.models import registry
from paddledvc.stages.core.record import Dataset, Record, telling_variables
from paddledvc.stages.core.settings_digest import said_fields
from paddledvc.tools.dvc import program
from paddledvc.tools.dvc.core.objects import folder_oid
from paddledvc.tools.git import worktree
from paddledvc.tools.paddle import device
from paddledvc.tools.system import files
from paddledvc.tools.system.hash_cache import hash_md5
from paddledvc.tools.system.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.hashes import Hashes
    from paddledvc.models.model import Model
    from paddledvc.tools.paddle.core.results import Runtime

READERS = 4
"""Files of a dataset that are read at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """How things stood when a training began.

    Attributes:
        commit: what was checked out; None outside of git.
        dirty: whether files differed from that commit, but for those that stages write.
        at: the time, UTC.
        clock: the same, on a clock that nobody sets.
    """

    commit: str | None
    dirty: bool
    at: datetime
    clock: float


def begin_training(root: Path) -> Beginning:
    """Look how things stand, before a training begins."""
    commit, dirty = _commit(root)
    return Beginning(
        commit=commit, dirty=dirty, at=datetime.now(timezone.utc), clock=time.monotonic()
    )


def _commit(root: Path) -> tuple[str | None, bool]:
    """Tell what is checked out; a git that is missing or refuses makes no training fail."""
    written = [f":(exclude){path}" for path in (names.DVC_LOCK, names.REPORTS)]
    try:
        commit = worktree.resolve_commit(root, "HEAD")
        status = worktree.ask_git(root, "status", "--porcelain", "--", ":/", *written)
    except PaddleDVCError:
        return None, False
    return commit, commit is not None and bool(status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingredients:
    """What a training was given, and what ran it.

    Attributes:
        base: file of the weights that it started from, absolute; None where there was none.
        params: hyperparameters.
        runtime: what ran; None where nobody says.
    """

    base: Path | None
    params: Mapping[str, Any]
    runtime: Runtime | None


def record_training(
    root: Path, model: Model, began: Beginning, given: Ingredients, weights: Hashes
) -> Record:
    """Say what made the weights that a training has just ended with.

    Args:
        root: folder of the project.
        model: the model; it has a ``train`` section.
        began: how things stood when the training began.
        given: what it was given.
        weights: what its weights hash to.
    """
    assert model.train is not None
    seconds = time.monotonic() - began.clock
    launch = model.train.launch
    return Record(
        model=model.name,
        version=model.requires.text,
        weights=Hashed(path=registry.trained_file(model), hashes=weights),
        base=None if given.base is None else _hashed(root, given.base),
        commit=began.commit,
        dirty=began.dirty,
        params=given.params,
        datasets={
            name: Dataset(path=path, md5=digest_data(root, path))
            for name, path in model.train.datasets.items()
        },
        seed=model.train.seed,
        device=model.train.device,
        runtime=given.runtime,
        environment=telling_variables(os.environ),
        paddle=next(iter(device.installed_packages().values()), None),
        python=platform.python_version(),
        paddledvc=metadata.version("paddledvc"),
        launch=None if launch is None else said_fields(launch),
        began=began.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 1),
    )


def _hashed(root: Path, file: Path) -> Hashed:
    return Hashed(path=file.relative_to(root).as_posix(), hashes=files.hash_file(file))


def digest_data(root: Path, path: str) -> str | None:
    """Digest data as DVC does: the MD5 of a file, its name of a folder; None if nothing is there.

    What ``.dvcignore`` leaves out of a folder is left out here too.
    """
    place = root / path
    if place.is_dir():
        kept = program.kept_files(root, place)
        digests = side_by_side(lambda name: hash_md5(place / name), kept, jobs=READERS)
        return folder_oid(dict(zip(kept, digests, strict=True)))
    return hash_md5(place) if place.is_file() else None
