"""Everything about one model, and why it is there at that version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.core.results import Displayed
from paddledvc.core.staleness import staleness
from paddledvc.core.wants import wants_of
from paddledvc.errors import OutsideFailure
from paddledvc.tools import blame
from paddledvc.tools.catalogs import Catalogs

if TYPE_CHECKING:
    from typing import Any

    from paddledvc.core.lock import LockedModel
    from paddledvc.core.model import Model
    from paddledvc.core.registry import Registry
    from paddledvc.project import Project
    from paddledvc.tools.blame import Commit


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Somebody who asks something of a model's version.

    Attributes:
        who: who asks.
        requires: what they ask for.
        file: the file that says so.
        line: the line that says so, from 1.
    """

    who: str
    requires: str
    file: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Shown(Displayed):
    """Everything about one model.

    Attributes:
        model: its entry of models.yaml.
        locked: its entry of models.lock; None if it is not locked.
        asked: who asks what of its version.
        catalog: what and where the catalog is that lists its versions; None if none does.
        since: the commit that locked this version; None if none did yet.
        stale: why the lock is not what models.yaml asks for; empty if it is.
        present: whether something is where the weights belong; its bytes are not looked at.
        used_by: the models that start from its weights.
    """

    model: Model
    locked: LockedModel | None
    asked: tuple[Asked, ...]
    catalog: str | None
    since: Commit | None
    stale: tuple[str, ...]
    present: bool
    used_by: tuple[str, ...]


def show(project: Project, name: str) -> Shown:
    """Tell everything about one model, without any network.

    Args:
        project: the project.
        name: the model.

    Raises:
        UnknownModel: models.yaml has no such model.
        InvalidFile: models.yaml or models.lock breaks its rules.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text('models: [{name: a, version: "v1.0"}]')
    >>> from paddledvc import Project
    >>> [str(asked.requires) for asked in show(Project(root), "a").asked]
    ['v1.0']
    """
    registry = project.registry()
    model = registry.model(name)
    lock = project.previous_lock()
    locked = lock.by_name.get(name)
    catalog = None
    if registry.catalog(model) is not None:
        try:
            catalog = Catalogs(project.root, registry).open(str(model.source)).where
        except OutsideFailure as error:
            catalog = str(error)
    return Shown(
        model=model,
        locked=locked,
        asked=tuple(_asked(project, registry, name)),
        catalog=catalog,
        since=_since(project, name) if locked else None,
        stale=tuple(one.why for one in staleness(registry, lock) if one.model == name),
        present=bool(locked and locked.path and (project.root / locked.path).exists()),
        used_by=tuple(other.name for other in registry.models if other.base == name),
    )


def _asked(project: Project, registry: Registry, name: str) -> list[Asked]:
    document = project.read(layout.REGISTRY)
    index = {model.name: at for at, model in enumerate(registry.models)}
    asked = []
    children = [one.name for one in registry.models if one.base == name and one.base_requires]
    for want, who in zip(wants_of(registry, name), [name, *children], strict=True):
        at: tuple[str, ...] = ("version",) if who == name else ("base", "version")
        line = document.position(("models", index[who], *at), False).line
        asked.append(
            Asked(who=who, requires=want.requirement.text, file=layout.REGISTRY, line=line)
        )
    return asked


def _since(project: Project, name: str) -> Commit | None:
    document = project.read(layout.LOCK)
    value: Any = document.value
    index = next(at for at, entry in enumerate(value["models"]) if entry["name"] == name)
    line = document.position(("models", index, "version"), False).line
    return blame.origin(project.root, layout.LOCK, line)
