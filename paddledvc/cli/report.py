"""``paddledvc report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.evaluation import report as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command()
@format_option
@pass_project
def report(project: Project, *, output: str) -> None:
    """Write HTML pages from the results of verify and evaluate.

    It writes one page for each model, reports/<slug>/verify.html, and reports/index.html, which
    lists them all. They need no other file and no network.

    \b
    Example:
      paddledvc report
    """
    pages = workflow.report(project)
    if output == "json":
        echo_json([str(page.relative_to(project.root)) for page in pages])
        return
    for page in pages:
        echo(page.relative_to(project.root))
