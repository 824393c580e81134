"""Calls at the edges of what inputs may be: zeros, the ends of a range, infinity, NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.core.model import Input
    from paddledvc.core.samples import Array, Case

NAMES = ("zeros", "ones", "tiny", "huge", "low", "high", "inf", "nan")
"""The edges, in the order of the calls."""
HUGE = 1e4
"""What no preprocessing gives, and float16 still holds."""


def edge_cases(base: Case, inputs: Sequence[Input]) -> dict[str, Case]:
    """Make a call for each edge that an input has.

    A range that an input states is a promise: nothing beyond it is tried, no infinity and no NaN.
    Floats without one become all zeros, ones, the smallest normal number and 1e4, and get one
    infinity, one NaN; whatever has a range, and integers, which have one always, its two ends.

    Args:
        base: a usual call, which other elements and inputs without the edge are taken from.
        inputs: what the network takes.

    >>> from paddledvc.core.model import Input
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
