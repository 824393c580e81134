"""Whether models.lock, dvc.yaml and the branch's remote have what models.yaml asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.weights.core.transfer_results import WRONG, worst_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts
    from paddledvc.gate.core.violations import Violation
    from paddledvc.weights.core.transfer_results import Inspected

RUN_LOCK = "run `paddledvc lock`"
GENERATE = "run `paddledvc generate`"
RULE = "remote-incomplete"


def judge_lock(facts: Facts) -> Iterator[Violation]:
    """Judge models.lock."""
    if facts.registry is None:
        return
    if facts.lock is None:
        invalid = any(one.rule == "lock-invalid" for one in facts.unreadable)
        if facts.registry.models and not invalid:
            message = f"there is no {names.LOCK}; {RUN_LOCK} and commit it"
            yield facts.found("lock-missing", message, level=facts.level, file=names.LOCK)
        return
    for reason in facts.stale:
        # What several people ask for comes in lines of its own, which CI would not show.
        why = "; ".join(line.strip() for line in reason.why.splitlines())
        message = f"{reason.model}: {why}; {RUN_LOCK}"
        known = reason.model in facts.registry.by_name
        place = facts.of_model if known else facts.of_pin
        yield place("lock-stale", message, reason.model, level=facts.level)


def judge_stages(facts: Facts) -> Iterator[Violation]:
    """Judge the stages and artifacts of dvc.yaml."""
    if names.STAGES not in facts.documents and facts.outdated:
        message = f"there is no {names.STAGES}; {GENERATE} and commit it"
        yield facts.found("stages-stale", message, level=facts.level, file=names.STAGES)
        return
    for one in facts.outdated:
        yield facts.found(
            "stages-stale",
            f"{one.name} {one.why}; {GENERATE}",
            level=facts.level,
            file=names.STAGES,
            path=(one.section,) if one.missing else (one.section, one.name),
            at_key=True,
        )


def find_missing_objects(facts: Facts) -> Iterator[Violation]:
    """Tell of every output that the remote does not have as it should."""
    silent = [one for one in facts.missing or () if one.state == "unreachable"]
    for one in facts.missing or ():
        if one not in silent:
            yield _of_output(facts, one)
    if silent:
        message = (
            f"the remote {silent[0].remote} cannot say whether it has {_many(silent)}: "
            f"{silent[0].found}; see that it answers, and check again"
        )
        yield facts.found(RULE, message)


def _many(silent: list[Inspected]) -> str:
    more = len(silent) - 1
    return silent[0].tracked.title + (f" and {more} more" if more else "")


def _of_output(facts: Facts, one: Inspected) -> Violation:
    chief, tracked = worst_problem(one.problems), one.tracked
    repair = " --repair" if chief.kind in WRONG else ""
    message = f"{chief}; run `paddledvc push{repair}` where its bytes are"
    if tracked.pinned and tracked.model is not None:
        return facts.of_pin(RULE, message, tracked.model)
    written = facts.written.get(tracked.path)
    if written is None:
        return facts.found(RULE, message, model=tracked.model)
    path = ("stages", written.stage)
    return facts.found(
        RULE, message, model=tracked.model, file=names.DVC_LOCK, path=path, at_key=True
    )
