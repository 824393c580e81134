"""``paddledvc report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.evaluation import report as workflow
from paddledvc.inventory.cards import write_cards
from paddledvc.website.write_site import write_site

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_model)
@click.option("--cards", is_flag=True, help="Write the cards of the models instead.")
@click.option(
    "--site",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a site of all models, branches and releases instead.",
)
@format_option
@pass_project
def report(
    project: Project, names: tuple[str, ...], *, cards: bool, site: Path | None, output: str
) -> None:
    """Write pages of results, cards of models, or a site.

    It writes one HTML page for each model, reports/<slug>/verify.html, and reports/index.html,
    which lists them all. They need no other file and no network.

    With --cards it writes docs/models/<slug>.md, of every model or of those that NAME names, which
    may be a group. The lines that you wrote there stay.

    With --site it writes a static site into DIR, from git alone: commits and tags count, the work
    tree does not. DIR is made, or has to be empty or a site.

    \b
    Example:
      paddledvc report
      paddledvc report --cards digits
      paddledvc report --site public

    Exit codes: 0, 2 if there is nothing to show, a file is invalid or DIR holds other files, 3 if
    DIR cannot be written.
    """
    if cards and site is not None:
        raise click.UsageError("--cards and --site write other files; give either")
    if cards:
        _write_cards(project, names, output)
        return
    if names:
        raise click.UsageError("names are for --cards; without it there is a page for every model")
    if site is not None:
        _write_site(project, site, output)
        return
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


def _write_site(project: Project, folder: Path, output: str) -> None:
    written = write_site(project, folder)
    if output == "json":
        echo_json(written)
        return
    for branch, problem in written.problems.items():
        echo(f"warning: {branch} is left out: {problem}", err=True)
    echo(f"{folder / written.pages[0]}: {len(written.pages)} pages")
    echo(f"from {', '.join(written.branches)}")
