"""What branches and tags need, and in which remote it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidFile, InvalidInput
from paddledvc.models.policy import remote_order
from paddledvc.tools.dvc import configuration
from paddledvc.tools.git import worktree
from paddledvc.weights.expected import list_expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paddledvc.models.policy import Policy, Role
    from paddledvc.project import Project
    from paddledvc.weights.core.tracked import Tracked

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
    current = worktree.current_branch(project.root)
    return [one for one in every if one.role.name in KEPT or one.name == current]


def _is_called(holder: Holder, name: str) -> bool:
    return holder.name == name


def _refs(project: Project, rules: Policy) -> Iterator[Holder]:
    kinds = ("refs/heads", "refs/remotes", "refs/tags")
    listed = worktree.run_git(project.root, "for-each-ref", f"--format={_FORM}", *kinds)
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
    config = configuration.read_config(project.root)
    needed: dict[tuple[Tracked, str], list[str]] = {}
    unreadable = []
    read: dict[str, tuple[Tracked, ...]] = {}
    for holder in found:
        order = remote_order(holder.role, list(config.remotes), config.default)
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
