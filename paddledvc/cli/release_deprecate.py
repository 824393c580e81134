"""``paddledvc release deprecate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.releases import deprecate as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command("deprecate")
@click.argument("name", metavar="MODEL[@VERSION]", shell_complete=complete_model)
@click.option("--push", is_flag=True, help="Send the tag to the git remote.")
@click.option("--dry-run", is_flag=True, help="Show the tag; write and send nothing.")
@format_option
@pass_project
def release_deprecate(
    project: Project, name: str, *, push: bool, dry_run: bool, output: str
) -> None:
    """Withdraw a released version, or all of a model.

    Makes a tag such as detector@v1.2.0! on the commit of the release, which GTO reads: no stage
    holds a withdrawn version. Without a VERSION, detector@deprecated says that the model is no
    longer in use. The release and its bytes stay.

    \b
    Example:
      paddledvc release deprecate detector@v1.2.0 --push
      paddledvc release deprecate detector --dry-run

    Exit codes: 0 also if that was done before, 2 for an unknown release, 3 if git fails or the git
    remote rejects the tag.
    """
    done = workflow.deprecate_release(project, name, push=push, dry_run=dry_run)
    if output == "json":
        echo_json(done)
        return
    what = f"{done.model} {done.version}" if done.version else f"every version of {done.model}"
    if not done.made:
        echo(f"{done.tag} withdrew {what} before")
    elif dry_run:
        echo(f"dry run: {done.tag} would withdraw {what}")
    else:
        echo(f"{done.tag} withdraws {what}")
    if done.pushed is not None:
        echo(f"{done.pushed} has the tag")
