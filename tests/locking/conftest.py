"""What the tests of locking share with those of catalogs."""

from __future__ import annotations

from tests.catalogs.conftest import install  # noqa: F401 - a fixture
