"""``paddledvc env image``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.setup.ci.job_image import env_image as workflow

if TYPE_CHECKING:
    from paddledvc.project import Project


@click.command("image")
@format_option
@pass_project
def env_image(project: Project, *, output: str) -> None:
    """Print the locked image that the jobs of a pipeline run in.

    That is the image in models.lock of the models that are trained or exported, with its digest.
    Exits 0 and prints nothing but a note if no image is locked, and 2 if there are several.

    \b
    Example:
      paddledvc env image
    """
    image = workflow(project)
    if output == "json":
        echo_json({"image": image})
    elif image is None:
        echo("note: models.lock has no image of a model that is trained or exported", err=True)
    else:
        echo(image)
