from __future__ import annotations

import time

import pytest

from tests.inventory.past import Past


@pytest.fixture
def past(project, monkeypatch):
    """A project whose commits and tags are made at times of our own, in a zone of our own."""
    monkeypatch.setenv("TZ", "UTC-2")  # as POSIX writes what is two hours ahead
    time.tzset()
    yield Past(project)
    monkeypatch.undo()
    time.tzset()
