"""``paddledvc init``."""

from __future__ import annotations

from pathlib import Path

import click

from paddledvc.cli.options import echo_json, format_option
from paddledvc.workflows import init as workflow


@click.command()
@format_option
def init(output: str) -> None:
    """Make this git repository a paddledvc project.

    Initialises DVC with a remote inside the clone, writes a commented models.yaml and params.yaml,
    and lets git merge models.yaml, models.lock, dvc.yaml and dvc.lock block by block. What is there
    is never overwritten; running it twice is safe. Run it in every clone: git clones no merge
    drivers, and without ours it merges these files line by line.

    \b
    Example:
      git init && paddledvc init
    """
    done = workflow.init(Path())
    if output == "json":
        echo_json(done)
        return
    for name in done.made:
        click.echo(f"made {name}")
    for name in done.kept:
        click.echo(f"kept {name}")
    if done.inside is not None:
        click.echo(f"note: this project lies inside another one, {done.inside}", err=True)
    click.echo(
        "Next: describe a model in models.yaml, then `paddledvc lock && paddledvc generate`."
    )
