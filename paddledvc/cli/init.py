"""``paddledvc init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from paddledvc import names
from paddledvc.cli.options import format_option
from paddledvc.cli.printer import echo, echo_json
from paddledvc.setup import init as workflow
from paddledvc.tools.dvc.remotes.new_remotes import NewRemote

if TYPE_CHECKING:
    from paddledvc.setup.init import Initialised


@click.command()
@click.option(
    "--remote",
    "remotes",
    multiple=True,
    metavar="[NAME=]URL",
    help="Where to store weights; prod, staging and dev serve the branches of these roles.",
)
@click.option("--endpoint-url", metavar="URL", help="Server of the s3:// remotes, such as MinIO.")
@click.option("--no-hooks", is_flag=True, help="Do not install git hooks.")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    help="Write the pipeline of this forge, and CODEOWNERS.",
)
@click.option("--force", is_flag=True, help="Replace a pipeline that has other content.")
@format_option
def init(  # noqa: PLR0913
    *,
    remotes: tuple[str, ...],
    endpoint_url: str | None,
    no_hooks: bool,
    ci: Literal["github", "gitlab"] | None,
    force: bool,
    output: str,
) -> None:
    """Make this git repository a paddledvc project.

    Initialises DVC with a remote inside the clone, writes a commented models.yaml and params.yaml,
    lets git merge models.yaml, params.yaml, models.lock, dvc.yaml and dvc.lock block by block, and
    installs hooks that keep weights in sync with the commit. Existing files are not overwritten;
    running it twice is safe. Run it in every clone: git clones neither merge drivers nor hooks.

    With --ci it writes a pipeline that validates, trains, evaluates, comments, releases and
    deploys, and CODEOWNERS from the owners in models.yaml.

    \b
    Example:
      git init && paddledvc init
      paddledvc init --remote prod=s3://weights/prod --remote dev=s3://weights/dev
      paddledvc init --ci github
    """
    if force and ci is None:
        raise click.UsageError("--force replaces a pipeline; name its forge with --ci")
    done = workflow.init(
        Path(),
        remotes=_parsed(remotes, endpoint_url),
        with_hooks=not no_hooks,
        ci=ci,
        force=force,
    )
    if output == "json":
        echo_json(done)
        return
    _echo_done(done)


def _echo_done(done: Initialised) -> None:
    for name in done.made:
        echo(f"made {name}")
    for name in done.kept:
        echo(f"kept {name}")
    for line in done.trusted:
        echo(line)
    for line in done.untrusted:
        echo(f"note: only this branch names {line}; review: `paddledvc trust --list`", err=True)
    if done.inside is not None:
        echo(f"note: this project lies inside another one, {done.inside}", err=True)
    if done.hookless is not None:
        echo(f"note: no hooks were installed: {done.hookless}", err=True)
    for note in done.notes:
        echo(f"note: {note}", err=True)
    for pattern in done.ignored:
        echo(f"warning: {pattern}", err=True)
    if (done.root / names.LOCK).exists():
        echo("Next: `paddledvc pull` brings the weights of this commit.")
    else:
        echo("Next: describe a model in models.yaml, then `paddledvc lock && paddledvc generate`.")


def _parsed(remotes: tuple[str, ...], endpoint: str | None) -> list[NewRemote]:
    try:
        found = [NewRemote.parse(one, endpoint) for one in remotes]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if endpoint is not None and not any(one.endpoint for one in found):
        raise click.UsageError("--endpoint-url is for remotes at s3://; add --remote NAME=s3://…")
    return found
