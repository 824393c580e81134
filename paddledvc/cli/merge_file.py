"""``paddledvc merge-file``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.printer import echo
from paddledvc.hooks import merge_file as workflow

if TYPE_CHECKING:
    from paddledvc.tools.git.merge.merge_texts import MergedFile

SIZE = 7
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("merge-file")
@click.argument("files", nargs=3, metavar="BASE OURS THEIRS", type=FILE)
@click.argument("name")
@click.option(
    "--marker-size",
    type=click.IntRange(min=1),
    default=SIZE,
    show_default=True,
    help="Characters of a conflict marker.",
)
@click.pass_context
def merge_file(
    ctx: click.Context, files: tuple[Path, Path, Path], name: str, marker_size: int
) -> None:
    """Merge models.lock, models.yaml, params.yaml, dvc.yaml or dvc.lock block by block, for git.

    Git calls this when branches are merged, as `paddledvc init` has configured it. BASE is the file
    that both branches started from, NAME its path in the repository. The result goes into OURS.
    Prints `merged`, or `conflict` with exit code 1.

    \b
    Example:
      paddledvc merge-file base.lock ours.lock theirs.lock models.lock
    """
    merged = workflow.merge_file(*files, name, marker_size=marker_size)
    # Git widens the markers when it merges the bases of a merge, which nobody has to look at.
    if merged.conflicts and marker_size == SIZE:
        echo(f"{name}: both sides changed {', '.join(merged.conflicts)}{_taken(merged)}", err=True)
    echo("merged" if merged.clean else "conflict")
    ctx.exit(0 if merged.clean else 1)


def _taken(merged: MergedFile) -> str:
    """Say which side stands there, and until when."""
    if merged.took is None:
        return ""
    if merged.clean:
        return f"; took {merged.took}, as -X says"
    return "; ours stays until `dvc repro` or `paddledvc generate --resolve theirs`"
