"""``paddledvc train``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import (
    complete_model,
    format_option,
    lock_options,
    pass_project,
    pin_option,
)
from paddledvc.cli.printer import echo, echo_first_use, echo_json
from paddledvc.stages import train as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project


@click.command()
@click.argument("name", shell_complete=complete_model)
@pin_option
@lock_options
@format_option
@pass_project
def train(project: Project, name: str, *, pin: str | None, use: LockUse, output: str) -> None:
    """Train a model with your code.

    Runs the function or command line of its train section with the hyperparameters of
    params.yaml: code of the project, in a process of its own. What it prints goes to standard
    error.

    \b
    Example:
      paddledvc train digits
    """
    echo_first_use(project)
    done = workflow.train(project, name, pin=pin, use=use)
    if output == "json":
        echo_json(done)
        return
    if done.hashes is None:
        echo(f"{done.name}: trained; the first machine of the launch has the weights")
        return
    echo(f"{done.name}: {done.path} ({done.hashes.size:,} bytes), metrics in {done.metrics}")
