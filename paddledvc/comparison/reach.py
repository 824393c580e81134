"""How far whole numbers may go: which inputs are indices of tables, and what of them was tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from paddledvc.comparison.samples import draw_sample_cases, is_whole_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.models.model import Input

TELLING = 16
"""Zeros and ones in a row that are no coincidence."""
BYTE = (0.0, 256.0)
"""All that a uint8 takes; images are made of them."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """A look-up: the indices that it was given, and how many rows the table has."""

    indices: Array
    rows: int


def list_open_inputs(inputs: Sequence[Input]) -> list[Input]:
    """List the inputs of whole numbers of which nothing says how far they go.

    >>> from paddledvc.models.model import Input
    >>> ids = Input(name="ids", shape=(None, 4), dtype="int64")
    >>> [one.name for one in list_open_inputs([ids, Input(name="x", shape=(None, 4))])]
    ['ids']
    """
    return [one for one in inputs if is_whole_input(one) and one.range is None]


def draw_reach_probes(
    inputs: Sequence[Input], input_size: Sequence[int], batch: int, seed: int
) -> list[Case]:
    """Draw calls of zeros and ones, enough to recognise each open input by them.

    >>> from paddledvc.models.model import Input
    >>> len(draw_reach_probes([Input(name="id", shape=(None,), dtype="int64")], (), 2, seed=0))
    8
    """
    probes: list[Case] = []
    while len(probes) < TELLING:
        probes += draw_sample_cases(inputs, input_size, (batch,), seed + len(probes))
        sizes = [sum(case[one.name].size for case in probes) for one in list_open_inputs(inputs)]
        if min(sizes) >= TELLING:
            break
    return probes


def reach_inputs(
    inputs: Sequence[Input], probes: Sequence[tuple[Case, Sequence[TableRead]]]
) -> tuple[Input, ...]:
    """State the range of each open input that is known to have one.

    An input whose values arrive at a table unchanged, or moved by a constant, goes as far as the
    smallest such table; a mask that positions are counted from does not arrive. Otherwise a uint8
    takes every value, and of other types nobody knows.

    Args:
        inputs: what the network takes.
        probes: calls of zeros and ones, and the look-ups of each in their order.

    >>> from paddledvc.models.model import Input
    >>> ids = np.tile([0, 1, 1, 0], (1, 4))
    >>> read = TableRead(ids + 1, rows=100)
    >>> one = Input(name="ids", shape=(None, 16), dtype="int64")
    >>> reach_inputs([one], [({"ids": ids}, [read])])[0].range
    (0.0, 99.0)
    """
    found = {one.name: _reach(one, probes) for one in list_open_inputs(inputs)}
    return tuple(replace(one, range=found.get(one.name, one.range)) for one in inputs)


def _reach(
    item: Input, probes: Sequence[tuple[Case, Sequence[TableRead]]]
) -> tuple[float, float] | None:
    low, high = 0, int(np.iinfo(item.dtype).max) + 1
    known = False
    for number in range(min((len(reads) for _, reads in probes), default=0)):
        offsets = {_offset(case[item.name], reads[number].indices) for case, reads in probes}
        if len(offsets) == 1 and (offset := offsets.pop()) is not None:
            known = True
            low, high = max(low, -offset), min(high, probes[0][1][number].rows - offset)
    if known and low < high:
        return float(low), float(high)
    return BYTE if item.dtype == "uint8" else None


def _offset(given: Array, indices: Array) -> int | None:
    """Tell by what constant indices are beyond what was given; None where they are not of it.

    The network may have cut the input at its ends, or put something before or after it.
    """
    own, other = (array.ravel().astype("int64") for array in (given, indices))
    if not own.size or not other.size:
        return None
    if own.size != other.size and min(own.size, other.size) < TELLING:
        return None
    cut = own.size // 4 if own.size >= 2 * TELLING else 0
    for offset in sorted({0, int(other.min() - own.min()), int(other.max() - own.max())}):
        moved = own + offset
        if (
            other.tobytes() in moved.tobytes()
            or moved[cut : own.size - cut].tobytes() in other.tobytes()
        ):
            return offset
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class InputReach:
    """What was tried of an input of whole numbers.

    Attributes:
        low: the smallest that was tried.
        high: the largest.
        tried: how many different ones.
        possible: how many there are; None where nobody knows.
        why: why no more were tried, in a few words; empty where nothing was in the way.
    """

    name: str
    low: int
    high: int
    tried: int
    possible: int | None = None
    why: str = ""

    def __str__(self) -> str:
        if self.possible is not None:
            return f"of {self.name} only {self.tried} of {self.possible} numbers were tried"
        numbers = f"{self.low} {'and' if self.high - self.low == 1 else 'to'} {self.high}"
        numbers = str(self.low) if self.low == self.high else numbers
        return f"of {self.name} only {numbers} were tried ({self.why or 'state its range'})"


def describe_input_reach(
    inputs: Sequence[Input], cases: Sequence[Case], failed: str = ""
) -> tuple[InputReach, ...]:
    """Tell of each input of whole numbers what was tried, unless that was everything.

    Args:
        inputs: what the network takes, with the ranges that are known.
        cases: the calls.
        failed: why wider ranges were given up.

    >>> from paddledvc.models.model import Input
    >>> mask = Input(name="mask", shape=(None, 4), dtype="int64")
    >>> print(*describe_input_reach([mask], [{"mask": np.array([[0, 1, 1, 0]])}]))
    of mask only 0 and 1 were tried (state its range)
    """
    found = []
    for item in inputs:
        if not is_whole_input(item):
            continue
        values = np.unique(np.concatenate([case[item.name].ravel() for case in cases]))
        possible = None if item.range is None else int(item.range[1]) - int(item.range[0])
        if values.size and (possible is None or values.size < possible):
            found.append(
                InputReach(
                    name=item.name,
                    low=int(values[0]),
                    high=int(values[-1]),
                    tried=values.size,
                    possible=possible,
                    why=failed if possible is None else "",
                )
            )
    return tuple(found)
