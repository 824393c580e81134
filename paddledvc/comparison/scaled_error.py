"""The scaled error of samples, max|d| / max|ref|, and the axis that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.comparison.samples import Array, Outputs


def same_pattern(left: Array, right: Array) -> bool:
    """Tell whether NaN, +inf and -inf stand at the same places."""
    special = ~np.isfinite(left)
    if not np.array_equal(special, ~np.isfinite(right)):
        return False
    return bool(np.array_equal(left[special], right[special], equal_nan=True))


def sample_axes(calls: Sequence[Outputs], batches: Sequence[int]) -> list[int | None]:
    """Find the axis of each output that holds the samples: its length follows the batch size.

    It is the first axis wherever that fits; recurrent states have the samples second. None where
    no axis fits, or several after the first: the output is then one sample.
    """
    axes: list[int | None] = []
    for outputs in zip(*calls, strict=False):
        fitting = [
            axis
            for axis in range(min(output.values.ndim for output in outputs))
            if all(
                output.values.shape[axis] == batch
                for output, batch in zip(outputs, batches, strict=True)
            )
        ]
        only = fitting[0] if len(fitting) == 1 or 0 in fitting else None
        axes.append(only)
    return axes


def scaled_errors(reference: Array, candidate: Array, axis: int | None) -> Array:
    """Compute max|d| / max|ref| of each sample.

    Args:
        reference: any shape.
        candidate: the same shape and type.
        axis: the axis that holds the samples; None where the whole array is one sample.

    Returns:
        One float64 a sample; of integers and booleans 0 where equal and infinity where not.

    >>> scaled_errors(np.array([[2.0, 0.0]]), np.array([[2.0, 1.0]]), 0).tolist()
    [0.5]
    """
    left, right = split_rows(reference, axis), split_rows(candidate, axis)
    if reference.dtype.kind not in "fc":
        return np.where((left == right).all(axis=1), 0.0, np.inf)
    finite = np.isfinite(left)
    left = np.where(finite, left, 0).astype(_wide(left))
    right = np.where(finite, right, 0).astype(_wide(right))
    difference = np.abs(right - left).max(axis=1, initial=0)
    scale = np.abs(left).max(axis=1, initial=0)
    # A sample of zeros has no scale of its own: it is judged by that of the whole output.
    scale = np.where(scale > 0, scale, scale.max(initial=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / scale)


def _wide(array: Array) -> type[np.generic]:
    return np.complex128 if array.dtype.kind == "c" else np.float64


def split_rows(array: Array, axis: int | None) -> Array:
    """Give each sample a row, flat: shape [samples, elements]."""
    if axis is None:
        return array.reshape(1, -1)
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)


def batch_error(
    calls: Sequence[Outputs], batches: Sequence[int], alone: Sequence[Outputs]
) -> float:
    """Compute how far the first samples of the last call are from what each gives alone.

    Args:
        calls: outputs of calls of several batch sizes, which tell the axis of the samples.
        batches: number of samples in each call.
        alone: outputs of the first samples of the last call, one call each.

    Returns:
        The largest scaled error of an output that has its samples along an axis; infinite where a
        sample alone has an output of another shape.

    >>> from paddledvc.comparison.samples import OutputValues
    >>> calls = [[OutputValues(name="y", values=np.ones((n, 2)))] for n in (1, 3)]
    >>> batch_error(calls, [1, 3], [calls[0]] * 3)
    0.0
    """
    worst = 0.0
    for number, axis in enumerate(sample_axes(calls, batches)):
        if axis is None:
            continue
        whole = np.take(calls[-1][number].values, range(len(alone)), axis)
        parts = [outputs[number].values for outputs in alone]
        expected = (*whole.shape[:axis], 1, *whole.shape[axis + 1 :])
        if any(part.shape != expected or part.dtype != whole.dtype for part in parts):
            return float("inf")
        joined = np.concatenate(parts, axis=axis)
        same = whole.dtype.kind not in "fc" or same_pattern(whole, joined)
        worst = max(worst, scaled_errors(whole, joined, axis).max(initial=0) if same else np.inf)
    return float(worst)
