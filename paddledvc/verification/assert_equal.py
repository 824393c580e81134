"""Exported files compared with a live network, for tests."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.comparison.nothing_shown import find_nothing_shown
from paddledvc.comparison.samples import OutputValues, count_samples
from paddledvc.models.verify_settings import Tolerance, Verify
from paddledvc.tools.paddle import arrays
from paddledvc.verification.compare import Exports
from paddledvc.verification.noise import judge_paths_by_noise
from paddledvc.verification.proof import read_parameters, report_parameters

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.forward import Forward
    from paddledvc.models.verify_settings import PathName
    from paddledvc.verification.core.verify_report import PathReport

USUAL = Tolerance()
PATHS: tuple[PathName, ...] = ("jit", "predictor", "deployed")
SHOWN = 3
"""Samples of a path that a failure names."""


def assert_equal(  # noqa: PLR0913 - each is an option
    dynamic: Callable[..., Any],
    static: str | os.PathLike[str],
    samples: Mapping[str, Array] | Sequence[Mapping[str, Array]],
    *,
    paths: Sequence[PathName] = PATHS,
    tolerance: Tolerance = USUAL,
    forward: Forward | None = None,
) -> None:
    """Assert that exported files compute what a network computes, for use in tests.

    The network runs here, on the CPU or wherever it is; the files run in processes of their own.

    Args:
        dynamic: a ``paddle.nn.Layer`` in eval mode, or anything else that is called like one.
        static: what ``paddle.jit.save`` was given.
        samples: an array for each input, in the order of the arguments, with the samples along the
            first axis; or several such calls.
        paths: ways to run the files.
        tolerance: largest scaled errors, max|d| / max|ref| of a sample.
        forward: how the network is called with the inputs: a list of arguments, or a dict of those
            by keyword, with the name of an input where it stands; found out by default.

    Warns:
        UserWarning: an export that ignores these samples would pass too.

    Raises:
        AssertionError: an output is off by more than its tolerance, the files do not run, or they
            hold other parameters than the network.
        ValueError: there is no sample, or the network is in training mode.

    Example:
        def test_the_export_computes_what_the_network_does():
            network = Net()
            network.eval()
            samples = {"image": np.random.rand(8, 3, 224, 224).astype("float32")}
            paddledvc.assert_equal(network, "exports/net/inference", samples)
    """
    from paddledvc.tools.paddle.building import (  # noqa: PLC0415 - they need Paddle
        calling,
        parameters,
        runtime,
    )
    from paddledvc.tools.paddle.running import noise_run, program_arithmetic  # noqa: PLC0415

    if getattr(dynamic, "training", False):
        raise ValueError("the network is in training mode; call eval() first")
    calls = [samples] if isinstance(samples, Mapping) else list(samples)
    cases: list[Case] = [{name: np.asarray(one) for name, one in call.items()} for call in calls]
    if not cases or not all(cases):
        raise ValueError("there are no samples; give an array for each input")
    module = runtime.import_paddle()
    called = getattr(dynamic, "forward", dynamic)
    call = calling.NetworkCall(called, list(cases[0]), forward, type(dynamic).__name__)

    def run(case: Case) -> dict[str, Array]:
        with runtime.run_dynamically():
            return call.run_arrays(dynamic, case)

    def measure(program: Path | None, *, moves: bool) -> dict[str, float]:
        if program is not None:
            with program_arithmetic.compute_as_program():
                arrays.save_arrays(program, [run(case) for case in cases])
        return noise_run.measure_noise(run, dynamic, cases, own, seed=0) if moves else {}

    own = [run(case) for case in cases]
    expected = [
        [OutputValues(name=name, values=array) for name, array in call.items()] for call in own
    ]
    batches = [count_samples(case) for case in cases]
    with tempfile.TemporaryDirectory(prefix="paddledvc-") as folder:
        exports = Exports(
            program=Path(static).resolve(),
            settings=Verify(paths=tuple(paths), tolerance=tolerance),
            root=Path.cwd(),
            folder=Path(folder),
        )
        arrays.save_arrays(exports.cases, cases)
        found = exports.compare(expected, batches)
        found = judge_paths_by_noise(found, exports.compared(expected, batches), measure)
    different: tuple[PathReport, ...] = ()
    if isinstance(dynamic, module.nn.Layer):
        exported = read_parameters(exports.program)
        held = parameters.describe_parameters(dynamic, exported.roundings)
        state = {key: tensor.numpy() for key, tensor in dynamic.state_dict().items()}
        compared = exported.compare(held, lambda: state, tolerance.for_path("jit"))
        different = report_parameters(compared)
    failed = [path for path in found if not path.passed]
    if failed or different:
        lines = [line for path in (*different, *failed) for line in _describe_path(path)]
        head = f"the exported files disagree on {len(failed)} of {len(found)} paths"
        if not failed:
            head = "the exported files hold other parameters than the network"
        raise AssertionError("\n".join([f"{head} ({Path(static)}):", *lines]))
    agreements = [path.agreement for path in found if path.agreement is not None]
    for caveat in find_nothing_shown(expected, cases, batches, agreements):
        warnings.warn(f"{Path(static)} agrees, but {caveat}", stacklevel=2)


def _describe_path(path: PathReport) -> list[str]:
    lines = [f"  {path.path}: {finding}" for finding in path.findings]
    found = path.agreement
    off = sorted(
        (one for one in found.samples if one.scaled_error > found.tolerance_of(one.output))
        if found
        else (),
        key=lambda one: -one.scaled_error,
    )
    lines += [
        f"    call {one.case}, sample {one.sample}: {one.output} is off by {one.scaled_error:.3g}"
        for one in off[:SHOWN]
    ]
    if len(off) > SHOWN:
        lines.append(f"    and {len(off) - SHOWN} more")
    return lines
