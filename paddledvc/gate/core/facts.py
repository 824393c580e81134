"""All that a judgement is made of, as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.gate.core.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from paddledvc.catalogs.core.release_statements import Statement
    from paddledvc.errors import Stale
    from paddledvc.gate.core.approvals import Approvals
    from paddledvc.gate.core.released_builds import Past
    from paddledvc.gate.core.violations import Level
    from paddledvc.models.lockfile import Lock, LockedModel
    from paddledvc.models.policy import Policy, Role
    from paddledvc.models.registry import Registry
    from paddledvc.tools.code.core.namespace import Misnamed
    from paddledvc.tools.dvc.core.builds import Built
    from paddledvc.tools.git.core.ignored import Pattern
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Inspected
    from paddledvc.yaml.document import Document, Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Outdated:
    """An entry of dvc.yaml that is not what it should be.

    Attributes:
        section: ``stages`` or ``artifacts``.
        name: its name.
        why: what is wrong, as the end of a sentence about it.
        missing: whether it is not there.
    """

    section: str
    name: str
    why: str
    missing: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Something that a stage wrote, by its MD5."""

    stage: str
    md5: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is to be judged, by which rules, and on which day.

    Attributes:
        branch: the branch that it is judged as; None for a detached HEAD.
        role: what that branch is.
        policy: the rules; of a change those of its target.
        own: the rules that the judged files themselves state.
        changed: whether a change is judged, so that ``policy`` is what it started from.
        today: the day, for waivers.
        unreadable: findings of files that could not be read.
        documents: the files whose lines may have to be named, by name.
        registry: models.yaml; None where it could not be read.
        lock: models.lock; None where it is not there or could not be read.
        stale: what models.lock does not say as it should.
        stages: the stages that the two ask for, by name; None where that could not be told.
        outdated: what dvc.yaml does not say as it should.
        misnamed: what is wrong with the names of code in models.yaml.
        absent: files that models.yaml names and that are not there.
        records_elsewhere: values of the other files of DVC, in other folders too, by name.
        noted_before: what DVC noted of weights before this, by path, where models.lock has no
            MD5 of them now.
        params: params.yaml.
        params_files: the files of hyperparameters that models have to themselves, by name.
        built: what dvc.lock says of every stage.
        digests: possible MD5 digests of files that git keeps and stages read, by path.
        folders: DVC's names of folders that git keeps and stages read, by path; of a folder that
            git ignores a part of, it is another one than DVC's.
        reports: text of the report of each exported model that has one, by name.
        records: text of the record of each trained model that has one, by name.
        measured: text of what was measured of each model that is, by name.
        trained: text of the metrics that each training wrote, by name of the model.
        baseline: what a change must not be worse than; None where there is no such thing.
        past: what was released before.
        earlier: what a production branch was before this; None where that is not asked or known.
        releases: the entries of releases and their tags; None where there is no entry.
        cards: text of the card of each model that has one, by name.
        released: the tags that the entries of releases name; none where there is no card.
        ignored: patterns by which git ignores files that have to be committed.
        missing: what the branch's remote does not have as it should; None where nobody asked.
        images: the digest of each locked image as its registry tells it now, by name; None for one
            that is gone. Those of which nobody told are left out; None where nobody asked.
    """

    branch: str | None
    role: Role
    policy: Policy
    own: Policy
    changed: bool
    today: date
    unreadable: tuple[Violation, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)
    registry: Registry | None = None
    lock: Lock | None = None
    stale: tuple[Stale, ...] = ()
    stages: Mapping[str, Mapping[str, Any]] | None = None
    outdated: tuple[Outdated, ...] = ()
    misnamed: tuple[Misnamed, ...] = ()
    absent: tuple[Misnamed, ...] = ()
    records_elsewhere: Mapping[str, Any] = field(default_factory=dict)
    noted_before: Mapping[str, Tracked] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    params_files: Mapping[str, Any] = field(default_factory=dict)
    built: Mapping[str, Built] = field(default_factory=dict)
    digests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, str] = field(default_factory=dict)
    trained: Mapping[str, str] = field(default_factory=dict)
    baseline: Baseline | None = None
    past: Past | None = None
    earlier: EarlierFacts | None = None
    releases: ReleaseFacts | None = None
    cards: Mapping[str, str] = field(default_factory=dict)
    released: Collection[str] = ()
    ignored: tuple[Pattern, ...] = ()
    missing: tuple[Inspected, ...] | None = None
    images: Mapping[str, str | None] | None = None

    @property
    def level(self) -> Level:
        """How grave it is that something is not up to date."""
        return "error" if self.role.fresh else "warning"

    @cached_property
    def written(self) -> Mapping[str, Written]:
        """What stages wrote, by path."""
        return {
            path: Written(stage=name, md5=md5)
            for name, built in self.built.items()
            for path, md5 in built.outs.items()
        }

    @cached_property
    def pinned(self) -> Mapping[str, LockedModel]:
        """The locked models that have weights, by the path of these."""
        models = self.lock.models if self.lock else ()
        return {model.path: model for model in models if model.path is not None}

    @cached_property
    def _indexes(self) -> Mapping[str, Mapping[str, int]]:
        models = self.registry.models if self.registry else ()
        locked = self.lock.models if self.lock else ()
        return {
            names.REGISTRY: {model.name: index for index, model in enumerate(models)},
            names.LOCK: {model.name: index for index, model in enumerate(locked)},
        }

    def found(  # noqa: PLR0913
        self,
        rule: str,
        message: str,
        *,
        level: Level = "error",
        model: str | None = None,
        file: str = "",
        path: Path = (),
        at_key: bool = False,
    ) -> Violation:
        """Make a finding, at its place in a file."""
        document = self.documents.get(file) if path else None
        position = document.position(path, at_key) if document else None
        return Violation(
            rule=rule,
            level=level,
            message=message,
            model=model,
            file=file,
            line=position.line if position else None,
            column=position.column if position else None,
        )

    def of_model(
        self, rule: str, message: str, name: str, *at: str | int, level: Level = "error"
    ) -> Violation:
        """Make a finding about a model, at a key of its entry in models.yaml."""
        index = self._indexes[names.REGISTRY].get(name)
        path = ("models", index, *(at or ("name",))) if index is not None else ()
        return self.found(rule, message, level=level, model=name, file=names.REGISTRY, path=path)

    def of_pin(
        self, rule: str, message: str, name: str, *at: str | int, level: Level = "error"
    ) -> Violation:
        """Make a finding about a model, at a key of its block in models.lock."""
        index = self._indexes[names.LOCK].get(name)
        path = ("models", index, *(at or ("name",))) if index is not None else ()
        return self.found(rule, message, level=level, model=name, file=names.LOCK, path=path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """What was measured where a change goes to.

    Attributes:
        where: what people call that.
        facts: what is read there.
        measured_anew: text of what was measured of its weights with the function of now, by model.
        restored: models whose weights of now were released before those that it has.
    """

    where: str
    facts: Facts
    measured_anew: Mapping[str, str] = field(default_factory=dict)
    restored: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierFacts:
    """What a production branch was before: what was locked, and what is written since.

    Attributes:
        versions: the versions that were locked, by model.
        gained: the lines of documentation that are new, by file.
        files: the files of documentation that are there now.
    """

    versions: Mapping[str, str]
    gained: Mapping[str, Collection[str]] = field(default_factory=dict)
    files: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseTag:
    """The tag of a release.

    Attributes:
        commit: the commit that it names; None where it is not annotated, or names something else.
        stated: what its message states; None where that is none of ours.
        found: weights and export that its commit has; None where they were not read.
        by: the address of who made it, as they say.
    """

    commit: str | None
    stated: Statement | None = None
    found: tuple[str, str] | None = None
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFacts:
    """What is known of releases.

    Attributes:
        entries: line in the CHANGELOG of each release, by its tag.
        tags: the tags of these that there are.
        unknown: why a missing tag says nothing, as a sentence; empty where the clone has all.
        approvals: those of versions that are the newest or hold a release stage, on production.
    """

    entries: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, ReleaseTag] = field(default_factory=dict)
    unknown: str = ""
    approvals: tuple[Approvals, ...] = ()
