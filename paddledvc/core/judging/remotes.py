"""Whether the remote of a branch holds the bytes of every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.core.transfers import WRONG, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.judging.facts import Facts
    from paddledvc.core.transfers import Inspected
    from paddledvc.core.violations import Violation

RULE = "remote-incomplete"


def lacking(facts: Facts) -> Iterator[Violation]:
    """Tell of every output that the remote does not have as it should."""
    silent = [one for one in facts.lacking or () if one.state == "unreachable"]
    for one in facts.lacking or ():
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
    chief, tracked = worst(one.problems), one.tracked
    repair = " --repair" if chief.kind in WRONG else ""
    message = f"{chief}; run `paddledvc push{repair}` where its bytes are"
    if tracked.pinned and tracked.model is not None:
        return facts.of_pin(RULE, message, tracked.model)
    written = facts.written.get(tracked.path)
    if written is None:
        return facts.found(RULE, message, model=tracked.model)
    path = ("stages", written.stage)
    return facts.found(
        RULE, message, model=tracked.model, file=layout.DVC_LOCK, path=path, at_key=True
    )
