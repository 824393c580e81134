"""From what is wanted to what is locked: which pins stand, and what only a catalog can say.

And how far a lock is from that, and how a version that was chosen is pinned.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from paddledvc import names, urls
from paddledvc.catalogs.core.listing import Query
from paddledvc.errors import Stale, StaleLock, Unresolvable
from paddledvc.hashes import Hashes
from paddledvc.locking.core.image_pins import keep_image_pins
from paddledvc.locking.core.selection import (
    NO_UPGRADE,
    Question,
    find_unsatisfied_want,
    list_all_wants,
)
from paddledvc.models.compatibility import explain_incompatibility, program_format_of
from paddledvc.models.lockfile import LockedFile, LockedModel
from paddledvc.models.versions import same_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from paddledvc.catalogs.core.listing import Release
    from paddledvc.locking.core.selection import Upgrade, Want
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


def plan_resolution(registry: Registry, previous: Lock, upgrade: Upgrade = NO_UPGRADE) -> Plan:
    """Keep every pin that still satisfies the registry, and find the questions that are left."""
    wants = list_all_wants(registry, upgrade)
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
            entries.append(_keep_pin(model, pinned, environment))
            continue
        questions.append(
            Question(
                model=model,
                catalog=str(model.source),
                query=_query_of(model),
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


def _query_of(model: Model) -> Query:
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
        **keep_image_pins(environment, pinned),
    )
    if not model.urls:
        return entry
    hashes, trust = _stated_hashes(model), None
    if pinned is not None and same_version(pinned.version, version):
        trust = None if hashes.known else pinned.trust
        hashes = hashes.completed_by(pinned.hashes)
    file_format = model.format or urls.format_of_url(model.urls[0]) or "pdparams"
    return replace(
        entry,
        urls=model.urls,
        md5=hashes.md5,
        sha256=hashes.sha256,
        size=hashes.size,
        trust=trust if hashes.known else None,
        format=file_format,
        path=names.name_downloaded_file(model.name, version, file_format),
    )


def _conflict(
    model: Model, entry: LockedModel, wants: Sequence[Want], environment: Environment
) -> Unresolvable | None:
    """Say why the one version that models.yaml names will not do."""
    if find_unsatisfied_want(wants, entry.version) is not None:
        reasons = [*map(str, wants), "change one of them in models.yaml"]
        return Unresolvable(model.name, "no version satisfies all of this", reasons)
    if problem := explain_incompatibility(environment, [model.paddle], entry.format):
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
    if (want := find_unsatisfied_want(wants, pinned.version)) is not None:
        yield f"{want}, locked is {pinned.version}"
    if not pinned.files and (said := _stated_hashes(model).first_difference(pinned.hashes)):
        yield f"models.yaml states {said[0]}, locked is {said[1]}"
    if problem := explain_incompatibility(
        environment, [pinned.paddle, model.paddle], _program(pinned)
    ):
        yield f"{pinned.version} {problem}"
    if upgrade.covers(model.name):
        yield "may be upgraded"


def _program(entry: LockedModel) -> str | None:
    return program_format_of(file.path for file in entry.files) if entry.files else entry.format


def list_stale_resolutions(registry: Registry, lock: Lock) -> tuple[Stale, ...]:
    """List where the lock is not what the registry asks for, sorted by name.

    New versions in a catalog make no lock stale.
    """
    return stale_planned_resolutions(plan_resolution(registry, lock))


def stale_planned_resolutions(planned: Plan) -> tuple[Stale, ...]:
    """List where a lock is not what is planned from it, sorted by name."""
    lock = planned.previous
    reasons = [Stale(model=one.model.name, why=one.why) for one in planned.questions]
    reasons += [
        Stale(model=one.model, why="\n    ".join((one.summary, *one.reasons)))
        for one in planned.conflicts
    ]
    in_conflict = {one.model for one in planned.conflicts}
    for entry in planned.entries:
        locked = lock.by_name.get(entry.name)
        if locked is None:
            reasons.append(Stale(model=entry.name, why="is in models.yaml but not in models.lock"))
        elif entry.name not in in_conflict:
            reasons += _differences(entry, locked)
    gone = lock.by_name.keys() - planned.registry.by_name.keys()
    why = "is in models.lock but no longer in models.yaml"
    reasons += [Stale(model=name, why=why) for name in gone]
    return tuple(sorted(reasons, key=lambda reason: reason.model))


def _differences(wanted: LockedModel, locked: LockedModel) -> list[Stale]:
    if wanted == locked and wanted.hashed:
        return []
    name = wanted.name
    if wanted.version != locked.version:
        why = f"models.yaml asks for {wanted.version}, locked is {locked.version}"
        return [Stale(model=name, why=why)]
    differences = []
    for field in fields(LockedModel):
        now, before = getattr(wanted, field.name), getattr(locked, field.name)
        # The format is part of the path, a digest is of its image: that is one difference, not two.
        follows = (field.name == "path" and wanted.format != locked.format) or (
            field.name == "image_digest" and wanted.image != locked.image
        )
        if now != before and not follows:
            why = f"{field.name} is {_say(now)} in models.yaml, {_say(before)} locked"
            differences.append(Stale(model=name, why=why))
    if not wanted.hashed:
        differences.append(Stale(model=name, why="its bytes have not been hashed yet"))
    return differences


def _say(value: object) -> str:
    if value in (None, ()):
        return "absent"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def require_fresh_resolution(
    registry: Registry, lock: Lock, names: Collection[str] | None = None, refused_by: str = ""
) -> None:
    """Refuse a lock that does not say what the registry asks for.

    Args:
        registry: what is wanted.
        lock: what is locked.
        names: the models to look at; all by default.
        refused_by: what forbids to update the lock, such as ``--locked``.

    Raises:
        StaleLock: with a reason for each difference.
    """
    reasons = [
        reason
        for reason in list_stale_resolutions(registry, lock)
        if names is None or reason.model in names
    ]
    if reasons:
        forbids = f", and {refused_by} forbids updating it" if refused_by else ""
        advice = f"models.lock is stale{forbids}; run `paddledvc lock` to update it:"
        raise StaleLock(reasons, advice)


def _stated_hashes(model: Model) -> Hashes:
    """Return what models.yaml says the bytes hash to."""
    return Hashes(md5=model.md5, sha256=model.sha256, size=model.size)


def _keep_pin(model: Model, pinned: LockedModel, environment: Environment) -> LockedModel:
    """Keep a pin, with what models.yaml says about it today."""
    return replace(
        pinned,
        source=model.source,
        source_name=model.source_name,
        revision=model.revision,
        file=model.file,
        path=_path(model, pinned.version, pinned.format),
        base=model.base,
        **keep_image_pins(environment, pinned),
    )


def _path(model: Model, version: str, file_format: str | None) -> str:
    if file_format is None:
        return names.name_downloaded_folder(model.name, version)
    return names.name_downloaded_file(model.name, version, file_format)


def resolve_pin(question: Question, release: Release) -> LockedModel:
    """Lock the version that was chosen, with what is known about the same bytes.

    Raises:
        Unresolvable: the catalog says other bytes than models.yaml, or than it said before.
    """
    model = question.model
    files = tuple(_locked_file(question, release, index) for index in range(len(release.files)))
    entry = LockedModel(
        name=model.name,
        version=release.version,
        source=model.source,
        source_name=model.source_name,
        revision=model.revision,
        file=model.file,
        commit=release.commit,
        trust=_trust(question, release),
        paddle=release.paddle,
        base=model.base,
        **keep_image_pins(question.environment, question.previous),
    )
    if release.folder:
        return replace(entry, path=_path(model, release.version, None), files=files)
    first = files[0]
    suffix = urls.format_of_url(first.path) or urls.format_of_url(first.urls[0])
    file_format = release.format or suffix or "pdparams"
    return replace(
        entry,
        urls=first.urls,
        md5=first.md5,
        sha256=first.sha256,
        size=first.size,
        format=file_format,
        path=_path(model, release.version, file_format),
    )


def _trust(question: Question, release: Release) -> str | None:
    """Say why bytes are trusted that the catalog states no digest of, if they were before."""
    previous = question.previous
    told = all(file.hashes.known for file in release.files) or _stated_hashes(question.model).known
    if told or previous is None or not _is_of_same_bytes(question.model, previous, release):
        return None
    return previous.trust


def find_clashing_resolutions(entries: Iterable[LockedModel]) -> Iterator[Unresolvable]:
    """Find models that would be downloaded to one place, also where file systems ignore case."""
    owners: dict[str, str] = {}
    for entry in entries:
        if entry.path is not None:
            owner = owners.setdefault(entry.path.casefold(), entry.name)
            if owner != entry.name:
                summary = f"{entry.path} is where {owner} is downloaded to; rename one of the two"
                yield Unresolvable(entry.name, summary)


def _locked_file(question: Question, release: Release, index: int) -> LockedFile:
    file = release.files[index]
    hashes = file.hashes
    where = f"{question.catalog} says {{}} of {release.version}"
    said = _stated_hashes(question.model)
    if not release.folder:
        hashes = _agreed(question, where, hashes, said, "models.yaml")
    elif said != Hashes():
        summary = f"models.yaml states a digest or size, but {release.version} is a folder of files"
        raise Unresolvable(question.model.name, summary, ["leave it out, or name one with `file:`"])
    previous = question.previous
    if previous is not None and _is_of_same_bytes(question.model, previous, release):
        known = {one.path: one.hashes for one in previous.files}
        before = known.get(file.path, Hashes()) if release.folder else previous.hashes
        agreed = _agreed(question, where, hashes, before, "models.lock")
        # Nobody vouches that another catalog has the bytes that were trusted once.
        hashes = agreed if previous.source == question.model.source else hashes
    return LockedFile(
        path=file.path, urls=file.urls, md5=hashes.md5, sha256=hashes.sha256, size=hashes.size
    )


def _is_of_same_bytes(model: Model, previous: LockedModel, release: Release) -> bool:
    """Tell whether the lock speaks of the very version that a catalog describes."""
    # Another catalog under the same version is to have the same bytes too.
    origin = (model.source_name, model.file)
    return (
        same_version(previous.version, release.version)
        and origin == (previous.source_name, previous.file)
        and bool(previous.files) == release.folder
    )


def _agreed(question: Question, where: str, said: Hashes, other: Hashes, whose: str) -> Hashes:
    if difference := said.first_difference(other):
        summary = f"{where.format(difference[0])}, {whose} says {difference[1]}"
        reasons = [
            "a version never changes its bytes; ask for a new one, or find out which is wrong"
        ]
        if whose == "models.lock":
            advice = "to take the new bytes nevertheless, `paddledvc remove` and `add` the model"
            reasons.append(advice)
        raise Unresolvable(question.model.name, summary, reasons)
    return said.completed_by(other)
