"""``paddledvc report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.evaluation import report as workflow
from paddledvc.inventory.cards import write_cards

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_model)
@click.option("--cards", is_flag=True, help="Write the cards of the models instead.")
@format_option
@pass_project
def report(project: Project, names: tuple[str, ...], *, cards: bool, output: str) -> None:
    """Write pages of what was verified and measured, or cards of models.

    It writes one HTML page for each model, reports/<slug>/verify.html, and reports/index.html,
    which lists them all. They need no other file and no network.

    With --cards it writes docs/models/<slug>.md, of every model or of those that NAME names, which
    may be a group. The lines that you wrote there stay.

    \b
    Example:
      paddledvc report
      paddledvc report --cards digits
    """
    if cards:
        _write_cards(project, names, output)
        return
    if names:
        raise click.UsageError("names are for --cards; without it there is a page for every model")
    pages = workflow.report(project)
    if output == "json":
        echo_json([str(page.relative_to(project.root)) for page in pages])
        return
    for page in pages:
        echo(page.relative_to(project.root))


def _write_cards(project: Project, names: tuple[str, ...], output: str) -> None:
    written = write_cards(project, names)
    if output == "json":
        echo_json(written)
        return
    for one in written:
        echo(one.file if one.changed else f"{one.file} (up to date)")
