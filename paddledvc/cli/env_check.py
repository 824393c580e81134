"""``paddledvc env check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json, echo_table
from paddledvc.environments.check import check_environment

if TYPE_CHECKING:
    from paddledvc.project import Project

FINDING = 1


@click.command("check")
@click.argument("name", required=False, shell_complete=complete_model)
@click.option("--strict", is_flag=True, help="Exit 1 also if a stated fact is unknown here.")
@format_option
@pass_project
@click.pass_context
def env_check(
    ctx: click.Context, project: Project, name: str | None, *, strict: bool, output: str
) -> None:
    """Compare what runs here with the stated environment.

    Paddle, CUDA, cuDNN, Python, driver and image, each beside what models.yaml states for the
    project, or for the model or group NAME. What it leaves out, the tag of the image says. Versions
    are equal as far as digits are stated: 3.10 is equal to 3.10.12.

    \b
    Example:
      paddledvc env check
      paddledvc env check detector --strict --format json

    Exit codes: 0 equal or unknown, 1 if a fact differs, and with --strict if one is unknown;
    2 for an unknown model or where no environment is stated.
    """
    found = check_environment(project, name)
    if output == "json":
        echo_json(found)
    else:
        rows = [(one.name, one.state, one.stated or "-", one.found or "-") for one in found.facts]
        echo_table(["what", "state", "stated", "here"], rows)
        for one in found.facts:
            if one.why:
                echo(f"{one.name}: {one.why}")
    ctx.exit(FINDING if found.differing or (strict and found.unknown) else 0)
