"""Whether what models.yaml names is there: code, and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.code import Misnamed
    from paddledvc.core.judging.facts import Facts
    from paddledvc.core.violations import Level, Violation


def code(facts: Facts) -> Iterator[Violation]:
    """Judge the names of code."""
    for one in facts.misnamed:
        yield _finding(facts, "reference-missing", one, facts.level)


def files(facts: Facts) -> Iterator[Violation]:
    """Judge the names of files, which only a release must have."""
    level: Level = "error" if facts.role == facts.policy.production else "warning"
    # Where a stage cannot be worked out without a file, that has been found.
    found_already = {(one.file, one.line) for one in facts.unreadable}
    for one in facts.absent:
        found = _finding(facts, "file-missing", one, level)
        if (found.file, found.line) not in found_already:
            yield found


def _finding(facts: Facts, rule: str, one: Misnamed, level: Level) -> Violation:
    return facts.found(
        rule,
        f"{one.model}: {one.message}",
        level=level,
        model=one.model,
        file=layout.REGISTRY,
        path=one.path,
    )
