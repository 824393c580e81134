"""Whether git takes what has to be committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.gate.core.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.gate.core.facts import Facts

RULE = "ignored-by-git"


def find_ignored(facts: Facts) -> Iterator[Violation]:
    """Find the patterns by which git ignores files that others need."""
    for one in facts.ignored:
        yield Violation(
            rule=RULE,
            level=facts.level,
            message=one.message,
            file=one.file,
            line=one.line if one.file else None,
        )
