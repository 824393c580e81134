"""The weights and the export of a model, and what its report is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paddledvc import names
from paddledvc.models import registry as registries
from paddledvc.models.model import exported_model_folder, model_stage_name, trained_model_file
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.verification.core.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.models.lockfile import Lock, LockedModel
    from paddledvc.models.model import Model
    from paddledvc.models.registry import Registry
    from paddledvc.tools.dvc.core.outputs import DvcOutput

PartKind = Literal["weights", "trained weights", "export"]
Standing = Literal[
    "pass", "shows nothing", "fail", "not-repeatable", "missing", "invalid", "of other bytes"
]
"""What the evidence of an export is.

``of other bytes`` is a report of what was there before. One that ``shows nothing`` passes on
samples on which an export that ignores them would pass too.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Weights or an export of a model.

    Attributes:
        what: what it is.
        path: where it lies, from the root of the project.
        md5: of the file, or DVC's of the folder; None where nobody has made it yet.
        sha256: of the file, as far as models.lock says.
        size: bytes of it all; None where that is not known.
        stage: name of the stage that makes it; None for what is downloaded.
    """

    what: PartKind
    path: str
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    stage: str | None = None

    @property
    def made(self) -> bool:
        """Whether a lock file says which bytes it is."""
        return self.md5 is not None or self.sha256 is not None


def list_parts(
    model: Model, locked: LockedModel | None, built: Mapping[str, DvcOutput]
) -> list[Part]:
    """List the weights of a model, and its export, as far as it has such.

    Args:
        model: its entry of models.yaml.
        locked: its entry of models.lock.
        built: what dvc.lock says was written, by path.
    """
    found = []
    if locked is not None and locked.downloads and locked.path is not None:
        found.append(_downloaded(locked, locked.path))
    if model.train is not None:
        path, stage = trained_model_file(model), model_stage_name("train", model)
        found.append(_built("trained weights", path, stage, built))
    if model.exports:
        path, stage = exported_model_folder(model), model_stage_name("export", model)
        found.append(_built("export", path, stage, built))
    return found


def _downloaded(locked: LockedModel, path: str) -> Part:
    md5s = {file.path: file.md5 for file in locked.files if file.md5 is not None}
    whole = bool(md5s) and len(md5s) == len(locked.files)
    return Part(
        what="weights",
        path=path,
        md5=folder_object_name(md5s) if whole else locked.md5,
        sha256=locked.sha256,
        size=locked.total_size,
    )


def _built(what: PartKind, path: str, stage: str, built: Mapping[str, DvcOutput]) -> Part:
    found = built.get(path)
    md5 = found.md5 if found is not None and found.exact else None
    size = found.size if found is not None else None
    return Part(what=what, path=path, md5=md5, size=size, stage=stage)


def read_built_parts(stages: Any, built: Any) -> dict[str, DvcOutput]:
    """Read what dvc.lock says was written, by path.

    Args:
        stages: the value of dvc.yaml.
        built: that of dvc.lock.
    """
    found = outputs.list_outputs({outputs.STAGES_FILE: stages, names.DVC_LOCK: built})
    return {one.path: one for one in found}


def judge_report_standing(
    registry: Registry, lock: Lock, model: Model, built: Mapping[str, DvcOutput], report: str | None
) -> Standing | None:
    """Say what the report of a model is worth; None for a model that is not exported.

    Args:
        registry: models.yaml.
        lock: models.lock.
        model: the model.
        built: what dvc.lock says was written, by path.
        report: text of the report; None where there is none.
    """
    if not model.exports:
        return None
    if report is None:
        return "missing"
    try:
        proof = Evidence.from_json(report)
    except ValueError:
        return "invalid"
    now = _verified(registry, lock, model, built)
    if any(proof.md5(path) != md5 for path, md5 in now):
        return "of other bytes"
    if proof.passes:
        return "shows nothing" if proof.shows_nothing else "pass"
    return "not-repeatable" if proof.verdict == "not-repeatable" else "fail"


def _verified(
    registry: Registry, lock: Lock, model: Model, built: Mapping[str, DvcOutput]
) -> Iterator[tuple[str, str]]:
    """Yield the paths that a report must be of, as far as it is known what they are."""
    if model.name not in lock.by_name:
        return
    weights = registries.weights_in_registry(registry, lock, model)
    pinned = {one.path: one.md5 for one in lock.models if one.path is not None}
    for path in filter(None, (weights, exported_model_folder(model))):
        known = built[path].md5 if path in built and built[path].exact else None
        if (md5 := pinned.get(path) or known) is not None:
            yield path, md5
