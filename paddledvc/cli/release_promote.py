"""``paddledvc release promote``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.releases import promote as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command("promote")
@click.argument("name", metavar="MODEL[@VERSION]", shell_complete=complete_model)
@click.argument("stage")
@click.option("--push", is_flag=True, help="Send the tag to the git remote.")
@click.option("--dry-run", is_flag=True, help="Show the tag; write and send nothing.")
@format_option
@pass_project
def release_promote(  # noqa: PLR0913
    project: Project, name: str, stage: str, *, push: bool, dry_run: bool, output: str
) -> None:
    """Put a released version into a release stage.

    Makes an annotated tag such as detector#prod#3 on the commit of the release; GTO reads it.
    Without a VERSION it takes the one that HEAD has in models.lock. `policy: stages:` of the
    production branch says which stages there are, and on which branches the commit must be.

    \b
    Example:
      paddledvc release promote detector prod --push
      paddledvc release promote detector@v1.2.0 staging --dry-run

    Exit codes: 0 also if the stage has that version already, 1 if the policy refuses the commit or
    the version is withdrawn, 2 for an unknown release or stage, 3 if git fails or the git remote
    rejects the tag.
    """
    done = workflow.promote_release(project, name, stage, push=push, dry_run=dry_run)
    if output == "json":
        echo_json(done)
        return
    what = f"{done.model} {done.version}"
    if not done.made:
        echo(f"{what} is in {stage} already ({done.tag})")
    elif dry_run:
        echo(f"dry run: {done.tag} would put {what} (commit {done.commit[:7]}) into {stage}")
    else:
        echo(f"{done.tag} puts {what} (commit {done.commit[:7]}) into {stage}")
    if done.pushed is not None:
        echo(f"{done.pushed} has the tag")
