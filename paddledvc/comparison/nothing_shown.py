"""Samples that show nothing: an export that gives every sample the same answer would pass too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paddledvc.comparison.agreement import (
    find_sample_axes,
    is_same_pattern,
    scaled_errors,
    split_rows,
)
from paddledvc.comparison.caveats import Caveat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.comparison.agreement import Agreement
    from paddledvc.comparison.samples import Array, Case, Outputs

TOLD = 3
"""Outputs that a sentence names."""
SAME = "the same for all samples"


def find_nothing_shown(
    reference: Sequence[Outputs],
    cases: Sequence[Case],
    batches: Sequence[int],
    agreements: Sequence[Agreement],
) -> tuple[Caveat, ...]:
    """Find whether samples tell a right export from one that ignores them.

    They do not where of every output all that they give is NaN, zero, one constant, nothing at all,
    or the same for samples that differ. One output that shows something is enough: a table of
    positions beside it is the same for all samples in any network.

    Args:
        reference: outputs of the dynamic network, one entry a call.
        cases: its inputs.
        batches: number of samples in each call.
        agreements: what agrees with it; what it tells apart is what the strictest of them does.

    >>> from paddledvc.comparison.samples import OutputValues
    >>> calls = [[OutputValues(name="y", values=np.zeros((2, 3)))]]
    >>> [str(one) for one in find_nothing_shown(calls, [{"x": np.ones((2, 1))}], [2], [])]
    ['the samples show nothing: y is zero']
    """
    found: dict[str, str] = {}
    for number, axis in enumerate(find_sample_axes(reference, batches)):
        name = reference[0][number].name
        tolerance = min((one.tolerance_of(name) for one in agreements), default=0.0)
        arrays = [call[number].values for call in reference]
        what = _one_value(arrays) or _one_answer(arrays, axis, cases, batches, tolerance)
        if not what:
            return ()
        found[name] = what
    if not found:
        return ()
    return (Caveat(kind="nothing-shown", text=f"the samples show nothing: {_told(found)}"),)


def _told(found: dict[str, str]) -> str:
    kinds = set(found.values())
    if len(found) > 1 and len(kinds) == 1:
        return f"every output is {kinds.pop()}"
    named = [f"{name} is {what}" for name, what in found.items()]
    more = [f"and {len(named) - TOLD} outputs more"] if len(named) > TOLD else []
    return ", ".join(named[:TOLD] + more)


def _one_value(arrays: Sequence[Array]) -> str:
    """Say what all elements are, where they are all one thing; else nothing."""
    filled = [array for array in arrays if array.size]
    if not filled:
        return "without elements"
    if filled[0].dtype.kind in "fc":
        if all(np.isnan(array).all() for array in filled):
            return "NaN"
        if not any(np.isfinite(array).any() for array in filled):
            return "infinite or NaN"
    first = filled[0].flat[0]
    if not all((array == first).all() for array in filled):
        return ""
    return f"{first} everywhere" if first else "zero"


def _one_answer(
    arrays: Sequence[Array],
    axis: int | None,
    cases: Sequence[Case],
    batches: Sequence[int],
    tolerance: float,
) -> str:
    """Say that samples which differ are given the same answer, where all are; else nothing.

    A sample that is the only one with an answer of its shape is compared with none.
    """
    first: dict[tuple[int, ...], Array] = {}
    asked: dict[tuple[int, ...], list[int]] = {}
    largest = 0.0
    for call, array in enumerate(arrays):
        shape = array.shape if axis is None else np.moveaxis(array, axis, 0).shape[1:]
        rows = split_rows(array, axis)
        if not len(rows):
            continue
        asked.setdefault(shape, []).append(call)
        answer = np.broadcast_to(first.setdefault(shape, rows[:1]), rows.shape)
        if rows.dtype.kind in "fc" and not is_same_pattern(answer, rows):
            return ""
        largest = max(largest, float(scaled_errors(answer, rows, 0).max()))
        if largest > tolerance:
            return ""
    for calls in asked.values():
        alone = axis is None and len(calls) == 1
        if alone or not _differ([cases[n] for n in calls], [batches[n] for n in calls]):
            return ""
    return SAME if largest == 0 else f"{SAME} within the tolerance {tolerance:g}"


def _differ(cases: Sequence[Case], batches: Sequence[int]) -> bool:
    """Tell whether there are two samples of which an input differs."""
    seen = {
        tuple((one[row] if one.shape[:1] == (batch,) else one).tobytes() for one in case.values())
        for case, batch in zip(cases, batches, strict=True)
        for row in range(batch)
    }
    return len(seen) > 1
