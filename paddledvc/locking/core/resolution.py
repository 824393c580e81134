"""From what is wanted to what is locked: which pins stand, and what only a catalog can say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc import names, urls
from paddledvc.catalogs.core.listing import Query
from paddledvc.errors import Unresolvable
from paddledvc.locking.core.constraints import NO_UPGRADE, Question, all_wants, unsatisfied
from paddledvc.locking.core.pinning import kept, stated
from paddledvc.models.compatibility import obstacle, program_of
from paddledvc.models.lockfile import LockedModel
from paddledvc.models.versions import same_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paddledvc.locking.core.constraints import Upgrade, Want
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Environment, Model
    from paddledvc.models.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a registry resolves to without asking anyone.

    Attributes:
        registry: what is wanted.
        previous: what was locked.
        entries: what stands, sorted by name.
        questions: what only catalogs can say, sorted by name.
        conflicts: models of which too much is asked, sorted by name.
    """

    registry: Registry
    previous: Lock
    entries: tuple[LockedModel, ...]
    questions: tuple[Question, ...]
    conflicts: tuple[Unresolvable, ...]


def plan(registry: Registry, previous: Lock, upgrade: Upgrade = NO_UPGRADE) -> Plan:
    """Keep every pin that still satisfies the registry, and find the questions that are left."""
    wants = all_wants(registry, upgrade)
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
            entries.append(kept(model, pinned, environment))
            continue
        questions.append(
            Question(
                model=model,
                catalog=str(model.source),
                query=query_of(model),
                wants=wants[model.name],
                environment=environment,
                previous=pinned,
                movable=upgrade.covers(model.name),
                why=str(why),
            )
        )
    return Plan(
        registry=registry,
        previous=previous,
        entries=tuple(entries),
        questions=tuple(questions),
        conflicts=tuple(conflicts),
    )


def query_of(model: Model) -> Query:
    """Say what to ask a catalog about a model."""
    return Query(name=model.source_name or model.name, file=model.file, revision=model.revision)


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
    hashes, trust = stated(model), None
    if pinned is not None and same_version(pinned.version, version):
        trust = None if hashes.known else pinned.trust
        hashes = hashes.completed_by(pinned.hashes)
    file_format = model.format or urls.format_of(model.urls[0]) or "pdparams"
    return replace(
        entry,
        urls=model.urls,
        md5=hashes.md5,
        sha256=hashes.sha256,
        size=hashes.size,
        trust=trust if hashes.known else None,
        format=file_format,
        path=names.downloaded(model.name, version, file_format),
    )


def _conflict(
    model: Model, entry: LockedModel, wants: Sequence[Want], environment: Environment
) -> Unresolvable | None:
    """Say why the one version that models.yaml names will not do."""
    if unsatisfied(wants, entry.version) is not None:
        reasons = [*map(str, wants), "change one of them in models.yaml"]
        return Unresolvable(model.name, "no version satisfies all of this", reasons)
    if problem := obstacle(environment, [model.paddle], entry.format):
        advice = "name another version in models.yaml, or another environment"
        return Unresolvable(model.name, f"{entry.version} {problem}", [advice])
    return None


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
    if not pinned.files and (said := stated(model).first_difference(pinned.hashes)):
        yield f"models.yaml states {said[0]}, locked is {said[1]}"
    if problem := obstacle(environment, [pinned.paddle, model.paddle], _program(pinned)):
        yield f"{pinned.version} {problem}"
    if upgrade.covers(model.name):
        yield "may be upgraded"


def _program(entry: LockedModel) -> str | None:
    return program_of(file.path for file in entry.files) if entry.files else entry.format
