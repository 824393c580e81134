"""``paddledvc env``."""

from __future__ import annotations

import click

from paddledvc.cli.options import Subcommands


@click.group(
    cls=Subcommands,
    summaries={
        "check": "Compare what runs here with the stated environment.",
        "docker": "Print the lines that run a command in the locked image.",
        "jupyter": "Print the lines that start Jupyter in the locked image.",
        "ssh": "Write the files of a container that SSH reaches.",
        "devcontainer": "Write .devcontainer/devcontainer.json for editors.",
        "image": "Print the locked image that the jobs of a pipeline run in.",
    },
)
def env() -> None:
    """Check the environment, and start the locked image.

    Images are pinned by the digest in models.lock. NAME@VERSION takes the image, code and weights
    of a version of the past.

    \b
    Example:
      paddledvc env check --strict
      paddledvc env docker detector@v1.2.0 -- python train.py
    """
