"""``paddledvc sync``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import (
    complete_model,
    format_option,
    lock_options,
    pass_project,
    pin_option,
)
from paddledvc.cli.printer import echo, echo_json, echo_table, progress_bar
from paddledvc.stages import sync as workflow

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project
    from paddledvc.stages.sync import Probed, Reached

UNREACHABLE = 3
MISMATCH = 1


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_model)
@click.option("--dry-run", is_flag=True, help="Ask the sources; write nothing.")
@click.option(
    "--hash", "hash_bytes", is_flag=True, help="With --dry-run: read every byte and compare it."
)
@click.option("--force", is_flag=True, help="Replace edited weights that nothing else has.")
@pin_option
@lock_options
@format_option
@pass_project
@click.pass_context
def sync(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    hash_bytes: bool,
    force: bool,
    pin: str | None,
    use: LockUse,
    output: str,
) -> None:
    """Download weights and compare them with their pins.

    Without a NAME, the weights of every model. Weights that are in place and correct are left
    alone, without using the network; wrong bytes never replace a file. Edited weights that are in
    neither DVC's cache nor any commit are kept, too.

    \b
    Example:
      paddledvc sync resnet50
      paddledvc sync --dry-run --hash

    Exit codes: 1 if bytes or sizes are not the pinned ones, 3 if a source does not answer. With
    --dry-run --hash, every source has to have the pinned bytes; without --hash, one is enough.
    """
    if hash_bytes and not dry_run:
        raise click.UsageError("--hash requires --dry-run; a sync compares all that it downloads")
    if dry_run:
        with progress_bar() as progress:
            probed = workflow.probe(
                project, names, pin=pin, use=use, hash_bytes=hash_bytes, progress=progress
            )
        echo_json(probed) if output == "json" else _print_probed(probed)
        ctx.exit(_exit_code(probed, every=hash_bytes))
    with progress_bar() as progress:
        done = workflow.sync(project, names, pin=pin, use=use, force=force, progress=progress)
    if output == "json":
        echo_json(done)
        return
    for one in done:
        how = "in place" if one.url is None else f"from {one.url}"
        echo(f"{one.name} {one.version}: {one.path} ({one.hashes.size:,} bytes, {how})")


def _print_probed(probed: list[Probed]) -> None:
    rows = [
        (
            one.name,
            one.version,
            "yes" if one.hash_known else "no",
            _answer(one, source),
            source.url,
        )
        for one in probed
        for source in one.sources
    ]
    echo_table(["model", "version", "hash known", "answer", "source"], rows)


def _answer(one: Probed, source: Reached) -> str:
    if source.problem:
        return source.problem
    size = "" if source.size is None else f", {source.size:,} bytes"
    if source.hashes is None:
        return f"ok{size}"
    return f"ok{size}, {'as pinned' if one.hash_known else f'md5:{source.hashes.md5}, no pin'}"


def _exit_code(probed: list[Probed], *, every: bool) -> int:
    """Tell sources that answer with other bytes from sources that do not answer."""
    bad = [
        source
        for one in probed
        for source in one.sources
        if source.problem and (every or not one.reachable)
    ]
    if any(source.differs for source in bad):
        return MISMATCH
    return UNREACHABLE if bad else 0
