"""A verdict for programs: JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddledvc.core.violations import Verdict


def render(verdict: Verdict) -> str:
    """Write everything that the verdict holds."""
    waived = [
        {
            **asdict(one.violation),
            "reason": one.waiver.reason,
            "until": one.waiver.until.isoformat(),
        }
        for one in verdict.waived
    ]
    value = {
        "title": verdict.title,
        "role": verdict.role,
        "prefix": verdict.prefix,
        "errors": len(verdict.errors),
        "warnings": len(verdict.warnings),
        "violations": [asdict(one) for one in verdict.violations],
        "waived": waived,
        "notes": list(verdict.notes),
    }
    return json.dumps(value, indent=2, ensure_ascii=False)
