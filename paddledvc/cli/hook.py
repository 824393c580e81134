"""``paddledvc hook``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.printer import progress_bar
from paddledvc.hooks import run, standalone
from paddledvc.tools.git.hook_scripts.script import HOOK_NAMES

if TYPE_CHECKING:
    from paddledvc.tools.git.hook_scripts.script import Name


@click.command(
    "hook", hidden=True, context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("name", type=click.Choice(HOOK_NAMES), required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def hook(ctx: click.Context, name: Name | None, arguments: tuple[str, ...]) -> None:
    """Do what a hook of git is for, called by its script or by another program's hook.

    \b
    Example, in a hook of another program:
      paddledvc hook post-checkout "$@"
    """
    with progress_bar() as progress:
        if name is not None and arguments[:1] == ("--in",):  # our own script calls
            status = run.run(run.Call.parse([name, *arguments]), progress)
        else:
            status = standalone.answer_hook(name, arguments, progress)
    ctx.exit(status)
