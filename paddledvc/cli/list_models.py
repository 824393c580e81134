"""``paddledvc list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, offline_option, pass_project
from paddledvc.cli.printer import echo, echo_error, echo_json, echo_table
from paddledvc.inventory import list_models as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project

FINDING = 1
UNREACHABLE = 3


@click.command("list")
@click.option("--outdated", is_flag=True, help="Only models that are not at the newest version.")
@click.option("--available", metavar="TEXT", help="Search the catalogs for models instead.")
@click.option("--exit-code", is_flag=True, help="With --outdated, exit 1 if a model is outdated.")
@offline_option
@format_option
@pass_project
@click.pass_context
def list_models(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    *,
    outdated: bool,
    available: str | None,
    exit_code: bool,
    offline: str | None,
    output: str,
) -> None:
    """List the models and their locked versions.

    With --outdated it asks the catalogs: current is the locked version, wanted the newest that
    `paddledvc lock --upgrade` would take, latest the newest of all, and why names what holds it
    back.

    \b
    Example:
      paddledvc list
      paddledvc list --outdated
      paddledvc list --available resnet
    """
    if outdated and available is not None:
        raise click.UsageError("--outdated and --available exclude each other; give one of them")
    if exit_code and not outdated:
        raise click.UsageError("--exit-code needs --outdated")
    if available is not None:
        found = workflow.available(project, available, offline=offline)
        if not found:
            echo(f"no catalog has a model with {available!r} in its name", err=True)
        _print(output, found, ("name", "latest", "catalog"))
    elif outdated:
        rows = workflow.outdated(project, offline=offline)
        if not rows:
            echo("every model is at the newest version that its catalog lists", err=True)
        _print(output, rows, ("name", "current", "wanted", "latest", "source", "why"))
        for problem in dict.fromkeys(row.problem for row in rows if row.problem):
            echo_error(problem)
        if any(row.problem for row in rows):
            ctx.exit(UNREACHABLE)
        ctx.exit(FINDING if exit_code and rows else 0)
    else:
        columns = ("name", "requires", "locked", "source", "size", "weights", "evidence", "state")
        _print(output, workflow.list_models(project), columns)


def _print(output: str, rows: tuple[object, ...], columns: tuple[str, ...]) -> None:
    if output == "json":
        echo_json(rows)
        return
    if not rows:
        return
    cells = [[_cell(getattr(row, column)) for column in columns] for row in rows]
    echo_table(columns, cells)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)
