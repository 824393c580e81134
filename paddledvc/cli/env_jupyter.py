"""``paddledvc env jupyter``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import environment_options, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.environments.prepare import prepare_environment

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command("jupyter")
@environment_options
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=8888,
    show_default=True,
    help="The port of this machine.",
)
@format_option
@pass_project
def env_jupyter(  # noqa: PLR0913
    project: Project,
    name: str | None,
    *,
    rev: str | None,
    gpus: bool | None,
    port: int,
    output: str,
) -> None:
    """Print the lines that start Jupyter in the locked image.

    They bring the weights, make a token unless JUPYTER_TOKEN has one, print the address, and start
    JupyterLab, which is installed first where the image has none. Only this machine reaches it.

    \b
    Example:
      paddledvc env jupyter
      paddledvc env jupyter detector@v1.2.0 --port 9000

    Exit codes: 2 for an unknown model, version or revision, or where no image is stated.
    """
    prepared = prepare_environment(project, "jupyter", name, rev=rev, gpus=gpus, port=port)
    if output == "json":
        echo_json(prepared)
        return
    if prepared.warning:
        echo(prepared.warning, err=True)
    echo(prepared.lines.rstrip("\n"))
