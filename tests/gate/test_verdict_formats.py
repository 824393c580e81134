from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from paddledvc.gate.core.violations import RULES, Verdict, Violation, Waived, sort_violations
from paddledvc.gate.verdict_formats import WRITERS
from paddledvc.models.policy import Waiver

STALE = Violation(
    rule="lock-stale",
    level="error",
    message="a: 100% stale, run: `x`\nnow",
    model="a",
    file="models.yaml",
    line=7,
    column=5,
)
HISTORY = Violation(rule="history-incomplete", level="warning", message="shallow")
REPORT = Violation(
    rule="evidence-missing", level="error", message="no report", file="reports/é b,c:d.json"
)
WAIVER = Waiver(rule="evidence-missing", reason="the lab is closed", until=date(2026, 12, 4))


def a_verdict(*violations, waived=(), **fields):
    return Verdict(
        title="x as merged into main",
        role="production",
        violations=violations,
        waived=tuple(Waived(violation=one, waiver=WAIVER) for one in waived),
        **fields,
    )


FULL = a_verdict(STALE, HISTORY, waived=[REPORT], notes=("look out",), prefix="sub dir/")


def test_text_has_a_line_a_finding_between_what_was_judged_and_a_summary():
    assert WRITERS["text"](FULL).split("\n") == [
        "checking x as merged into main (production)",
        "note: look out",
        "models.yaml:7:5: error[lock-stale]: a: 100% stale, run: `x`",
        "now",
        "warning[history-incomplete]: shallow",
        (
            "waived until 2026-12-04 (the lab is closed): reports/é b,c:d.json: "
            "error[evidence-missing]: no report"
        ),
        "1 error, 1 warning, 1 waived",
    ]


@pytest.mark.parametrize(
    ("verdict", "summary"),
    [
        (a_verdict(), "no findings"),
        (a_verdict(STALE, REPORT), "2 errors"),
        (a_verdict(HISTORY), "1 warning"),
        (a_verdict(waived=[STALE]), "1 waived"),
    ],
)
def test_the_summary_counts(verdict, summary):
    assert WRITERS["text"](verdict).split("\n")[-1] == summary


def test_commands_of_github_are_escaped_and_name_files_from_the_root_of_the_repository():
    assert WRITERS["github"](FULL).split("\n") == [
        "checking x as merged into main (production)",
        "note: look out",
        (
            "::error file=sub dir/models.yaml,line=7,col=5,title=lock-stale::a: 100%25 stale, run: "
            "`x`%0Anow"
        ),
        "::warning title=history-incomplete::shallow",
        (
            "::notice file=sub dir/reports/é b%2Cc%3Ad.json,title=evidence-missing::waived until "
            "2026-12-04, the lab is closed: no report"
        ),
        "1 error, 1 warning, 1 waived",
    ]


def test_a_note_for_github_is_one_line_for_its_second_might_be_a_command():
    verdict = Verdict(
        title="main", role="production", violations=(), notes=("git says:\n::stop-commands::x",)
    )

    assert WRITERS["github"](verdict).splitlines() == [
        "checking main (production)",
        "note: git says: ::stop-commands::x",
        "no findings",
    ]


def test_json_holds_everything():
    assert json.loads(WRITERS["json"](FULL)) == {
        "title": "x as merged into main",
        "role": "production",
        "prefix": "sub dir/",
        "errors": 1,
        "warnings": 1,
        "violations": [
            {
                "rule": "lock-stale",
                "level": "error",
                "message": "a: 100% stale, run: `x`\nnow",
                "model": "a",
                "file": "models.yaml",
                "line": 7,
                "column": 5,
            },
            {
                "rule": "history-incomplete",
                "level": "warning",
                "message": "shallow",
                "model": None,
                "file": "",
                "line": None,
                "column": None,
            },
        ],
        "waived": [
            {
                "rule": "evidence-missing",
                "level": "error",
                "message": "no report",
                "model": None,
                "file": "reports/é b,c:d.json",
                "line": None,
                "column": None,
                "reason": "the lab is closed",
                "until": "2026-12-04",
            }
        ],
        "notes": ["look out"],
    }


def test_sarif_has_what_version_2_1_0_asks_for():
    log = json.loads(WRITERS["sarif"](FULL))
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert (log["version"], log["$schema"]) == (
        "2.1.0",
        "https://json.schemastore.org/sarif-2.1.0.json",
    )
    assert run["tool"]["driver"]["name"] == "paddledvc"
    assert [rule["id"] for rule in rules] == list(RULES)
    assert all(rule["shortDescription"]["text"].endswith(".") for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
        assert result["message"]["text"]
    stale, history, report = run["results"]
    assert stale["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "sub%20dir/models.yaml"},
                "region": {"startLine": 7, "startColumn": 5},
            }
        }
    ]
    assert history["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "sub%20dir/models.yaml"}}}
    ]
    assert report["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "sub%20dir/reports/%C3%A9%20b%2Cc%3Ad.json"
    )
    assert report["suppressions"] == [
        {"kind": "external", "justification": "the lab is closed (until 2026-12-04)"}
    ]
    assert "suppressions" not in stale


def test_a_place_above_the_project_is_named_from_the_root_of_the_repository():
    conflict = Violation(rule="merge-conflict", level="error", message="x", file="../README.md")
    verdict = a_verdict(conflict, prefix="sub/")
    [result] = json.loads(WRITERS["sarif"](verdict))["runs"][0]["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "README.md"}
    assert "::error file=README.md,title=merge-conflict::x" in WRITERS["github"](verdict)


def test_junit_has_a_case_a_rule_and_fails_those_with_errors():
    root = ET.fromstring(WRITERS["junit"](FULL))
    [suite] = root
    cases = {case.get("name").partition(":")[0]: case for case in suite}

    assert (root.tag, suite.get("name")) == ("testsuites", "paddledvc check")
    assert (suite.get("tests"), suite.get("failures")) == (str(len(RULES)), "1")
    assert list(cases) == list(RULES)
    assert [name for name, case in cases.items() if case.find("failure") is not None] == [
        "lock-stale"
    ]
    assert cases["lock-stale"].find("failure").get("message").startswith("a: 100% stale")
    assert cases["history-incomplete"].find("system-out").text == (
        "warning[history-incomplete]: shallow"
    )
    assert "waived until 2026-12-04" in cases["evidence-missing"].find("system-out").text


def test_junit_counts_the_findings_of_a_rule_and_leaves_out_what_xml_cannot_hold():
    odd = Violation(rule="lock-stale", level="error", message="b \x00\x1b<&>")
    text = WRITERS["junit"](a_verdict(STALE, odd))
    failure = ET.fromstring(text).find(".//failure")

    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert failure.get("message") == "2 findings"
    assert failure.text.splitlines()[-1] == "error[lock-stale]: b <&>"


def test_a_strict_verdict_has_no_warnings():
    verdict = FULL.strict()

    assert (len(verdict.errors), verdict.warnings) == (2, ())
    assert FULL.warnings == (HISTORY,)


def test_findings_come_in_the_order_of_files_and_lines_and_once():
    def at(file, line=None):
        return Violation(rule="x", level="error", message="m", file=file, line=line)

    found = [at("reports/a"), at("dvc.lock", 1), at("models.yaml", 9), at("models.yaml", 2), at("")]

    assert [(one.file, one.line) for one in sort_violations([*found, *found])] == [
        ("", None),
        ("models.yaml", 2),
        ("models.yaml", 9),
        ("dvc.lock", 1),
        ("reports/a", None),
    ]


def test_gitlab_gets_a_finding_each_with_a_fingerprint_that_no_line_changes():
    found = json.loads(WRITERS["gitlab"](FULL))

    assert [
        (one["check_name"], one["severity"], one["location"], one["description"]) for one in found
    ] == [
        (
            "lock-stale",
            "major",
            {"path": "sub dir/models.yaml", "lines": {"begin": 7}},
            STALE.message,
        ),
        (
            "history-incomplete",
            "minor",
            {"path": "sub dir/models.yaml", "lines": {"begin": 1}},
            "shallow",
        ),
    ]
    moved, twice = replace(STALE, line=9), a_verdict(STALE, STALE)
    prints = [one["fingerprint"] for one in json.loads(WRITERS["gitlab"](twice))]
    assert json.loads(WRITERS["gitlab"](a_verdict(moved)))[0]["fingerprint"] == prints[0]
    assert len(set(prints)) == 2
