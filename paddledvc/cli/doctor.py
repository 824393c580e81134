"""``paddledvc doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, offline_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_table
from paddledvc.setup import doctor as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project
    from paddledvc.setup.diagnosis import Diagnosis

FINDING = 1
MARKS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


@click.command()
@offline_option
@format_option
@pass_project
@click.pass_context
def doctor(ctx: click.Context, project: Project, *, offline: str | None, output: str) -> None:
    """Diagnose problems with this clone.

    Changes nothing in the clone. Unless --offline is given, it contacts the remotes, and writes a
    small file to each and removes it. Exits 1 if there is a problem; warnings do not count.

    \b
    Example:
      paddledvc doctor
      paddledvc doctor --offline --format json
    """
    diagnosis = workflow.doctor(project, offline=offline)
    if output == "json":
        echo_json(diagnosis)
    else:
        rows = [(MARKS[one.state], one.topic, one.name, one.found) for one in diagnosis.checks]
        echo_table(["state", "topic", "what", "found"], rows)
        for advice, names in _advice(diagnosis).items():
            echo(f"{', '.join(names)}: {advice}")
    ctx.exit(FINDING if diagnosis.of("problem") else 0)


def _advice(diagnosis: Diagnosis) -> dict[str, list[str]]:
    """Say what to do, each thing once, and what it is good for."""
    found: dict[str, list[str]] = {}
    for one in (*diagnosis.of("problem"), *diagnosis.of("warning")):
        if one.advice and one.topic not in found.setdefault(one.advice, []):
            found[one.advice].append(one.topic)
    return found
