"""``paddledvc release``."""

from __future__ import annotations

import click

from paddledvc.cli.options import Subcommands


@click.group(
    cls=Subcommands,
    summaries={
        "create": "Release the locked versions that have no release yet.",
        "approve": "Approve a released version, in a tag that you sign.",
        "promote": "Put a released version into a release stage.",
        "deprecate": "Withdraw a released version, or all of a model.",
        "bundle": "Write models and their files into one folder for sites without a network.",
    },
)
def release() -> None:
    """Release what is locked; approve, promote and bundle it.

    Releases and stages are annotated tags of git, in the grammar of GTO.

    \b
    Example:
      paddledvc release create --dry-run
      paddledvc release create --push
      paddledvc release approve detector --push
      paddledvc release promote detector prod --push
      paddledvc release bundle detector
    """
