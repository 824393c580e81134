"""The files of a project, read into facts."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc import names, schemas
from paddledvc.cards.core.card import card_path
from paddledvc.catalogs.core.release_statements import find_released_tags
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.evaluation.core.measured import measured_path
from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.gate.core.facts import Facts, Outdated
from paddledvc.gate.core.metrics.metric_rules import training_report
from paddledvc.gate.core.violations import Violation, list_file_violations
from paddledvc.locking import missing_code
from paddledvc.locking.core.resolution import list_stale_resolutions
from paddledvc.models import lockfile as locks
from paddledvc.models import policy, registry
from paddledvc.project import parse_project_policy
from paddledvc.stages import plan as plans
from paddledvc.stages.core.record import record_path
from paddledvc.tools.code import check_names
from paddledvc.tools.code.source_files import Sources
from paddledvc.tools.dvc.core import builds, outputs
from paddledvc.tools.dvc.core.objects import folder_object_name
from paddledvc.tools.git.database.tree import LARGEST
from paddledvc.tools.git.project_files import find_project_text, read_project_file
from paddledvc.tools.system import files
from paddledvc.verification.core.evidence import evidence_path
from paddledvc.weights.core.tracked import LISTING_PATTERNS
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.models.policy import Policy
    from paddledvc.models.registry import Registry
    from paddledvc.project import ProjectFiles
    from paddledvc.tools.git.snapshot import Snapshot
    from paddledvc.tools.system.files import FilePath
    from paddledvc.yaml.document import Document


_HELD_BY_HISTORY = (names.LOCK, names.DVC_LOCK)
"""Files whose earlier states are judged too, of which git knows none behind a link."""


@dataclass(kw_only=True, slots=True)
class _Found:
    """What has been read so far."""

    sources: Sources
    documents: dict[str, Document] = field(default_factory=dict)
    unreadable: list[Violation] = field(default_factory=list)

    def read(self, project: ProjectFiles, name: str, rule: str) -> Document | None:
        """Read a YAML file; None where it is not there, or cannot be read."""
        file = project.folder / name
        if not file.exists():
            return None
        if name in _HELD_BY_HISTORY and file.is_symlink():
            message = (
                f"found a symbolic link, expected a file, because git's history of {name} shows "
                "what was released; put the file itself there"
            )
            self.unreadable.append(Violation(rule=rule, level="error", message=message, file=name))
            return None
        try:
            self.documents[name] = project.read(name)
        except InvalidFile as error:
            self.unreadable += list_file_violations(rule, error)
            return None
        return self.documents[name]


def read_facts(project: ProjectFiles, facts: Facts) -> Facts:
    """Read all that is judged of a project's files.

    Args:
        project: the files of the project.
        facts: what is known so far: by which rules to judge, and the registry.
    """
    found = _Found(
        sources=Sources(root=project.folder),
        documents=dict(facts.documents),
        unreadable=list(facts.unreadable),
    )
    facts = _with_lock(project, facts, found)
    if facts.registry is not None:
        facts = _with_names(project, facts, facts.registry, found)
    if facts.lock is not None and facts.registry is not None and not facts.stale:
        facts = _with_stages(project, facts, found)
    built = found.read(project, names.DVC_LOCK, "stages-invalid")
    params = found.read(project, names.PARAMS, "stages-invalid")
    facts = replace(
        facts,
        documents=found.documents,
        unreadable=tuple(dict.fromkeys(found.unreadable)),
        built=builds.read_built_outputs(built.value if built else None),
        params=_mapping(params),
        params_files=dict(_params_files(project, facts)),
        reports=dict(_reports(project, facts.registry)),
        records=dict(_records(project, facts.registry)),
    )
    facts = read_metric_facts(project, facts)
    if facts.role.evidence == "required":
        paths = _compared(facts)
        return replace(
            facts,
            digests=dict(_digests(project.folder, facts, paths)),
            folders=dict(_folders(project.folder, paths)),
        )
    return facts


def read_records_elsewhere(project: ProjectFiles, facts: Facts) -> Facts:
    """Read the files of DVC that were not read yet; any may name weights."""
    patterns = tuple(one for one in LISTING_PATTERNS if one != names.LOCK)
    texts = project.snapshot.texts(patterns) if facts.pinned else {}
    values: dict[str, Any] = {}
    unreadable: list[Violation] = []
    for name, text in texts.items():
        if name not in facts.documents:
            try:
                values[name] = reader.parse_yaml(text, name).value
            except InvalidFile as error:
                unreadable += list_file_violations("stages-invalid", error)
    unreadable = [one for one in unreadable if one not in facts.unreadable]
    return replace(facts, records_elsewhere=values, unreadable=(*facts.unreadable, *unreadable))


def read_noted_before(project: ProjectFiles, facts: Facts, before: Snapshot | None) -> Facts:
    """Read what DVC noted before of weights, where models.lock has no MD5 to compare with."""
    lacking = [
        one for one in facts.pinned.values() if None in {file.md5 for file in (one.files or (one,))}
    ]
    if before is None or not lacking:
        return facts
    from paddledvc.weights.expected import read_expected  # noqa: PLC0415 - seldom needed

    try:
        noted = read_expected(project, before.texts(LISTING_PATTERNS))
    except InvalidFile:
        return facts  # it was judged then
    kept = {one.path: one for one in noted if one.pinned and one.record and one.oid}
    return replace(facts, noted_before=kept)


def read_version_facts(project: ProjectFiles, facts: Facts) -> Facts:
    """Read only what says which bytes versions have: models.lock, dvc.lock and the reports."""
    found = _Found(documents=dict(facts.documents), sources=Sources(root=project.folder))
    facts = _with_lock(project, facts, found)
    built = found.read(project, names.DVC_LOCK, "stages-invalid")
    return replace(
        facts,
        documents=found.documents,
        built=builds.read_built_outputs(built.value if built else None),
        reports=dict(_reports(project, facts.registry)),
    )


def _mapping(document: Document | None) -> Mapping[str, Any]:
    return document.value if document and isinstance(document.value, dict) else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedRegistry:
    """models.yaml, as far as it could be read.

    Attributes:
        policy: its policy, or the default where that cannot be read.
    """

    registry: Registry | None
    policy: Policy
    documents: Mapping[str, Document]
    unreadable: tuple[Violation, ...]


def read_registry_facts(project: ProjectFiles) -> OpenedRegistry:
    """Read models.yaml; its policy counts as long as that itself is right."""
    found = _Found(sources=Sources(root=project.folder))
    document = found.read(project, names.REGISTRY, "registry-invalid")
    if document is None and not found.unreadable:
        message = f"there is no {names.REGISTRY}; restore it, or run `paddledvc init`"
        missing = Violation(
            rule="registry-invalid", level="error", message=message, file=names.REGISTRY
        )
        found.unreadable.append(missing)
    parsed = None
    if document is not None:
        try:
            parsed = registry.parse_registry(document, schemas.read_schema("models"))
        except InvalidFile as error:
            found.unreadable += list_file_violations("registry-invalid", error)
    own = parsed.policy if parsed else document and parse_project_policy(document)
    return OpenedRegistry(
        registry=parsed,
        policy=own or policy.DEFAULT,
        documents=found.documents,
        unreadable=tuple(found.unreadable),
    )


def _with_lock(project: ProjectFiles, facts: Facts, found: _Found) -> Facts:
    document = found.read(project, names.LOCK, "lock-invalid")
    if document is None:
        return facts
    try:
        lock = locks.parse_lockfile(document, schemas.read_schema("lock"))
    except InvalidFile as error:
        found.unreadable += list_file_violations("lock-invalid", error)
        return facts
    stale = list_stale_resolutions(facts.registry, lock) if facts.registry is not None else ()
    return replace(facts, lock=lock, stale=stale)


def _with_names(project: ProjectFiles, facts: Facts, registry: Registry, found: _Found) -> Facts:
    """Look up what models.yaml names."""
    code = check_names.Code.of(found.sources)
    misnamed = tuple(code.misnamed(registry))
    if code.unreadable:
        found.unreadable += list_file_violations("stages-invalid", InvalidFile(code.unreadable))
    there = missing_code.look_for_missing_code(project, registry, facts.lock)
    absent = tuple(check_names.check_file_names(registry, there))
    return replace(facts, misnamed=misnamed, absent=absent)


def _with_stages(project: ProjectFiles, facts: Facts, found: _Found) -> Facts:
    assert facts.registry is not None
    assert facts.lock is not None
    document = found.read(project, names.STAGES, "stages-invalid")
    if document is None and any(one.file == names.STAGES for one in found.unreadable):
        return facts
    try:
        plans.require_planned_params(project, facts.registry)
        wanted = plans.plan_entries(
            project,
            facts.registry,
            facts.lock,
            params=project.read_optional(names.PARAMS),
            there=missing_code.look_for_missing_code(project, facts.registry, facts.lock),
            sources=found.sources,
        )
        plan = plans.plan_changes(document or reader.parse_yaml("", names.STAGES), wanted)
    except InvalidFile as error:
        found.unreadable += list_file_violations("stages-invalid", error)
        return facts
    except InvalidInput:
        return facts  # what is not there has been found already
    outdated = (
        Outdated(section=section, name=name, why=why, missing=name in merge.added)
        for section, merge in plan.items()
        for name, why in merge.differences
    )
    return replace(facts, stages=wanted.stages, outdated=tuple(outdated))


def _reports(project: ProjectFiles, registry: Registry | None) -> Iterator[tuple[str, str]]:
    for model in registry.models if registry else ():
        text = find_project_text(project.folder, evidence_path(model)) if model.exports else None
        if text is not None:
            yield model.name, text


def _records(project: ProjectFiles, registry: Registry | None) -> Iterator[tuple[str, str]]:
    for model in registry.models if registry else ():
        is_trained = model.train is not None
        text = find_project_text(project.folder, record_path(model)) if is_trained else None
        if text is not None:
            yield model.name, text


def read_metric_facts(project: ProjectFiles, facts: Facts) -> Facts:
    """Read what was measured of the models, and what trainings say of themselves."""
    models = facts.registry.models if facts.registry else ()
    measured = {one.name: measured_path(one) for one in models if one.evaluate is not None}
    trained = {
        one.name: training_report(one)
        for one in models
        if one.train is not None and one.evaluate is None
    }
    cards = dict(_texts(project, {one.name: card_path(one.slug) for one in models}))
    return replace(
        facts,
        cards=cards,
        released=read_released_tags(project) if cards else (),
        measured=dict(_texts(project, measured)),
        trained=dict(_texts(project, trained)),
    )


def read_released_tags(project: ProjectFiles) -> tuple[str, ...]:
    """Read which tags the entries of releases in the CHANGELOG name."""
    return tuple(find_released_tags(find_project_text(project.folder, CHANGELOG) or ""))


def _texts(project: ProjectFiles, paths: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, path in paths.items():
        if (text := find_project_text(project.folder, path)) is not None:
            yield name, text


def _params_files(project: ProjectFiles, facts: Facts) -> Iterator[tuple[str, Any]]:
    """Read the files of hyperparameters that models have to themselves."""
    for model in facts.registry.models if facts.registry and facts.stages else ():
        if model.train is not None and model.train.params is not None:
            yield model.train.params, project.own_params(model)


def _compared(facts: Facts) -> set[str]:
    """Name what the stages read and write, as far as it is not in DVC's cache."""
    in_cache = {path for stage in _stages(facts) for path in _paths(stage, "outs")}
    found: set[str] = set()
    for name, stage in (facts.stages or {}).items():
        if (built := facts.built.get(name)) is not None:
            kept = {*_paths(stage, "metrics"), *_paths(stage, "plots")}
            found.update(built.deps, kept & built.outs.keys())
    return found - in_cache


def _digests(
    root: FilePath, facts: Facts, paths: Iterable[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Hash files that git keeps, and give what DVC says of the others."""
    expected: dict[str, str] = {}
    for built in facts.built.values():
        expected.update({**built.outs, **built.deps})
    for path in paths:
        if found := _digest(root, path, expected[path]):
            yield path, found


def _folders(root: FilePath, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Hash folders that git keeps, as far as they are small enough to be read."""
    for path in paths:
        folder = root / path
        if not folder.is_dir() or (root / f"{path}{outputs.SUFFIX}").exists():
            continue
        every, size = [], 0
        for name, one in files.walk_files(folder):
            every.append(name)
            size += one.stat().st_size
            if size > LARGEST:
                break
        else:
            md5s = {name: _md5(read_project_file(root, f"{path}/{name}")) for name in every}
            yield path, folder_object_name(md5s)


def _stages(facts: Facts) -> Iterable[Mapping[str, Any]]:
    return (facts.stages or {}).values()


def _paths(stage: Mapping[str, Any], key: str) -> Iterator[str]:
    for entry in stage.get(key, ()):
        yield from [entry] if isinstance(entry, str) else entry


def _digest(root: FilePath, path: str, expected: str) -> frozenset[str]:
    """Give the digests that a file may have been hashed to; none where it is not known."""
    file = root / path
    tracked = f"{path}{outputs.SUFFIX}"
    if not file.is_file():
        return _of_tracked(root, tracked)
    if file.stat().st_size <= LARGEST:
        return _of_bytes(read_project_file(root, path), expected)
    if not isinstance(file, Path):  # git keeps it, and nobody waits until it has given all of it
        return frozenset()
    return _of_tracked(root, tracked) or frozenset(filter(None, (files.hash_file(file).md5,)))


def _of_bytes(data: bytes, expected: str) -> frozenset[str]:
    if _md5(data) == expected:
        return frozenset((expected,))
    # Where git changes line ends, it does not keep the bytes that were hashed.
    plain = data.replace(b"\r\n", b"\n")
    return frozenset(map(_md5, (data, plain, plain.replace(b"\n", b"\r\n"))))


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _of_tracked(root: FilePath, path: str) -> frozenset[str]:
    """Give what DVC tracks a file or folder by; nothing where it does not."""
    text, name = find_project_text(root, path), posixpath.basename(path)
    if text is None:
        return frozenset()
    try:
        value = reader.parse_yaml(text, path).value
    except InvalidFile:
        return frozenset()
    return frozenset(output.md5 for output in outputs.list_outputs({name: value}))
