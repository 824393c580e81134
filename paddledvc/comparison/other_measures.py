"""How close two outputs are, in the measures that people know; none of them decides.

Each misleads alone: a relative error and units in the last place explode at zeros, a cosine and a
mean hide the one bad element, and the order of classes changes only after everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from paddledvc.comparison.samples import Array

TOP = 5
"""Classes that the second measure of an order looks at."""
_INTEGERS: dict[int, type[np.signedinteger[Any]]] = {2: np.int16, 4: np.int32, 8: np.int64}


@dataclass(frozen=True, kw_only=True, slots=True)
class Closeness:
    """How close an output is to its reference.

    Attributes:
        absolute_error: largest |d| of an element, in the units of the output.
        relative_error: largest |d| / |ref| of an element that is not 0 in the reference.
        mean_error: mean |d|, in the units of the output.
        cosine_distance: largest 1 - cos of the angle between a sample and its reference.
        ulps: largest number of floats between an element and its reference; None for other types.
    """

    absolute_error: float = 0.0
    relative_error: float = 0.0
    mean_error: float = 0.0
    cosine_distance: float = 0.0
    ulps: int | None = None

    def worse(self, other: Closeness) -> Closeness:
        """Take the larger of each; of the mean too, for calls may be of any size."""
        ulps = [one for one in (self.ulps, other.ulps) if one is not None]
        return Closeness(
            absolute_error=max(self.absolute_error, other.absolute_error),
            relative_error=max(self.relative_error, other.relative_error),
            mean_error=max(self.mean_error, other.mean_error),
            cosine_distance=max(self.cosine_distance, other.cosine_distance),
            ulps=max(ulps, default=None),
        )


def measure_closeness(reference: Array, candidate: Array) -> Closeness:
    """Measure how close two outputs are.

    Args:
        reference: shape [samples, elements], any type; what is not finite counts as equal.
        candidate: the same shape and type.

    >>> found = measure_closeness(np.array([[4.0, 3.0]]), np.array([[4.0, 3.3]]))
    >>> round(found.absolute_error, 6), round(found.relative_error, 6), round(found.mean_error, 6)
    (0.3, 0.1, 0.15)
    """
    wide = np.complex128 if reference.dtype.kind == "c" else np.float64
    finite = (
        np.isfinite(reference) if reference.dtype.kind in "fc" else np.ones_like(reference, bool)
    )
    left = np.where(finite, reference, 0).astype(wide)
    right = np.where(finite, candidate, 0).astype(wide)
    difference, size = np.abs(right - left), np.abs(left)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(size > 0, difference / size, 0)
    return Closeness(
        absolute_error=float(difference.max(initial=0)),
        relative_error=float(relative.max(initial=0)),
        mean_error=float(difference.mean()) if difference.size else 0.0,
        cosine_distance=float(_cosine_distances(left, right).max(initial=0)),
        ulps=_ulps(reference, candidate, finite) if reference.dtype.kind == "f" else None,
    )


def _cosine_distances(left: Array, right: Array) -> Array:
    """Compute half the squared distance of the unit vectors: a cosine rounds small angles away."""
    sizes = [np.linalg.norm(one, axis=1) for one in (left, right)]
    units = [
        one / np.where(size > 0, size, 1)[:, None]
        for one, size in zip((left, right), sizes, strict=True)
    ]
    apart = (np.abs(units[0] - units[1]) ** 2).sum(axis=1) / 2
    empty = [size == 0 for size in sizes]
    return np.where(empty[0] | empty[1], np.where(empty[0] & empty[1], 0.0, 1.0), apart)


def _ulps(reference: Array, candidate: Array, finite: Array) -> int | None:
    kind = _INTEGERS.get(reference.dtype.itemsize)
    if kind is None:
        return None
    left, right = (_ordered(one[finite], kind) for one in (reference, candidate))
    gaps = np.maximum(left, right).astype(np.uint64) - np.minimum(left, right).astype(np.uint64)
    return int(np.max(gaps, initial=0))  # unsigned, for a signed integer may overflow


def _ordered(values: Array, kind: type[np.signedinteger[Any]]) -> Array:
    """Number floats in their order, by their bits; both zeros are 0."""
    # A sign and a magnitude, so below 0 the bits run the other way.
    bits = values.view(kind).astype(np.int64)
    return np.where(bits < 0, np.iinfo(kind).min - bits, bits)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Whether the classes come in the same order.

    Attributes:
        top1_changed: samples whose largest element is another one.
        top5_changed: samples whose five largest elements are others, in whatever order.
        margin: smallest distance of the largest element from the second one in the reference, as a
            share of the largest |ref| of its sample: a smaller error cannot change the first place.
    """

    top1_changed: int
    top5_changed: int
    margin: float

    def joined(self, other: Ranking) -> Ranking:
        """Add the samples of another call."""
        return Ranking(
            top1_changed=self.top1_changed + other.top1_changed,
            top5_changed=self.top5_changed + other.top5_changed,
            margin=min(self.margin, other.margin),
        )


def measure_ranking(reference: Array, candidate: Array) -> Ranking | None:
    """Compare the order of classes; None where an output can be none of scores.

    Args:
        reference: shape [samples, classes], of floats without NaN.
        candidate: the same shape and type.

    >>> measure_ranking(np.array([[1.0, 0.5, 0.0]]), np.array([[0.4, 0.5, 0.0]]))
    Ranking(top1_changed=1, top5_changed=0, margin=0.5)
    """
    if reference.ndim != 2 or reference.shape[1] < 2 or reference.dtype.kind != "f":  # noqa: PLR2004
        return None
    count = min(TOP, reference.shape[1])
    # Stable, so that classes of one score come in the same order on both sides.
    left, right = (
        np.argsort(-one, axis=1, kind="stable")[:, :count] for one in (reference, candidate)
    )
    first, second = (np.take_along_axis(reference, left[:, n : n + 1], 1)[:, 0] for n in (0, 1))
    scale = np.abs(reference).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        margins = np.where(scale > 0, (first - second).astype(np.float64) / scale, 0)
    return Ranking(
        top1_changed=int((left[:, 0] != right[:, 0]).sum()),
        top5_changed=int((np.sort(left) != np.sort(right)).any(axis=1).sum()),
        margin=float(np.nan_to_num(margins, nan=0).min(initial=np.inf)),
    )
