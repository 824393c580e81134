"""What was released on production branches and tags before, and which lines documents gained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.cards.core.card_page import drop_generated
from paddledvc.errors import InvalidFile, PaddleDVCError
from paddledvc.gate import read_facts
from paddledvc.gate.core import freshness_rules, released_builds, released_locks
from paddledvc.gate.core.documentation_rules import documentation_files, find_models_to_document
from paddledvc.gate.core.facts import EarlierFacts, Facts
from paddledvc.gate.core.released_builds import Past, Search, describe_released_build
from paddledvc.gate.core.released_locks import State, Timeline, lock_blocks_of, released_versions_in
from paddledvc.models.model import model_stage_name
from paddledvc.models.policy import DEFAULT
from paddledvc.models.versions import canonical_version
from paddledvc.project import SnapshotFiles
from paddledvc.tools.git import refs
from paddledvc.tools.git.command import ask_git, exchange_git
from paddledvc.tools.git.commits import find_blobs_in_commits
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.tools.git.project_files import find_project_file
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.verification.core.evidence import evidence_path
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.gate.core.released_locks import Contents
    from paddledvc.models.model import Model
    from paddledvc.models.policy import Policy
    from paddledvc.models.registry import Registry
    from paddledvc.tools.git.refs import Ref
    from paddledvc.tools.system.files import FilePath

_FORM = "--format=%H %S %cs"
_ROLE = replace(DEFAULT.production, evidence="required")
"""Under which it is read what every stage depends on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """The texts of ``models.lock`` and ``dvc.lock`` that are judged."""

    lock: bytes
    built: bytes

    @classmethod
    def of(cls, folder: FilePath) -> Now:
        """Read them in a folder; what is not there is empty."""
        lock, built = (find_project_file(folder, one) for one in (names.LOCK, names.DVC_LOCK))
        return cls(lock=lock or b"", built=built or b"")


def read_lock_history(root: Path, facts: Facts, now: Now, more: Mapping[str, str]) -> Past:
    """Find what was released before of the versions that are locked now.

    Every state counts that a production branch was in, and every tagged commit; of each the
    models.lock and the dvc.lock together.

    Args:
        root: folder of the project.
        facts: what is judged.
        now: the text of that.
        more: commits that are of production too, each with the name of its branch.
    """
    assert facts.lock is not None
    states = list(_states(root, facts.policy, more))
    making = {}
    if facts.registry is not None:
        making = dict(
            released_builds.list_released_makings(facts.registry, facts.lock, facts.built)
        )
    built = {name for name, one in making.items() if one.trained or one.exported}
    timeline = Timeline(facts.lock, now.lock, built, _value)
    for state, data in _read_states(root, states, names.LOCK):
        timeline.add(state, data)
    stood, carried = timeline.stood, Carried(root)
    search = Search(making, stood, now.built, facts.built, _value, carried=carried)
    while chosen := search.choose():
        for state, data in _read_states(root, list(chosen), names.DVC_LOCK):
            search.look(state, data, chosen[state])
    return Past(
        released=timeline.released,
        now=making,
        made=search.made,
        reports=dict(_reports(root, facts.registry, search)),
        complete=ask_git(root, "rev-parse", "--is-shallow-repository") != "true",
    )


def _states(root: Path, policy: Policy, more: Mapping[str, str]) -> Iterator[State]:
    """List what production branches have been, oldest first, then what is tagged."""
    known = refs.list_refs(root)
    ours = {
        one.name: one.branch for one in known if one.branch and policy.production.covers(one.branch)
    }
    yield from lock_states_of_branches(root, {**ours, **more})
    yield from _of_tags(known)


def lock_states_of_branches(root: Path, starts: Mapping[str, str]) -> list[State]:
    """List the states of some branches in which what is released changed, oldest first."""
    if not starts:
        return []
    # The first parents are what the branches themselves were; what was merged never was released.
    form = ("--first-parent", "--date-order", "--source", "-z", _FORM, "--stdin", "--")
    # A user's settings must not change what is listed.
    log = ("-c", "log.showSignature=false", "log")
    sent = "".join(f"{start}\n" for start in starts).encode()
    said = exchange_git(root, *log, *form, names.LOCK, names.DVC_LOCK, sent=sent)
    found = []
    for line in filter(None, said.decode(errors="replace").split("\0")):
        commit, source, day = line.strip().split(" ")
        where = f"{starts.get(source, source)} (commit {commit[:7]} of {day})"
        found.append(State(where=where, revision=commit))
    return found[::-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """What a version of a model was.

    Attributes:
        version: the version.
        where: the first state that had it.
        weights: digest of its weights, such as ``md5:…``; empty where it had none that is known.
        export: the same of its export.
    """

    version: str
    where: str
    weights: str = ""
    export: str = ""


def list_locked_before(root: Path, model: Model, branch: str | None) -> list[Earlier]:
    """List the versions that a model had on the way to HEAD, and in tags, the oldest first.

    Args:
        root: folder of the project.
        model: its entry of models.yaml.
        branch: the branch that is checked out.
    """
    branches = lock_states_of_branches(root, {"HEAD": branch or "HEAD"})
    states = [*branches, *_of_tags(refs.list_refs(root))]
    stood: dict[str, list[tuple[State, str, Contents]]] = {}
    known: dict[bytes, tuple[str, Contents] | None] = {}
    for state, data in _read_states(root, states, names.LOCK):
        for block in lock_blocks_of(model.name, data):
            if block not in known:
                known[block] = next(iter(released_versions_in(model.name, block, _value)), None)
            if (found := known[block]) is not None:
                stood.setdefault(canonical_version(found[0]), []).append((state, *found))
    # What was not built yet when a version was new may have been in the end.
    ends = [(its[0], its[-1]) for its in stood.values()]
    built = dict(_read_states(root, [state for end in ends for state, *_ in end], names.DVC_LOCK))
    carried = Carried(root)
    return [_earlier(model, end, built, carried) for end in ends]


def _earlier(
    model: Model,
    ends: tuple[tuple[State, str, Contents], ...],
    built: Mapping[State, bytes],
    carried: Carried,
) -> Earlier:
    told = [
        Earlier(
            version=version,
            where=state.where,
            **describe_released_build(model, contents, built.get(state, b""), _value),
        )
        for state, version, contents in ends
    ]
    first, last = told
    if not first.weights and not first.export:
        return last if last.weights or last.export else first
    if (first.weights, first.export) == (last.weights, last.export):
        return first
    # It may have begun with what the version before it had left.
    stages = (model_stage_name("train", model), model_stage_name("export", model))
    begun = not any(carried(ends[0][0].revision, stage) for stage in stages)
    return first if begun else last


def _of_tags(known: Iterable[Ref]) -> Iterator[State]:
    for ref in known:
        if ref.is_tag:
            yield State(where=f"the tag {ref.title}", revision=ref.name, tag=True)


def _read_states(root: Path, states: Sequence[State], file: str) -> Iterator[tuple[State, bytes]]:
    """Read a file of the project in some states, in their order, as far as it is there."""
    found = _read_files(root, [(state.revision, file) for state in states])
    yield from (
        (state, data) for state, data in zip(states, found, strict=True) if data is not None
    )


def _read_files(root: Path, asked: Iterable[tuple[str, str]]) -> Iterator[bytes | None]:
    """Read files of the project, each in a revision; None where there is none."""
    reader, last, data = ObjectReader(root), None, None
    for blob in find_blobs_in_commits(root, asked):
        if blob != last:  # from one state to the next most files stay as they are
            last, data = blob, None if blob is None else dict(reader.read_all([blob]))[blob]
        yield data


def _reports(
    root: Path, registry: Registry | None, search: Search
) -> Iterator[tuple[tuple[State, str], str]]:
    """Read the reports beside the exports that may be of another Paddle."""
    asked = [(one.state, one.name) for one in search.rivals()] if registry is not None else []
    models = registry.by_name if registry is not None else {}
    found = _read_files(
        root, ((state.revision, evidence_path(models[name])) for state, name in asked)
    )
    for key, data in zip(asked, found, strict=True):
        if data is not None:
            yield key, data.decode(errors="replace")


def _value(text: str) -> object:
    try:
        return reader.parse_yaml(text, names.LOCK).value
    except InvalidFile:
        return None


class Carried:
    """Tells which outputs are those of the commit before, while their stage had yet to run.

    Whoever raises a version, then trains, and commits both, has such a commit in between. After a
    fast-forward it is one that a production branch was in, but no release of that version.

    Args:
        root: folder of the project.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, Facts | None] = {}

    def __call__(self, revision: str, stage: str) -> bool:
        """Judge a stage of a commit."""
        snapshot = Snapshot.tree(self._root, revision)
        before = Snapshot.tree(self._root, f"{revision}^").text(names.DVC_LOCK)
        now = snapshot.text(names.DVC_LOCK)
        if (
            before is None
            or now is None
            or not released_builds.is_same_released_stage(stage, before, now)
        ):
            return False
        if revision not in self._read:
            self._read[revision] = self._facts(SnapshotFiles(snapshot))
        facts = self._read[revision]
        return facts is not None and freshness_rules.would_stage_run(facts, stage)

    def _facts(self, files: SnapshotFiles) -> Facts | None:
        """Read a commit; None where it cannot be read, which is nobody's fault today."""
        try:
            opened = read_facts.read_registry_facts(files)
            facts = Facts(
                branch=None,
                role=_ROLE,
                policy=DEFAULT,
                own=opened.policy,
                changed=False,
                today=date.min,
                unreadable=opened.unreadable,
                documents=opened.documents,
                registry=opened.registry,
            )
            return read_facts.read_facts(files, facts)
        except PaddleDVCError:
            return None


def read_facts_locked_before(
    facts: Facts, now: Snapshot, before: Snapshot | None
) -> EarlierFacts | None:
    """Read what was locked before, and which lines the documentation has gained since.

    Only that of models whose version moved is read; None where nothing is known or asked for.

    Args:
        facts: what is known of what is judged.
        now: its files.
        before: what the branch was; None where that is not known.
    """
    if facts.role.versions != "exact" or before is None:
        return None
    if facts.registry is None or facts.lock is None:
        return None
    lock = before.read(names.LOCK)
    if lock is None:
        return None
    versions = released_locks.scan_released_locks(lock)
    models = [*find_models_to_document(facts.registry, facts.lock, versions)]
    gained = dict(_gained(now, before, documentation_files(models))) if models else {}
    return EarlierFacts(versions=versions, gained=gained, files=frozenset(gained))


def _gained(
    now: Snapshot, before: Snapshot, paths: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Give the new lines of each file that is there."""
    for path in paths:
        data = now.read(path)
        if data is not None:
            yield path, _lines(data) - _lines(before.read(path) or b"")


def _lines(data: bytes) -> frozenset[str]:
    return frozenset(drop_generated(data.decode(errors="replace")).splitlines())
