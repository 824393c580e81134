"""``paddledvc pull``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import (
    complete_model,
    complete_remote,
    format_option,
    offline_option,
    pass_project,
)
from paddledvc.cli.printer import echo, echo_json, echo_lines, progress_bar
from paddledvc.display.results import display_size
from paddledvc.weights import pull as workflow
from paddledvc.weights.core.outcome import describe_outcome, describe_ways_back
from paddledvc.weights.core.tracked import label_tracked
from paddledvc.weights.core.transfer_results import WRONG, describe_transfer_results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.project import Project
    from paddledvc.weights.core.outcome import Placed, PlacedOutput
    from paddledvc.weights.core.transfer_results import Arrived
    from paddledvc.weights.pull import Pulled

MISMATCH = 1
UNREACHABLE = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH|MODEL]...", shell_complete=complete_model)
@click.option(
    "-r",
    "--remote",
    metavar="NAME",
    shell_complete=complete_remote,
    help="Ask only this remote, then the URLs.",
)
@click.option("--no-checkout", is_flag=True, help="Only fill the cache; leave the files alone.")
@click.option("-f", "--force", is_flag=True, help="Discard local changes to the weights.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Parallel transfers.  [default: 8]")
@offline_option
@format_option
@pass_project
@click.pass_context
def pull(  # noqa: PLR0913
    ctx: click.Context,
    project: Project,
    names: tuple[str, ...],
    *,
    remote: str | None,
    no_checkout: bool,
    force: bool,
    jobs: int | None,
    offline: str | None,
    output: str,
) -> None:
    """Fetch the weights of this commit from the remotes.

    They come from the remote of the branch's role, else from the others, else from the URLs in
    models.lock. Every byte is checked against models.lock and dvc.lock as it arrives. Weights that
    you changed are kept.

    \b
    Example:
      paddledvc pull
      paddledvc pull resnet50 exports/detector

    Exit codes: 1 if no source had matching bytes, or local changes were kept;
    3 if something is unreachable.
    """
    with progress_bar() as progress:
        pulled = workflow.pull(
            project,
            names,
            remote=remote,
            checkout=not no_checkout,
            force=force,
            jobs=jobs,
            offline=offline,
            progress=progress,
        )
    echo_json(pulled) if output == "json" else _print(pulled)
    ctx.exit(_exit_code(pulled))


def _print(pulled: Pulled) -> None:
    echo_lines(describe_transfer_results(pulled.arrived), err=True)
    echo_lines(map(str, pulled.contradictions), err=True)
    placed = pulled.placed
    if placed is None:
        echo_lines(
            f"{label_tracked(one.tracked)} ({display_size(one.size)}, {one.source})"
            for one in pulled.arrived
            if one.state == "fetched"
        )
        _count(pulled.arrived, "cached", "in the cache already")
    else:
        _print_placed(pulled, placed)
    echo_lines(
        (f"{label_tracked(one.tracked)} is not available" for one in pulled.lacking), err=True
    )


def _print_placed(pulled: Pulled, placed: Placed) -> None:
    sources = {one.tracked.path: one.source for one in pulled.arrived if one.source}
    echo_lines(_placed(one, sources.get(one.path, "cache")) for one in placed.of("placed"))
    echo_lines(f"{one.path} (removed)" for one in placed.of("removed"))
    _count(placed.outputs, "unchanged", "in place already")
    echo_lines(describe_ways_back(placed), err=True)
    echo_lines(
        describe_outcome(replace(placed, outputs=placed.of("kept", "refused", "failed"))), err=True
    )


def _placed(one: PlacedOutput, source: str) -> str:
    name = one.path if one.model is None else f"{one.wanted}: {one.path}"
    return f"{name} ({'' if one.size is None else f'{display_size(one.size)}, '}{source})"


def _count(outputs: Iterable[Arrived | PlacedOutput], state: str, what: str) -> None:
    if count := sum(one.state == state for one in outputs):
        echo(f"{count} {what}")


def _exit_code(pulled: Pulled) -> int:
    """Tell wrong bytes, and changes that were kept, from what is out of reach."""
    placed = pulled.placed
    wrong = [bad for one in pulled.lacking for bad in one.problems if bad.kind in WRONG]
    if wrong or pulled.contradictions or (placed is not None and placed.of("kept", "refused")):
        return MISMATCH
    unplaced = placed is not None and not placed.complete
    return UNREACHABLE if pulled.lacking or unplaced else 0
