"""``paddledvc generate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, lock_options, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_resolved
from paddledvc.stages import generate as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project
    from paddledvc.stages.generate import Entries
    from paddledvc.yaml.conflicts import Side


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if dvc.yaml is stale.")
@click.option(
    "--resolve",
    type=click.Choice(["ours", "theirs"]),
    help="First take this side in every merge conflict in the project's files and reports.",
)
@lock_options
@format_option
@pass_project
def generate(
    project: Project, *, check: bool, resolve: Side | None, use: LockUse, output: str
) -> None:
    """Write each model's stages to dvc.yaml.

    A weights URL gives sync, a train section gives train, an export section gives export and
    verify, an evaluate section gives evaluate. Your own stages, comments and formatting stay as
    they are.

    \b
    Example:
      paddledvc generate && dvc repro
      paddledvc generate --check
    """
    done = workflow.generate(project, check=check, resolve=resolve, use=use)
    if output == "json":
        echo_json(done)
        return
    echo_resolved(resolve, done.resolved, done.unresolved)
    lines = [*_lines("stage", done.stages), *_lines("artifact", done.artifacts)]
    for line in lines:
        echo(line)
    if not lines:
        echo("dvc.yaml is up to date", err=True)
    if done.resolved and not done.unresolved:
        echo("Next: `dvc repro`, then `git add --update`", err=True)


def _lines(kind: str, entries: Entries) -> list[str]:
    return [
        *(f"Add {kind} {name}" for name in entries.added),
        *(f"Change {kind} {name}" for name in entries.changed),
        *(f"Remove {kind} {name}" for name in entries.removed),
    ]
