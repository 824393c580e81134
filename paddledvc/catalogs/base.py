"""What a kind of catalog is: two questions, what it may use, and answers kept for all threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from paddledvc.errors import CatalogFailed
from paddledvc.tools.system.network.patience import usual_patience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from paddledvc.catalogs.core.listing import Listed, Query, Release

Result = TypeVar("Result")


class Catalog(Protocol):
    """A place that lists versions of models.

    Both questions raise ``CatalogFailed`` where the place is down, slow, malformed or lists
    nonsense. They are asked from several threads at once.
    """

    @property
    def where(self) -> str:
        """What and where the catalog is, for messages: a URL, a path, a package's name."""
        ...

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model, in any order; empty for a model it does not have."""
        ...

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get one of the listed versions."""
        ...

    def names(self) -> Sequence[str]:
        """Name the models of the catalog; empty where it has too many to list."""
        ...


class Kind(Protocol):
    """Opens catalogs of one kind; what an entry point of ``paddledvc.catalogs`` names."""

    def __call__(self, context: Context, settings: Mapping[str, Any]) -> Catalog:
        """Open a catalog without asking it anything.

        Args:
            context: what it may use.
            settings: its entry under ``catalogs:``, without ``kind``.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a catalog may use.

    Attributes:
        name: the catalog's name in the project, for messages.
        root: folder of the project, which relative paths start from.
        offline: what forbids to use the network, such as ``--offline``; None if nothing does.
        timeout: seconds to wait for an answer.
    """

    name: str
    root: Path
    offline: str | None = None
    timeout: float = field(default_factory=usual_patience)

    def failed(self, where: str, cause: str) -> CatalogFailed:
        """Say that the catalog could not answer, and why."""
        return CatalogFailed(catalog=self.name, where=where, cause=cause)

    def require_network(self, where: str) -> None:
        """Refuse to use the network where that is forbidden.

        Raises:
            CatalogFailed: it is.
        """
        if self.offline is not None:
            raise self.failed(where, f"it needs the network, which {self.offline} forbids")


class Once(Generic[Result]):
    """Something that is read when somebody first asks for it.

    A catalog that is down must not be waited for once a model.

    >>> read = Once(lambda: [1])
    >>> read() is read()
    True
    """

    def __init__(self, read: Callable[[], Result]) -> None:
        self._read = read
        self._reading = threading.Lock()
        self._results: list[Result] = []
        self._failure: CatalogFailed | None = None

    def __call__(self) -> Result:
        """Return what was read, or read it now.

        Raises:
            CatalogFailed: it could not be read, now or when somebody asked before.
        """
        with self._reading:
            if self._failure is not None:
                raise self._failure
            if not self._results:
                try:
                    self._results.append(self._read())
                except CatalogFailed as error:
                    self._failure = error
                    raise
            return self._results[0]
