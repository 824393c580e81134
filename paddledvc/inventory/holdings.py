"""What a project has of its models: weights, exports and evidence, and what is in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from paddledvc import names
from paddledvc.models import registry as registries
from paddledvc.models.model import (
    exported_model_folder,
    model_reports_folder,
    model_stage_name,
    trained_model_file,
)
from paddledvc.tools.dvc.core import outputs
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.verification.core.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paddledvc.models.lockfile import Lock, LockedModel
    from paddledvc.models.model import Model
    from paddledvc.models.model import Output as Result
    from paddledvc.models.registry import Registry
    from paddledvc.project import Inputs, Project
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
class Holdings:
    """What a project has of its models.

    Attributes:
        project: the project.
        registry: models.yaml.
        lock: models.lock.
        built: what dvc.lock says was written, by path.
    """

    project: Project
    registry: Registry
    lock: Lock
    built: Mapping[str, DvcOutput]

    @classmethod
    def of(cls, inputs: Inputs) -> Holdings:
        """Take what was built from dvc.yaml and dvc.lock.

        Raises:
            InvalidFile: one of them cannot be read.
        """
        return cls(
            project=inputs.project,
            registry=inputs.registry,
            lock=inputs.lock,
            built=_built_of(inputs.stages.value, inputs.built.value),
        )

    def parts(self, model: Model) -> list[Part]:
        """List the weights of a model, and its export."""
        return _parts_of(model, self.lock.by_name.get(model.name), self.built)

    def has(self, part: Part) -> bool:
        """Tell whether something is where it belongs; its bytes are not looked at."""
        return (self.project.root / part.path).exists()

    def standing(self, model: Model) -> Standing | None:
        """Say what the report of a model is worth; None for a model that is not exported."""
        return _report_standing(self.registry, self.lock, model, self.built, self._report(model))

    def _report(self, model: Model) -> str | None:
        # What is not UTF-8 is an invalid report, and no reason for `list` to end.
        return find_project_text(self.project.root, f"{model_reports_folder(model)}/verify.json")

    def outputs(self, model: Model) -> tuple[Result, ...]:
        """List what the network gives as it is stated, and else as the report found it."""
        stated = model.outputs
        if stated and all(one.shape is not None and one.dtype for one in stated):
            return stated
        found = self._found(model)
        if len(stated) != len(found):
            return stated or found
        return tuple(
            replace(
                one,
                shape=other.shape if one.shape is None else one.shape,
                dtype=one.dtype or other.dtype,
            )
            for one, other in zip(stated, found, strict=True)
        )

    def _found(self, model: Model) -> tuple[Result, ...]:
        """List what the program gives; nothing where no report is of these very bytes."""
        report = self._report(model)
        if report is None or self.standing(model) in ("invalid", "of other bytes"):
            return ()
        return Evidence.from_json(report).outputs


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


def _parts_of(
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


def _built_of(stages: Any, built: Any) -> dict[str, DvcOutput]:
    """Read what dvc.lock says was written, by path.

    Args:
        stages: the value of dvc.yaml.
        built: that of dvc.lock.
    """
    found = outputs.list_outputs({outputs.STAGES_FILE: stages, names.DVC_LOCK: built})
    return {one.path: one for one in found}


def _report_standing(
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
