"""``paddledvc schema``."""

from __future__ import annotations

from typing import Literal

import click

from paddledvc import schemas as workflow
from paddledvc.cli.printer import echo_document


@click.command()
@click.argument(
    "name",
    type=click.Choice(["models", "lock", "index", "report", "evaluate", "bundle"]),
    default="models",
)
def schema(name: Literal["models", "lock", "index", "report", "evaluate", "bundle"]) -> None:
    """Print the JSON Schema of registry, lock, index, report or bundle.

    \b
    Example:
      paddledvc schema > models.schema.json
      paddledvc schema lock
    """
    echo_document(workflow.schema(name).rstrip("\n"), "json")
