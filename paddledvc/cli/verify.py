"""``paddledvc verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from paddledvc.cli.options import echo_table, format_option, lock_options, pin_option
from paddledvc.core.model import Input
from paddledvc.core.reports import rounded
from paddledvc.core.verification import PathName, Verify
from paddledvc.workflows import verify as workflow
from paddledvc.workflows.verify_files import verify_files

if TYPE_CHECKING:
    from paddledvc.core.reports import VerifyReport
    from paddledvc.locking import LockUse

FINDING = 1
BATCH_NOISE = 1e-5
"""Scaled error above which a sample depends on its batch by more than the order of sums."""
FILE = click.Path(path_type=Path)
PATHS = get_args(PathName)
OPTIONS = {
    "network": "--network",
    "export": "--export",
    "weights": "--weights",
    "arguments": "--arg",
    "inputs": "--input",
    "samples": "--samples",
    "batch_sizes": "--batch-sizes",
    "paths": "--path",
    "folder": "--report",
}
"""How the options that need no project are written."""


@click.command()
@click.argument("name", required=False)
@click.option("--network", metavar="MODULE:NAME", help="What builds the layer; needs no project.")
@click.option("--export", "export", metavar="PATH", type=FILE, help="The files of jit.save.")
@click.option("--weights", metavar="FILE", type=FILE, help="The weights of --network.")
@click.option("--arg", "arguments", multiple=True, metavar="KEY=VALUE", help="For --network.")
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME:DTYPE[SHAPE]", help="What it takes."
)
@click.option("--samples", metavar="FILE|MODULE:NAME", help="An .npz file, or what makes arrays.")
@click.option(
    "--batch-sizes", metavar="N,N,...", help="Batch sizes to compare at.  [default: 1,3,8]"
)
@click.option(
    "--path", "paths", multiple=True, type=click.Choice(PATHS), help="Only this way to run."
)
@click.option("--report", "folder", metavar="DIR", type=FILE, help="Write the evidence there.")
@pin_option
@lock_options
@format_option
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    name: str | None,
    *,
    pin: str | None,
    use: LockUse,
    output: str,
    **given: Any,
) -> None:
    """Compare the exported files with the dynamic network.

    Runs both on the same samples, each way to run the files in a process of its own, and writes
    reports/<slug>/. Exits 1 when an output is off by more than its tolerance.

    With --network and --export it compares any files with any network, in any folder: what the
    network takes is read from the exported program, and nothing is written without --report.
    Without --export the network is exported for the comparison only.

    \b
    Example:
      paddledvc verify digits
      paddledvc verify --network net.py:Net --weights net.pdparams --export exported/net
      paddledvc verify --network net.py:Net --input "x:float32[?,3,224,224]"
    """
    if given["export"] is not None and given["network"] is None:
        raise click.UsageError("--export goes with the --network that it was made of")
    if (name is None) == (given["network"] is None):
        raise click.UsageError("name a model of models.yaml, or give --network")
    if name is not None:
        if any(given.values()):
            told = next(key for key, value in given.items() if value)
            raise click.UsageError(
                f"{OPTIONS[told]} is for --network; what is compared of a model is in models.yaml "
                "and params.yaml"
            )
        from paddledvc.project import Project  # noqa: PLC0415 - not for files without a project

        report = workflow.verify(Project.find(Path()), name, pin=pin, use=use)
    else:
        report = _verify_files(**given)
    if output == "json":
        click.echo(report.to_json(), nl=False)
    else:
        _print(report)
    ctx.exit(0 if report.verdict == "pass" else FINDING)


def _verify_files(  # noqa: PLR0913
    *,
    network: str,
    export: Path | None,
    weights: Path | None,
    arguments: tuple[str, ...],
    inputs: tuple[str, ...],
    samples: str | None,
    batch_sizes: str | None,
    paths: tuple[PathName, ...],
    folder: Path | None,
) -> VerifyReport:
    try:
        taken = [Input.parse(one) for one in inputs]
        sizes = tuple(map(int, batch_sizes.split(","))) if batch_sizes else Verify().batch_sizes
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    settings = Verify(
        samples=samples,
        batch_sizes=sizes,
        paths=paths or None,
        device="gpu" if "gpu" in paths else "cpu",
    )
    return verify_files(
        network,
        export,
        weights=weights,
        arguments=dict(map(_argument, arguments)),
        inputs=taken,
        settings=settings,
        report=folder,
    )


def _argument(text: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``; the value is JSON, or else the text itself."""
    key, sign, value = text.partition("=")
    if not sign or not key.isidentifier():
        raise click.UsageError(f"--arg: found {text!r}, expected KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _print(report: VerifyReport) -> None:
    rows = [
        (
            path.path,
            "FAIL" if path.result == "fail" else path.result,
            "" if path.skipped else rounded(path.scaled_error),
            f"{path.tolerance:g}",
            path.latency[-1].median_ms if path.latency else "",
        )
        for path in report.paths
    ]
    echo_table(
        ["path", "result", "scaled error", "tolerance", f"ms at batch {max(report.batch_sizes)}"],
        rows,
    )
    for path in report.paths:
        for finding in () if path.passed else path.findings:
            click.echo(f"{path.path}: {finding}")
        if path.diagnosis is not None:
            click.echo(f"{path.path}: {path.diagnosis}")
    if not report.repeatable:
        click.echo("the dynamic network gives other outputs when it is run again")
    for note in report.notes:
        click.echo(f"note: {note}")
    if report.batch_error is not None and report.batch_error > BATCH_NOISE:
        click.echo(
            "note: samples of the dynamic network depend on the others of their batch: alone they "
            f"are off by a scaled error of {rounded(report.batch_error)}"
        )
    sizes = ", ".join(map(str, report.batch_sizes))
    click.echo(f"{report.model}: {report.verdict}, {report.samples} samples at batch sizes {sizes}")
