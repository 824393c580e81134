"""What git has of the past: branches, deleted ones too, tags, and the files of their commits."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.catalogs.core.gto import list_gto_events
from paddledvc.catalogs.gto_tags import list_gto_tags
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.inventory.core.history_rows import list_moves
from paddledvc.inventory.core.past_models import WATCHED, PastReader, list_report_paths
from paddledvc.names import suggest_name
from paddledvc.tools.git import commits, refs, worktree
from paddledvc.tools.git.command import ask_git, run_git
from paddledvc.tools.git.database.objects import ObjectReader
from paddledvc.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.gto import GtoEvent, IgnoredTag
    from paddledvc.inventory.core.history_rows import Moved
    from paddledvc.inventory.core.past_models import Trace
    from paddledvc.models.policy import Policy
    from paddledvc.tools.git.refs import Ref

_MERGED = re.compile(
    r"Merge (?:remote-tracking )?branch '(?P<branch>[^']+)'"
    r"|Merge pull request #\d+ from [^/\s]+/(?P<pull>\S+)"
    r"|Merged in (?P<merged>\S+) \(pull request #\d+\)"
)
"""What git, GitLab, GitHub and Bitbucket call the commit that merges a branch."""
_SHORT = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Walked:
    """A branch, or what is left of one.

    Attributes:
        title: what people call it.
        commit: its newest commit.
    """

    title: str
    commit: str


def find_default_walk(root: Path, policy: Policy) -> Walked | None:
    """Find the production branch, else the branch that is checked out; None before any commit."""
    known, current = refs.list_refs(root), worktree.worktree_branch(root)
    production = policy.production
    candidates = [current] if current is not None and production.covers(current) else []
    candidates += [one for one in production.branches if "*" not in one]
    default = refs.find_default_branch(root)
    if default is not None and default.branch is not None and production.covers(default.branch):
        candidates.append(default.branch)
    for branch in candidates:
        if (found := _find_branch(root, known, branch)) is not None:
            return found
    head = worktree.resolve_worktree_commit(root, "HEAD")
    return None if head is None else Walked(title=current or "HEAD", commit=head)


def find_walk(root: Path, name: str) -> Walked:
    """Find a branch by its name, also a deleted one that a merge commit names, or a revision.

    Raises:
        InvalidInput: there is none.
    """
    known = refs.list_refs(root)
    if (found := _find_branch(root, known, name)) is not None:
        return found
    for ref in known:
        if ref.title == name and (commit := worktree.resolve_worktree_commit(root, ref.name)):
            return Walked(title=name, commit=commit)
    for merge, merged, title in commits.log_merges(root):
        if name_merged_branch(title) == name:
            return Walked(title=f"{name} (as {merge[:_SHORT]} merged it)", commit=merged)
    if (commit := worktree.resolve_worktree_commit(root, name)) is not None:
        return Walked(title=name, commit=commit)
    hint = suggest_name(name, sorted({ref.branch for ref in known if ref.branch}))
    raise InvalidInput(
        f"there is no branch, tag or commit {name!r} here, and no merge commit names it"
        f"{hint or '; run `git fetch`'}"
    )


def name_merged_branch(title: str) -> str | None:
    """Name the branch that a commit merged, as git and the usual servers title it.

    >>> name_merged_branch("Merge pull request #7 from team/feature/x")
    'feature/x'
    """
    said = _MERGED.match(title)
    branch = None if said is None else next(filter(None, said.groups()))
    return branch and branch.removeprefix("origin/")


def _find_branch(root: Path, known: Sequence[Ref], branch: str) -> Walked | None:
    """Find a branch here or as it was last fetched; of two the one that has the other."""
    named = [ref for ref in known if ref.branch == branch and not ref.name.endswith("/HEAD")]
    ours = next((ref for ref in named if ref.name.startswith("refs/heads/")), None)
    others = sorted((ref for ref in named if ref is not ours), key=_is_not_origin)
    if not named:
        return None
    found = ours or others[0]
    if ours is not None and others and others[0].target != ours.target:
        behind = ("merge-base", "--is-ancestor", ours.target, others[0].target)
        found = ours if ask_git(root, *behind) is None else others[0]
    return Walked(title=found.title, commit=found.target)


def _is_not_origin(ref: Ref) -> bool:
    return not ref.title.startswith("origin/")


@dataclass(frozen=True, kw_only=True, slots=True)
class TaggedCommits:
    """What GTO's tags of a project say.

    Attributes:
        events: what happened, by the slug of the model.
        ignored: tags that do not count.
    """

    events: Mapping[str, Sequence[GtoEvent]] = field(default_factory=dict)
    ignored: Sequence[IgnoredTag] = ()


def read_tagged(root: Path) -> TaggedCommits:
    """Read the tags of a project: in a folder of the repository, those that name the folder."""
    events, ignored = list_gto_events(list_gto_tags(partial(run_git, root)))
    folder = worktree.prefix_in_worktree(root).rstrip("/")
    ours = f"{folder}:" if folder else ""

    def slug(artifact: str) -> str | None:
        key = artifact.removeprefix(ours)
        return key if artifact.startswith(ours) and ":" not in key else None

    found = {key: its for name, its in events.items() if (key := slug(name)) is not None}
    return TaggedCommits(
        events=found, ignored=[one for one in ignored if slug(one.artifact) is not None]
    )


class PastFiles:
    """Reads files of commits: each once, by one process of git.

    Args:
        root: folder of the project.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._objects = root, ObjectReader(root)
        self._known: set[tuple[str, str]] = set()
        self.reader = PastReader(_read_yaml)

    def moves(self, walked: Walked) -> list[Moved]:
        """List what a branch moved, newest first."""
        logged = commits.log_first_parents(self._root, walked.commit, WATCHED)
        self._load_locks(one.changed for one in reversed(logged))
        files: dict[str, str | None] = {}
        before: dict[str, Trace] = {}
        found: list[list[Moved]] = []
        for commit in reversed(logged):
            files.update(commit.changed)
            locked = self.reader.locked(files.get(names.LOCK))
            if locked is None:  # it has merge conflicts, or is no YAML
                continue
            now = {name: self.reader.trace(name, files) for name in locked}
            found.append(list_moves(commit, before, now))
            before = now
        return [move for moves in reversed(found) for move in moves]

    def tagged(self, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, Trace]]:
        """Read commits that tags name: the name and the trace of a model, by commit and slug.

        Args:
            asked: commits, each with the slug of a model.
        """
        slugs: dict[str, set[str]] = defaultdict(set)
        for commit, slug in asked:
            slugs[commit].add(slug)
        paths = [
            (commit, path)
            for commit, its in slugs.items()
            for path in (
                names.LOCK,
                names.DVC_LOCK,
                *(path for slug in sorted(its) for path in list_report_paths(slug)),
            )
        ]
        files: dict[str, dict[str, str | None]] = defaultdict(dict)
        blobs = commits.find_blobs_in_commits(self._root, paths)
        for (commit, path), blob in zip(paths, blobs, strict=True):
            files[commit][path] = blob
        self._load_locks(files.values())
        return dict(self._traces(slugs, files))

    def _traces(
        self, slugs: Mapping[str, set[str]], files: Mapping[str, Mapping[str, str | None]]
    ) -> Iterator[tuple[tuple[str, str], tuple[str, Trace]]]:
        for commit, its in slugs.items():
            for name in self.reader.locked(files[commit][names.LOCK]) or {}:
                if (slug := names.slug(name)) in its:
                    yield (commit, slug), (name, self.reader.trace(name, files[commit]))

    def reports(self, traces: Iterable[Trace]) -> dict[str, bytes]:
        """Read the reports with metrics that commits have, by git's names of them."""
        asked = dict.fromkeys(one for trace in traces for one in trace.reports[:2] if one)
        return dict(self._read(asked))

    def _load_locks(self, commits: Iterable[Mapping[str, str | None]]) -> None:
        """Read what commits have of both locks, by path, as far as it is not known."""
        files = list(commits)
        adding = ((names.LOCK, self.reader.add_lock), (names.DVC_LOCK, self.reader.add_built))
        for file, add in adding:
            asked = dict.fromkeys(blob for one in files if (blob := one.get(file)) is not None)
            new = [one for one in asked if (file, one) not in self._known]
            self._known.update((file, one) for one in new)
            for blob, data in self._read(new):
                add(blob, data)

    def _read(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read objects; what a partial clone lacks is left out."""
        asked = list(blobs)
        for blob, (found, data) in zip(asked, self._objects.read_each(asked), strict=True):
            if found is not None:
                yield blob, data


def _read_yaml(text: str) -> object:
    try:
        return reader.parse_yaml(text, names.LOCK).value
    except InvalidFile:
        return None
