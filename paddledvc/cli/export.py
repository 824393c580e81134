"""``paddledvc export``."""

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
from paddledvc.stages import export as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project


@click.command()
@click.argument("name", shell_complete=complete_model)
@pin_option
@lock_options
@format_option
@pass_project
def export(project: Project, name: str, *, pin: str | None, use: LockUse, output: str) -> None:
    """Export a model as a static program.

    Runs paddle.jit.save in a fresh process, so that the same weights always give the same bytes.
    That process imports the project's code that the model names.

    \b
    Example:
      paddledvc export digits
    """
    echo_first_use(project)
    done = workflow.export(project, name, pin=pin, use=use)
    if output == "json":
        echo_json(done)
        return
    for warning in done.warnings:
        echo(f"{done.name}: the export warned of {warning}, which is allowed", err=True)
    for file, hashes in done.files.items():
        echo(f"{done.name}: {done.folder}/{file} ({hashes.size:,} bytes, md5 {hashes.md5})")
