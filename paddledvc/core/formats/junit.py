"""A verdict as JUnit XML, which CI systems show beside the results of tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from paddledvc.core.violations import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.core.violations import Verdict

SUITE = "paddledvc check"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(verdict: Verdict) -> str:
    """Write a test case a rule; it fails where the rule has an error."""
    failing = {one.rule for one in verdict.errors}
    counts = {"tests": str(len(RULES)), "failures": str(len(failing)), "errors": "0"}
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
