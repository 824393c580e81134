"""``paddledvc trust``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_remote, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_lines, echo_table
from paddledvc.setup import trust as workflow

if TYPE_CHECKING:
    from collections.abc import Collection

    from paddledvc.project import Project
    from paddledvc.setup.trust import RemoteTrust

UNAPPROVED = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[REMOTE]...", shell_complete=complete_remote)
@click.option("-y", "--yes", is_flag=True, help="Approve without asking.")
@click.option(
    "--list", "--show", "look", is_flag=True, help="List the remotes without approving any."
)
@click.option("--revoke", is_flag=True, help="Forget what this clone has approved.")
@format_option
@pass_project
@click.pass_context
def trust(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    names: tuple[str, ...],
    *,
    yes: bool,
    look: bool,
    revoke: bool,
    output: str,
) -> None:
    """Approve the remotes that this branch names.

    The .dvc/config of a branch decides where your weights and this clone's passwords go, so no
    remote is contacted until you have approved its location in this clone. This command shows the
    old location and the new one, asks, and remembers what was shown. Remotes that only
    .dvc/config.local or your own DVC settings name need no approval.

    \b
    Example:
      paddledvc trust --list
      paddledvc trust prod

    Exit codes: 3 if a remote stays unapproved.
    """
    if look and revoke:
        raise click.UsageError("--list and --revoke exclude each other; give one of them")
    if look:
        found = workflow.list_trust(project, names)
        echo_json(found) if output == "json" else _print(found)
        return
    if revoke:
        gone = workflow.revoke_trust(project, names)
        echo_json(gone) if output == "json" else echo_lines(
            f"no longer trusted: {one}" for one in gone
        )
        return
    confirm = None if yes else _ask
    done = workflow.trust(project, names, confirm=confirm)
    if output == "json":
        echo_json(done)
    else:
        echo_lines(f"this clone trusts {one.name}: {one.where}" for one in done)
    left = [
        one for one in workflow.list_trust(project, names) if one.state in ("unapproved", "refused")
    ]
    echo_lines((one.problem for one in left if one.problem), err=True)
    if not done and not left and output == "text":
        echo("nothing to approve")
    ctx.exit(UNAPPROVED if left else 0)


def _print(found: Collection[RemoteTrust]) -> None:
    rows = [(one.name, one.state, one.where, one.before) for one in found]
    if rows:
        echo_table(["remote", "trust", "where", "approved before"], rows)
    echo_lines((one.problem for one in found if one.problem), err=True)


def _ask(asked: Collection[RemoteTrust]) -> bool:
    """Show what is about to be approved; without a terminal nobody can answer."""
    echo_lines(map(str, asked), err=True)
    if not is_terminal():
        echo("cannot ask without a terminal; review the above, then run it with --yes", err=True)
        return False
    return click.confirm("Send weights, and what this clone logs in with, there?", err=True)


def is_terminal() -> bool:
    """Tell whether somebody can answer."""
    return sys.stdin.isatty()
