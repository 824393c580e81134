"""The inputs that the dynamic network and the exported files are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.models.model import Input

Array: TypeAlias = NDArray[Any]
Case: TypeAlias = dict[str, Array]
"""One call of the network: an array per input, by the input's name."""

FREE_SIZES = (64, 96)
"""Sizes given to dynamic dimensions that nothing else determines, one case after the other."""


def draw_cases(
    inputs: Sequence[Input], input_size: Sequence[int], batch_sizes: Sequence[int], seed: int
) -> list[Case]:
    """Draw one case for each batch size.

    Floats are standard normal, integers 0 or 1, unless the input states a range. The first
    dimension is the batch where it is dynamic; other dynamic dimensions take ``input_size`` where
    it fits their number, else 64 and 96 in turn.

    Raises:
        ValueError: never for inputs that models.yaml accepts.

    >>> from paddledvc.models.model import Input
    >>> cases = draw_cases([Input(name="x", shape=(None, 4))], (), (1, 3), seed=0)
    >>> [case["x"].shape for case in cases]
    [(1, 4), (3, 4)]
    """
    random = np.random.default_rng(seed)
    return [
        {
            item.name: draw_input(random, item, _shape(item, input_size, batch, turn))
            for item in inputs
        }
        for turn, batch in enumerate(batch_sizes)
    ]


def _shape(item: Input, input_size: Sequence[int], batch: int, turn: int) -> tuple[int, ...]:
    head, tail = item.shape[:1], item.shape[1:]
    free = tail.count(None)
    known = input_size if len(input_size) == free else [FREE_SIZES[turn % len(FREE_SIZES)]] * free
    sizes = iter(known)
    first = tuple(batch if size is None else size for size in head)
    return (*first, *(next(sizes) if size is None else size for size in tail))


def draw_input(random: np.random.Generator, item: Input, shape: tuple[int, ...]) -> Array:
    """Draw an input of a shape: standard normal, 0 or 1, or from the range that it states."""
    dtype = np.dtype(item.dtype)
    if dtype.kind == "f":
        if item.range is None:
            return np.asarray(random.standard_normal(shape)).astype(dtype)
        drawn = np.asarray(random.uniform(*item.range, size=shape)).astype(dtype)
        # Rounding to a narrower type may reach the end of the range, which is not part of it.
        low, high = (dtype.type(limit) for limit in item.range)
        return np.asarray(np.minimum(drawn, np.nextafter(high, low)))
    low, high = item.range or (0, 2)
    return np.asarray(random.integers(int(low), max(int(high), int(low) + 1), shape)).astype(dtype)


def split_arrays(
    arrays: Mapping[str, Array], inputs: Sequence[Input], batch_sizes: Sequence[int]
) -> list[Case]:
    """Make cases from representative arrays: each batch size once, then every sample.

    Args:
        arrays: an array per input, samples along the first axis, equally many of each.
        inputs: what the network takes.
        batch_sizes: the batch sizes to compare at; a fixed first dimension overrides them.

    Raises:
        ValueError: the arrays do not fit the inputs; its message says where.

    >>> from paddledvc.models.model import Input
    >>> import numpy as np
    >>> x = np.zeros((5, 4), "float32")
    >>> cases = split_arrays({"x": x}, [Input(name="x", shape=(None, 4))], (1, 2))
    >>> [len(case["x"]) for case in cases]
    [1, 2, 2, 1]
    """
    count = _check(arrays, inputs)
    return [
        {item.name: arrays[item.name][start:stop] for item in inputs}
        for start, stop in list_windows(count, inputs, batch_sizes)
    ]


def list_windows(
    count: int, inputs: Sequence[Input], batch_sizes: Sequence[int]
) -> list[tuple[int, int]]:
    """List the samples of each call, from the first to before the last, of ``count`` samples.

    >>> list_windows(5, [], (1, 2))
    [(0, 1), (0, 2), (2, 4), (4, 5)]
    """
    fixed = {item.shape[0] for item in inputs if item.shape and item.shape[0] is not None}
    if fixed:
        size = fixed.pop() or 1
        calls = [(start, start + size) for start in range(0, count - size + 1, size)]
        return [*calls, (count - size, count)] if count % size else calls
    sizes = sorted({min(size, count) for size in batch_sizes})
    step = sizes[-1]
    calls = [(0, size) for size in sizes[:-1]]
    return calls + [(start, min(start + step, count)) for start in range(0, count, step)]


def batch_of(case: Case) -> int:
    """Count the samples of a call.

    >>> batch_of({"x": np.zeros((3, 4))})
    3
    """
    first = next(iter(case.values()))
    return len(first) if first.ndim else 1


def one_of_each(batches: Sequence[int]) -> list[int]:
    """Choose the calls to run again: the first of each batch size.

    >>> one_of_each([1, 8, 8, 3])
    [0, 1, 3]
    """
    return sorted({batch: number for number, batch in reversed(list(enumerate(batches)))}.values())


def _check(arrays: Mapping[str, Array], inputs: Sequence[Input]) -> int:
    names = [item.name for item in inputs]
    if sorted(arrays) != sorted(names):
        raise ValueError(f"found arrays {sorted(arrays)}, expected one for each input: {names}")
    counts = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"found samples {counts}, expected equally many of each, and at least one")
    for item in inputs:
        array = arrays[item.name]
        fits = len(array.shape) == len(item.shape) and all(
            wanted in (None, size)
            for wanted, size in zip(item.shape[1:], array.shape[1:], strict=True)
        )
        if not fits:
            raise ValueError(
                f"{item.name}: found shape {list(array.shape)}, expected {_written(item.shape)}"
            )
        if array.dtype != np.dtype(item.dtype):
            raise ValueError(f"{item.name}: found {array.dtype}, expected {item.dtype}")
        if item.shape[0] is not None and len(array) < item.shape[0]:
            raise ValueError(f"{item.name}: found {len(array)} samples, expected {item.shape[0]}")
    return next(iter(counts.values()))


def _written(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("null" if size is None else str(size) for size in shape) + "]"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputValues:
    """One output of a call: its place in the network's result and its values."""

    name: str
    values: Array


Outputs: TypeAlias = Sequence[OutputValues]
"""What one call of a network returned."""
