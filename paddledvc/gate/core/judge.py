"""Everything that is known, judged by every rule; changes of the policy, and waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.gate.core import (
    digest_rules,
    documentation_rules,
    evidence_rules,
    freshness_rules,
    image_rules,
    version_rules,
)
from paddledvc.gate.core.metrics import goal_rules, metric_regressions, metric_rules
from paddledvc.gate.core.releases import approval_rules, card_rules, tag_rules
from paddledvc.gate.core.violations import Verdict, Waived, sort_violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Violation
    from paddledvc.models.policy import Policy, Role, Waiver

JUDGES: tuple[Callable[[Facts], Iterator[Violation]], ...] = (
    freshness_rules.judge_lock_freshness,
    freshness_rules.judge_stage_freshness,
    documentation_rules.judge_code_references,
    documentation_rules.judge_file_references,
    version_rules.judge_version_requirements,
    version_rules.judge_prerelease_versions,
    version_rules.judge_group_versions,
    version_rules.judge_empty_versions,
    version_rules.judge_rewritten_versions,
    freshness_rules.judge_build_freshness,
    digest_rules.judge_locked_bytes,
    digest_rules.judge_missing_digests,
    evidence_rules.judge_evidence,
    evidence_rules.judge_record_evidence,
    metric_rules.judge_metrics,
    metric_regressions.judge_regressions,
    goal_rules.judge_weakened_goals,
    image_rules.judge_floating_images,
    image_rules.judge_contradicting_images,
    image_rules.judge_verified_images,
    image_rules.judge_unpinned_images,
    image_rules.judge_moved_images,
    image_rules.judge_images_run_in,
    documentation_rules.judge_model_documentation,
    documentation_rules.judge_version_documentation,
    documentation_rules.judge_ignored_files,
    card_rules.judge_cards,
    tag_rules.judge_release_tags,
    approval_rules.judge_release_approvals,
    freshness_rules.judge_remote_freshness,
)
_STRICTNESS = {
    "versions": ("exact", "range", "any"),
    "prereleases": (False, True),
    "fresh": (True, False),
    "evidence": ("required", "passing", "none"),
    "metrics": ("required", "passing", "none"),
    "noise": ("fail", "warn"),
}
"""Values of each rule of a role, the strictest first."""
_SAID = {("fresh", True): "lock: fresh", ("fresh", False): "lock: any"}


def judge_facts(
    facts: Facts, title: str, *, prefix: str = "", notes: tuple[str, ...] = ()
) -> Verdict:
    """Judge what was read.

    Args:
        facts: what was read.
        title: what it is, in a few words.
        prefix: folder of the project in its repository, with a slash at its end.
        notes: what else whoever reads the verdict must know.
    """
    found = [*facts.unreadable, *(one for rule in JUDGES for one in rule(facts))]
    left, waived = apply_waivers(facts, found)
    # Where a file could not be read, nobody knows what a waiver would have been good for.
    about_policy = [] if facts.registry is None else [*_judge_weakened(facts)]
    if not facts.unreadable:
        about_policy += _judge_waivers(facts, waived)
    return Verdict(
        title=title,
        role=facts.role.name,
        violations=sort_violations((*left, *about_policy)),
        waived=waived,
        notes=notes,
        prefix=prefix,
    )


def _judge_weakened(facts: Facts) -> Iterator[Violation]:
    """Warn of a change after which less would be asked than before."""
    if not facts.changed:
        return
    for name, what in _laxer(facts.policy, facts.own):
        message = f"this change {what}; it is still judged by the policy of its target"
        path = ("policy", name)
        yield facts.found(
            "policy-weakened",
            message,
            level="warning",
            file=names.REGISTRY,
            path=path,
            at_key=True,
        )


def _laxer(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    """Say what became laxer, each with the key of ``policy:`` that says so."""
    for position, (old, new) in enumerate(zip(before.roles, after.roles, strict=True)):
        for key, values in _STRICTNESS.items():
            was, is_now = getattr(old, key), getattr(new, key)
            if values.index(is_now) > values.index(was):
                yield (
                    old.name,
                    f"turns {_value_text(key, was)} into {_value_text(key, is_now)} for {old.name}",
                )
        for what in _no_longer(old, new):
            yield old.name, f"no longer {what} for {old.name}"
        as_strict = [pattern for role in after.roles[: position + 1] for pattern in role.branches]
        for pattern in old.branches if position < len(before.roles) - 1 else ():
            if pattern not in as_strict:
                yield old.name, f"takes {pattern} out of the {old.name} branches"
    for waiver in after.waivers:
        if waiver not in before.waivers:
            yield "waivers", f"waives {waiver} until {waiver.until}"
    for what in _looser_stages(before, after):
        yield "stages", what


def _looser_stages(before: Policy, after: Policy) -> Iterator[str]:
    """Say which release stages take more than they did."""
    for stage in dict.fromkeys((*before.stages, *after.stages)):
        old, new = before.stage_rule(stage), after.stage_rule(stage)
        if old is None or new is None:  # a stage less takes nothing; one more is seen by its name
            continue
        if more := [pattern for pattern in new.branches if pattern not in old.branches]:
            yield f"lets commits of {', '.join(more)} into the release stage {stage}"
        if new.approvals < old.approvals:
            yield f"asks for {new.approvals} approvals of what {stage} takes, not {old.approvals}"


def _no_longer(old: Role, new: Role) -> Iterator[str]:
    """Say what a role asks for no more, of that which it lists."""
    if gone := [path for path in old.paths if path not in new.paths]:
        yield f"asks for the path {', '.join(gone)}"
    if gone := [fact for fact in old.requires if fact not in new.requires]:
        yield f"requires {', '.join(gone)}"
    asked = (*new.requires, *new.recommends)
    if gone := [fact for fact in old.recommends if fact not in asked]:
        yield f"warns where {' or '.join(gone)} is missing"


def _value_text(key: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else value
    return _SAID.get((key, bool(value)), f"{key}: {text}") if key == "fresh" else f"{key}: {text}"


def apply_waivers(
    facts: Facts, violations: Iterable[Violation]
) -> tuple[tuple[Violation, ...], tuple[Waived, ...]]:
    """Take the findings out that a waiver of the policy lets pass."""
    holding = [one for one in facts.policy.waivers if one.holds(facts.branch, facts.today)]
    left: list[Violation] = []
    waived: list[Waived] = []
    for violation in violations:
        waiver = next((one for one in holding if _covers(one, violation)), None)
        if waiver is None:
            left.append(violation)
        else:
            waived.append(Waived(violation=violation, waiver=waiver))
    return tuple(left), tuple(waived)


def _covers(waiver: Waiver, violation: Violation) -> bool:
    same_model = waiver.model is None or waiver.model == violation.model
    return waiver.rule == violation.rule and same_model


def _judge_waivers(facts: Facts, waived: Iterable[Waived]) -> Iterator[Violation]:
    """Judge the waivers that the judged files state: those of no use have to go."""
    used = {one.waiver for one in waived}
    for index, waiver in enumerate(facts.own.waivers):
        path = ("policy", "waivers", index)
        if facts.today > waiver.until:
            message = (
                f"the waiver of {waiver} expired on {waiver.until}, and no longer applies; fix "
                "what it was for, and remove it"
            )
            yield facts.found("waiver-expired", message, file=names.REGISTRY, path=path)
        elif waiver not in used and _would_be_used(facts, waiver):
            message = f"the waiver of {waiver} matches no finding; remove it"
            yield facts.found(
                "waiver-unused", message, level="warning", file=names.REGISTRY, path=path
            )


def _would_be_used(facts: Facts, waiver: Waiver) -> bool:
    """Tell whether a waiver would have been used by now, if there were anything to waive."""
    if facts.changed and waiver not in facts.policy.waivers:
        return False  # it has to be on the target before what it is for
    looked_at = {
        "remote-incomplete": facts.missing is not None,
        "image-moved": facts.images is not None,
    }.get(waiver.rule, True)
    # Elsewhere the rule that it is for may not have been asked for.
    strictest: Role = facts.policy.production
    return looked_at and waiver.is_for(facts.branch) and facts.role == strictest
