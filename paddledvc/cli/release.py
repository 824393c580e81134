"""``paddledvc release``."""

from __future__ import annotations

import click

from paddledvc.cli.options import Subcommands


@click.group(
    cls=Subcommands,
    summaries={
        "bundle": "Write models and their files into one folder for sites without a network.",
    },
)
def release() -> None:
    """Release models, and hand them on.

    \b
    Example:
      paddledvc release bundle resnet50
    """
