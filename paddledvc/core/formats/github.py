"""A verdict as commands of GitHub Actions, which shows each finding at its line of the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.core.formats import text

if TYPE_CHECKING:
    from paddledvc.core.violations import Verdict, Violation


def render(verdict: Verdict) -> str:
    """Write a command a finding, between the lines that people read in the log."""
    waived = (
        _command(
            "notice",
            one.violation,
            verdict,
            f"waived until {one.waiver.until}, {one.waiver.reason}: {one.violation.message}",
        )
        for one in verdict.waived
    )
    found = (_command(one.level, one, verdict, one.message) for one in verdict.violations)
    return "\n".join((text.heading(verdict), *found, *waived, text.summary(verdict)))


def _command(kind: str, violation: Violation, verdict: Verdict, message: str) -> str:
    settings = {
        "file": verdict.path(violation),
        "line": violation.line,
        "col": violation.column,
        "title": violation.rule,
    }
    said = ",".join(f"{key}={_setting(value)}" for key, value in settings.items() if value)
    return f"::{kind} {said}::{_escaped(message)}"


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _setting(value: object) -> str:
    return _escaped(str(value)).replace(":", "%3A").replace(",", "%2C")
