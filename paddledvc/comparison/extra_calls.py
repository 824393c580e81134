"""Calls beside the usual ones: other sizes, and the edges of what inputs may be."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from paddledvc.comparison.samples import batch_of, draw_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.model import Input

STEP = 32
"""Many networks take only multiples of it, or of a divisor of it."""
NAMES = ("zeros", "ones", "tiny", "huge", "low", "high", "inf", "nan")
"""The edges, in the order of the calls."""
HUGE = 1e4
"""What no preprocessing gives, and float16 still holds."""


def free_dimensions(item: Input) -> tuple[int, ...]:
    """List the dynamic dimensions of an input beyond the batch, by number.

    >>> from paddledvc.models.model import Input
    >>> free_dimensions(Input(name="x", shape=(None, 3, None, None)))
    (2, 3)
    """
    return tuple(n for n, size in enumerate(item.shape) if n > 0 and size is None)


def draw_resized(cases: Sequence[Case], inputs: Sequence[Input], seed: int) -> Case | None:
    """Draw a call of other sizes, if seeded calls leave a dynamic dimension at one size.

    Nor are two dynamic dimensions of an input to be equal in every call, for a program that mixes
    them up would go unnoticed. Dimensions of one number have one size in all inputs whose sizes
    were equal before, as those of ids and their mask.

    Args:
        cases: the usual calls.
        inputs: what the network takes.
        seed: what the values are drawn from.

    Returns:
        A call of the smallest batch; None if the usual ones suffice.

    >>> from paddledvc.models.model import Input
    >>> x = Input(name="x", shape=(None, 3, None, None))
    >>> draw_resized([{"x": np.zeros((1, 3, 64, 64))}], [x], seed=0)["x"].shape
    (1, 3, 96, 128)
    """
    if not any(_is_narrow(cases, item) for item in inputs):
        return None
    smallest = min(cases, key=batch_of)
    ranks = {
        n: rank
        for rank, n in enumerate(sorted({n for one in inputs for n in free_dimensions(one)}), 1)
    }
    random = np.random.default_rng((seed, 1))
    return {
        item.name: draw_input(
            random,
            item,
            tuple(
                cases[0][item.name].shape[n] + STEP * ranks[n]
                if n in free_dimensions(item)
                else size
                for n, size in enumerate(smallest[item.name].shape)
            ),
        )
        for item in inputs
    }


def _is_narrow(cases: Sequence[Case], item: Input) -> bool:
    """Tell whether a dynamic dimension has one size only, or two always have the same."""
    seen = [case[item.name].shape for case in cases]
    return any(len({shape[n] for shape in seen}) == 1 for n in free_dimensions(item)) or any(
        all(shape[one] == shape[other] for shape in seen)
        for one, other in combinations(free_dimensions(item), 2)
    )


def describe_call(case: Case) -> str:
    """Write the shapes of a call.

    >>> describe_call({"x": np.zeros((1, 3)), "ids": np.zeros((1, 64))})
    'x [1, 3], ids [1, 64]'
    """
    return ", ".join(f"{name} {list(array.shape)}" for name, array in case.items())


def edge_cases(base: Case, inputs: Sequence[Input]) -> dict[str, Case]:
    """Make a call for each edge that an input has.

    A range that an input states is a promise: nothing beyond it is tried, no infinity and no NaN.
    Floats without one become all zeros, ones, the smallest normal number and 1e4, and get one
    infinity, one NaN; whatever has a range, and integers, which have one always, its two ends.

    Args:
        base: a usual call, which other elements and inputs without the edge are taken from.
        inputs: what the network takes.

    >>> from paddledvc.models.model import Input
    >>> x = Input(name="x", shape=(None, 2), range=(0, 2))
    >>> list(edge_cases({"x": np.zeros((1, 2), "float32")}, [x]))
    ['ones', 'tiny', 'low', 'high']
    """
    cases = {}
    for name in NAMES:
        at_edge = {item.name: _at(name, item, base[item.name]) for item in inputs}
        changed = {key: array for key, array in at_edge.items() if array is not None}
        if changed:
            cases[name] = {**base, **changed}
    return cases


def said_at(edge: str) -> str:
    """Say where a usual call and one at an edge differ; nothing for a usual one.

    >>> said_at("nan"), said_at("")
    (' at edge value nan', '')
    """
    return f" at edge value {edge}" if edge else ""


def _at(edge: str, item: Input, array: Array) -> Array | None:
    """Make an input's array at an edge; None where the input has no such edge."""
    if array.size == 0:
        return None
    if array.dtype.kind != "f":
        low, high = map(int, item.range or (0, 2))
        ends = {"low": low, "high": max(high - 1, low)}
        return np.full_like(array, ends[edge]) if edge in ends else None
    if edge in ("inf", "nan"):
        return None if item.range else _with_one(array, float(edge))
    values = {"zeros": 0.0, "ones": 1.0, "tiny": float(np.finfo(array.dtype).tiny), "huge": HUGE}
    if item.range is None:
        return np.full_like(array, values[edge]) if edge in values else None
    first, beyond = (array.dtype.type(limit) for limit in item.range)
    if edge in ("low", "high"):
        return np.full_like(array, first if edge == "low" else np.nextafter(beyond, first))
    inside = first < values[edge] < beyond
    return np.full_like(array, values[edge]) if inside else None


def _with_one(array: Array, value: float) -> Array:
    changed: Array = array.copy()
    changed.flat[array.size // 2] = value
    return changed
