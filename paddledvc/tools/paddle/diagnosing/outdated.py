"""What exported files are that disagree with a network of which an export made now agrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison import causes
from paddledvc.errors import PaddleDVCError
from paddledvc.tools.paddle import arrays
from paddledvc.tools.paddle.building import network, runtime
from paddledvc.tools.paddle.core.program_outputs import PARAMETER
from paddledvc.tools.paddle.diagnosing.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.comparison.causes import Cause
    from paddledvc.comparison.samples import Array, Case, OutputValues

NAMES = ("name", "struct_name")
"""Attributes of operations that are names alone."""


def explain_outdated_files(parts: Parts) -> Cause | None:
    """Say what the files are that disagree where an export made now agrees.

    Returns:
        None where another path runs the same files and agrees: they are of this network, whatever
        is wrong with the way they run.
    """
    job = parts.job
    if job.agreeing:
        return None
    # Of a network that never ran, as most exports are.
    runtime.seed_runtime(0)  # as the first was, for one may draw what is in no file
    layer = network.prepare_network_for_inference(network.build_network(job.network))
    fresh = Parts(job, layer, parts.calls)
    files, now = Path(job.path_job.program), fresh.export("")
    if now is not None:
        found = fresh.run("", now)
        if not fresh.judge("", fresh.calls[""].found or [], found).agrees:
            return causes.NEVER_RUN
    if _is_of_training(parts, files, now):
        return causes.TRAINING
    if job.same_parameters is None:
        return causes.OUTDATED
    return causes.OTHER_PROGRAM if job.same_parameters else causes.OTHER_WEIGHTS


def _is_of_training(parts: Parts, files: Path, now: Path | None) -> bool:
    """Tell whether an export made in training mode is what the files are, or computes that."""
    layer = network.build_network(parts.job.network)
    layer.train()
    training = Parts(parts.job, layer, {})
    prefix = training.export("")
    if prefix is None:
        return False
    if now is not None and (operations := _operations(files)) is not None:
        if operations in (_operations(now), None):
            return False
        if operations == _operations(prefix):
            # A batch norm is written otherwise in training mode, and computes the same.
            found = training.run("", prefix)
            return not parts.judge("", parts.calls[""].found or [], found).agrees
    try:
        before = arrays.load_arrays(parts.job.path_job.outputs)
        after = training.outputs(prefix, arrays.load_arrays(parts.job.cases))
    except (OSError, PaddleDVCError):
        return False
    return bool(before) and _equal(before, after)


def _operations(prefix: Path) -> list[Any] | None:
    """List the operations of a program with what is set of them, without names; None if unknown.

    Names come from counters of the process that exported it.
    """
    try:
        program = json.loads(prefix.with_name(f"{prefix.name}.json").read_bytes())["program"]
        return list(_walk(program))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _walk(part: Any) -> Iterator[Any]:
    if isinstance(part, list):
        for one in part:
            yield from _walk(one)
    elif isinstance(part, dict):
        if "ops" not in part and "O" in part and part["#"] != PARAMETER:
            kept = [one for one in part["A"] if one["N"] not in NAMES]
            yield part["#"], json.dumps(kept, sort_keys=True)
        for key in ("regions", "blocks", "ops"):
            yield from _walk(part.get(key, []))


def _equal(before: list[Case], after: list[list[OutputValues]]) -> bool:
    return len(before) == len(after) and all(
        len(old) == len(new)
        and all(_same(one, other.values) for one, other in zip(old.values(), new, strict=True))
        for old, new in zip(before, after, strict=True)
    )


def _same(one: Array, other: Array) -> bool:
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )
