"""Which outputs a commit only carried along, though it asked for others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.errors import PaddleDVCError
from paddledvc.gate import read_facts
from paddledvc.gate.core import builds, released_builds
from paddledvc.gate.core.facts import Facts
from paddledvc.models.policy import DEFAULT
from paddledvc.project import SnapshotFiles
from paddledvc.tools.git.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

_ROLE = replace(DEFAULT.production, evidence="required")
"""Under which it is read what every stage depends on."""


class Carried:
    """Tells which outputs are those of the commit before, while their stage had yet to run.

    Whoever raises a version, then trains, and commits both, has such a commit in between. After a
    fast-forward it is one that a production branch was in, but no release of that version.

    Args:
        root: folder of the project.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, Facts | None] = {}

    def __call__(self, revision: str, stage: str) -> bool:
        """Judge a stage of a commit."""
        snapshot = Snapshot.tree(self._root, revision)
        before = Snapshot.tree(self._root, f"{revision}^").text(names.DVC_LOCK)
        now = snapshot.text(names.DVC_LOCK)
        if before is None or now is None or not released_builds.same_stage(stage, before, now):
            return False
        if revision not in self._read:
            self._read[revision] = self._facts(SnapshotFiles(snapshot))
        facts = self._read[revision]
        return facts is not None and builds.would_run(facts, stage)

    def _facts(self, files: SnapshotFiles) -> Facts | None:
        """Read a commit; None where it cannot be read, which is nobody's fault today."""
        try:
            opened = read_facts.open_registry(files)
            facts = Facts(
                branch=None,
                role=_ROLE,
                policy=DEFAULT,
                own=opened.policy,
                changed=False,
                today=date.min,
                unreadable=opened.unreadable,
                documents=opened.documents,
                registry=opened.registry,
            )
            return read_facts.gather_facts(files, facts)
        except PaddleDVCError:
            return None
