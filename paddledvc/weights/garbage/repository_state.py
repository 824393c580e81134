"""A git repository at a moment: its refs, those of the repositories it fetches from, its trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput
from paddledvc.tools.git import commits, refs
from paddledvc.tools.git.snapshot import Snapshot
from paddledvc.weights.core import retention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.tools.git.refs import Ref

_PATTERNS = tuple(f"*{end}" for end in retention.NAMING_FILES)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedTree:
    """A work tree.

    Attributes:
        path: its folder.
        head: the commit that is checked out.
        pending: what a merge, a rebase or the like is in the middle of.
        files: the bytes of the files in it that name objects, by path from its folder.
        staged: git's names of such files in its index.
    """

    path: Path
    head: str | None
    pending: frozenset[str]
    files: Mapping[str, bytes]
    staged: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryState:
    """A repository at a moment. Where two of them are equal, it needs the same.

    Attributes:
        root: the folder that it was asked about.
        refs: its own refs.
        advertised: branches and tags of the repositories that it fetches from, under the names
            that they have here.
        trees: its work trees.
    """

    root: Path
    refs: tuple[Ref, ...]
    advertised: tuple[Ref, ...]
    trees: tuple[CheckedTree, ...]


def read_repository(root: Path) -> RepositoryState:
    """Look at a repository, and ask those that it fetches from what they have.

    Raises:
        InvalidInput: its history is not all here.
        OutsideFailure: another repository cannot be reached.
    """
    if (lacks := refs.explain_incomplete(root)) is not None:
        raise InvalidInput(lacks)
    advertised = [
        refs.Ref(name=_name_here(remote, one.name), target=one.target)
        for remote in refs.git_remotes(root)
        for one in refs.ask_refs(root, remote)
    ]
    return RepositoryState(
        root=root,
        refs=refs.list_refs(root),
        advertised=tuple(advertised),
        trees=tuple(_tree(one) for one in refs.work_trees(root)),
    )


def _name_here(remote: str, name: str) -> str:
    branch = name.removeprefix("refs/heads/")
    return name if branch == name else f"refs/remotes/{remote}/{branch}"


def _tree(known: refs.WorkTree) -> CheckedTree:
    is_there = known.path.is_dir()
    return CheckedTree(
        path=known.path,
        head=known.head,
        pending=frozenset(_pending(known.path)) if is_there else retention.NONE,
        files=_files(known.path) if is_there else {},
        staged=Snapshot.index(known.path).blobs(_PATTERNS) if is_there else retention.NONE,
    )


def _files(tree: Path) -> dict[str, bytes]:
    """Read the files that name objects, whether git knows them yet or not."""
    snapshot = Snapshot.work_tree(tree, untracked=True)
    found = {name: snapshot.read(name) for name in snapshot.names(_PATTERNS)}
    return {name: data for name, data in found.items() if data is not None}


def _pending(tree: Path) -> set[str]:
    """Name what a work tree is in the middle of, or was: some of it may be gone by now."""
    return commits.whole_commits(tree, refs.pending_commits(tree))
