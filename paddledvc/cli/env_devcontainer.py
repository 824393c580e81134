"""``paddledvc env devcontainer``."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import environment_options, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.environments.prepare import prepare_environment

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command("devcontainer")
@environment_options
@click.option(
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files to this folder.  [default: that of the project]",
)
@click.option("--force", is_flag=True, help="Replace files that hold something else.")
@click.option("--dry-run", is_flag=True, help="Print the files; write nothing.")
@format_option
@pass_project
def env_devcontainer(  # noqa: PLR0913
    project: Project,
    name: str | None,
    *,
    rev: str | None,
    gpus: bool | None,
    folder: Path | None,
    force: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Write .devcontainer/devcontainer.json for editors.

    The editor brings the weights, then opens the project in the locked image. A machine without a
    GPU opens it too.

    \b
    Example:
      paddledvc env devcontainer
      paddledvc env devcontainer detector --dry-run

    Exit codes: 2 for an unknown model, version or revision, where no image is stated, or if the
    file is there already.
    """
    prepared = prepare_environment(
        project,
        "devcontainer",
        name,
        rev=rev,
        gpus=gpus,
        output=folder,
        force=force,
        dry_run=dry_run,
    )
    if output == "json":
        echo_json(prepared)
        return
    if prepared.warning:
        echo(prepared.warning, err=True)
    for path, text in prepared.files.items():
        echo(f"--- {path}\n{text}" if dry_run else f"Write {path}")
    if prepared.checkout is not None:
        echo(
            f"Open it in a work tree of its commit: `git worktree add --detach "
            f"{quote(prepared.checkout)} {prepared.commit}`, and write it there with --output"
        )
