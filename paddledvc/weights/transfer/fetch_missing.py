"""What the cache lacks, fetched while git waits: where it came from, or why it did not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from paddledvc.weights.core.transfer_results import worst_problem
from paddledvc.weights.expected import remotes_of_role
from paddledvc.weights.transfer.fetch_outputs import fetch_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.project import Project
    from paddledvc.weights.core.outcome import Placed
    from paddledvc.weights.core.tracked import Tracked
    from paddledvc.weights.core.transfer_results import Bad

DAMAGED = ("corrupt", "truncated")
"""What is wrong with objects that somebody has to mend, although others had the right bytes."""
SILENCE = 5.0
"""Seconds that a server may be silent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """What became of outputs that the cache lacked, by path.

    Attributes:
        arrived: those that the cache holds now, with all that is known of their bytes.
        sources: where they came from.
        problems: why the others did not, as the end of a sentence.
        damaged: lines about objects that are not what they should be, where others were.
    """

    arrived: Mapping[str, Tracked]
    sources: Mapping[str, str]
    problems: Mapping[str, str]
    damaged: tuple[str, ...]

    def complete(self, wanted: Sequence[Tracked]) -> list[Tracked]:
        """Add to outputs what is known of their bytes by now."""
        return [self.arrived.get(one.path, one) for one in wanted]

    def explain(self, placed: Placed) -> Placed:
        """Say of what is missing why it could not be fetched."""
        outputs = tuple(
            replace(one, problem=self.problems[one.path])
            if one.state == "missing" and one.path in self.problems
            else one
            for one in placed.outputs
        )
        return replace(placed, outputs=outputs)


def bring_outputs(
    project: Project, asked: Sequence[Tracked], *, branch: str | None, offline: str | None
) -> Brought:
    """Fetch outputs: from the remote of the branch's role, from the others, from their URLs.

    Args:
        project: the project.
        asked: the outputs.
        branch: the branch that is checked out; None where HEAD is detached.
        offline: what keeps us from the network, for messages; None where nothing does.

    Raises:
        OutsideFailure: the cache cannot be written to, or the disk is full.
    """
    order = remotes_of_role(project, branch, project.policy())
    found = fetch_outputs(project, asked, remotes=order, offline=offline, patience=SILENCE)
    return Brought(
        arrived={one.tracked.path: one.tracked for one in found if one.state != "failed"},
        sources={one.tracked.path: one.source for one in found if one.source},
        problems={one.tracked.path: _why(one.problems) for one in found if one.problems},
        damaged=tuple(
            f"weights: {bad}; run `paddledvc push --repair` where the right bytes are"
            for one in found
            if one.state != "failed"
            for bad in one.problems
            if bad.kind in DAMAGED
        ),
    )


def _why(problems: Sequence[Bad]) -> str:
    places = list(dict.fromkeys(one.place for one in problems))
    if len(places) > 1 and all(one.kind == "missing" for one in problems):
        return f"it is in none of {', '.join(places)}"
    return worst_problem(problems).why
