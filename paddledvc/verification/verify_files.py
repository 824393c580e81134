"""Any dynamic network compared with its exported files, without a project."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from paddledvc.errors import InvalidInput, WorkerDied
from paddledvc.models.model import DTYPES, Reference
from paddledvc.models.verify_settings import Verify
from paddledvc.names import EXPORT_PREFIX
from paddledvc.stages.core.record import Hashed
from paddledvc.tools.git.project_files import write_output_text
from paddledvc.tools.paddle import process
from paddledvc.tools.paddle.core.jobs import Described, DescribeJob, Network
from paddledvc.tools.paddle.read_program import require_computing_program
from paddledvc.tools.system import files
from paddledvc.verification.compare import Comparison
from paddledvc.verification.core.page import Verification, render_page
from paddledvc.verification.core.verify_report import (
    errors_of_report,
    evidence_of_report,
    latencies_of_report,
)
from paddledvc.verification.report import PAGE_NAME, write_report

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from paddledvc.models.forward import Forward
    from paddledvc.models.model import Input
    from paddledvc.verification.core.verify_report import VerifyReport

PROGRAMS = (".json", ".pdmodel")
SUFFIXES = (*PROGRAMS, ".pdiparams")
USUAL = Verify()


def verify_files(  # noqa: PLR0913 - each is an option
    network: str,
    export: str | os.PathLike[str] | None = None,
    *,
    weights: str | os.PathLike[str] | None = None,
    key: str | None = None,
    arguments: Mapping[str, object] | None = None,
    inputs: Sequence[Input] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
    forward: Forward | None = None,
    settings: Verify = USUAL,
    root: str | os.PathLike[str] | None = None,
    report: str | os.PathLike[str] | None = None,
) -> VerifyReport:
    """Compare a dynamic network with exported files, in any folder.

    Args:
        network: what builds the layer: ``package.module:Name`` or ``path/file.py:Name``.
        export: the exported files without their suffix, or one of them; None to export the network
            for the comparison only.
        key: the entry of the weights that is the state dict, where they hold several.
        weights: the weights of the network; None for a network without any, or, where there are no
            exported files, to take those that it is built with.
        arguments: keyword arguments for what builds the layer.
        inputs: what the network takes; by default what the exported program says of itself.
        ranges: low (included) and high (excluded) of what callers send, by the name of the input.
        forward: how the network is called with them: a list of arguments, or a dict of those by
            keyword, with the name of an input where it stands; found out by default.
        settings: samples, batch sizes, paths, tolerances and engine.
        root: folder that the network, and a function that makes samples, are imported from; the
            current one by default.
        report: a folder to write the report to.

    Returns:
        The report; its ``verdict`` says whether every path agrees.

    Raises:
        Finding: the exported program does more than compute, such as write a file.
        InvalidInput: there is nothing exported, or samples or weights do not fit.
        UserCodeFailed: the dynamic network itself fails.
        MissingTool: Paddle is not installed.

    Example:
        inputs = [paddledvc.Input.parse("image:float32[?,3,224,224]")]
        settings = paddledvc.Verify(tolerance=paddledvc.Tolerance(engine=2e-5, reason="a deep net"))
        report = paddledvc.verify_files(
            "net.py:Net", "exported/net", weights="net.pdparams", inputs=inputs, settings=settings
        )
        assert report.verdict == "pass", report
    """
    folder = Path(root or "").resolve()
    if ":" not in network:
        raise InvalidInput(f"network: found {network!r}, expected MODULE:NAME or FILE.py:NAME")
    program = None if export is None else _program(Path(export))
    known = None if weights is None else Path(weights)
    if known is not None and not known.is_file():
        raise InvalidInput(f"there are no weights {known}")
    if program is not None:
        require_computing_program(program)
    taken = tuple(inputs)
    if not taken:
        if program is None:
            raise InvalidInput("say what the network takes, with --input NAME:DTYPE[SHAPE]")
        taken = _described(program, folder, settings.timeout)
    for item in taken:
        if item.dtype not in DTYPES:
            raise InvalidInput(
                f"input {item.name}: found {item.dtype}, expected one of {', '.join(DTYPES)}; let "
                "the network take one of these and cast it by itself"
            )
    taken = _ranged(taken, ranges or {})
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as scratch:
        comparison = Comparison(
            model=network,
            version="",
            network=Network(
                root=folder,
                reference=Reference.parse(network),
                arguments=dict(arguments or {}),
                weights=known.resolve() if known else None,
                key=key,
                forward=forward,
                # So jit.save names what it exports of a method beside forward.
                method="" if program is None else program.name.rpartition(".")[2],
            ),
            inputs=taken,
            input_size=(),
            program=program,
            settings=settings,
            folder=Path(scratch),
        )
        compared = comparison.run()
        made = comparison.exported / EXPORT_PREFIX
        known = known or (comparison.initial if comparison.initial.exists() else None)
        found = replace(compared, files=tuple(_hashed(program or made, known)))
    if report is not None:
        write_report(folder, Path(report), found)
        shown = Verification(
            slug=Path(report).name,
            evidence=evidence_of_report(found),
            latencies=latencies_of_report(found),
            errors=errors_of_report(found),
        )
        write_output_text(folder, Path(report) / PAGE_NAME, render_page(shown, linked=False))
    return found


def _program(export: Path) -> Path:
    """Name the exported files without their suffix."""
    bare = export.with_suffix("") if export.suffix in SUFFIXES else export
    if not any(_with(bare, suffix).is_file() for suffix in PROGRAMS):
        raise InvalidInput(
            f"there is no exported program {bare}.json or {bare}.pdmodel; name what "
            "paddle.jit.save was given"
        )
    return bare.resolve()


def _described(program: Path, root: Path, timeout: float) -> tuple[Input, ...]:
    job = DescribeJob(program=program)
    try:
        return process.run_job_in_process(job, Described, root=root, timeout=timeout).inputs
    except WorkerDied as error:
        hint = "describe each input with --input NAME:DTYPE[SHAPE]; the paths then say why"
        raise InvalidInput(f"{error.how}; {hint}") from error


def _ranged(
    inputs: tuple[Input, ...], ranges: Mapping[str, tuple[float, float]]
) -> tuple[Input, ...]:
    """Give inputs the ranges that are stated beside them."""
    names = [one.name for one in inputs]
    for name, (low, high) in ranges.items():
        if name not in names:
            raise InvalidInput(f"range: there is no input {name!r}, expected one of {names}")
        if not low < high:
            raise InvalidInput(f"range of {name}: found {low:g} to {high:g}, expected low < high")
    return tuple(replace(one, range=ranges.get(one.name, one.range)) for one in inputs)


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _hashed(program: Path, weights: Path | None) -> Iterator[Hashed]:
    """Hash the files that the verdict belongs to, by their names alone."""
    for file in filter(None, (weights, *(_with(program, suffix) for suffix in SUFFIXES))):
        if file.is_file():
            yield Hashed(path=file.name, hashes=files.hash_file(file))
