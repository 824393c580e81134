"""From what is wanted to what is locked: which pins stand, and what only a catalog can say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.core.catalog import Query
from paddledvc.core.compatibility import obstacle, program_of
from paddledvc.core.hashes import Hashes
from paddledvc.core.lock import LockedFile, LockedModel
from paddledvc.core.versions import Requirement, same_version
from paddledvc.errors import Unresolvable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.core.catalog import Release
    from paddledvc.core.lock import Lock
    from paddledvc.core.model import Environment, Model
    from paddledvc.core.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """What somebody asks of a model's version.

    Attributes:
        who: who asks, as the start of a sentence.
        requirement: what they ask for.
    """

    who: str
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.who} asks for {self.requirement.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """Which pins may move although they satisfy what is wanted.

    Attributes:
        everything: all of them.
        models: those of these models, and what they must move to, if anything particular.
    """

    everything: bool = False
    models: Mapping[str, Requirement | None] = field(default_factory=dict)

    def covers(self, name: str) -> bool:
        """Tell whether the pin of a model may move."""
        return self.everything or name in self.models


NO_UPGRADE = Upgrade()


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A model whose version only a catalog can tell.

    Attributes:
        model: the model.
        catalog: name of the catalog.
        query: what to ask it.
        wants: all that is asked of the version.
        environment: what has to load it.
        previous: what was locked; None for a new model.
        why: why the pin does not stand, as the end of a sentence about the model.
    """

    model: Model
    catalog: str
    query: Query
    wants: tuple[Want, ...]
    environment: Environment
    previous: LockedModel | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a registry resolves to without asking anyone.

    Attributes:
        entries: what stands, sorted by name.
        questions: what only catalogs can say, sorted by name.
        conflicts: models of which too much is asked, sorted by name.
    """

    entries: tuple[LockedModel, ...]
    questions: tuple[Question, ...]
    conflicts: tuple[Unresolvable, ...]


def plan(registry: Registry, previous: Lock, upgrade: Upgrade = NO_UPGRADE) -> Plan:
    """Keep every pin that still satisfies the registry, and find the questions that are left."""
    wants = _wants(registry, upgrade)
    entries: list[LockedModel] = []
    questions: list[Question] = []
    conflicts: list[Unresolvable] = []
    for model in sorted(registry.models, key=lambda model: model.name):
        pinned = previous.by_name.get(model.name)
        environment = registry.environment_of(model)
        if registry.catalog(model) is None:
            entry = _own(model, pinned, environment)
            conflict = _conflict(model, entry, wants[model.name], environment)
            entries.append(entry)
            conflicts += [conflict] if conflict else []
            continue
        why: str | None = "is in models.yaml but not in models.lock"
        if pinned is not None:
            whys = _why_it_moves(model, pinned, wants[model.name], environment, upgrade)
            why = next(whys, None)
        if why is None and pinned is not None:
            entries.append(_again(model, pinned, environment))
            continue
        questions.append(
            Question(
                model=model,
                catalog=str(model.source),
                query=query_of(model),
                wants=wants[model.name],
                environment=environment,
                previous=pinned,
                why=str(why),
            )
        )
    return Plan(entries=tuple(entries), questions=tuple(questions), conflicts=tuple(conflicts))


def query_of(model: Model) -> Query:
    """Say what to ask a catalog about a model."""
    return Query(name=model.source_name or model.name, file=model.file, revision=model.revision)


def wants_of(registry: Registry, name: str) -> tuple[Want, ...]:
    """List all that is asked of a model's version: by its own entry, then by others."""
    return _wants(registry, NO_UPGRADE)[name]


def _wants(registry: Registry, upgrade: Upgrade) -> dict[str, tuple[Want, ...]]:
    wants = {
        model.name: [Want(who="models.yaml", requirement=model.requires)]
        for model in registry.models
    }
    for model in registry.models:
        if model.base is not None and model.base_requires is not None:
            who = f"{model.name}, which starts from it,"
            wants[model.base].append(Want(who=who, requirement=model.base_requires))
    for name, requirement in upgrade.models.items():
        if requirement is not None:
            wants[name].append(Want(who="--upgrade-package", requirement=requirement))
    return {name: tuple(asked) for name, asked in wants.items()}


def unsatisfied(wants: Sequence[Want], version: str) -> Want | None:
    """Find somebody whom a version does not satisfy.

    A pre-release will do for all as soon as one asks for pre-releases.
    """
    prereleases = any(want.requirement.names_prerelease for want in wants)
    refused = (w for w in wants if not w.requirement.allows(version, prereleases=prereleases))
    return next(refused, None)


def _own(model: Model, pinned: LockedModel | None, environment: Environment) -> LockedModel:
    """Lock what models.yaml says itself, with what is known about the same bytes."""
    version = model.requires.version
    assert version is not None, "the rules of models.yaml ask a range for a catalog"
    entry = LockedModel(
        name=model.name,
        version=version,
        source=model.source,
        paddle=model.paddle,
        base=model.base,
        image=environment.image,
    )
    if not model.urls:
        return entry
    hashes = _stated(model)
    if pinned is not None and same_version(pinned.version, version):
        hashes = hashes.completed_by(pinned.hashes)
    file_format = model.format or layout.format_of(model.urls[0]) or "pdparams"
    return replace(
        entry,
        urls=model.urls,
        md5=hashes.md5,
        sha256=hashes.sha256,
        size=hashes.size,
        format=file_format,
        path=layout.downloaded(model.name, version, file_format),
    )


def _stated(model: Model) -> Hashes:
    return Hashes(md5=model.md5, sha256=model.sha256, size=model.size)


def _conflict(
    model: Model, entry: LockedModel, wants: Sequence[Want], environment: Environment
) -> Unresolvable | None:
    """Say why the one version that models.yaml names will not do."""
    if unsatisfied(wants, entry.version) is not None:
        return Unresolvable(model.name, "no version satisfies all of this", list(map(str, wants)))
    problem = obstacle(environment, [model.paddle], entry.format)
    return Unresolvable(model.name, f"{entry.version} {problem}") if problem else None


def _why_it_moves(
    model: Model,
    pinned: LockedModel,
    wants: Sequence[Want],
    environment: Environment,
    upgrade: Upgrade,
) -> Iterator[str]:
    """Say why a pin does not stand, as ends of sentences about the model; nothing if it does."""
    for key in ("source", "source_name", "revision", "file"):
        now, before = getattr(model, key), getattr(pinned, key)
        if now != before:
            yield f"{key} is {now or 'absent'} in models.yaml, {before or 'absent'} locked"
    if not pinned.downloads:
        yield "is locked without weights"
    if (want := unsatisfied(wants, pinned.version)) is not None:
        yield f"{want}, locked is {pinned.version}"
    if not pinned.files and (stated := _stated(model).first_difference(pinned.hashes)):
        yield f"models.yaml states {stated[0]}, locked is {stated[1]}"
    if problem := obstacle(environment, [pinned.paddle, model.paddle], _program(pinned)):
        yield f"{pinned.version} {problem}"
    if upgrade.covers(model.name):
        yield "may be upgraded"


def _program(entry: LockedModel) -> str | None:
    return program_of(file.path for file in entry.files) if entry.files else entry.format


def _again(model: Model, pinned: LockedModel, environment: Environment) -> LockedModel:
    """Keep a pin, with what models.yaml says about it today."""
    return LockedModel(
        name=model.name,
        version=pinned.version,
        source=model.source,
        source_name=model.source_name,
        revision=model.revision,
        file=model.file,
        commit=pinned.commit,
        urls=pinned.urls,
        md5=pinned.md5,
        sha256=pinned.sha256,
        size=pinned.size,
        format=pinned.format,
        paddle=pinned.paddle,
        path=_path(model, pinned.version, pinned.format),
        files=pinned.files,
        base=model.base,
        image=environment.image,
    )


def _path(model: Model, version: str, file_format: str | None) -> str:
    if file_format is None:
        return layout.downloaded_folder(model.name, version)
    return layout.downloaded(model.name, version, file_format)


def settle(question: Question, release: Release) -> LockedModel:
    """Lock the version that was chosen, with what is known about the same bytes.

    Raises:
        Unresolvable: the catalog says other bytes than models.yaml, or than it said before.
    """
    files = tuple(_locked_file(question, release, index) for index in range(len(release.files)))
    first = files[0]
    file_format = None
    if not release.folder:
        file_format = release.format or layout.format_of(first.urls[0]) or "pdparams"
    return _again(
        question.model,
        LockedModel(
            name=question.model.name,
            version=release.version,
            commit=release.commit,
            urls=() if release.folder else first.urls,
            md5=None if release.folder else first.md5,
            sha256=None if release.folder else first.sha256,
            size=None if release.folder else first.size,
            format=file_format,
            paddle=release.paddle,
            files=files if release.folder else (),
        ),
        question.environment,
    )


def _locked_file(question: Question, release: Release, index: int) -> LockedFile:
    file = release.files[index]
    hashes = file.hashes
    where = f"{question.catalog} says {{}} of {release.version}"
    if not release.folder:
        hashes = _agreed(question, where, hashes, _stated(question.model), "models.yaml")
    previous = question.previous
    if previous is not None and same_version(previous.version, release.version):
        known = {one.path: one.hashes for one in previous.files}
        before = known.get(file.path, Hashes()) if release.folder else previous.hashes
        hashes = _agreed(question, where, hashes, before, "models.lock")
    return LockedFile(
        path=file.path, urls=file.urls, md5=hashes.md5, sha256=hashes.sha256, size=hashes.size
    )


def _agreed(question: Question, where: str, said: Hashes, other: Hashes, whose: str) -> Hashes:
    if difference := said.first_difference(other):
        summary = f"{where.format(difference[0])}, {whose} says {difference[1]}"
        reasons = ["a version never changes its bytes; ask for a new one, or find out who is wrong"]
        raise Unresolvable(question.model.name, summary, reasons)
    return said.completed_by(other)
