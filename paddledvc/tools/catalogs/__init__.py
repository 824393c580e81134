"""Catalogs: the places that list versions of models, one module a kind."""

from __future__ import annotations

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from paddledvc.core.names import did_you_mean
from paddledvc.errors import CatalogFailed, PaddleDVCError
from paddledvc.tools.catalogs.base import Context
from paddledvc.tools.catalogs.checked import Checked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paddledvc.core.registry import Registry
    from paddledvc.tools.catalogs.base import Catalog, Kind

ENTRY_POINTS = "paddledvc.catalogs"
"""Entry points by which other packages add kinds."""
KINDS = {
    "git": "git:GitRegistry",
    "huggingface": "huggingface:HuggingFace",
    "index": "index:Index",
    "modelscope": "modelscope:ModelScope",
    "paddle.vision": "vision:PaddleVision",
    "paddlespeech": "speech:PaddleSpeech",
    "paddlex": "paddlex:PaddleX",
    "s3": "s3:S3Prefix",
}
"""Our kinds: module and class."""


class Catalogs:
    """The catalogs of a project, each opened once, by whichever thread asks first."""

    def __init__(self, root: Path, registry: Registry, offline: str | None = None) -> None:
        self._root, self._registry, self._offline = root, registry, offline
        self._open: dict[str, Catalog] = {}
        self._opening = threading.Lock()

    def open(self, name: str) -> Catalog:
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
        if kind in KINDS:
            raise
        raise context.failed(kind, f"{type(error).__name__}: {error}") from error


def _kind(context: Context, kind: str) -> Kind:
    if kind in KINDS:
        module, _, name = KINDS[kind].partition(":")
        own: Kind = getattr(import_module(f"{__name__}.{module}"), name)
        return own
    from importlib.metadata import entry_points  # noqa: PLC0415 - our own kinds need no search

    added = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if kind not in added:
        known = sorted({*KINDS, *added})
        hint = did_you_mean(kind, known) or f"; there are {', '.join(known)}"
        raise CatalogFailed(
            catalog=context.name, where=f"kind {kind!r}", cause=f"no such kind of catalog{hint}"
        )
    try:
        theirs: Kind = added[kind].load()
    except Exception as error:
        raise context.failed(added[kind].value, f"{type(error).__name__}: {error}") from error
    return theirs
