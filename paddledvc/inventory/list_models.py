"""The registry at a glance: what is locked, what is outdated, what catalogs have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paddledvc.catalogs.core.listing import Query, listed_versions
from paddledvc.catalogs.opening import Catalogs
from paddledvc.display.results import Displayed, Table
from paddledvc.errors import CatalogFailed, PaddleDVCError, Unresolvable
from paddledvc.inventory.holdings import Holdings
from paddledvc.locking.core.resolution import list_stale_resolutions, plan_resolution
from paddledvc.locking.core.selection import select_version, why_not_selectable
from paddledvc.models.lockfile import Lock
from paddledvc.models.model import TABLE_CATALOGS
from paddledvc.models.versions import as_version, newest_version, same_version
from paddledvc.project import Inputs
from paddledvc.tools.system.threads import ask_in_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.cards.core.parts import Part, Standing
    from paddledvc.catalogs.core.listing import Listed
    from paddledvc.locking.core.selection import Question
    from paddledvc.models.lockfile import LockedModel
    from paddledvc.models.model import Input, Model, Output
    from paddledvc.project import Project

AT_ONCE = 8
"""Questions that are asked at the same time."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ModelRow(Displayed):
    """A model of models.yaml and what is locked of it.

    Attributes:
        requires: what models.yaml asks for.
        locked: the version in models.lock; None if there is none.
        size: bytes of the weights; None if there are none, or nobody knows.
        path: where the weights belong; None if it has none of its own.
        state: whether models.lock still says what models.yaml asks for.
        md5: of the weights, as models.lock or, of trained ones, dvc.lock says.
        present: whether something is where the weights belong; None if it has none of its own.
        downloads: whether they are downloaded, and not trained.
        export: its export; None if it is not exported.
        evidence: what the report of that export is worth.
        image: the container image that it runs in.
    """

    name: str
    requires: str
    locked: str | None
    source: str | None
    task: str | None
    size: int | None
    path: str | None
    state: Literal["locked", "stale", "not locked"]
    md5: str | None = None
    present: bool | None = None
    downloads: bool = False
    export: Part | None = None
    evidence: Standing | None = None
    image: str | None = None
    owner: str | None = None
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    docs: str | None = None
    meta: Any = None

    @property
    def weights(self) -> str | None:
        """What is in the work tree, in words; None if it has no weights of its own."""
        if self.present is None:
            return None
        if self.present:
            return "in place"
        return "missing" if self.md5 is not None or self.downloads else "not built"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class OutdatedRow(Displayed):
    """A model that is not at the newest version that its catalog lists.

    Attributes:
        current: the locked version; None for a model that is not locked.
        wanted: the newest version that satisfies all who ask; None if there is none.
        latest: the newest version that the catalog lists; None if that is not known.
        why: why ``wanted`` is not ``latest``; empty where it is.
        problem: why nothing could be found out; empty if it could.
    """

    name: str
    current: str | None
    wanted: str | None
    latest: str | None
    source: str
    why: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class AvailableRow(Displayed):
    """A model that a catalog has.

    Attributes:
        name: the model's name in the catalog.
        latest: its newest version; None if the catalog does not tell.
    """

    name: str
    catalog: str
    latest: str | None


def list_models(project: Project) -> tuple[ModelRow, ...]:
    """List the models of models.yaml, in its order, with what is locked of them.

    Raises:
        InvalidFile: models.yaml or models.lock breaks its rules.

    >>> import tempfile
    >>> from pathlib import Path
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "models.yaml").write_text('models: [{name: a, version: "v1.0"}]')
    >>> from paddledvc import Project
    >>> [(row.name, row.requires, row.state) for row in list_models(Project(root))]
    [('a', 'v1.0', 'not locked')]
    """
    inputs = Inputs(project)
    registry, lock = inputs.registry, inputs.lock
    stale = {reason.model for reason in list_stale_resolutions(registry, lock)}
    holdings = Holdings.of(inputs)
    return Table(
        _row(holdings, model, lock.by_name.get(model.name), stale=model.name in stale)
        for model in registry.models
    )


def _row(holdings: Holdings, model: Model, entry: LockedModel | None, *, stale: bool) -> ModelRow:
    parts = holdings.parts(model)
    weights = next((one for one in reversed(parts) if one.what != "export"), None)
    return ModelRow(
        name=model.name,
        requires=model.requires.text,
        locked=entry.version if entry else None,
        source=model.source,
        task=model.task,
        size=weights.size if weights else None,
        path=weights.path if weights else None,
        state="not locked" if entry is None else "stale" if stale else "locked",
        md5=weights.md5 if weights else None,
        present=holdings.has(weights) if weights else None,
        downloads=weights is not None and weights.stage is None,
        export=next((one for one in parts if one.what == "export"), None),
        evidence=holdings.standing(model),
        image=holdings.registry.environment_of(model).image,
        owner=model.owner,
        inputs=model.inputs,
        outputs=holdings.outputs(model),
        docs=model.docs,
        meta=model.meta,
    )


def outdated(project: Project, *, offline: str | None = None) -> tuple[OutdatedRow, ...]:
    """List the models that are not at the newest version that their catalog lists.

    A catalog that fails is told in the rows of its models.

    Args:
        project: the project.
        offline: what forbids to use the network; None if nothing does.

    Raises:
        InvalidFile: models.yaml or models.lock breaks its rules.

    Example:
        project = paddledvc.Project.find()
        for row in paddledvc.outdated(project):
            print(row.name, row.current, row.latest, row.why)
    """
    registry, lock = project.registry(), project.previous_lock()
    catalogs = Catalogs(project.root, registry, offline)
    # From an empty lock, for which every model of a catalog is a question.
    questions = plan_resolution(registry, Lock(models=())).questions
    rows = ask_in_threads(
        lambda one: _compared(catalogs, lock.by_name.get(one.model.name), one),
        questions,
        jobs=AT_ONCE,
    )
    return Table(row for row in rows if row is not None)


def _compared(
    catalogs: Catalogs, locked: LockedModel | None, question: Question
) -> OutdatedRow | None:
    name, current = question.model.name, locked.version if locked else None
    try:
        listed = catalogs.open(question.catalog).versions(question.query)
    except PaddleDVCError as error:
        return OutdatedRow(
            name=name,
            current=current,
            wanted=None,
            latest=None,
            source=question.catalog,
            problem=str(error),
        )
    try:
        wanted: str | None = select_version(question, listed).version
    except Unresolvable:
        wanted = None
    latest = _latest(question, listed)
    if current and latest and same_version(current, latest.version):
        return None
    return OutdatedRow(
        name=name,
        current=current,
        wanted=wanted,
        latest=latest.version if latest else None,
        source=question.catalog,
        why="; ".join(filter(None, (_withdrawn(listed, current), _why(question, wanted, latest)))),
    )


def _latest(question: Question, listed: Sequence[Listed]) -> Listed | None:
    """Find the newest good version, a pre-release only where somebody asks for one."""
    pre = any(want.requirement.names_prerelease for want in question.wants)
    good = {
        one.version: one
        for one in listed
        if one.yanked is None and (pre or not as_version(one.version).is_prerelease)
    }
    newest = newest_version(good)
    return good[newest] if newest is not None else None


def _why(question: Question, wanted: str | None, latest: Listed | None) -> str:
    if latest is None:
        return "the catalog lists no version of it"
    if wanted is not None and same_version(wanted, latest.version):
        return ""
    return why_not_selectable(question, latest) or ""


def _withdrawn(listed: Sequence[Listed], current: str | None) -> str:
    """Say why nobody should take the locked version any more."""
    found = (one for one in listed if current and same_version(one.version, current))
    why = next((one.yanked for one in found), "no longer listed" if current else None)
    return f"{current} is {why}" if why else ""


def available(
    project: Project, text: str, *, offline: str | None = None
) -> tuple[AvailableRow, ...]:
    """Search the catalogs, declared and of installed packages, for models whose name holds a text.

    Args:
        project: the project.
        text: part of a name, in any case; empty for all.
        offline: what forbids to use the network; None if nothing does.

    Raises:
        CatalogFailed: a catalog that models.yaml declares could not answer.

    Example:
        project = paddledvc.Project.find()
        for row in paddledvc.available(project, "ocr"):
            print(row.name, row.latest)
    """
    registry = project.registry()
    catalogs = Catalogs(project.root, registry, offline)
    found: list[tuple[str, str]] = []
    for catalog in dict.fromkeys((*registry.catalogs, *TABLE_CATALOGS)):
        try:
            names = catalogs.open(catalog).names()
        except CatalogFailed:
            if catalog in registry.catalogs:
                raise
            continue  # a package that is not installed has nothing to offer
        found += [(catalog, name) for name in names if text.casefold() in name.casefold()]
    rows = ask_in_threads(lambda one: _available(catalogs, *one), sorted(found), jobs=AT_ONCE)
    return Table(rows)


def _available(catalogs: Catalogs, catalog: str, name: str) -> AvailableRow:
    try:
        listed = catalogs.open(catalog).versions(Query(name=name))
    except CatalogFailed:
        return AvailableRow(name=name, catalog=catalog, latest=None)
    finals = [one for one in listed_versions(listed) if not as_version(one).is_prerelease]
    latest = newest_version(finals or listed_versions(listed))
    return AvailableRow(name=name, catalog=catalog, latest=latest)
