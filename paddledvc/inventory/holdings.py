"""What a project has of its models: weights, exports and evidence, and what is in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc.cards.core.parts import judge_report_standing, list_parts, read_built_parts
from paddledvc.models.model import model_reports_folder
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.verification.core.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.cards.core.parts import Part, Standing
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.model import Output as Result
    from paddledvc.models.registry import Registry
    from paddledvc.project import Inputs, Project
    from paddledvc.tools.dvc.core.outputs import DvcOutput


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
            built=read_built_parts(inputs.stages.value, inputs.built.value),
        )

    def parts(self, model: Model) -> list[Part]:
        """List the weights of a model, and its export."""
        return list_parts(model, self.lock.by_name.get(model.name), self.built)

    def has(self, part: Part) -> bool:
        """Tell whether something is where it belongs; its bytes are not looked at."""
        return (self.project.root / part.path).exists()

    def standing(self, model: Model) -> Standing | None:
        """Say what the report of a model is worth; None for a model that is not exported."""
        return judge_report_standing(
            self.registry, self.lock, model, self.built, self._report(model)
        )

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
