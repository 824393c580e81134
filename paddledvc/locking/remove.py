"""Models out of models.yaml and models.lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names as layout
from paddledvc.display.results import Displayed
from paddledvc.errors import InvalidInput
from paddledvc.locking.core.resolution import plan_resolution
from paddledvc.locking.current import UPDATE, LockUse, make_lock_current
from paddledvc.project import Inputs
from paddledvc.yaml.edit.lists import EditableList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.models.lockfile import Change
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Removed(Displayed):
    """What removing models did.

    Attributes:
        names: the models.
        changes: what moved in models.lock, sorted by name.
    """

    names: tuple[str, ...]
    changes: tuple[Change, ...]


def remove(project: Project, names: Sequence[str], *, use: LockUse = UPDATE) -> Removed:
    r"""Take models out of models.yaml, and out of models.lock.

    The rest of models.yaml keeps every byte. Weights that were downloaded stay where they are.

    Args:
        project: the project.
        names: the models.
        use: what may be done; where the lock is frozen, only models.yaml is changed.

    Raises:
        UnknownModel: models.yaml has no such model.
        InvalidInput: another model starts from the weights of one of them.
        InvalidFile: models.yaml breaks its rules, or the text needs one of them where it is.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text('models:\n  - {name: a, version: "v1.0"}\n')
    >>> from paddledvc import Project, lock
    >>> _ = lock(Project(root))
    >>> [str(change) for change in remove(Project(root), ["a"]).changes]
    ['Remove a v1.0']
    """
    if use.locked:
        raise InvalidInput(f"removing a model changes models.lock, which {use.locked} forbids")
    with project.exclusive():
        inputs = Inputs(project)
        _require_unused(inputs.registry, names)
        text = inputs.models.text
        for name in dict.fromkeys(names):
            text = EditableList(text, layout.REGISTRY, "models").remove(name)
        left = project.parse_registry(text)
        if use.frozen is not None:
            project.write(layout.REGISTRY, text)
            return Removed(names=tuple(names), changes=())
        done = make_lock_current(
            project, plan_resolution(left, project.previous_lock()), offline=use.offline
        )
        project.write_registry(text, done.lock)
        return Removed(names=tuple(names), changes=done.changes)


def _require_unused(registry: Registry, names: Sequence[str]) -> None:
    for name in names:
        registry.model(name)
    for model in registry.models:
        if model.base in names and model.name not in names:
            raise InvalidInput(
                f"{model.name} starts from the weights of {model.base}; remove it too, or give it "
                "another base"
            )
