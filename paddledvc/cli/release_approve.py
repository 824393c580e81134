"""``paddledvc release approve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.releases import approve as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command("approve")
@click.argument("name", metavar="MODEL[@VERSION]", shell_complete=complete_model)
@click.option("--message", metavar="TEXT", default="", help="What else the tag is to say.")
@click.option("--push", is_flag=True, help="Send the tag to the git remote.")
@click.option("--dry-run", is_flag=True, help="Show the tag; write and send nothing.")
@format_option
@pass_project
def release_approve(  # noqa: PLR0913
    project: Project, name: str, *, message: str, push: bool, dry_run: bool, output: str
) -> None:
    """Approve a released version, in a tag that you sign.

    Makes a tag such as approval/detector/v1.2.0/bo-example-com on the commit of the release,
    signed by git with your SSH key. `release promote` counts it where
    .paddledvc/allowed_signers of the production branch has the key, unless you are an author of
    the change or made the release. Without a VERSION it takes the one that HEAD has in
    models.lock.

    \b
    Example:
      paddledvc release approve detector@v1.2.0 --push
      paddledvc release approve detector --dry-run

    Exit codes: 1 if your approval would not count, or was given before, 2 for an unknown release
    or if git has no SSH key to sign with, 3 if git fails or the git remote rejects the tag.
    """
    done = workflow.approve_release(project, name, message=message, push=push, dry_run=dry_run)
    if output == "json":
        echo_json(done)
        return
    what = f"{done.model} {done.version} (commit {done.commit[:7]})"
    if dry_run and done.made:
        echo(f"dry run: {done.tag} would approve {what}")
    elif done.made:
        echo(f"{done.tag} approves {what}, signed by {done.principal}")
    else:
        echo(f"{done.principal} approved {what} before, in {done.tag}")
    if done.pushed is not None:
        echo(f"{done.pushed} has the tag")
