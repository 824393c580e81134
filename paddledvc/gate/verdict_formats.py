"""Forms in which a verdict is written."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from paddledvc import names
from paddledvc.gate.core.violations import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from paddledvc.gate.core.violations import Verdict, Violation, Waived

SUITE = "paddledvc check"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAMES = tuple(RULES)
_UNUSUAL = re.compile(r"[^A-Za-z0-9._~/-]")


def render_verdict(verdict: Verdict) -> str:
    """Write what was judged, every finding, and how many there are.

    >>> from paddledvc.gate.core.violations import Verdict
    >>> print(render_verdict(Verdict(title="main", role="production", violations=())))
    checking main (production)
    no findings
    """
    return "\n".join(
        (
            _heading(verdict),
            *map(str, verdict.violations),
            *(
                f"waived until {one.waiver.until} ({one.waiver.reason}): {one.violation}"
                for one in verdict.waived
            ),
            _summary(verdict),
        )
    )


def _heading(verdict: Verdict) -> str:
    """Say what was judged, and what has to be known of it."""
    lines = (
        f"checking {verdict.title} ({verdict.role})",
        *(f"note: {note}" for note in verdict.notes),
    )
    return "\n".join(lines)


def _summary(verdict: Verdict) -> str:
    """Count the findings."""
    counts = (
        (len(verdict.errors), "error"),
        (len(verdict.warnings), "warning"),
    )
    parts = [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
    if verdict.waived:
        parts.append(f"{len(verdict.waived)} waived")
    return ", ".join(parts) or "no findings"


def _render_github(verdict: Verdict) -> str:
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
    # A second line of a note might begin with a command.
    known = replace(verdict, notes=tuple(" ".join(note.splitlines()) for note in verdict.notes))
    return "\n".join((_heading(known), *found, *waived, _summary(verdict)))


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


def _render_junit(verdict: Verdict) -> str:
    """Write a test case a rule; it fails where the rule has an error."""
    failing = {one.rule for one in verdict.errors}
    counts = {"tests": str(len(RULES)), "failures": str(len(failing)), "errors": "0"}
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - not for git's hooks

    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": SUITE, **counts})
    for rule, holds in RULES.items():
        attributes = {"name": f"{rule}: {holds}", "classname": _clean(verdict.title)}
        case = ET.SubElement(suite, "testcase", attributes)
        errors = [one for one in verdict.errors if one.rule == rule]
        if errors:
            message = errors[0].message if len(errors) == 1 else f"{len(errors)} findings"
            failure = ET.SubElement(case, "failure", {"message": _clean(message), "type": rule})
            failure.text = _lines(errors)
        notes = [
            *(one for one in verdict.warnings if one.rule == rule),
            *(
                f"waived until {one.waiver.until} ({one.waiver.reason}): {one.violation}"
                for one in verdict.waived
                if one.violation.rule == rule
            ),
        ]
        if notes:
            ET.SubElement(case, "system-out").text = _lines(notes)
    ET.indent(suites)
    text: str = ET.tostring(suites, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _lines(found: Iterable[object]) -> str:
    return _clean("\n".join(map(str, found)))


def _clean(text: str) -> str:
    """Leave out what no XML can hold."""
    return _NOT_IN_XML.sub("", text)


def verdict_value(verdict: Verdict) -> dict[str, Any]:
    """Give everything that the verdict holds, as a value that JSON can hold."""
    waived = [
        {
            **asdict(one.violation),
            "reason": one.waiver.reason,
            "until": one.waiver.until.isoformat(),
        }
        for one in verdict.waived
    ]
    return {
        "title": verdict.title,
        "role": verdict.role,
        "prefix": verdict.prefix,
        "errors": len(verdict.errors),
        "warnings": len(verdict.warnings),
        "violations": [asdict(one) for one in verdict.violations],
        "waived": waived,
        "notes": list(verdict.notes),
    }


def _render_json(verdict: Verdict) -> str:
    return json.dumps(verdict_value(verdict), indent=2, ensure_ascii=False)


def _render_sarif(verdict: Verdict) -> str:
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
    file = verdict.path(violation) or f"{verdict.prefix}{names.REGISTRY}"
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


def _render_gitlab(verdict: Verdict) -> str:
    """Write a report of Code Quality, which merge requests show; it knows no waivers."""
    seen: dict[str, int] = {}
    found = []
    for one in verdict.violations:
        file = verdict.path(one) or f"{verdict.prefix}{names.REGISTRY}"
        # Not by its line, which a change elsewhere moves: then it would be another finding.
        said = f"{one.rule}\0{file}\0{one.message}"
        seen[said] = seen.get(said, 0) + 1
        fingerprint = hashlib.sha256(f"{said}\0{seen[said]}".encode()).hexdigest()
        found.append(
            {
                "description": one.message,
                "check_name": one.rule,
                "fingerprint": fingerprint,
                "severity": "major" if one.level == "error" else "minor",
                "location": {"path": file, "lines": {"begin": one.line or 1}},
            }
        )
    return json.dumps(found, indent=2, ensure_ascii=False)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


WRITERS: Mapping[str, Callable[[Verdict], str]] = {
    "text": render_verdict,
    "json": _render_json,
    "github": _render_github,
    "sarif": _render_sarif,
    "gitlab": _render_gitlab,
    "junit": _render_junit,
}
"""What writes each of them, by the name that people ask for it by."""
