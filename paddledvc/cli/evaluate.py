"""``paddledvc evaluate``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddledvc.cli.options import complete_model, format_option, lock_options, pin_option
from paddledvc.cli.printer import echo, echo_document, echo_first_use, echo_table, progress_bar
from paddledvc.evaluation import evaluate as workflow
from paddledvc.evaluation.baseline import evaluate_baseline
from paddledvc.evaluation.core.significance import smallest_drop
from paddledvc.project import Project

if TYPE_CHECKING:
    from paddledvc.evaluation.core.measured import Measured
    from paddledvc.locking.current import LockUse


@click.command()
@click.argument("name", shell_complete=complete_model)
@click.option(
    "--baseline",
    "revision",
    metavar="REVISION",
    help="Measure the weights of that commit instead, for `check` to compare with.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Take only N samples, by run.params['limit'], and write nothing.",
)
@pin_option
@lock_options
@format_option
def evaluate(  # noqa: PLR0913 - each is an option
    name: str,
    *,
    revision: str | None,
    limit: int | None,
    pin: str | None,
    use: LockUse,
    output: str,
) -> None:
    """Measure the network and the exported files with your function.

    Calls the function that models.yaml names once for the network and once for each way to run the
    exported files, each in a process of its own, and writes reports/<slug>/evaluate.json. It judges
    no metric; `paddledvc check` does.

    With --baseline it measures the weights and exported files of another commit with the function,
    the network's code and the data of this one, and writes reports/<slug>/baseline.json: if those
    have changed, `paddledvc check` needs it for its comparison.

    \b
    Example:
      paddledvc evaluate digits
      paddledvc evaluate digits --baseline origin/main
    """
    project = Project.find(Path())
    echo_first_use(project)
    if sys.stderr.isatty():
        logging.getLogger("paddledvc.evaluation.measure_paths").setLevel(logging.INFO)
    if revision is None:
        measured = workflow.evaluate(project, name, pin=pin, use=use, limit=limit)
    elif pin is not None or limit is not None:
        raise click.UsageError("--pin and --limit are for the weights of the work tree")
    else:
        with progress_bar() as progress:
            measured = evaluate_baseline(
                project, name, revision, offline=use.offline, progress=progress
            )
    if output == "json":
        echo_document(measured.to_json().rstrip("\n"), "json")
    else:
        _print(measured)


def _print(measured: Measured) -> None:
    paths = measured.paths
    rows = [
        (name, *(f"{values[path]:.6g}" for path in paths))
        for name, values in measured.metrics.items()
    ]
    echo_table(["metric", *paths], rows)
    told = f"{measured.samples} samples" if measured.samples else "no samples reported"
    changed = f", {measured.changed} with another outcome exported" if measured.changed else ""
    echo(f"{measured.model}: {told}{changed}")
    if any(one.kind == "bits" for one in measured.scores.values()):
        echo(_tell_power(measured.samples))
    if measured.limit is not None:
        echo(f"note: limited to {measured.limit} samples")


def _tell_power(samples: int) -> str:
    """Say what so many samples can show."""
    drop = smallest_drop(samples)
    if drop is None:
        return f"{samples} samples are too few to prove any drop, if 3 % of them differ"
    points = f"{100 * drop:.1f} points"
    return f"{samples} samples are enough to prove a drop of {points}, if 3 % of them differ"
