"""``paddledvc schema``."""

from __future__ import annotations

from typing import Literal

import click

from paddledvc.workflows import schema as workflow


@click.command()
@click.argument("name", type=click.Choice(["models", "lock", "index"]), default="models")
def schema(name: Literal["models", "lock", "index"]) -> None:
    """Print the JSON Schema of models.yaml, models.lock or an index.

    \b
    Example:
      paddledvc schema > models.schema.json
      paddledvc schema lock
    """
    click.echo(workflow.schema(name), nl=False)
