"""A verdict as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from paddledvc.core import layout
from paddledvc.core.violations import RULES

if TYPE_CHECKING:
    from paddledvc.core.violations import Verdict, Violation, Waived

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAMES = tuple(RULES)
_UNUSUAL = re.compile(r"[^A-Za-z0-9._~/-]")


def render(verdict: Verdict) -> str:
    """Write a log of one run; what is waived is in it, marked as suppressed."""
    driver = {
        "name": "paddledvc",
        "rules": [
            {"id": name, "shortDescription": {"text": f"{holds[0].upper()}{holds[1:]}."}}
            for name, holds in RULES.items()
        ],
    }
    results = [
        *(_result(one, verdict) for one in verdict.violations),
        *(_suppressed(one, verdict) for one in verdict.waived),
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(violation: Violation, verdict: Verdict) -> dict[str, Any]:
    # GitHub refuses a result without any place.
    file = verdict.path(violation) or f"{verdict.prefix}{layout.REGISTRY}"
    place: dict[str, Any] = {"artifactLocation": {"uri": _UNUSUAL.sub(_percent, file)}}
    if violation.line:
        place["region"] = {"startLine": violation.line, "startColumn": violation.column or 1}
    return {
        "ruleId": violation.rule,
        "ruleIndex": _NAMES.index(violation.rule),
        "level": violation.level,
        "message": {"text": violation.message},
        "locations": [{"physicalLocation": place}],
    }


def _suppressed(waived: Waived, verdict: Verdict) -> dict[str, Any]:
    why = f"{waived.waiver.reason} (until {waived.waiver.until})"
    suppression = {"kind": "external", "justification": why}
    return {**_result(waived.violation, verdict), "suppressions": [suppression]}


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
