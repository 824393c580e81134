"""Whether models.lock and dvc.yaml say what models.yaml asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.judging.facts import Facts
    from paddledvc.core.violations import Violation

LOCK = "run `paddledvc lock`"
GENERATE = "run `paddledvc generate`"


def lock(facts: Facts) -> Iterator[Violation]:
    """Judge models.lock."""
    if facts.registry is None:
        return
    if facts.lock is None:
        invalid = any(one.rule == "lock-invalid" for one in facts.unreadable)
        if facts.registry.models and not invalid:
            message = f"there is no {layout.LOCK}; {LOCK} and commit it"
            yield facts.found("lock-missing", message, level=facts.level, file=layout.LOCK)
        return
    for reason in facts.stale:
        # What several people ask for comes in lines of its own, which CI would not show.
        why = "; ".join(line.strip() for line in reason.why.splitlines())
        message = f"{reason.model}: {why}; {LOCK}"
        known = reason.model in facts.registry.by_name
        place = facts.of_model if known else facts.of_pin
        yield place("lock-stale", message, reason.model, level=facts.level)


def stages(facts: Facts) -> Iterator[Violation]:
    """Judge the stages and artifacts of dvc.yaml."""
    if layout.STAGES not in facts.documents and facts.outdated:
        message = f"there is no {layout.STAGES}; {GENERATE} and commit it"
        yield facts.found("stages-stale", message, level=facts.level, file=layout.STAGES)
        return
    for one in facts.outdated:
        yield facts.found(
            "stages-stale",
            f"{one.name} {one.why}; {GENERATE}",
            level=facts.level,
            file=layout.STAGES,
            path=(one.section,) if one.missing else (one.section, one.name),
            at_key=True,
        )
