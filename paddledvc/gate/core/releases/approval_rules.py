"""Whether versions in release stages have the approvals that the policy asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.gate.core.documentation_rules import CHANGELOG
from paddledvc.gate.core.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.approvals import Approvals
    from paddledvc.gate.core.facts import Facts

INVALID, TOO_FEW = "approval-invalid", "approval-missing"


def judge_release_approvals(facts: Facts) -> Iterator[Violation]:
    """Find approvals that do not count, and release stages whose version has too few."""
    if facts.releases is None:
        return
    for one in facts.releases.approvals:
        for name, why in one.refused:
            message = (
                f"{name}: this approval does not count: {why}; `git push --delete origin {name}` "
                "and `git tag --delete` remove it"
            )
            yield _found(facts, INVALID, message, one)
        for stage in one.stages:
            wanted = facts.policy.stages[stage].approvals if stage in facts.policy.stages else 0
            if len(one.counted) < wanted:
                message = f"{one.release} is in {stage}, and {describe_lacking(one, wanted)}"
                yield _found(facts, TOO_FEW, message, one)


def describe_lacking(approvals: Approvals, wanted: int) -> str:
    """Say which approvals there are, and how to get those that are missing."""
    who = ", ".join(approvals.counted)
    there = f"has {len(approvals.counted)} of {wanted} approvals{who and f' ({who})'}"
    without = [f"{name} does not count: {why}" for name, why in approvals.refused]
    if approvals.stated is None:
        step = "only what `paddledvc release create` released can be approved, so promote such one"
    else:
        name = f"{approvals.artifact.rpartition('=')[2]}@{approvals.version}"
        step = (
            f"someone else who may approve runs `paddledvc release approve {name} --push`, then "
            "`git fetch --tags` brings it here"
        )
    return "; ".join((there, *without, step))


def _found(facts: Facts, rule: str, message: str, of: Approvals) -> Violation:
    assert facts.releases is not None
    slug, line = of.artifact.rpartition("=")[2], facts.releases.entries.get(of.release)
    models = facts.registry.models if facts.registry else ()
    return Violation(
        rule=rule,
        level="error",
        message=message,
        model=next((one.name for one in models if one.slug == slug), None),
        file=CHANGELOG if line is not None else "",
        line=line,
    )
