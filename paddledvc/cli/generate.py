"""``paddledvc generate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import echo_json, format_option, pass_project
from paddledvc.workflows import generate as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if dvc.yaml is stale.")
@format_option
@pass_project
def generate(project: Project, *, check: bool, output: str) -> None:
    """Bring the stages of every model into dvc.yaml.

    A weights URL gives sync, a train section gives train, an export section gives export and
    verify. Your own stages, comments and formatting stay as they are.

    \b
    Example:
      paddledvc generate && dvc repro
      paddledvc generate --check
    """
    done = workflow.generate(project, check=check)
    if output == "json":
        echo_json(done)
        return
    for word, names in (("Add", done.added), ("Change", done.changed), ("Remove", done.removed)):
        for name in names:
            click.echo(f"{word} {name}")
    if not (done.added or done.changed or done.removed):
        click.echo("dvc.yaml is up to date", err=True)
