"""Catalogs of hubs: names of repositories, and versions of models that are their revisions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timezone
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from paddledvc.catalogs.core.listing import Listed, Release, ReleaseFile
from paddledvc.models.versions import is_version
from paddledvc.names import suggest_name
from paddledvc.paths import find_path_fault
from paddledvc.tools.system.network.errors import Unreadable
from paddledvc.urls import format_of_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.core.listing import Query
    from paddledvc.hashes import Hashes
    from paddledvc.tools.sources.hub_tokens import Hub

_ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?(/[\w.~/-]*)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII)
OWN_OF_GIT = ".gitattributes"
"""The file that tells git what to keep elsewhere, and is no part of a model."""
_ABBREVIATED = re.compile("[0-9a-f]{5,63}")


class HubCatalog(ABC):
    """The repositories of a hub; their revisions are the versions.

    Settings: ``url`` of the hub; ``owner`` of the repositories that are named without one.
    """

    HUB: ClassVar[Hub]
    FOLDER: ClassVar[str] = ""
    """Where on the hub the pages of repositories are."""

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        url = settings.get("url") or self.HUB.endpoint
        # Nothing but a plain URL, of which all HTTP clients understand the same.
        if not _ENDPOINT.fullmatch(url):
            raise context.failed(url, "expected a URL such as https://hub.example")
        self.where = url.rstrip("/")
        self._context = context
        self._owner: str | None = settings.get("owner")

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model: tags, or commits where there are none."""
        with self._repository(query) as repository:
            return _list_versions(repository, query)

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get a version."""
        with self._repository(query) as repository:
            return _describe_version(repository, query, version)

    def names(self) -> Sequence[str]:
        """Name the models of the owner; there are too many of all owners."""
        if self._owner is None:
            return ()
        with self._asking(self._owner):
            names = [name.rpartition("/") for name in self.repositories(self._owner)]
        owned = self._owner.casefold()
        return sorted(name for owner, _, name in names if owner.casefold() == owned)

    @abstractmethod
    def repository(self, name: str) -> HubRepository:
        """Open a repository, without asking for it."""

    @abstractmethod
    def repositories(self, owner: str) -> Iterable[str]:
        """Name the repositories of an owner, with the owner.

        Raises:
            Unreadable: the hub is of no use.
        """

    @contextmanager
    def _repository(self, query: Query) -> Iterator[HubRepository]:
        with self._asking(query.name):
            name = _repository_name(query.name, self._owner)
        with self._asking(name):
            yield self.repository(name)

    @contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """Ask about something, and say of which catalog it is where that fails.

        Raises:
            CatalogFailed: the network is forbidden, or the hub is of no use.
        """
        where = f"{self.where}/{self.FOLDER}{name}"
        self._context.require_network(where)
        try:
            yield
        except Unreadable as error:
            wait = f"; it asks to wait {error.wait:g} s" if error.wait else ""
            raise self._context.failed(where, f"{error}{wait}") from error


def _repository_name(name: str, owner: str | None) -> str:
    """Name the repository of a model.

    Raises:
        Unreadable: no repository can be called so.

    >>> _repository_name("PP-OCRv5_mobile_det", "PaddlePaddle")
    'PaddlePaddle/PP-OCRv5_mobile_det'
    """
    full = name if "/" in name or owner is None else f"{owner}/{name}"
    if not _REPOSITORY.fullmatch(full):
        raise Unreadable(f"no repository can be called {full!r}; set source_name to OWNER/NAME")
    return full


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


def _list_versions(repository: HubRepository, query: Query) -> Sequence[Listed]:
    """List the versions of a repository; none if it does not exist.

    Raises:
        Unreadable: the hub is of no use, or the repository lacks the revision.
    """
    refs = repository.refs()
    if refs is None:
        return ()
    return tuple(Listed(version=version) for version in _revisions(repository, refs, query))


def _describe_version(repository: HubRepository, query: Query, version: str) -> Release:
    """Say all that is needed to get a version, whatever has come after it.

    Raises:
        Unreadable: the hub is of no use, or there is no such version or file.
    """
    refs = repository.refs()
    if refs is None:
        raise Unreadable("there is no such repository")
    revision: str | None = version
    if version not in refs.tags:
        revision = _date_versions(_history(repository, refs, query.revision)).get(version)
    tree = None if revision is None else repository.tree(revision)
    if tree is None:
        hint = suggest_name(version, filter(is_version, refs.tags))
        raise Unreadable(f"it has no version {version}{hint}")
    return _release(repository, query, version, tree)


def _revisions(repository: HubRepository, refs: Refs, query: Query) -> Mapping[str, str]:
    """Find the versions that a query is about, and what each is called on the hub."""
    tags = {tag: commit for tag, commit in refs.tags.items() if is_version(tag)}
    if query.revision is None:
        return {tag: tag for tag in tags} or _date_versions(repository.commits(None))
    history = _history(repository, refs, query.revision)
    held = {commit.name for commit in history}
    contained = (tag for tag in tags if (tags[tag] or repository.commit(tag)) in held)
    return {tag: tag for tag in contained} or _date_versions(history)


def _history(repository: HubRepository, refs: Refs, revision: str | None) -> Sequence[HubCommit]:
    commits = repository.commits(revision)
    if revision is None or commits:
        return commits
    if _ABBREVIATED.fullmatch(revision):
        known = (commit.name for commit in repository.commits(None))
        full = next((name for name in known if name.startswith(revision)), None)
        commits = repository.commits(full) if full else ()
    if not commits:
        hint = suggest_name(revision, (*refs.branches, *refs.tags))
        raise Unreadable(f"it has no branch, tag or commit {revision!r}{hint}")
    return commits


def _date_versions(commits: Sequence[HubCommit]) -> Mapping[str, str]:
    """Spell the versions of commits, which come newest first, and say whose each is.

    >>> from datetime import datetime
    >>> made = datetime(2025, 11, 3, 0, 5, 30, tzinfo=timezone.utc)
    >>> _date_versions([HubCommit(name="b", made=made), HubCommit(name="a", made=made)])
    {'2025.11.3.530': 'a', '2025.11.3.530.1': 'b'}
    """
    versions: dict[str, str] = {}
    seconds = Counter[str]()
    # The oldest first, so that no later commit changes the version of an earlier one.
    for commit in reversed(commits):
        made = commit.made.astimezone(timezone.utc)
        # Numbers without leading zeros, which PEP 440 would drop.
        second = f"{made.year}.{made.month}.{made.day}.{int(made.strftime('%H%M%S'))}"
        earlier = seconds[second]
        versions[f"{second}.{earlier}" if earlier else second] = commit.name
        seconds[second] += 1
    return versions


def _release(repository: HubRepository, query: Query, version: str, tree: HubTree) -> Release:
    files = {file.path: file for file in tree.files}
    for path in files:
        if fault := find_path_fault(path):
            raise Unreadable(f"it lists a file {path!r}: {fault}")
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
        raise Unreadable(f"there is no file {path!r} in {version}{suggest_name(path, files)}")
    name = PurePosixPath(path)
    suffix = name.suffix[1:] if format_of_url(path) is None else ""
    return Release(
        version=version,
        files=(_file(repository, commit, files[path], name.name),),
        format=suffix if suffix.isalnum() else None,
        commit=commit,
    )


def _file(repository: HubRepository, commit: str, file: HubFile, path: str) -> ReleaseFile:
    return ReleaseFile(path=path, urls=(repository.url(commit, file.path),), hashes=file.hashes)
