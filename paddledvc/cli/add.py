"""``paddledvc add``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import format_option, lock_options, pass_project
from paddledvc.cli.printer import echo, echo_changes, echo_json, progress_bar
from paddledvc.locking import add as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project


@click.command()
@click.argument("model", metavar="NAME[==V]")
@click.option("--from", "source", metavar="CATALOG", help="The catalog that lists it.")
@click.option("--as", "name", metavar="NAME", help="Its name in models.yaml.")
@click.option("--file", metavar="PATH", help="Which file to take, if the model has several.")
@click.option("--revision", metavar="REV", help="Branch, tag or commit of its repository.")
@lock_options
@format_option
@pass_project
def add(  # noqa: PLR0913
    project: Project,
    model: str,
    *,
    source: str | None,
    name: str | None,
    file: str | None,
    revision: str | None,
    use: LockUse,
    output: str,
) -> None:
    """Add a model of a catalog to models.yaml and lock it.

    Asks for the newest version and those that follow, unless you give versions: NAME==V,
    'NAME>=1,<2' or 'NAME^1.2'. On production branches it asks for exactly the version that it
    locks. If models.yaml already has the model, its version is changed. A new model of
    paddle.vision gets its network, inputs and an export section. Comments and formatting stay.

    \b
    Example:
      paddledvc add resnet50 --from paddle.vision
      paddledvc add detector==v1.2.0 --from zoo
      paddledvc add PaddlePaddle/PP-OCRv5_mobile_det --from huggingface
    """
    with progress_bar() as progress:
        done = workflow.add(
            project,
            model,
            source=source,
            name=name,
            file=file,
            revision=revision,
            use=use,
            progress=progress,
        )
    if output == "json":
        echo_json(done)
        return
    line = f"models.yaml: {done.name} {done.requires} from {done.source}"
    if done.settings:
        line += f", with {', '.join(done.settings)}"
    if done.exact_for is not None:
        line += f"; {done.exact_for} branches take exact versions only"
    echo(line, err=True)
    echo_changes(done.changes, done.trusted)
    lock_first = "" if use.frozen is None else "paddledvc lock && "
    echo(f"Next: `{lock_first}paddledvc generate`", err=True)
