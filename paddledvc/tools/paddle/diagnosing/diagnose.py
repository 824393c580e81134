"""Where a network and its export part: the innermost sublayer whose own export disagrees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paddledvc.tools.paddle.building import network, runtime
from paddledvc.tools.paddle.core.jobs import Diagnosis, Located
from paddledvc.tools.paddle.diagnosing import outdated, record_calls
from paddledvc.tools.paddle.diagnosing.parts import Parts
from paddledvc.tools.paddle.running.program_arithmetic import compute_as_program

if TYPE_CHECKING:
    from paddledvc.comparison.causes import Cause
    from paddledvc.tools.paddle.core.jobs import DiagnoseJob

PROGRAM = ("jit", "predictor")
"""The paths that run the program as it is."""


def diagnose_path(job: DiagnoseJob) -> Located:
    """Export sublayers one by one, from the outside in, and follow the first that disagrees.

    Raises:
        UserCodeFailed: the network itself fails.
    """
    runtime.import_paddle()
    runtime.use_runtime_device("cpu")
    runtime.seed_runtime(0)
    layer = network.prepare_network_for_inference(network.build_network(job.network))
    calls = record_calls.record_calls(job, layer)
    # The whole first: where an export made now agrees, no sublayer is to blame.
    parts = Parts(job, layer, calls)
    if (whole := parts.compare("")) is not None and whole.agrees:
        return Located(diagnosis=_described(outdated.explain_outdated_files(parts)))
    with compute_as_program():  # what a division by a number costs is no fault of a sublayer
        calls = record_calls.record_calls(job, layer)
    parts = Parts(job, layer, calls)
    if job.path not in PROGRAM:
        # An engine cannot be right where its program is wrong.
        plain = replace(job.path_job, path="jit")
        overrides = {key: min(one, job.program_tolerance) for key, one in job.overrides.items()}
        program = replace(job, path_job=plain, tolerance=job.program_tolerance, overrides=overrides)
        of_program = Parts(program, layer, calls)
        if not of_program.agree(""):
            return _located(of_program)
    return _located(parts)


def _located(parts: Parts) -> Located:
    """Follow the first sublayer that disagrees to the innermost one, and weigh its engine."""
    name = ""
    while (inner := parts.first_wrong(name)) is not None:
        name = inner
    job, whole = parts.job, parts.compare(name)
    diagnosis = Diagnosis(
        sublayer=name,
        kind=type(parts.part(name)).__name__,
        scaled_error=float("inf") if whole is None else whole.scaled_error,
        cause="",
        advice="",
    )
    if job.path in PROGRAM:
        functions = tuple(sorted(parts.calls[name].functions))
        return Located(diagnosis=diagnosis, search=job, functions=functions)
    cause = parts.engine_cause(name)
    if cause is None:
        return Located(diagnosis=diagnosis)
    return Located(diagnosis=replace(diagnosis, cause=cause.what, advice=cause.advice))


def _described(cause: Cause | None) -> Diagnosis:
    what, advice = cause or ("", "")
    return Diagnosis(sublayer="", kind="", scaled_error=0.0, cause=what, advice=advice)
