"""``paddledvc env docker``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import environment_options, format_option, pass_project
from paddledvc.cli.printer import echo, echo_json
from paddledvc.environments.prepare import prepare_environment

if TYPE_CHECKING:
    from paddledvc.project import Project

_COMMAND = "paddledvc.command"


class _WithCommand(click.Command):
    """Takes what follows ``--`` as a command line, so that NAME may be left out before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.meta[_COMMAND] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


@click.command("docker", cls=_WithCommand)
@environment_options
@format_option
@pass_project
@click.pass_context
def env_docker(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    name: str | None,
    *,
    rev: str | None,
    gpus: bool | None,
    output: str,
) -> None:
    """Print the lines that run a command in the locked image.

    They bring the weights, then run COMMAND in the project's folder, as the user who calls them. By
    default COMMAND is `python train.py` where there is such a file, else `bash`. With a version or
    --rev they check its commit out beside the repository first.

    \b
    Example:
      paddledvc env docker
      paddledvc env docker detector@v1.2.0 -- python train.py --epochs 3

    Exit codes: 2 for an unknown model, version or revision, or where no image is stated.
    """
    prepared = prepare_environment(
        project, "docker", name, rev=rev, gpus=gpus, command=ctx.meta[_COMMAND]
    )
    if output == "json":
        echo_json(prepared)
        return
    if prepared.warning:
        echo(prepared.warning, err=True)
    echo(prepared.lines.rstrip("\n"))
