"""Whether an exported model computes what its dynamic network computes.

The measure is the scaled error of each sample, max|d| / max|ref|. An absolute tolerance means
nothing without the scale of the outputs, a relative one explodes at zeros, a cosine hides small
faults and a mean hides the one bad sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import combinations, islice
from statistics import median_low
from typing import TYPE_CHECKING

import numpy as np

from paddledvc.comparison.columns import find_column_units, measure_column_errors
from paddledvc.comparison.other_measures import (
    Closeness,
    Ranking,
    measure_closeness,
    measure_ranking,
)
from paddledvc.comparison.samples import describe_sample_edge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.comparison.samples import Array, Outputs, OutputValues

MOST_CHOICES = 1000
"""How many sets of outputs are tried for those that are missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleError:
    """How far one sample of one output is off.

    Attributes:
        case: number of the call, from 0.
        sample: number of the sample in the call, from 0.
        output: name of the output.
        scaled_error: max|d| / max|ref|; infinite where the two cannot be compared.
        edge: name of the edge that the values of the call are at; empty for a usual one.
    """

    case: int
    sample: int
    output: str
    scaled_error: float
    edge: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputAgreement:
    """The worst of one output over all samples.

    Attributes:
        scaled_error: largest max|d| / max|ref| of a sample.
        closeness: the same difference in other measures.
        ranking: whether classes come in the same order; None where that says nothing.
        edge: the edge that the samples are at, which are not among the usual ones.
        column: the column that is off most, where that is in a unit of its own; else None.
    """

    name: str
    scaled_error: float
    closeness: Closeness = field(default_factory=Closeness)
    ranking: Ranking | None = None
    edge: str = ""
    column: int | None = None

    def worse(self, other: OutputAgreement) -> OutputAgreement:
        """Take the worst of two calls."""
        rankings = [one for one in (self.ranking, other.ranking) if one is not None]
        return OutputAgreement(
            name=self.name,
            edge=self.edge,
            column=max(self, other, key=lambda one: one.scaled_error).column,
            scaled_error=max(self.scaled_error, other.scaled_error),
            closeness=self.closeness.worse(other.closeness),
            ranking=reduce(Ranking.joined, rankings) if rankings else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How one way to run the exported files agrees with the reference.

    Attributes:
        tolerance: largest scaled error of a sample.
        overrides: that of outputs that have their own, by name.
        noise: how far rounding alone moves the reference, by output; only where that was measured.
        problems: sentences about what cannot be compared at all: structure, shape, type, or
            infinities and NaNs at other places.
        repeats: whether what is missing is only outputs that are others once more.
    """

    tolerance: float
    overrides: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[str, ...]
    repeats: bool = False
    outputs: tuple[OutputAgreement, ...]
    samples: tuple[SampleError, ...]

    def tolerance_of(self, output: str) -> float:
        """Give the tolerance of an output."""
        return self.overrides.get(output, self.tolerance)

    def tolerance_used(self, output: str, scaled_error: float) -> float:
        """Tell an error as a share of what an output may be off by: above 1 it disagrees."""
        if (tolerance := self.tolerance_of(output)) > 0:
            return scaled_error / tolerance
        return 0.0 if scaled_error == 0 else float("inf")

    @property
    def worst(self) -> SampleError | None:
        """The first sample that uses most of its tolerance; None where there is none at all."""
        return max(
            self.samples,
            key=lambda one: self.tolerance_used(one.output, one.scaled_error),
            default=None,
        )

    @property
    def worst_call(self) -> int:
        """The call of the worst sample; of columns the one with most samples that are off.

        Alone a sample may have one row, which tells no columns apart.
        """
        if self.only_columns:
            over = [
                one.case for one in self.samples if one.scaled_error > self.tolerance_of(one.output)
            ]
            return max(over, key=over.count)
        return 0 if self.worst is None else self.worst.case

    @property
    def only_columns(self) -> bool:
        """Whether nothing disagrees but columns that have units of their own."""
        over = [one for one in self.outputs if one.scaled_error > self.tolerance_of(one.name)]
        return not self.problems and bool(over) and all(one.column is not None for one in over)

    @property
    def scaled_error(self) -> float:
        """The largest scaled error of all; infinite where something cannot be compared."""
        if self.problems:
            return float("inf")
        return max((output.scaled_error for output in self.outputs), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether every sample is within the tolerance."""
        return not self.problems and all(
            sample.scaled_error <= self.tolerance_of(sample.output) for sample in self.samples
        )


def measure_agreement(  # noqa: PLR0913
    reference: Sequence[Outputs],
    candidate: Sequence[Outputs],
    batches: Sequence[int],
    tolerance: float,
    *,
    overrides: Mapping[str, float] | None = None,
    edges: Sequence[str] = (),
    exact: bool = False,
) -> Agreement:
    """Compare call by call.

    Args:
        reference: outputs of the dynamic network, one entry a call.
        candidate: outputs of the exported files for the same calls.
        batches: number of samples in each call.
        tolerance: largest scaled error of a sample; outputs that are not floats must be equal.
        overrides: tolerances of single outputs, by name.
        edges: the edge of each call, empty for a usual one; or nothing for only usual ones.
        exact: whether the files should repeat the network to the last bit; then more columns of an
            output have a unit of their own.

    >>> from paddledvc.comparison.samples import OutputValues
    >>> ref = [[OutputValues(name="y", values=np.array([[1.0, 2.0]]))]]
    >>> off = [[OutputValues(name="y", values=np.array([[1.0, 2.2]]))]]
    >>> round(measure_agreement(ref, off, [1], tolerance=1e-5).scaled_error, 6)
    0.1
    """
    problems: dict[str, None] = {}
    errors: list[SampleError] = []
    worst: dict[tuple[str, str], OutputAgreement] = {}
    axes = find_sample_axes(reference, batches)
    repeats = _lost_repeats(reference, candidate)
    units = _column_units(reference, axes, edges, exact=exact)
    usual = _usual_scales(reference, axes, edges)
    for case, (expected, found, batch) in enumerate(
        zip(reference, candidate, batches, strict=True)
    ):
        edge = edges[case] if edges else ""
        if len(expected) != len(found):
            names = ", ".join(output.name for output in expected)
            wanted = f"{len(expected)}: {names}{repeats or describe_sample_edge(edge)}"
            problems[f"{len(found)} outputs, expected {wanted}"] = None
            continue
        for left, right, axis, unit, scale in zip(expected, found, axes, units, usual, strict=True):
            if (problem := _incomparable(left, right)) is not None:
                problems[f"{problem}{describe_sample_edge(edge)}"] = None
                scaled: Array = np.full(1 if axis is None else batch, np.inf)
            else:
                # Values at an edge are of another size, and so is what comes of them.
                scaled = scaled_errors(left.values, right.values, axis, 0.0 if edge else scale)
                column = None
                if unit is not None and not edge:
                    own = measure_column_errors(left.values, right.values, axis, unit)
                    if own.max(initial=0) > scaled.max(initial=0):
                        column = int(np.argmax(own.max(axis=0)))
                    scaled = np.maximum(scaled, own.max(axis=1))
                summary = _summary(left, right, scaled, axis)
                summary = replace(summary, edge=edge, column=column)
                before = worst.get((left.name, edge))
                worst[left.name, edge] = summary if before is None else before.worse(summary)
            errors += [
                SampleError(case=case, sample=row, output=left.name, scaled_error=error, edge=edge)
                for row, error in enumerate(scaled.tolist())
            ]
    return Agreement(
        tolerance=tolerance,
        overrides=dict(overrides or {}),
        problems=tuple(problems),
        repeats=bool(repeats),
        outputs=tuple(worst.values()),
        samples=tuple(errors),
    )


def _column_units(
    calls: Sequence[Outputs], axes: Sequence[int | None], edges: Sequence[str], *, exact: bool
) -> list[Array | None]:
    """Find the units of the columns of each output; at edges values have none that are usual."""
    usual = [call for call, edge in zip(calls, edges or [""] * len(calls), strict=True) if not edge]
    return [
        find_column_units([call[number].values for call in usual], exact=exact)
        if axis is None or axis < min(call[number].values.ndim for call in usual) - 1
        else None
        for number, axis in enumerate(axes)
    ]


def _lost_repeats(reference: Sequence[Outputs], candidate: Sequence[Outputs]) -> str:
    """Say which outputs are others once more, where just those are missing; else nothing."""
    if not reference or all(map(_as_many, reference, candidate)):
        return ""
    first: dict[tuple[object, ...], str] = {}
    again = {}
    for number, output in enumerate(reference[0]):
        values = [call[number].values for call in reference if number < len(call)]
        key = tuple((one.dtype, one.shape, one.tobytes()) for one in values)
        if (name := first.setdefault(key, output.name)) != output.name:
            again[output.name] = name
    missing = len(reference[0]) - len(candidate[0])
    # Copies are equal too and are exported, so fewer may be missing than are others once more.
    choices = islice(combinations(again, max(missing, 0)), MOST_CHOICES)
    if not any(_are_missing(set(one), reference, candidate) for one in choices):
        return ""
    told = ", ".join(f"{one} is {other} once more" for one, other in again.items())
    if missing < len(again):
        told += f" ({missing} of them {'is' if missing == 1 else 'are'} missing)"
    return (
        f"; {told}, and paddle.jit.save writes a tensor that is returned twice only once; return "
        "a copy of it, by clone()"
    )


def _are_missing(
    names: set[str], reference: Sequence[Outputs], candidate: Sequence[Outputs]
) -> bool:
    """Tell whether outputs can be compared, call by call, without those of some names."""
    for expected, found in zip(reference, candidate, strict=True):
        kept = [one for one in expected if one.name not in names]
        if len(kept) != len(found) or any(map(_incomparable, kept, found)):
            return False
    return True


def _as_many(expected: Outputs, found: Outputs) -> bool:
    return len(expected) == len(found)


def _incomparable(expected: OutputValues, found: OutputValues) -> str | None:
    left, right = expected.values, found.values
    if left.shape != right.shape:
        return f"{expected.name}: shape {list(right.shape)}, expected {list(left.shape)}"
    if left.dtype != right.dtype:
        return f"{expected.name}: type {right.dtype}, expected {left.dtype}"
    if left.dtype.kind in "fc" and not is_same_pattern(left, right):
        return f"{expected.name}: infinities or NaNs at other places than in the dynamic network"
    return None


def _summary(
    left: OutputValues, right: OutputValues, scaled: Array, axis: int | None
) -> OutputAgreement:
    return OutputAgreement(
        name=left.name,
        scaled_error=float(scaled.max(initial=0)),
        closeness=measure_closeness(split_rows(left.values, axis), split_rows(right.values, axis)),
        ranking=measure_ranking(left.values, right.values) if axis == 0 else None,
    )


def is_same_pattern(left: Array, right: Array) -> bool:
    """Tell whether NaN, +inf and -inf stand at the same places."""
    special = ~np.isfinite(left)
    if not np.array_equal(special, ~np.isfinite(right)):
        return False
    return bool(np.array_equal(left[special], right[special], equal_nan=True))


def find_sample_axes(calls: Sequence[Outputs], batches: Sequence[int]) -> list[int | None]:
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


def _usual_scales(
    calls: Sequence[Outputs], axes: Sequence[int | None], edges: Sequence[str]
) -> list[float]:
    """Find what max|ref| a sample of each output usually has: the median of all usual calls.

    Samples of zeros say nothing; of an even number the smaller of the two in the middle counts, so
    that of two samples each keeps its own.
    """
    usual = [
        outputs for outputs, edge in zip(calls, edges or [""] * len(calls), strict=True) if not edge
    ]
    scales: list[float] = []
    for axis, *outputs in zip(axes, *usual, strict=False):
        rows = [split_rows(one.values, axis) for one in outputs if one.values.dtype.kind in "fc"]
        found = [scale for row in rows for scale in _largest(row).tolist() if scale > 0]
        scales.append(median_low(found) if found else 0.0)
    return scales


def _largest(rows: Array) -> Array:
    """Find the largest magnitude of each row, of what is finite, as float64."""
    sizes = np.abs(rows)
    largest: Array = np.where(np.isfinite(sizes), sizes, 0).max(axis=1, initial=0)
    return largest.astype(np.float64)


def scaled_errors(
    reference: Array, candidate: Array, axis: int | None, usual: float = 0.0
) -> Array:
    """Compute max|d| / max|ref| of each sample.

    A sample that is smaller than usual is judged by the usual scale: what a page without text
    gives is no error of a detector of text, however small all of it is.

    Args:
        reference: any shape.
        candidate: the same shape and type.
        axis: the axis that holds the samples; None where the whole array is one sample.
        usual: what max|ref| a sample usually has.

    Returns:
        One float64 a sample; of integers and booleans 0 where equal and infinity where not.

    >>> scaled_errors(np.array([[2.0, 0.0]]), np.array([[2.0, 1.0]]), 0).tolist()
    [0.5]
    >>> scaled_errors(np.array([[2.0, 0.0]]), np.array([[2.0, 1.0]]), 0, usual=10.0).tolist()
    [0.1]
    """
    left, right = split_rows(reference, axis), split_rows(candidate, axis)
    if reference.dtype.kind not in "fc":
        return np.where((left == right).all(axis=1), 0.0, np.inf)
    # Where it is not, both are the same: is_same_pattern was asked before.
    finite = np.isfinite(left)
    left = np.where(finite, left, 0).astype(_wide(left))
    right = np.where(finite, right, 0).astype(_wide(right))
    difference = np.abs(right - left).max(axis=1, initial=0)
    scale = np.maximum(_largest(left), usual)
    # Where nothing is usual, a sample of zeros is judged by the whole output. Where that is all
    # zeros, any difference is infinite.
    scale = np.where(scale > 0, scale, scale.max(initial=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / scale)


def _wide(array: Array) -> type[np.generic]:
    # In float16 the difference of two values may itself overflow.
    return np.complex128 if array.dtype.kind == "c" else np.float64


def split_rows(array: Array, axis: int | None) -> Array:
    """Give each sample a row, flat: shape [samples, elements]."""
    if axis is None:
        return array.reshape(1, -1)
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)


def measure_batch_agreement(
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
    >>> measure_batch_agreement(calls, [1, 3], [calls[0]] * 3)
    0.0
    """
    worst = 0.0
    for number, axis in enumerate(find_sample_axes(calls, batches)):
        if axis is None:
            continue
        whole = np.take(calls[-1][number].values, range(len(alone)), axis)
        parts = [outputs[number].values for outputs in alone]
        expected = (*whole.shape[:axis], 1, *whole.shape[axis + 1 :])
        if any(part.shape != expected or part.dtype != whole.dtype for part in parts):
            return float("inf")
        joined = np.concatenate(parts, axis=axis)
        same = whole.dtype.kind not in "fc" or is_same_pattern(whole, joined)
        worst = max(worst, scaled_errors(whole, joined, axis).max(initial=0) if same else np.inf)
    return float(worst)
