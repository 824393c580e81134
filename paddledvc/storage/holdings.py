"""What a project has of its models: which weights, exports and evidence, and what is in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.core import evidence, layout, outputs
from paddledvc.core.parts import Part, Standing, built_of, parts_of, standing
from paddledvc.tools import files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.core.lock import Lock
    from paddledvc.core.model import Model
    from paddledvc.core.model import Output as Result
    from paddledvc.core.outputs import Output
    from paddledvc.core.registry import Registry
    from paddledvc.project import Project


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
    built: Mapping[str, Output]

    @classmethod
    def read(cls, project: Project, registry: Registry, lock: Lock) -> Holdings:
        """Read what was built.

        Raises:
            InvalidFile: dvc.yaml or dvc.lock cannot be read.
        """
        stages, built = map(project.read_optional, (outputs.STAGES, outputs.LOCK))
        known = built_of(stages.value, built.value)
        return cls(project=project, registry=registry, lock=lock, built=known)

    def parts(self, model: Model) -> list[Part]:
        """List the weights of a model, and its export."""
        return parts_of(model, self.lock.by_name.get(model.name), self.built)

    def has(self, part: Part) -> bool:
        """Tell whether something is where it belongs; its bytes are not looked at."""
        return (self.project.root / part.path).exists()

    def standing(self, model: Model) -> Standing | None:
        """Say what the report of a model is worth; None for a model that is not exported."""
        return standing(self.registry, self.lock, model, self.built, self._report(model))

    def _report(self, model: Model) -> str | None:
        name = f"{layout.reports(model)}/verify.json"
        file = self.project.root / name
        return files.read_text(file, name) if file.is_file() else None

    def outputs(self, model: Model) -> tuple[Result, ...]:
        """List what the network gives, as it is stated, or else as the report found it."""
        report = self._report(model)
        if model.outputs or report is None:
            return model.outputs
        try:
            return evidence.parse(report).outputs
        except ValueError:
            return ()
