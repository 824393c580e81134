"""``paddledvc verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import echo_table, format_option, lock_options, pass_project, pin_option
from paddledvc.core.reports import rounded
from paddledvc.workflows import verify as workflow

if TYPE_CHECKING:
    from paddledvc.core.reports import VerifyReport
    from paddledvc.locking import LockUse
    from paddledvc.project import Project

FINDING = 1


@click.command()
@click.argument("name")
@pin_option
@lock_options
@format_option
@pass_project
@click.pass_context
def verify(  # noqa: PLR0913
    ctx: click.Context, project: Project, name: str, *, pin: str | None, use: LockUse, output: str
) -> None:
    """Compare the exported files with the dynamic network.

    Runs both on the same samples, each way to run the files in a process of its own, and writes
    reports/<slug>/. Exits 1 when an output is off by more than its tolerance.

    \b
    Example:
      paddledvc verify digits
    """
    report = workflow.verify(project, name, pin=pin, use=use)
    if output == "json":
        click.echo(report.to_json(), nl=False)
    else:
        _print(report)
    ctx.exit(0 if report.verdict == "pass" else FINDING)


def _print(report: VerifyReport) -> None:
    rows = [
        (
            path.path,
            "pass" if path.passed else "FAIL",
            rounded(path.scaled_error),
            f"{path.tolerance:g}",
            path.latency[-1].median_ms if path.latency else "",
        )
        for path in report.paths
    ]
    echo_table(
        ["path", "result", "scaled error", "tolerance", f"ms at batch {max(report.batch_sizes)}"],
        rows,
    )
    for path in report.paths:
        for finding in () if path.passed else path.findings:
            click.echo(f"{path.path}: {finding}")
    if not report.repeatable:
        click.echo("the dynamic network gives other outputs when it is run again")
    sizes = ", ".join(map(str, report.batch_sizes))
    click.echo(f"{report.model}: {report.verdict}, {report.samples} samples at batch sizes {sizes}")
