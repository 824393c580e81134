"""``paddledvc history``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_table
from paddledvc.inventory import history as workflow
from paddledvc.inventory.core.history_rows import describe_metric
from paddledvc.website.plot_history import plot_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.inventory.core.history_rows import HistoryRow
    from paddledvc.inventory.history import History
    from paddledvc.project import Project

SHORT = 7
"""Characters of a commit's name that people read."""
DIGITS = 12
"""Characters of a digest that people read."""
TOLD = 5
"""Tags that do not count, and are named."""
_METRIC = "metric"
"""The column of the metric that was asked for, which has its name as its title."""
_DIGEST = re.compile(r"(?:md5|sha\d+):[0-9a-f]+")
_OPTIONAL = ("stage", "size", "image")
"""Columns that are left out where they would be empty."""


@click.command()
@click.argument("name", required=False, shell_complete=complete_model)
@click.option("--at", metavar="DATE", help="Show the state at the end of a day, or at a time.")
@click.option("--stage", metavar="STAGE", help="Show what a release stage held.")
@click.option(
    "--branch", metavar="BRANCH", help="Read this branch instead of the production branch."
)
@click.option("--since", metavar="DATE", help="Leave out what happened before.")
@click.option("--metric", metavar="METRIC", help="Add a column with the values of a metric.")
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with metrics over versions instead.",
)
@format_option
@pass_project
def history(  # noqa: PLR0913
    project: Project,
    name: str | None,
    *,
    at: str | None,
    stage: str | None,
    branch: str | None,
    since: str | None,
    metric: str | None,
    plot: Path | None,
    output: str,
) -> None:
    """Show what was locked, released or assigned to a stage, and when.

    Reads git alone, newest first: commits of the production branch that changed a model's entry in
    models.lock or dvc.lock, or its reports; and GTO's tags, such as det@v1.2.0 and det#prod#3. A
    DATE is a day or a time, such as 2026-11-30 or 2026-11-30T15:04+01:00, in your time zone unless
    it names one.

    \b
    Example:
      paddledvc history detector --metric accuracy
      paddledvc history --at 2026-11-30
      paddledvc history detector --stage prod
      paddledvc history detector --metric accuracy --plot accuracy.html

    Exit codes: 0 even if nothing happened, 2 for an unknown model, branch or metric, an invalid
    DATE, or no metric to plot.
    """
    if plot is not None:
        if at is not None or stage is not None:
            raise click.UsageError("--plot shows versions over time; leave out --at and --stage")
        models = plot_history(project, plot, name, branch=branch, since=since, metric=metric)
        if output == "json":
            echo_json({"file": str(plot), "models": models})
        else:
            echo(f"{plot}: {', '.join(models)}")
        return
    if stage is not None and branch is not None and at is None:
        raise click.UsageError("--branch is about what was locked, --stage about tags")
    found = workflow.history(
        project, name, at=at, stage=stage, branch=branch, since=since, metric=metric
    )
    if output == "json":
        echo_json(found)
        return
    _warn(found)
    if not found.rows:
        echo(_nothing(found, name, stage, since), err=True)
        return
    if stage is None:
        echo(f"on {found.branch}{_at(found)}")
    columns = _columns(found, stage, metric)
    shown = [column for column in columns if column not in _OPTIONAL or _any(found.rows, column)]
    titles = [metric or "" if column == _METRIC else column for column in shown]
    echo_table(titles, [[_cell(row, column, metric) for column in shown] for row in found.rows])


def _columns(found: History, stage: str | None, metric: str | None) -> list[str]:
    measured = [_METRIC] if metric is not None else []
    if found.at is not None:
        what = ["model", "what", "stage", "version", "weights", "size", "image"]
        return [*what, *measured, "since", "by", "where"]
    if stage is not None:
        held = ["from", "until", "model", "version", "weights", "size", "image"]
        return [*held, *measured, "by", "where"]
    what = ["when", "model", "what", "version", "stage", "weights", "size", "image"]
    return [*what, *measured, "by", "where"]


def _any(rows: Sequence[HistoryRow], column: str) -> bool:
    return any(getattr(row, column) is not None for row in rows)


def _cell(row: HistoryRow, column: str, metric: str | None) -> str:
    if column == _METRIC:
        return describe_metric(row, metric or "") or "-"
    if column in {"when", "since", "from"}:
        return _minute(row.at)
    if column == "until":
        return "now" if row.until is None else _minute(row.until)
    if column == "where":
        return row.tag or row.commit[:SHORT]
    value = getattr(row, column)
    if column in {"weights", "image"} and value is not None:
        return _DIGEST.sub(lambda one: one[0][: one[0].index(":") + 1 + DIGITS], value)
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _minute(moment: str) -> str:
    return moment if moment.startswith("@") else moment[:16].replace("T", " ")


def _at(found: History) -> str:
    return "" if found.at is None else f" at {_minute(found.at)}"


def _warn(found: History) -> None:
    if found.incomplete is not None:
        echo(f"warning: {found.incomplete}", err=True)
    for one in found.ignored[:TOLD]:
        echo(f"warning: the tag {one.tag} does not count: {one.why}", err=True)
    if more := len(found.ignored[TOLD:]):
        echo(f"warning: {more} more tags do not count, which --format json names", err=True)


def _nothing(found: History, name: str | None, stage: str | None, since: str | None) -> str:
    """Say that nothing was found, and of what."""
    whose = f" of {name}" if name is not None else ""
    when = f" since {since}" if since is not None else _at(found)
    if stage is not None:
        return f"no version{whose} was in the release stage {stage}{when}"
    if found.branch is None:
        return "nothing is committed yet, and no tag is there"
    return f"nothing{whose} was locked on {found.branch} or released{when}"
