"""``paddledvc verify``."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from paddledvc.cli.options import complete_model, format_option, lock_options, pin_option
from paddledvc.cli.printer import echo, echo_document, echo_first_use
from paddledvc.cli.verify_output import echo_report, echo_reports, reports_json
from paddledvc.models.model import Input
from paddledvc.models.verify_settings import NOT_YET, ON_GPU, Engine, PathName, Precision, Verify
from paddledvc.verification import verify as workflow
from paddledvc.verification.report import PAGE_NAME
from paddledvc.verification.verify_files import verify_files
from paddledvc.yaml.reader import parse_yaml

if TYPE_CHECKING:
    from paddledvc.locking.current import LockUse
    from paddledvc.project import Project
    from paddledvc.verification.core.verify_report import VerifyReport
    from paddledvc.verification.verify import Verified

FINDING = 1
FILE = click.Path(path_type=Path)
PATHS = get_args(PathName)
OPTIONS = {
    "network": "--network",
    "export": "--export",
    "weights": "--weights",
    "key": "--key",
    "arguments": "--arg",
    "inputs": "--input",
    "ranges": "--range",
    "forward": "--forward",
    "samples": "--samples",
    "preprocess": "--preprocess",
    "edge_values": "--edge-values",
    "batch_sizes": "--batch-sizes",
    "paths": "--path",
    "precision": "--precision",
    "float64": "--float64",
    "timeout": "--timeout",
    "folder": "--report",
}
"""How the options that need no project are written."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_model)
@click.option("--all", "every", is_flag=True, help="Every model that exports.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Parallel models."
)
@click.option("--network", metavar="MODULE:NAME", help="What builds the layer; needs no project.")
@click.option("--export", "export", metavar="PATH", type=FILE, help="The files of jit.save.")
@click.option("--weights", metavar="FILE", type=FILE, help="The weights of --network.")
@click.option("--key", metavar="NAME", help="The state dict to take, of weights that hold several.")
@click.option(
    "--arg", "arguments", multiple=True, metavar="KEY=VALUE", help="An argument of --network."
)
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME:DTYPE[SHAPE]", help="An input of the layer."
)
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="Values of an input, below HIGH.",
)
@click.option(
    "--forward",
    metavar="ARGUMENTS",
    help="How the layer takes its inputs, such as '[{image: image, sizes: im_shape}]'; detected by "
    "default.",
)
@click.option(
    "--samples",
    metavar="FILE|DIR|MODULE:NAME",
    help="An .npz or .npy file, a folder of images, or what makes arrays.",
)
@click.option("--preprocess", metavar="MODULE:NAME", help="What makes a sample of an image.")
@click.option("--edge-values", is_flag=True, help="Also compare zeros, ends of ranges, inf, nan.")
@click.option(
    "--batch-sizes", metavar="N,N,...", help="Batch sizes to compare at.  [default: 1,3,8]"
)
@click.option(
    "--path",
    "paths",
    multiple=True,
    type=click.Choice(PATHS),
    help=f"Run only this path; {' and '.join(ON_GPU)} are {NOT_YET} by us.",
)
@click.option(
    "--precision",
    type=click.Choice(get_args(Precision)),
    help="What deployed, gpu and tensorrt compute in.",
)
@click.option("--float64", is_flag=True, help="Also report how far float32 is from float64.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    help=f"Time limit of a process.  [default: {Verify().timeout:g}]",
)
@click.option("--report", "folder", metavar="DIR", type=FILE, help="Write the evidence there.")
@pin_option
@lock_options
@format_option
@click.pass_context
def verify(  # noqa: PLR0913
    ctx: click.Context,
    /,
    names: tuple[str, ...],
    *,
    every: bool,
    jobs: int,
    pin: str | None,
    use: LockUse,
    output: str,
    **given: Any,
) -> None:
    """Compare the exported files with the dynamic network.

    Runs both on the same samples, each way of running the files in a process of its own, and writes
    reports/<slug>/. Exits 1 when an output is off by more than its tolerance. The process that
    runs the network imports the project's code that the model names; the others do not.

    With --network and --export it compares any files with any network, in any folder: the inputs
    are read from the exported program, and nothing is written without --report. The program of
    --export is run: operators that touch files, call back or print are refused, and the rest does
    what its author wrote.
    Without --export the network is exported for the comparison only.

    \b
    Example:
      paddledvc verify digits
      paddledvc verify --all -j 2
      paddledvc verify --network net.py:Net --weights net.pdparams --export exported/net
      paddledvc verify --network net.py:Net --input "x:float32[?,3,224,224]"
    """
    _check(names, given, every=every, pin=pin)
    if sys.stderr.isatty():
        for work in ("compare", "run_paths"):
            logging.getLogger(f"paddledvc.verification.{work}").setLevel(logging.INFO)
    if given["network"] is not None:
        report = _verify_files(**given)
    elif every or len(names) > 1:
        ctx.exit(_verify_all(names, jobs, use, output))
    else:
        report = workflow.verify(_project(), names[0], pin=pin, use=use)
    if output == "json":
        echo_document(report.to_json().rstrip("\n"), "json")
    else:
        in_project = given["network"] is None
        echo_report(report, _advice(in_project=in_project, folder=given["folder"]))
    ctx.exit(0 if report.verdict == "pass" else FINDING)


def _check(names: tuple[str, ...], given: dict[str, Any], *, every: bool, pin: str | None) -> None:
    """Refuse options that contradict each other."""
    if given["export"] is not None and given["network"] is None:
        raise click.UsageError("--export needs --network, which it was made of")
    if given["key"] is not None and given["weights"] is None:
        raise click.UsageError("--key needs --weights, the file that it is in")
    if (bool(names) or every) == (given["network"] is not None):
        raise click.UsageError("name a model of models.yaml, or give --network")
    if every and names:
        raise click.UsageError("--all excludes names")
    if pin is not None and len(names) != 1:
        raise click.UsageError("--pin is for one model")
    told = [key for key, value in given.items() if value]
    if told and given["network"] is None:
        raise click.UsageError(
            f"{OPTIONS[told[0]]} is for --network; what is compared of a model is in models.yaml "
            "and params.yaml"
        )


def _advice(*, in_project: bool, folder: Path | None) -> str:
    """Say where people see which samples, outputs and files it is about."""
    if in_project:
        return "run `paddledvc report` for pages that show each sample and output"
    if folder is None:
        return "add --report DIR for a page that shows each sample and output"
    return f"see {folder / PAGE_NAME} for each sample and output"


def _project() -> Project:
    from paddledvc.project import Project  # noqa: PLC0415 - not for files without a project

    project = Project.find(Path())
    echo_first_use(project)
    return project


def _verify_all(names: tuple[str, ...], jobs: int, use: LockUse, output: str) -> int:
    """Verify several models, and give the exit code."""

    def done(one: Verified) -> None:
        if sys.stderr.isatty():
            echo(f"{one.model}: {one.verdict}", err=True)

    found = workflow.verify_all(_project(), names, jobs=jobs, use=use, done=done)
    if output == "json":
        echo_document(reports_json(found), "json")
    else:
        echo_reports(found, _advice(in_project=True, folder=None))
    for one in found:
        if one.error is not None:
            echo(f"{one.model}: {one.error}", err=True)
    codes = [one.error.exit_code for one in found if one.error is not None]
    return max([0 if all(one.verdict == "pass" for one in found) else FINDING, *codes])


def _verify_files(  # noqa: PLR0913
    *,
    network: str,
    export: Path | None,
    weights: Path | None,
    key: str | None,
    arguments: tuple[str, ...],
    inputs: tuple[str, ...],
    ranges: tuple[str, ...],
    forward: str | None,
    samples: str | None,
    preprocess: str | None,
    edge_values: bool,
    batch_sizes: str | None,
    paths: tuple[PathName, ...],
    precision: Precision | None,
    float64: bool,
    timeout: float | None,
    folder: Path | None,
) -> VerifyReport:
    try:
        taken = [Input.parse(one) for one in inputs]
        sizes = tuple(map(int, batch_sizes.split(","))) if batch_sizes else Verify().batch_sizes
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    settings = Verify(
        samples=samples,
        preprocess=preprocess,
        edge_values=edge_values,
        batch_sizes=sizes,
        paths=paths or None,
        device="cpu" if set(paths).isdisjoint(ON_GPU) else "gpu",
        engine=Engine(precision=precision or "float32"),
        reference="float64" if float64 else "float32",
        timeout=timeout or Verify().timeout,
    )
    return verify_files(
        network,
        export,
        weights=weights,
        key=key,
        arguments=dict(map(_argument, arguments)),
        inputs=taken,
        ranges=dict(map(_range, ranges)),
        forward=None if forward is None else _read_forward(forward),
        settings=settings,
        report=folder,
    )


def _range(text: str) -> tuple[str, tuple[float, float]]:
    """Read ``NAME=LOW:HIGH``."""
    name, _, limits = text.partition("=")
    low, _, high = limits.partition(":")
    try:
        return name, (float(low), float(high))
    except ValueError as error:
        raise click.UsageError(
            f"--range: found {text!r}, expected NAME=LOW:HIGH such as ids=0:30000"
        ) from error


def _read_forward(text: str) -> Any:
    """Read what is checked where it is used, as ``forward:`` of models.yaml is written."""
    return parse_yaml(text, "--forward").value


def _argument(text: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``; the value is JSON, or else the text itself."""
    key, sign, value = text.partition("=")
    if not sign or not key.isidentifier():
        raise click.UsageError(f"--arg: found {text!r}, expected KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
