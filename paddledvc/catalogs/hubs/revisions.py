"""Versions of models that are revisions of a repository on a hub.

The versions of a model are the tags of its repository that are versions. A repository without any
is versioned by its commits: each is spelled from the second it was made in, such as
``2025.11.3.142530``, so that ranges and ``latest`` work, and what was locked can be found again
whatever came after it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import timezone
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.models.versions import is_version
from paddledvc.names import did_you_mean
from paddledvc.tools.system.network_errors import Unreadable
from paddledvc.urls import format_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from paddledvc.catalogs.core.listing import Query
    from paddledvc.hashes import Hashes

OWN_OF_GIT = ".gitattributes"
"""The file that tells git what to keep elsewhere, and is no part of a model."""
_ABBREVIATED = re.compile("[0-9a-f]{5,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class HubCommit:
    """A commit, and when it was made."""

    name: str
    made: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Refs:
    """The branches of a repository, and its tags with their commits; None where that is open."""

    branches: Sequence[str]
    tags: Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class HubFile:
    """A file of a commit.

    Attributes:
        path: where it lies, as the hub says.
        hashes: what the hub knows about its bytes; the name of a git blob is no digest of them.
    """

    path: str
    hashes: Hashes


@dataclass(frozen=True, kw_only=True, slots=True)
class HubTree:
    """A commit and all of its files."""

    commit: str
    files: Sequence[HubFile]


class HubRepository(Protocol):
    """A repository on a hub; each question raises ``Unreadable`` where the hub is of no use."""

    def refs(self) -> Refs | None:
        """List branches and tags; None if there is no such repository."""
        ...

    def commits(self, revision: str | None) -> Sequence[HubCommit]:
        """List the history of a branch, tag or commit, newest first; empty if there is none."""
        ...

    def commit(self, revision: str) -> str | None:
        """Name the commit of a branch, tag or commit; None if there is none."""
        ...

    def tree(self, revision: str) -> HubTree | None:
        """List the files of a branch, tag or commit; None if there is none."""
        ...

    def url(self, commit: str, path: str) -> str:
        """Say where a file of a commit is."""
        ...


def list_versions(repository: HubRepository, query: Query) -> Sequence[Listed]:
    """List the versions of a repository; none if it does not exist.

    Raises:
        Unreadable: the hub is of no use, or the repository lacks the revision.
    """
    refs = repository.refs()
    if refs is None:
        return ()
    return tuple(Listed(version=version) for version in _revisions(repository, refs, query))


def describe_version(repository: HubRepository, query: Query, version: str) -> Release:
    """Say all that is needed to get a version, whatever has come after it.

    Raises:
        Unreadable: the hub is of no use, or there is no such version or file.
    """
    refs = repository.refs()
    if refs is None:
        raise Unreadable("there is no such repository")
    revision: str | None = version
    if version not in refs.tags:
        revision = dated(_history(repository, refs, query.revision)).get(version)
    tree = None if revision is None else repository.tree(revision)
    if tree is None:
        hint = did_you_mean(version, filter(is_version, refs.tags))
        raise Unreadable(f"it has no version {version}{hint}")
    return _release(repository, query, version, tree)


def _revisions(repository: HubRepository, refs: Refs, query: Query) -> Mapping[str, str]:
    """Find the versions that a query is about, and what each is called on the hub."""
    tags = {tag: commit for tag, commit in refs.tags.items() if is_version(tag)}
    if query.revision is None:
        return {tag: tag for tag in tags} or dated(repository.commits(None))
    history = _history(repository, refs, query.revision)
    held = {commit.name for commit in history}
    contained = (tag for tag in tags if (tags[tag] or repository.commit(tag)) in held)
    return {tag: tag for tag in contained} or dated(history)


def _history(repository: HubRepository, refs: Refs, revision: str | None) -> Sequence[HubCommit]:
    commits = repository.commits(revision)
    if revision is None or commits:
        return commits
    if _ABBREVIATED.fullmatch(revision):
        known = (commit.name for commit in repository.commits(None))
        full = next((name for name in known if name.startswith(revision)), None)
        commits = repository.commits(full) if full else ()
    if not commits:
        hint = did_you_mean(revision, (*refs.branches, *refs.tags))
        raise Unreadable(f"it has no branch, tag or commit {revision!r}{hint}")
    return commits


def dated(commits: Sequence[HubCommit]) -> Mapping[str, str]:
    """Spell the versions of commits, which come newest first, and say whose each is.

    >>> from datetime import datetime
    >>> made = datetime(2025, 11, 3, 0, 5, 30, tzinfo=timezone.utc)
    >>> dated([HubCommit(name="b", made=made), HubCommit(name="a", made=made)])
    {'2025.11.3.530': 'a', '2025.11.3.530.1': 'b'}
    """
    versions: dict[str, str] = {}
    seconds = Counter[str]()
    for commit in reversed(commits):
        made = commit.made.astimezone(timezone.utc)
        second = f"{made.year}.{made.month}.{made.day}.{int(made.strftime('%H%M%S'))}"
        earlier = seconds[second]
        versions[f"{second}.{earlier}" if earlier else second] = commit.name
        seconds[second] += 1
    return versions


def _release(repository: HubRepository, query: Query, version: str, tree: HubTree) -> Release:
    files = {file.path: file for file in tree.files}
    for path in files:
        if not _is_plain(path):
            raise Unreadable(f"it lists a file {path!r}, which is no path in a folder")
    if query.file is not None:
        return _single(repository, query.file, version, tree.commit, files)
    paths = sorted(path for path in files if PurePosixPath(path).name != OWN_OF_GIT)
    if not paths:
        raise Unreadable(f"there are no files in {version}")
    return Release(
        version=version,
        files=tuple(_file(repository, tree.commit, files[path], path) for path in paths),
        folder=True,
        commit=tree.commit,
    )


def _single(
    repository: HubRepository, path: str, version: str, commit: str, files: Mapping[str, HubFile]
) -> Release:
    if path not in files:
        raise Unreadable(f"there is no file {path!r} in {version}{did_you_mean(path, files)}")
    name = PurePosixPath(path)
    suffix = name.suffix[1:] if format_of(path) is None else ""
    return Release(
        version=version,
        files=(_file(repository, commit, files[path], name.name),),
        format=suffix if suffix.isalnum() else None,
        commit=commit,
    )


def _file(repository: HubRepository, commit: str, file: HubFile, path: str) -> ReleaseFile:
    return ReleaseFile(path=path, urls=(repository.url(commit, file.path),), hashes=file.hashes)


def _is_plain(path: str) -> bool:
    """Tell a path that stays in its folder, on every system, from any other."""
    return (
        not {"", ".", ".."} & set(path.split("/"))
        and not re.match(r"[A-Za-z]:", path)
        and "\\" not in path
        and not any(unicodedata.category(character) in ("Cc", "Cs") for character in path)
    )
