"""Which versions of an artifact stand, and which its release stages hold, after some events."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from paddledvc.catalogs.core.gto import GtoAction
from paddledvc.models.versions import as_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.catalogs.core.gto import GtoEvent


class GtoStanding:
    """What GTO's tags say of one artifact, as `gto show` does.

    A stage is assigned to a commit, and so to the version of that commit. A stage that is
    unassigned falls back to what was assigned before and was not unassigned itself.

    Args:
        events: what happened, in its order; more may follow.

    >>> from paddledvc.catalogs.core.gto import Tag, list_gto_events
    >>> tags = [
    ...     Tag(name="det@v1.0.0", commit="a" * 40, time=1),
    ...     Tag(name="det#prod#1", commit="a" * 40, time=2),
    ...     Tag(name="det@v1.1.0", commit="b" * 40, time=3),
    ... ]
    >>> standing = GtoStanding(list_gto_events(tags)[0]["det"])
    >>> standing.latest().version, standing.version_of(standing.stages()["prod"].commit)
    ('v1.1.0', 'v1.0.0')
    """

    def __init__(self, events: Iterable[GtoEvent] = ()) -> None:
        self._standing: dict[str, GtoEvent] = {}
        self._registered: defaultdict[str, list[GtoEvent]] = defaultdict(list)
        self._assigned: dict[str, dict[str, GtoEvent]] = {}
        self._last: GtoEvent | None = None
        for event in events:
            self.apply(event)

    def apply(self, event: GtoEvent) -> None:
        """Let the next thing happen."""
        self._last = event
        if event.action is GtoAction.REGISTER:
            self._standing[event.version] = event
            self._registered[event.commit].append(event)
        elif event.action is GtoAction.CANCEL:
            self._standing.pop(event.version, None)
        elif event.action is GtoAction.ASSIGN:
            assigned = self._assigned.setdefault(event.stage, {})
            assigned.pop(event.commit, None)  # so that the last one is at the end
            assigned[event.commit] = event
        elif event.action is GtoAction.UNASSIGN:
            self._assigned.get(event.stage, {}).pop(event.commit, None)

    @property
    def deprecated(self) -> GtoEvent | None:
        """What deprecates the artifact; None while it is in use."""
        last = self._last
        return last if last is not None and last.action is GtoAction.DEPRECATE else None

    def latest(self) -> GtoEvent | None:
        """Give what registers the highest version that stands; None where none does."""
        return max(self._standing.values(), key=lambda one: as_version(one.version), default=None)

    def version_of(self, commit: str) -> str | None:
        """Name the version that a commit is registered as, or was; None where it never was."""
        events = self._registered.get(commit, [])
        known = [one for one in events if self._stands(one)] or events
        return known[-1].version if known else None

    def holder(self, stage: str) -> GtoEvent | None:
        """Give what assigned a stage to the version that it holds; None where it is empty."""
        assigned = reversed(self._assigned.get(stage, {}).values())
        return next((one for one in assigned if self._counts(one.commit)), None)

    def stages(self) -> dict[str, GtoEvent]:
        """Give the same of every stage; empty ones are left out."""
        found = ((stage, self.holder(stage)) for stage in self._assigned)
        return {stage: held for stage, held in found if held is not None}

    def _counts(self, commit: str) -> bool:
        """Tell whether a commit may be in a stage: not if its version was taken back."""
        events = self._registered.get(commit, [])
        return not events or any(map(self._stands, events))

    def _stands(self, event: GtoEvent) -> bool:
        return self._standing.get(event.version) is event
