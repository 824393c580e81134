"""What the tests of catalogs of installed packages share: packages that are made for them."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from paddledvc.catalogs.base import Context
from paddledvc.catalogs.opening import open_catalog
from tests.tools.sources.conftest import catalog, det, made, own, programs, team  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from paddledvc.catalogs.base import Catalog


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a package that fails when it is imported."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def make(
        module: str,
        files: Mapping[str, str],
        *,
        version: str | None = None,
        distribution: str | None = None,
    ) -> None:
        for name, text in {"__init__.py": "raise AssertionError('imported')", **files}.items():
            path = site / module / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if version is not None:
            name = distribution or module
            folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
            folder.mkdir()
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            (folder / "METADATA").write_text(metadata, encoding="utf-8")
        importlib.invalidate_caches()

    return make


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a package be as if it were not installed."""
    return lambda module: monkeypatch.setitem(sys.modules, module, None)


@pytest.fixture
def open_offline(tmp_path: Path) -> Callable[[str], Catalog]:
    """Open a built-in catalog, with the network forbidden."""

    def open_it(kind: str) -> Catalog:
        context = Context(name=kind, root=tmp_path, offline="--offline")
        return open_catalog(context, kind, {})

    return open_it
