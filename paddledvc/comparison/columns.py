"""Columns of one output that have units of their own, as class, score and box of a detector.

One scale for all of them is that of the largest: beside boxes of 60,000 pixels a score might be
anything. But a column that is small by chance, or by cancellation, has no unit of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.comparison.samples import Array

FEWEST, WIDEST = 2, 16
"""Columns of an output that may have units; what has more are classes, features or pixels."""
APART = 100.0
"""How many times more the largest column is, and varies, than one with a unit of its own."""
LEAST = 1e-3
"""What a probability reaches in some row; a column of less may be all but zero by cancellation."""
DIMENSIONS = (2, 3)
"""Those of rows, of a batch or of each sample; what has more is a map, whose last axis is space."""


def find_column_units(arrays: Sequence[Array], *, exact: bool = False) -> Array | None:
    """Find the columns, along the last axis, that have a unit of their own.

    The unit of a column of numbers from 0 to 1, such as scores, is 1 where another reaches 100 and
    varies a hundred times as much. What varies as much as the largest column is small by chance.

    Args:
        arrays: one output, in each call. Rows of one number, such as -1, are padding.
        exact: whether the numbers are compared with what should repeat them to the last bit. Then
            every column that is a hundred times smaller, and varies by half of its largest value,
            has that value as its unit: where one column is subtracted from another, rounding is as
            large as those, and only without any does it make no difference.

    Returns:
        The unit of each column, infinite where it has none of its own; None where none has.

    >>> boxes = np.array([[0, 0.9, 10, 20, 600, 400], [3, 0.2, 40, 0, 80, 350.0]])
    >>> find_column_units([boxes]).tolist()
    [inf, 1.0, inf, inf, inf, inf]
    >>> find_column_units([boxes], exact=True).tolist()
    [3.0, 1.0, inf, inf, inf, inf]
    >>> find_column_units([boxes[:, 2:]]) is None
    True
    """
    widths = {array.shape[-1] if array.ndim in DIMENSIONS else 0 for array in arrays}
    width = widths.pop() if len(widths) == 1 else 0
    if not FEWEST <= width <= WIDEST or any(array.dtype.kind != "f" for array in arrays):
        return None
    rows = np.concatenate([array.reshape(-1, width) for array in arrays]).astype(np.float64)
    rows = rows[np.isfinite(rows).all(axis=1) & (rows != rows[:, :1]).any(axis=1)]
    if len(rows) < FEWEST:  # one row cannot tell small by chance from small by unit
        return None
    low, high = rows.min(axis=0), rows.max(axis=0)
    scale, spread = np.abs(rows).max(axis=0), high - low
    inside = (low >= 0) & (high <= 1)
    units = np.where(inside & (scale >= LEAST), 1.0, np.inf)
    if exact and not _are_logarithms(rows):
        units = np.where(~inside & (spread >= scale / 2), scale, units)
    apart = (units * APART <= scale.max()) & (spread * APART <= spread.max())
    units = np.where(apart, units, np.inf)
    return units if np.isfinite(units).any() else None


def _are_logarithms(rows: Array) -> bool:
    """Tell whether each row holds logarithms of probabilities, which are one thing."""
    return bool((rows <= 0).all() and np.allclose(np.exp(rows).sum(axis=1), 1, atol=LEAST))


def measure_column_errors(
    reference: Array, candidate: Array, axis: int | None, units: Array
) -> Array:
    """Compute the largest difference in each column of each sample, in the unit of the column.

    Args:
        reference: an output with columns along its last axis.
        candidate: the same shape and type, with infinities and NaNs at the same places.
        axis: the axis that holds the samples; None where the whole array is one sample.
        units: the unit of each column.

    Returns:
        Shape [samples, columns].

    >>> left, right = np.array([[0.9, 600], [0.5, 20]]), np.array([[0.9, 601], [0.25, 20]])
    >>> measure_column_errors(left, right, 0, np.array([1.0, np.inf])).tolist()
    [[0.0, 0.0], [0.25, 0.0]]
    """
    left, right = (
        np.where(np.isfinite(one), one, 0).astype(np.float64) for one in (reference, candidate)
    )
    difference = np.abs(right - left)
    first = difference[None] if axis is None else np.moveaxis(difference, axis, 0)
    rows = first.reshape(len(first), -1, len(units))
    largest: Array = rows.max(axis=1, initial=0) / units
    return largest
