"""A verdict for people: a line a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddledvc.core.violations import Verdict


def render(verdict: Verdict) -> str:
    """Write what was judged, every finding, and how many there are.

    >>> from paddledvc.core.violations import Verdict
    >>> print(render(Verdict(title="main", role="production", violations=())))
    checking main (production)
    no findings
    """
    return "\n".join(
        (
            heading(verdict),
            *map(str, verdict.violations),
            *(
                f"waived until {one.waiver.until} ({one.waiver.reason}): {one.violation}"
                for one in verdict.waived
            ),
            summary(verdict),
        )
    )


def heading(verdict: Verdict) -> str:
    """Say what was judged, and what has to be known of it."""
    lines = (
        f"checking {verdict.title} ({verdict.role})",
        *(f"note: {note}" for note in verdict.notes),
    )
    return "\n".join(lines)


def summary(verdict: Verdict) -> str:
    """Count the findings."""
    counts = (
        (len(verdict.errors), "error"),
        (len(verdict.warnings), "warning"),
    )
    parts = [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
    if verdict.waived:
        parts.append(f"{len(verdict.waived)} waived")
    return ", ".join(parts) or "no findings"
