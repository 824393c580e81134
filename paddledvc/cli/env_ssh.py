"""``paddledvc env ssh``."""

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


@click.command("ssh")
@environment_options
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=2222,
    show_default=True,
    help="The port of this machine.",
)
@click.option("--host", metavar="HOST", help="The machine that it runs on, as ssh knows it.")
@click.option(
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files to this folder.  [default: containers/ssh]",
)
@click.option("--force", is_flag=True, help="Replace files that hold something else.")
@click.option("--dry-run", is_flag=True, help="Print the files; write nothing.")
@format_option
@pass_project
def env_ssh(  # noqa: PLR0913
    project: Project,
    name: str | None,
    *,
    rev: str | None,
    gpus: bool | None,
    port: int,
    host: str | None,
    folder: Path | None,
    force: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Write the files of a container that SSH reaches.

    Dockerfile, sshd_config, entrypoint.sh, run.sh, which builds and starts it, and ssh_config, the
    Host block for ~/.ssh/config. Only keys log in, as a user without privileges; the port is one of
    this machine's loopback, which --host makes ssh reach through HOST.

    \b
    Example:
      paddledvc env ssh
      paddledvc env ssh detector@v1.2.0 --host gpu1 --output containers/detector

    Exit codes: 2 for an unknown model, version or revision, where no image is stated, or if a file
    is there already.
    """
    prepared = prepare_environment(
        project,
        "ssh",
        name,
        rev=rev,
        gpus=gpus,
        port=port,
        host=host,
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
    if not dry_run:
        folder_of = next(iter(prepared.files)).rpartition("/")[0] or "."
        echo(f"Start it with `sh {quote(f'{folder_of}/run.sh')}`; ssh_config has its Host block")
