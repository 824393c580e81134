"""The documentation of models: whether it is there, and what it gained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.gate.core import released
from paddledvc.gate.core.descriptions import documentation_files, find_moved
from paddledvc.gate.core.facts import EarlierFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts
    from paddledvc.tools.git.snapshot import Snapshot


def read_earlier(facts: Facts, now: Snapshot, before: Snapshot | None) -> EarlierFacts | None:
    """Read what was locked before, and which lines the documentation has gained since.

    Only that of models whose version moved is read; None where nothing is known or asked for.

    Args:
        facts: what is known of what is judged.
        now: its files.
        before: what the branch was; None where that is not known.
    """
    if facts.role.versions != "exact" or before is None:
        return None
    if facts.registry is None or facts.lock is None:
        return None
    lock = before.read(names.LOCK)
    if lock is None:
        return None
    versions = released.scan_versions(lock)
    models = [*find_moved(facts.registry, facts.lock, versions)]
    gained = dict(_gained(now, before, documentation_files(models))) if models else {}
    return EarlierFacts(versions=versions, gained=gained, files=frozenset(gained))


def _gained(
    now: Snapshot, before: Snapshot, paths: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Give the new lines of each file that is there."""
    for path in paths:
        data = now.read(path)
        if data is not None:
            yield path, _lines(data) - _lines(before.read(path) or b"")


def _lines(data: bytes) -> frozenset[str]:
    return frozenset(data.decode(errors="replace").splitlines())
