"""Everything about one model, and why it is there at that version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.catalogs.opening import Catalogs
from paddledvc.display.results import Displayed
from paddledvc.errors import OutsideFailure
from paddledvc.evaluation.core.measured import Measured, measured_path
from paddledvc.gate import lock_history
from paddledvc.inventory.holdings import Holdings
from paddledvc.locking.core.resolution import list_stale_resolutions
from paddledvc.locking.core.selection import list_wants
from paddledvc.models.versions import is_version, same_version
from paddledvc.project import Inputs
from paddledvc.stages.core.record import Record, record_path
from paddledvc.tools.git import blame, repository, worktree
from paddledvc.tools.git.command import ask_git
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.verification.core.evidence import Latencies, latencies_path

if TYPE_CHECKING:
    from paddledvc.cards.core.parts import Part, Standing
    from paddledvc.gate.lock_history import Earlier
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Model, Output
    from paddledvc.project import Project
    from paddledvc.tools.git.blame import Commit
    from paddledvc.yaml.document import Document, Path

_OF_NOW: tuple[Standing | None, ...] = ("pass", "shows nothing", "fail", "not-repeatable")
"""What a report may be worth that is of the export of now."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPart:
    """Weights or an export of a model, in this work tree.

    Attributes:
        part: what it is, as the lock files know it.
        present: whether something is where it belongs; its bytes are not looked at.
        since: the commit since which the locked version stands for these bytes; None if none yet.
    """

    part: Part
    present: bool
    since: Commit | None


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Shown(Displayed):
    """Everything about one model.

    Attributes:
        model: its entry of models.yaml.
        locked: its entry of models.lock; None if it is not locked.
        asked: who asks what of its version.
        catalog: what and where the catalog is that lists its versions; None if none does.
        since: the commit since which this version stands for these bytes; None if none does yet.
        stale: why the lock is not what models.yaml asks for; empty if it is.
        present: whether something is where the weights belong; its bytes are not looked at.
        used_by: the models that start from its weights.
        groups: the groups of models that it moves with.
        parts: its weights and its export.
        evidence: what the report of that export is worth; None if it is not exported.
        image: the container image that it runs in.
        paddle: version of Paddle in that, maybe without its last numbers; None if nothing tells.
        earlier: what other versions were, the oldest first.
        outputs: what its network gives, as it is stated, or else as the report found it.
        trained: what made its trained weights; None where that is not recorded.
        unrecorded: why a record that is there counts for nothing; empty if it counts.
        measured: what was measured of its weights of now; None where nothing was.
        latencies: what calls of its export of now took; None where nobody measured.
    """

    model: Model
    locked: LockedModel | None
    asked: tuple[Asked, ...]
    catalog: str | None
    since: Commit | None
    stale: tuple[str, ...]
    present: bool
    used_by: tuple[str, ...]
    groups: tuple[str, ...] = ()
    parts: tuple[ShownPart, ...] = ()
    evidence: Standing | None = None
    image: str | None = None
    paddle: str | None = None
    earlier: tuple[Earlier, ...] = ()
    outputs: tuple[Output, ...] = ()
    trained: Record | None = None
    unrecorded: str = ""
    measured: Measured | None = None
    latencies: Latencies | None = None


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
    inputs = Inputs(project)
    registry, lock = inputs.registry, inputs.lock
    model = registry.model(name)
    locked = lock.by_name.get(name)
    catalog = None
    if registry.catalog(model) is not None:
        try:
            catalog = Catalogs(project.root, registry).open(str(model.source)).where
        except OutsideFailure as error:
            catalog = str(error)
    holdings = Holdings.of(inputs)
    parts = tuple(_part(inputs, holdings, name, one) for one in holdings.parts(model))
    weights = [one for one in parts if one.part.what != "export"]
    trained, unrecorded = _trained(project, model, parts)
    standing = holdings.standing(model)
    return Shown(
        model=model,
        locked=locked,
        asked=tuple(_asked(inputs, name)),
        catalog=catalog,
        since=weights[-1].since if weights else _locked_since(inputs, name, locked),
        stale=tuple(one.why for one in list_stale_resolutions(registry, lock) if one.model == name),
        present=bool(weights and weights[-1].present),
        used_by=tuple(other.name for other in registry.models if other.base == name),
        groups=registry.groups_of(name),
        parts=parts,
        evidence=standing,
        image=registry.environment_of(model).image,
        paddle=registry.environment_of(model).paddle,
        earlier=tuple(_earlier(project, model, locked)),
        outputs=holdings.outputs(model),
        trained=trained,
        unrecorded=unrecorded,
        measured=_measured(project, model, parts),
        latencies=_latencies(project, model) if standing in _OF_NOW else None,
    )


def _part(inputs: Inputs, holdings: Holdings, name: str, part: Part) -> ShownPart:
    return ShownPart(part=part, present=holdings.has(part), since=_part_since(inputs, name, part))


def _trained(
    project: Project, model: Model, parts: tuple[ShownPart, ...]
) -> tuple[Record | None, str]:
    """Read what made the trained weights, or say why the record that is there is of no use."""
    text = None if model.train is None else find_project_text(project.root, record_path(model))
    if text is None:
        return None, ""
    try:
        record = Record.from_json(text)
    except ValueError as error:
        return None, f"the record {error}"
    md5 = record.weights.hashes.md5
    if any(one.part.what == "trained weights" and one.part.md5 == md5 for one in parts):
        return record, ""
    return None, f"the record is of other bytes (md5:{md5})"


def _measured(project: Project, model: Model, parts: tuple[ShownPart, ...]) -> Measured | None:
    """Read what was measured, if it was of the weights of now."""
    text = None if model.evaluate is None else find_project_text(project.root, measured_path(model))
    try:
        measured = None if text is None else Measured.from_json(text)
    except ValueError:
        return None  # `check` says why
    md5s = {one.path: one.hashes.md5 for one in measured.files} if measured is not None else {}
    weights = [one.part for one in parts if one.part.what != "export"][-1:]
    return measured if all(md5s.get(one.path) == one.md5 for one in weights) else None


def _latencies(project: Project, model: Model) -> Latencies | None:
    text = find_project_text(project.root, latencies_path(model))
    try:
        return None if text is None else Latencies.from_json(text)
    except ValueError:
        return None  # `report` says why


def _earlier(project: Project, model: Model, locked: LockedModel | None) -> list[Earlier]:
    """List what other versions than the locked one were."""
    if (
        repository.find_repository_root(project.root) is None
        or worktree.resolve_worktree_commit(project.root, "HEAD") is None
    ):
        return []
    found = lock_history.list_locked_before(
        project.root, model, worktree.worktree_branch(project.root)
    )
    return [one for one in found if locked is None or not _is_same(one.version, locked.version)]


def _is_same(version: str, other: str) -> bool:
    return is_version(version) and same_version(version, other)


def _asked(inputs: Inputs, name: str) -> list[Asked]:
    registry = inputs.registry
    index = {model.name: at for at, model in enumerate(registry.models)}
    asked = []
    children = [one.name for one in registry.models if one.base == name and one.base_requires]
    # In the order in which list_wants lists them.
    for want, who in zip(list_wants(registry, name), [name, *children], strict=True):
        at: tuple[str, ...] = ("version",) if who == name else ("base", "version")
        line = inputs.models.position(("models", index[who], *at), False).line
        asked.append(Asked(who=who, requires=want.requirement.text, file=names.REGISTRY, line=line))
    return asked


def _locked_since(inputs: Inputs, name: str, locked: LockedModel | None) -> Commit | None:
    return _lock_origin(inputs, name, "version") if locked else None


def _part_since(inputs: Inputs, name: str, part: Part) -> Commit | None:
    """Find the commit since which a version stands for these bytes: the later of two lines.

    One says the version, the other what its bytes hash to.
    """
    locked = inputs.lock.by_name.get(name)
    if locked is None or not part.made:
        return None
    version = _locked_since(inputs, name, locked)
    if part.stage is None:
        kind = "md5" if locked.md5 is not None else "sha256"
        digest = version if locked.files else _lock_origin(inputs, name, kind)
    else:
        digest = _built_origin(inputs, part)
    if version is None or digest is None:
        return None
    root = inputs.project.root
    # git answers by its exit code: something, though empty, if so, and None if not.
    before = ask_git(root, "merge-base", "--is-ancestor", digest.name, version.name)
    return version if before is not None else digest


def _lock_origin(inputs: Inputs, name: str, field: str) -> Commit | None:
    """Find the commit of a line of models.lock."""
    value: Any = inputs.locked.value
    index = next(at for at, entry in enumerate(value["models"]) if entry["name"] == name)
    return _origin(inputs, inputs.locked, ("models", index, field))


def _built_origin(inputs: Inputs, part: Part) -> Commit | None:
    """Find the commit of the line of dvc.lock that says what a stage wrote."""
    value: Any = inputs.built.value
    outs = value["stages"][part.stage]["outs"]
    index = next(at for at, entry in enumerate(outs) if entry["path"] == part.path)
    return _origin(inputs, inputs.built, ("stages", str(part.stage), "outs", index, "md5"))


def _origin(inputs: Inputs, document: Document, key: Path) -> Commit | None:
    line = document.position(key, False).line
    return blame.blame_line(inputs.project.root, document.file, line)
