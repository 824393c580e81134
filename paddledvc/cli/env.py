"""``paddledvc env``."""

from __future__ import annotations

import click

from paddledvc.cli.options import Subcommands


@click.group(
    cls=Subcommands,
    summaries={
        "image": "Print the locked image that the jobs of a pipeline run in.",
    },
)
def env() -> None:
    """Check the environment, and start the locked image.

    \b
    Example:
      paddledvc env image
    """
