"""Everything that is known, judged by every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core.judging import builds, freshness, policies, proofs, records, remotes, versions
from paddledvc.core.violations import Verdict, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paddledvc.core.judging.facts import Facts
    from paddledvc.core.violations import Violation

JUDGES: tuple[Callable[[Facts], Iterator[Violation]], ...] = (
    freshness.lock,
    freshness.stages,
    versions.exactness,
    versions.prereleases,
    versions.digests_of_nothing,
    versions.rewritten,
    builds.not_built,
    builds.other_bytes,
    proofs.proofs,
    records.records,
    remotes.lacking,
)


def judge(facts: Facts, title: str, *, prefix: str = "", notes: tuple[str, ...] = ()) -> Verdict:
    """Judge what was read.

    Args:
        facts: what was read.
        title: what it is, in a few words.
        prefix: folder of the project in its repository, with a slash at its end.
        notes: what else whoever reads the verdict must know.
    """
    found = [*facts.unreadable, *(one for rule in JUDGES for one in rule(facts))]
    left, waived = policies.waive(facts, found)
    # Where a file could not be read, nobody knows what a waiver would have been good for.
    about_policy = [] if facts.registry is None else [*policies.weakened(facts)]
    if not facts.unreadable:
        about_policy += policies.waivers(facts, waived)
    return Verdict(
        title=title,
        role=facts.role.name,
        violations=in_order((*left, *about_policy)),
        waived=waived,
        notes=notes,
        prefix=prefix,
    )
