"""Catalogs whose answers are looked at before anybody believes them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from paddledvc.core.nonsense import nonsense_in_list, nonsense_in_release
from paddledvc.errors import PaddleDVCError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paddledvc.core.catalog import Listed, Query, Release
    from paddledvc.tools.catalogs.base import Catalog, Context


class Checked:
    """A catalog that lists nonsense, or fails by whatever exception, is one that failed.

    What it says ends up in the lock, as names of files among others.
    """

    def __init__(self, context: Context, catalog: Catalog) -> None:
        self._context, self._catalog = context, catalog

    @property
    def where(self) -> str:
        """What and where the catalog is, for messages."""
        return self._catalog.where

    def versions(self, query: Query) -> Sequence[Listed]:
        """List the versions of a model."""
        with self._failing():
            listed = tuple(self._catalog.versions(query))
            self._refuse(nonsense_in_list(listed), query)
        return listed

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get one of the listed versions."""
        with self._failing():
            release = self._catalog.describe(query, version)
            self._refuse(nonsense_in_release(release, version), query)
        return release

    def names(self) -> Sequence[str]:
        """Name the models of the catalog."""
        with self._failing():
            return tuple(name for name in self._catalog.names() if name.isprintable())

    def _refuse(self, nonsense: str | None, query: Query) -> None:
        if nonsense is not None:
            raise self._context.failed(self.where, f"of {query.name} {nonsense}")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except PaddleDVCError:
            raise
        except Exception as error:
            raise self._context.failed(self.where, f"{type(error).__name__}: {error}") from error
