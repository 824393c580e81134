"""``paddledvc remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, lock_options, pass_project
from paddledvc.cli.printer import echo_changes, echo_json
from paddledvc.locking import remove as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_model)
@lock_options
@format_option
@pass_project
def remove(project: Project, names: tuple[str, ...], *, use: LockUse, output: str) -> None:
    """Remove models from models.yaml and models.lock.

    Comments and formatting of the rest stay, and so do weights that were downloaded.

    \b
    Example:
      paddledvc remove resnet50 && paddledvc generate
    """
    done = workflow.remove(project, names, use=use)
    if output == "json":
        echo_json(done)
        return
    echo_changes(done.changes)
