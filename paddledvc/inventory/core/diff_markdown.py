"""A change as Markdown, for a merge request or the summary of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddledvc.display.markdown import code_span, cut_cell, escape_markdown, list_table_lines
from paddledvc.inventory.core.diff_tables import (
    NOTHING,
    count_findings,
    describe_base,
    describe_change,
    list_notes,
    list_tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paddledvc.gate.core.violations import Verdict
    from paddledvc.inventory.core.diff_tables import Cells
    from paddledvc.inventory.core.model_changes import ModelChange
    from paddledvc.inventory.core.models_diff import Answer, ModelsDiff

MARKER = "<!-- paddledvc-diff -->"
"""The first line, by which a comment is found again."""
LARGEST = 60_000
"""Characters: a comment on GitHub may have 65,536."""
MOST = 50
"""Rows of a table, and findings, that are written."""
_FINDINGS = 20_000
_REASON, _REASONS = 300, 10
"""Characters of a reason, and reasons of an answer, that are written."""
_GOOD, _BAD, _DOUBTFUL = "✅", "❌", "⚠️"
_WANTED = {"yes": _GOOD, "no": _BAD, "unknown": _DOUBTFUL}
_UNWANTED = {"yes": _BAD, "no": _GOOD, "unknown": _DOUBTFUL}
_ADVISED = {"yes": _GOOD, "no": _DOUBTFUL, "unknown": _DOUBTFUL}
_MEANS: tuple[Mapping[str, str], ...] = (_WANTED, _UNWANTED, {}, _ADVISED)
"""What the answers to the four questions mean: to affect something is neither good nor bad.

Documentation that is missing is a warning of `check`, so it is none that refuses a change.
"""


def render_markdown(diff: ModelsDiff) -> str:
    """Write a change: the questions, the findings, and the models as far as there is room."""
    verdict = diff.findings
    title = f"### Models: {code_span(diff.title)}\n\n{_conclude(verdict)}"
    answers = [
        (f"**{one.question}**", f"{signs.get(one.state, '')} {_reasons(one)}".strip())
        for one, signs in zip(diff.answers, _MEANS, strict=True)
    ]
    parts = [
        f"{MARKER}\n{title}",
        "\n".join(
            list_table_lines(("", f"compared with {code_span(describe_base(diff))}"), answers)
        ),
        *_findings(verdict),
    ]
    room = LARGEST - sum(map(len, parts))
    if not diff.models:
        parts.append("No model changes.")
    for number, change in enumerate(diff.models):
        text = "\n\n".join(_model(change))
        room -= len(text) + 2
        if room < 0:
            left = len(diff.models) - number
            parts.append(f"{left:,} more models change, which `paddledvc diff` shows in a shell.")
            break
        parts.append(text)
    return "\n\n".join(parts)


def _conclude(verdict: Verdict) -> str:
    """Say whether the gate lets the change pass, which is what its readers decide on."""
    if verdict.errors:
        return f"{_BAD} **`check` refuses it: {count_findings(verdict)}**"
    sign = _DOUBTFUL if verdict.warnings else _GOOD
    return f"{sign} **`check` lets it pass: {count_findings(verdict)}**"


def _reasons(answer: Answer) -> str:
    shown = [escape_markdown(cut_cell(one, _REASON)) for one in answer.reasons[:_REASONS]]
    more = len(answer.reasons) - len(shown)
    if more > 0:
        shown.append(f"and {more:,} more")
    return f"{answer.state}: {'<br>'.join(shown)}"


def _findings(verdict: Verdict) -> Iterator[str]:
    lines = [f"note: {escape_markdown(note)}" for note in verdict.notes]
    lines += [
        f"{one.level} `{one.rule}` {code_span(one.where)} {escape_markdown(one.message)}"
        for one in verdict.violations
    ]
    lines += [
        f"waived until {one.waiver.until} `{one.violation.rule}` "
        f"{escape_markdown(one.violation.message)} ({escape_markdown(one.waiver.reason)})"
        for one in verdict.waived
    ]
    shown = list(_fitting(lines))
    if shown:
        yield "\n".join(f"- {one}" for one in shown)


def _fitting(lines: list[str]) -> Iterator[str]:
    """Yield lines as far as there is room for them."""
    room = _FINDINGS
    for number, line in enumerate(lines):
        room -= len(line)
        if number == MOST or room < 0:
            yield f"and {len(lines) - number:,} more, which `paddledvc check` lists"
            return
        yield line


def _model(change: ModelChange) -> Iterator[str]:
    yield f"#### {code_span(change.name)} {code_span(describe_change(change))}"
    notes = [f"- {escape_markdown(note)}" for note in list_notes(change)]
    if notes:
        yield "\n".join(notes)
    for table in list_tables(change):
        yield "\n".join(list_table_lines(table.head, _rows(table)))
        if len(table.rows) > MOST:
            left = len(table.rows) - MOST
            yield f"and {left:,} more rows, which `paddledvc diff` shows in a shell"


def _rows(table: Cells) -> Iterable[list[str]]:
    for row in table.rows[:MOST]:
        yield [
            escape_markdown(cell)
            if number in table.words or cell == NOTHING
            else code_span(cut_cell(cell))
            for number, cell in enumerate(row)
        ]
