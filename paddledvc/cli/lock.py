"""``paddledvc lock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import echo_json, format_option, pass_project
from paddledvc.workflows import lock as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if models.lock is stale.")
@click.option("--dry-run", is_flag=True, help="Change nothing; print what would move.")
@format_option
@pass_project
def lock(project: Project, *, check: bool, dry_run: bool, output: str) -> None:
    """Lock models.yaml to exact versions and digests.

    Writes models.lock. What it knows already is kept; a model without any digest is read once
    from its source, and trusted.

    \b
    Example:
      paddledvc lock
      paddledvc lock --check
    """
    done = workflow.lock(project, check=check, dry_run=dry_run)
    if output == "json":
        echo_json(done)
        return
    for change in done.changes:
        click.echo(str(change))
    for name in done.trusted:
        click.echo(f"Trust {name}: its bytes were hashed for the first time", err=True)
    count = len(done.lock.models)
    models = "1 model" if count == 1 else f"{count} models"
    click.echo(f"{'Would lock' if dry_run else 'Locked'} {models}", err=True)
