"""What a site shows, read from git's objects alone."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from paddledvc.cards.core.card import make_card
from paddledvc.errors import InvalidFile, InvalidInput, NotAProject
from paddledvc.inventory.cards import read_card_sources
from paddledvc.inventory.history import read_whole_history
from paddledvc.inventory.read_history import find_default_walk, find_walk
from paddledvc.models.policy import DEFAULT
from paddledvc.names import name_collision_key, slug
from paddledvc.project import SnapshotFiles, read_project_policy
from paddledvc.tools.git import refs, repository, worktree
from paddledvc.tools.git.project_files import find_project_text
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.verification.core.evidence import Latencies, latencies_path
from paddledvc.website.core.entries import Contents, Described, Entry, ShownBranch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.cards.core.card import CardSources
    from paddledvc.inventory.core.history_rows import HistoryRow
    from paddledvc.inventory.read_history import Walked
    from paddledvc.models.lockfile import Lock
    from paddledvc.models.model import Model
    from paddledvc.models.policy import Policy
    from paddledvc.models.registry import Registry
    from paddledvc.project import Project, ProjectFiles

_OF_NOW = ("pass", "shows nothing", "fail", "not-repeatable")
"""What a report is worth whose times are of the export of now."""
LONGEST = 150
"""Characters of the name of a page; what was once called longer has none."""


def read_contents(project: Project) -> Contents:
    """Read what branches, tags and history say of all models.

    The branches are those of production and integration, and the one that is checked out.

    Raises:
        InvalidInput: the project is in no git repository, nothing is committed, or the branch that
            the history is of cannot be read.
    """
    root = project.root
    if repository.find_repository_root(root) is None:
        raise InvalidInput(f"{root} is in no git repository, which is what a site is made from")
    head = worktree.resolve_worktree_commit(root, "HEAD")
    if head is None:
        raise InvalidInput(f"nothing is committed in {root}, which is what a site is made from")
    policy = read_project_policy(Snapshot.tree(root, head)) or DEFAULT
    walks = list(_list_walks(root, policy))
    history = read_whole_history(project, walks[0])
    gathered = _Gathered()
    branches = tuple(gathered.add_branch(root, one) for one in walks)
    if problem := branches[0].problem:
        raise InvalidInput(f"{branches[0].title} cannot be shown: {problem}")
    for row in history.rows:
        gathered.add_row(row)
    for row in history.held:
        gathered.add_held(row)
    incomplete = refs.explain_incomplete_refs(root)
    return Contents(
        branches=branches,
        entries=tuple(gathered.entries()),
        notes=() if incomplete is None else (incomplete,),
    )


def _list_walks(root: Path, policy: Policy) -> Iterator[Walked]:
    """List the branches that are shown: the one whose history counts is the first."""
    first = find_default_walk(root, policy)
    assert first is not None  # something is committed
    yield first
    known = {ref.branch for ref in refs.list_refs(root) if ref.branch and ref.title != "HEAD"}
    current = worktree.worktree_branch(root)
    shown = {first.title}
    for role in ("production", "integration"):
        for branch in sorted(one for one in known if policy.role(one).name == role):
            yield from _unshown(find_walk(root, branch), shown)
    if current is not None and current in known:
        yield from _unshown(find_walk(root, current), shown)


def _unshown(walked: Walked, shown: set[str]) -> Iterator[Walked]:
    if walked.title not in shown:
        shown.add(walked.title)
        yield walked


class _Gathered:
    """What is known of models so far, by what no two pages may share."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._versions: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._described: dict[str, Described] = {}
        self._rows: dict[str, list[HistoryRow]] = defaultdict(list)
        self._held: dict[str, list[HistoryRow]] = defaultdict(list)

    def _key(self, name: str) -> str:
        key = name_collision_key(name)
        self._names.setdefault(key, name)
        return key

    def add_branch(self, root: Path, walked: Walked) -> ShownBranch:
        """Take what the newest commit of a branch says."""
        files = SnapshotFiles(Snapshot.tree(root, walked.commit))
        try:
            registry, lock = files.registry(), files.lock()
            new = [one for one in registry.models if self._is_new(one, lock)]
            sources = read_card_sources(files) if new else None
        except (InvalidFile, InvalidInput, NotAProject) as error:
            return ShownBranch(title=walked.title, commit=walked.commit, problem=str(error))
        for model in new:
            assert sources is not None
            self._described[self._key(model.name)] = _describe(files, sources, model, walked.title)
        for locked in lock.models:
            self._versions[self._key(locked.name)].append((walked.title, locked.version))
        return ShownBranch(title=walked.title, commit=walked.commit)

    def _is_new(self, model: Model, lock: Lock) -> bool:
        return model.name in lock.by_name and self._key(model.name) not in self._described

    def add_row(self, row: HistoryRow) -> None:
        """Take something that happened."""
        self._rows[self._key(row.model)].append(row)

    def add_held(self, row: HistoryRow) -> None:
        """Take what a release stage held."""
        self._held[self._key(row.model)].append(row)

    def entries(self) -> Iterator[Entry]:
        """Give the models, in the order of their names."""
        for key, name in sorted(self._names.items()):
            if len(key) <= LONGEST:
                yield Entry(
                    slug=slug(name),
                    name=name,
                    versions=tuple(self._versions[key]),
                    described=self._described.get(key),
                    rows=tuple(self._rows[key]),
                    held=tuple(self._held[key]),
                )


def _describe(files: ProjectFiles, sources: CardSources, model: Model, where: str) -> Described:
    card, registry = make_card(sources, model), sources.registry
    latencies = None
    if card is not None and card.standing in _OF_NOW:
        text = find_project_text(files.folder, latencies_path(model))
        with suppress(ValueError):  # `report` says why
            latencies = None if text is None else Latencies.from_json(text)
    return Described(
        where=where,
        card=card,
        latencies=latencies,
        goals=tuple(one.name for one in model.evaluate.metrics) if model.evaluate else (),
        bases=tuple((slug(one), one) for one in registry.lineage(model.name)[1:]),
        used_by=tuple(_list_users(registry, model.name)),
        groups=registry.groups_of(model.name),
    )


def _list_users(registry: Registry, name: str) -> Iterator[tuple[str, str]]:
    return ((slug(one.name), one.name) for one in registry.models if one.base == name)
