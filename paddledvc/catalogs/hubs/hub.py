"""What the catalogs of hubs share: names of repositories, and questions about their revisions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from paddledvc.catalogs.hubs import revisions
from paddledvc.tools.system.network_errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paddledvc.catalogs.base import Context
    from paddledvc.catalogs.core.listing import Listed, Query, Release
    from paddledvc.catalogs.hubs.revisions import HubRepository
    from paddledvc.tools.sources.hub_tokens import Hub

_ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?(/[\w.~/-]*)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII)


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
            return revisions.list_versions(repository, query)

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get a version."""
        with self._repository(query) as repository:
            return revisions.describe_version(repository, query, version)

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
            name = repository_name(query.name, self._owner)
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
            wait = f"; it asks to be left alone for {error.wait:g} s" if error.wait else ""
            raise self._context.failed(where, f"{error}{wait}") from error


def repository_name(name: str, owner: str | None) -> str:
    """Name the repository of a model.

    Raises:
        Unreadable: no repository can be called so.

    >>> repository_name("PP-OCRv5_mobile_det", "PaddlePaddle")
    'PaddlePaddle/PP-OCRv5_mobile_det'
    """
    full = name if "/" in name or owner is None else f"{owner}/{name}"
    if not _REPOSITORY.fullmatch(full):
        raise Unreadable(f"no repository can be called {full!r}; set source_name to OWNER/NAME")
    return full
