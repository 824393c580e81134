"""What branches, tags and the commits on the way to them need, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.models.policy import order_remotes_by_policy
from paddledvc.tools.dvc import configuration
from paddledvc.tools.git import refs, worktree
from paddledvc.tools.git.command import ask_git, run_git
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core.tracked import PATTERNS
from paddledvc.weights.expected import list_expected, read_expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project
    from paddledvc.tools.git.refs import PushedRef
    from paddledvc.weights.core.tracked import Tracked

COMMITTED_PATTERNS = tuple(pattern for pattern in PATTERNS if pattern != names.REGISTRY)
"""Names of the files that say which weights belong to a commit."""
KEPT = ("production", "integration")
"""The roles of branches that are always looked at."""
_FORM = "%(refname)%00%(objectname)%00%(symref)"


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


def list_holders(project: Project, rules: Policy, names: Sequence[str] = ()) -> list[Holder]:
    """List the branches and tags to look at, local ones and those of git's remotes.

    Args:
        project: the project.
        rules: which branch plays which role.
        names: branches and tags; by default those of production and integration, all tags, and the
            branch that is checked out.

    Raises:
        InvalidInput: there is no such branch or tag.
    """
    every = list(_refs(project, rules))
    if names:
        found = [one for one in every if any(_is_called(one, name) for name in names)]
        for name in names:
            if not any(_is_called(one, name) for one in found):
                raise InvalidInput(f"there is no branch or tag {name!r}")
        return found
    current = worktree.worktree_branch(project.root)
    return [one for one in every if one.role.name in KEPT or one.name == current]


def _is_called(holder: Holder, name: str) -> bool:
    return holder.name == name


def _refs(project: Project, rules: Policy) -> Iterator[Holder]:
    kinds = ("refs/heads", "refs/remotes", "refs/tags")
    listed = run_git(project.root, "for-each-ref", f"--format={_FORM}", *kinds)
    for line in listed.splitlines():
        ref, commit, link = line.split("\0")
        _, kind, name = ref.split("/", 2)
        if link:  # origin/HEAD
            continue
        branch = name.partition("/")[2] if kind == "remotes" else name
        role = rules.production if kind == "tags" else rules.role(branch)
        yield Holder(name=name, commit=commit, role=role)


def list_demands(project: Project, found: Sequence[Holder]) -> Demands:
    """List what branches and tags need, each output once for a remote that it belongs in."""
    config = configuration.read_dvc_config(project.root)
    needed: dict[tuple[Tracked, str], list[str]] = {}
    unreadable = []
    read: dict[str, tuple[Tracked, ...]] = {}
    for holder in found:
        order = order_remotes_by_policy(holder.role, list(config.remotes), config.default)
        try:
            if holder.commit not in read:
                read[holder.commit] = list_expected(project, holder.commit)
        except InvalidFile as error:
            unreadable.append(f"{holder.name}: {error.problems[0]}")
            continue
        for one in read[holder.commit]:
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


def pick_belonging(outputs: Iterable[Tracked]) -> tuple[Tracked, ...]:
    """Pick what belongs in a remote."""
    return tuple(one for one in outputs if one.pushed and one.oid)


class History:
    """The commits that a push takes along; no version of their files is read twice."""

    def __init__(self, project: Project, to: str | None) -> None:
        """Prepare to look at them.

        Args:
            project: the project.
            to: the git remote that is pushed to; None, or a URL, if it has no name.
        """
        self._project, self._to = project, to
        self._read: dict[frozenset[tuple[str, str]], tuple[Tracked, ...]] = {}

    def needs(self, pushed: PushedRef) -> Mapping[Tracked, str]:
        """List what belongs in a remote, each with the newest commit that needs it.

        A commit whose files cannot be read is left out: whoever checks it out gets nothing anyway.
        """
        found: dict[Tracked, str] = {}
        for commit in self._new(pushed):
            for one in self._outputs(commit):
                found.setdefault(one, commit)
        return found

    def _outputs(self, commit: str) -> tuple[Tracked, ...]:
        texts = Snapshot.tree(self._project.root, commit).texts(COMMITTED_PATTERNS)
        key = frozenset(texts.items())
        if key not in self._read:
            try:
                self._read[key] = pick_belonging(read_expected(self._project, texts))
            except InvalidFile:
                self._read[key] = ()
        return self._read[key]

    def _new(self, pushed: PushedRef) -> list[str]:
        """Name the commits that change such files and are new there, newest first."""
        root, files = self._project.root, worktree.match_in_worktree(COMMITTED_PATTERNS)
        asked = ("rev-list", "--full-history", pushed.commit, "--not")
        if pushed.old is not None:
            listed = ask_git(root, *asked, pushed.old, "--", *files)
            if listed is not None:  # else somebody else pushed what this clone has not fetched
                return listed.split()
        known = f"--remotes={self._to}" if self._to in refs.git_remotes(root) else "--remotes"
        return run_git(root, *asked, known, "--", *files).split()
