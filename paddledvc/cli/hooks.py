"""``paddledvc hooks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_table
from paddledvc.hooks import manage as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project

FINDING = 1


@click.group()
def hooks() -> None:
    """Install git hooks that keep weights in sync with the commit.

    Six hooks: post-checkout, post-commit, post-merge and post-rewrite bring weights, pre-commit
    checks what is staged, pre-push sends weights. PADDLEDVC_HOOKS=0 turns them off.

    \b
    Example:
      paddledvc hooks install
      PADDLEDVC_HOOKS=0 git checkout main
    """


@hooks.command()
@click.option("--force", is_flag=True, help="Also write to a folder that other repositories use.")
@format_option
@pass_project
def install(project: Project, *, force: bool, output: str) -> None:
    """Install the hooks, or update them.

    A hook that exists is kept under another name, and runs before ours.

    \b
    Example:
      paddledvc hooks install
    """
    done = workflow.install_hooks(project, force=force)
    if output == "json":
        echo_json(done)
        return
    for change in done.changes:
        echo(change)


@hooks.command()
@format_option
@pass_project
def uninstall(project: Project, *, output: str) -> None:
    """Remove the hooks, and restore what was there before.

    \b
    Example:
      paddledvc hooks uninstall
    """
    done = workflow.uninstall_hooks(project)
    if output == "json":
        echo_json(done)
        return
    for change in done.changes:
        echo(change)


@hooks.command()
@click.option("--exit-code", is_flag=True, help="Exit 1 if a hook is not live.")
@format_option
@pass_project
@click.pass_context
def status(ctx: click.Context, project: Project, *, exit_code: bool, output: str) -> None:
    """Show whether the hooks are live, and which Python they use.

    \b
    Example:
      paddledvc hooks status
    """
    found = workflow.hooks_status(project)
    if output == "json":
        echo_json(found)
    else:
        echo_table(
            ["hook", "state", "why"], [(one.name, one.state, one.why) for one in found.hooks]
        )
        for line in found.notes:
            echo(line)
    ctx.exit(FINDING if exit_code and not found.live else 0)
