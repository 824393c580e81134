"""The documentation of models: whether it is there, and what it gained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.gate.core import released
from paddledvc.gate.core.descriptions import documents, moved
from paddledvc.gate.core.facts import Earlier
from paddledvc.tools.git import worktree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paddledvc.gate.core.facts import Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where to read.

    Attributes:
        root: the project in the work tree.
        prefix: its folder in its repository, with a slash at its end.
        now: git's name of what is judged; None for the work tree.
        before: what the branch was; None where that is not known.
    """

    root: Path
    prefix: str
    now: str | None
    before: str | None

    def text(self, revision: str | None, path: str) -> str | None:
        """Read a file of a revision, or of the work tree; None where it is not there."""
        if revision is not None:
            name = f"{revision}:{self.prefix}{path}"
            return worktree.ask(self.root, "cat-file", "blob", name)
        file = self.root / path
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None


def earlier(places: Places, facts: Facts) -> Earlier | None:
    """Read what was locked before, and which lines the documentation has gained since.

    Only that of models whose version moved is read; None where nothing is known or asked for.
    """
    if facts.role.versions != "exact" or places.before is None:
        return None
    if facts.registry is None or facts.lock is None:
        return None
    lock = places.text(places.before, names.LOCK)
    if lock is None:
        return None
    versions = released.versions(lock.encode())
    models = [*moved(facts.registry, facts.lock, versions)]
    gained = dict(_gained(places, documents(models))) if models else {}
    return Earlier(versions=versions, gained=gained, files=frozenset(gained))


def _gained(places: Places, paths: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Give the new lines of each file that is there."""
    for path in paths:
        now = places.text(places.now, path)
        if now is not None:
            before = places.text(places.before, path) or ""
            yield path, frozenset(now.splitlines()).difference(before.splitlines())
