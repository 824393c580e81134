"""What commits need: those that branches and tags name, that a push takes along, or that were here.

What commits have in common is read once.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput, PaddleDVCError
from paddledvc.tools.git import worktree
from paddledvc.tools.git.command import ask_git, run_git
from paddledvc.tools.git.commits import CommitFiles
from paddledvc.weights.core.tracked import LISTING_PATTERNS, PATTERNS
from paddledvc.weights.expected import read_expected, read_expected_cached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project
    from paddledvc.tools.git.commits import Blob
    from paddledvc.tools.git.refs import PushedRef, Ref
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.expected import Parsed

REFLOG_ENTRIES = 20
"""Commits that were checked out last, and that are asked when nothing else knows what is there."""
KEPT = ("production", "integration")
"""The roles of branches that are always looked at."""


class History:
    """What commits say lies in the work tree.

    Args:
        project: the project.
        read: reads that from the texts of their files.
    """

    def __init__(
        self,
        project: Project,
        read: Callable[[Project, Mapping[str, str], Parsed], tuple[Tracked, ...]] = read_expected,
    ) -> None:
        self._project, self._read = project, read
        self._files = CommitFiles(project.root, PATTERNS)
        self._parsed: Parsed = {}
        self._known: dict[frozenset[tuple[str, Blob]], tuple[Tracked, ...]] = {}

    def expected(self, commit: str, *, registry: bool = True) -> tuple[Tracked, ...]:
        """List what a commit says, sorted by path.

        Args:
            commit: the commit, or a tag of one.
            registry: whether nothing counts where its models.yaml has merge conflicts.

        Raises:
            InvalidFile: one of its files cannot be read.
            ToolFailed: there is no such commit.
        """
        files = self._files.of(commit)
        if not files:
            # A tag of a blob is there too, and asks for nothing.
            run_git(self._project.root, "rev-parse", "--verify", f"{commit}^{{}}")
        if not registry:
            files.pop(names.REGISTRY, None)
        key = frozenset(files.items())
        if key not in self._known:
            data = dict(self._files.read(files.values()))
            texts = {path: data[blob.name].decode(errors="replace") for path, blob in files.items()}
            self._known[key] = self._read(self._project, texts, self._parsed)
        return self._known[key]

    def pushed(self, pushed: PushedRef, to: str | None) -> Mapping[Tracked, str]:
        """List what the commits need that a push takes along, each with the newest that needs it.

        A commit whose files cannot be read is left out: whoever checks it out gets nothing anyway.

        Args:
            pushed: what is pushed.
            to: the git remote that it is pushed to; None, or a URL, if it has no name.
        """
        found: dict[Tracked, str] = {}
        commits = _new_commits(self._project, pushed, to)
        self._files.of_all(commits)  # whose folders are then read at once
        for commit in commits:
            try:
                outputs = self.expected(commit, registry=False)
            except InvalidFile:
                continue
            for one in pick_outputs_for_remotes(outputs):
                found.setdefault(one, commit)
        return found


def pick_outputs_for_remotes(outputs: Iterable[Tracked]) -> tuple[Tracked, ...]:
    """Pick what belongs in a remote."""
    return tuple(one for one in outputs if one.pushed and one.oid)


def _new_commits(project: Project, pushed: PushedRef, to: str | None) -> list[str]:
    """Name the commits that change such files and are new there, newest first."""
    from paddledvc.tools.git import refs  # noqa: PLC0415 - only before a push

    root, files = project.root, worktree.match_in_worktree(LISTING_PATTERNS)
    asked = ("rev-list", "--full-history", pushed.commit, "--not")
    if pushed.old is not None:
        listed = ask_git(root, *asked, pushed.old, "--", *files)
        if listed is not None:  # else somebody else pushed what this clone has not fetched
            return listed.split()
    known = f"--remotes={to}" if to in refs.git_remotes(root) else "--remotes"
    return run_git(root, *asked, known, "--", *files).split()


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A branch or tag.

    Attributes:
        name: what people call it: ``main``, ``origin/main``, ``v1.2.0``.
        commit: what it names.
        role: the role that it plays.
    """

    name: str
    commit: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """An output that branches or tags need in a remote.

    Attributes:
        tracked: the output.
        remote: name of the remote.
        holders: the branches and tags, by name.
    """

    tracked: Tracked
    remote: str
    holders: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What branches and tags need.

    Attributes:
        outputs: each that is different, sorted by path.
        holders: the branches and tags that were looked at.
        unreadable: branches and tags whose files cannot be read, and why, one sentence each.
    """

    outputs: tuple[Demand, ...]
    holders: tuple[str, ...]
    unreadable: tuple[str, ...]


def list_history_holders(
    project: Project, rules: Policy, names: Sequence[str] = ()
) -> list[Holder]:
    """List the branches and tags to look at, local ones and those of git's remotes.

    Args:
        project: the project.
        rules: which branch plays which role.
        names: branches and tags; by default those of production and integration, all tags, and the
            branch that is checked out.

    Raises:
        InvalidInput: there is no such branch or tag.
    """
    every = list(_holders(project, rules))
    if names:
        for name in names:
            if not any(one.name == name for one in every):
                raise InvalidInput(f"there is no branch or tag {name!r}")
        return [one for one in every if one.name in names]
    current = worktree.worktree_branch(project.root)
    return [one for one in every if one.role.name in KEPT or one.name == current]


def _holders(project: Project, rules: Policy) -> Iterator[Holder]:
    from paddledvc.tools.git import refs  # noqa: PLC0415 - not for those that were here

    for ref in refs.list_refs(project.root):
        if (role := find_ref_role(rules, ref)) is not None:
            yield Holder(name=ref.title, commit=ref.target, role=role)


def find_ref_role(rules: Policy, ref: Ref) -> Role | None:
    """Find the role of a branch or tag; None for any other ref."""
    if ref.is_tag:
        return rules.production
    return None if ref.branch is None else rules.role(ref.branch)


def list_history_demands(project: Project, found: Sequence[Holder]) -> Demands:
    """List what branches and tags need, each output once for a remote that it belongs in."""
    from paddledvc.models.policy import order_remotes_by_policy  # noqa: PLC0415 - as above
    from paddledvc.tools.dvc import configuration  # noqa: PLC0415 - as above

    config, history = configuration.read_dvc_config(project.root), History(project)
    needed: dict[tuple[Tracked, str], list[str]] = {}
    unreadable = []
    for holder in found:
        order = order_remotes_by_policy(holder.role, list(config.remotes), config.default)
        try:
            outputs = history.expected(holder.commit)
        except InvalidFile as error:
            unreadable.append(f"{holder.name}: {error.problems[0]}")
            continue
        for one in outputs:
            for remote in (*filter(None, [one.remote]), *order)[:1]:
                needed.setdefault((one, remote), []).append(holder.name)
    ordered = sorted(needed.items(), key=lambda item: (item[0][0].path, item[0][1]))
    return Demands(
        outputs=tuple(
            Demand(tracked=tracked, remote=remote, holders=tuple(names))
            for (tracked, remote), names in ordered
        ),
        holders=tuple(holder.name for holder in found),
        unreadable=tuple(unreadable),
    )


def known_contents_in_history(
    project: Project, *, marked: str | None, before: str | None = None
) -> tuple[Tracked, ...]:
    """List what the commits said that were checked out since the weights were put in place.

    Git has no hook for a reset, a stash or a cherry-pick, and none for the stage that made weights
    which somebody has committed since.

    Args:
        project: the project.
        marked: the commit whose weights were put in place; None if nobody knows.
        before: the commit that was checked out before, if git told; its full name saves time.
    """
    root = project.root
    before = worktree.resolve_worktree_commit(root, before) if before is not None else None
    visited = _visited(project)
    since = visited[: visited.index(marked)] if marked in visited else visited
    commits = [one for one in dict.fromkeys([before, *since]) if one is not None]
    commits = [one for one in commits if one != marked and one not in visited[:1]]
    if marked is not None and commits:
        commits = worktree.pick_differing(root, marked, commits, LISTING_PATTERNS)
    return tuple(one for outputs in _read_known(project, commits) for one in outputs)


def _visited(project: Project) -> list[str]:
    """Name the commits that were checked out last, this one first."""
    listed = ask_git(project.root, "rev-list", "--walk-reflogs", f"-n{REFLOG_ENTRIES}", "HEAD")
    return list(dict.fromkeys((listed or "").split()))


def _stashed(project: Project) -> list[str]:
    """Name the commits that stashes are, with those of their index and their untracked files."""
    form = ("rev-list", "--walk-reflogs", "--parents", f"-n{REFLOG_ENTRIES}", "refs/stash", "--")
    stashes = [line.split() for line in (ask_git(project.root, *form) or "").splitlines()]
    # The second of each line is the commit that it was made on.
    return [commit for one in stashes for commit in (*one[:1], *one[2:])]


def recent_contents_in_history(project: Project) -> Iterator[tuple[Tracked, ...]]:
    """Yield what the commits said that were checked out last, the last one first, and stashes."""
    yield from _read_known(project, _visited(project))
    yield from _read_known(project, _stashed(project))


def is_named_in_history(project: Project, oid: str) -> bool:
    """Tell whether any commit of a branch, tag, stash or reflog names an object.

    A partial clone answers no: git would fetch the files of its history one by one.

    Args:
        project: the project.
        oid: DVC's name of the object.
    """
    root, files = project.root, worktree.match_in_worktree(LISTING_PATTERNS)
    if ask_git(root, "config", "--get-regexp", r"^remote\..*\.promisor$"):
        return False
    which = ("--all", "--reflog", "-m", "--max-count=1", "--format=%H")
    form = ("log", *which, "--no-textconv", "--no-ext-diff", f"-S{oid}")
    return bool((ask_git(root, *form, "--", *files) or "").strip())


def _read_known(project: Project, commits: Iterable[str]) -> Iterator[tuple[Tracked, ...]]:
    """Read what commits say lies in the work tree; nothing of one that cannot be read."""
    history = History(project, read_expected_cached)
    for commit in commits:
        with contextlib.suppress(PaddleDVCError, OSError):
            yield history.expected(commit)
