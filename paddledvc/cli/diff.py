"""``paddledvc diff``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import pass_project
from paddledvc.cli.printer import echo, echo_document, echo_json, echo_lines, echo_table
from paddledvc.inventory import diff as workflow

if TYPE_CHECKING:
    from paddledvc.inventory.core.models_diff import ModelsDiff
    from paddledvc.project import Project


@click.command()
@click.argument("revisions", metavar="[BASE[..HEAD]]", required=False)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="The format of the result.",
)
@click.option(
    "--comment",
    is_flag=True,
    help="In a job of GitHub Actions or GitLab CI, also comment on its merge request.",
)
@pass_project
def diff(project: Project, *, revisions: str | None, output: str, comment: bool) -> None:
    """Show what a change means for models.

    It answers four questions: is it benchmarked, did anything regress, what does it affect, and are
    the docs updated? Then it shows every model that changes, and what `check` finds. If BASE is a
    branch, HEAD is merged into it, as `check --base` does; any other BASE is compared as it is,
    with the work tree if no HEAD is given. Without BASE, it takes the target branch of the CI job,
    or else the default branch.

    With --comment it writes one comment on the merge request of the job and keeps it up to date,
    with the token in GITHUB_TOKEN or PADDLEDVC_GITLAB_TOKEN; without one, or if the server refuses
    it, it writes to the job summary.

    Uses no network but for --comment. Exits 0 whatever it shows, 2 if a revision is unknown or
    --comment is used outside of such a job, and 3 if git fails or the server cannot be reached.

    \b
    Example:
      paddledvc diff main
      paddledvc diff v1.0.0..v1.1.0
      paddledvc diff --format markdown >> "$GITHUB_STEP_SUMMARY"
      paddledvc diff --comment
    """
    found = workflow.diff(project, revisions)
    if output == "json":
        from paddledvc.gate.verdict_formats import verdict_value  # noqa: PLC0415 - not for --help

        fields = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
        echo_json({**fields, "findings": verdict_value(found.findings)})
    elif output == "markdown":
        from paddledvc.inventory.core.diff_markdown import render_markdown  # noqa: PLC0415 - likewise

        echo_document(render_markdown(found), output)
    else:
        _echo_text(found)
    if comment:
        _comment(found)


def _comment(found: ModelsDiff) -> None:
    from paddledvc.inventory.comment import comment  # noqa: PLC0415 - not for --help

    done = comment(found)
    if done.reason is None:
        echo(f"note: the comment on the merge request: {done.state}", err=True)
        return
    instead = "; the job summary has the text" if done.in_summary else ""
    echo(f"note: no comment was written: {done.reason}{instead}", err=True)


def _echo_text(found: ModelsDiff) -> None:
    from paddledvc.inventory.core import diff_tables  # noqa: PLC0415 - not for --help
    from paddledvc.inventory.core.models_diff import list_reasons  # noqa: PLC0415 - likewise

    echo(f"{found.title}, compared with {diff_tables.describe_base(found)}")
    rows = [(one.question, "\n".join(list_reasons(one))) for one in found.answers]
    rows.append(("What does check find?", diff_tables.count_findings(found.findings)))
    for question, text in rows:
        first, *others = text.splitlines()
        echo(f"  {question:22} {first}")
        echo_lines(f"  {'':22} {line}" for line in others)
    for change in found.models:
        echo(f"\n{change.name} {diff_tables.describe_change(change)}")
        echo_lines(f"  {note}" for note in diff_tables.list_notes(change))
        for table in diff_tables.list_tables(change):
            echo("")
            echo_table(table.head, table.rows)
    verdict = found.findings
    if verdict.violations or verdict.waived or verdict.notes:
        echo("\ncheck")
    echo_lines(f"  note: {note}" for note in verdict.notes)
    echo_lines(f"  {one}" for one in verdict.violations)
    echo_lines(f"  waived until {one.waiver.until}: {one.violation}" for one in verdict.waived)
