"""Catalogs: opened, one module a kind, and looked at before anybody believes them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.core.listing import nonsense_in_listed_release, nonsense_in_listing
from paddledvc.errors import CatalogFailed, PaddleDVCError
from paddledvc.names import suggest_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from paddledvc.catalogs.base import Catalog, Kind
    from paddledvc.catalogs.core.listing import Listed, Query, Release
    from paddledvc.models.registry import Registry

ENTRY_POINTS = "paddledvc.catalogs"
"""Entry points by which other packages add kinds."""
KINDS = {
    "git": "git:GitRegistry",
    "huggingface": "hubs.huggingface:HuggingFace",
    "index": "index:Index",
    "modelscope": "hubs.modelscope:ModelScope",
    "paddle.vision": "packages.vision:PaddleVision",
    "paddlespeech": "packages.speech:PaddleSpeech",
    "paddlex": "packages.paddlex:PaddleX",
    "s3": "s3:S3Prefix",
}
"""Our kinds: module and class."""


class Catalogs:
    """The catalogs of a project, each opened once, by whichever thread asks first."""

    def __init__(self, root: Path, registry: Registry, offline: str | None = None) -> None:
        self._root, self._registry, self._offline = root, registry, offline
        self._open: dict[str, Checked] = {}
        self._opening = threading.Lock()

    def open(self, name: str) -> Checked:
        """Open a catalog, without asking it anything.

        Raises:
            UnknownCatalog: models.yaml declares none of that name, and none is built in.
            CatalogFailed: nobody offers its kind, or the kind does not take its settings.
        """
        with self._opening:
            if name not in self._open:
                declared = self._registry.declared(name)
                context = Context(name=name, root=self._root, offline=self._offline)
                opened = open_catalog(context, declared.kind, declared.settings)
                self._open[name] = Checked(context, opened)
            return self._open[name]


def open_catalog(context: Context, kind: str, settings: Mapping[str, Any]) -> Catalog:
    """Open a catalog of some kind, without asking it anything.

    Args:
        context: what it may use.
        kind: a name of ``KINDS``, or of an entry point of ``paddledvc.catalogs``.
        settings: its entry under ``catalogs:``, without ``kind``.

    Raises:
        CatalogFailed: nobody offers the kind, or it does not take the settings.
    """
    opener = _kind(context, kind)
    try:
        return opener(context, settings)
    except PaddleDVCError:
        raise
    except Exception as error:
        if kind in KINDS:  # then it is a bug of ours, and told as one
            raise
        raise context.failed(kind, f"{type(error).__name__}: {error}") from error


def _kind(context: Context, kind: str) -> Kind:
    if kind in KINDS:
        module, _, name = KINDS[kind].partition(":")
        own: Kind = getattr(import_module(f"paddledvc.catalogs.{module}"), name)
        return own
    from importlib.metadata import entry_points  # noqa: PLC0415 - our own kinds need no search

    added = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if kind not in added:
        known = sorted({*KINDS, *added})
        hint = suggest_name(kind, known) or f"; there are {', '.join(known)}"
        raise CatalogFailed(
            catalog=context.name, where=f"kind {kind!r}", cause=f"no such kind of catalog{hint}"
        )
    try:
        theirs: Kind = added[kind].load()
    except Exception as error:
        raise context.failed(added[kind].value, f"{type(error).__name__}: {error}") from error
    return theirs


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
            self._refuse(nonsense_in_listing(listed), query)
        return listed

    def describe(self, query: Query, version: str) -> Release:
        """Say all that is needed to get one of the listed versions."""
        with self._failing():
            release = self._catalog.describe(query, version)
            self._refuse(nonsense_in_listed_release(release, version), query)
        return release

    def find_settings(self, query: Query) -> Mapping[str, Any]:
        """Find what models.yaml can say of a model besides its version, where the kind knows it."""
        find = getattr(self._catalog, "find_settings", None)
        with self._failing():
            return {} if find is None else find(query)

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
