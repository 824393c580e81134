"""The inputs that the dynamic network and the exported files are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
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
STEP = 32
"""Many networks take only multiples of it, or of a divisor of it."""
NAMES = ("zeros", "ones", "tiny", "huge", "low", "high", "inf", "nan")
"""The edges, in the order of the calls."""
SPREAD = 1 << 22
"""The most numbers of a range that are shuffled; of more, hardly one is drawn twice."""
HUGE = 1e4
"""What no preprocessing gives, and float16 still holds."""


def draw_sample_cases(
    inputs: Sequence[Input], input_size: Sequence[int], batch_sizes: Sequence[int], seed: int
) -> list[Case]:
    """Draw one case for each batch size.

    Floats are standard normal, integers 0 or 1, unless the input states a range. Of the whole
    numbers of a range as many different ones as there is room for are drawn, its ends among them.
    The first dimension is the batch where it is dynamic; other dynamic dimensions take
    ``input_size`` where it fits their number, else 64 and 96 in turn.

    Raises:
        ValueError: never for inputs that models.yaml accepts.

    >>> from paddledvc.models.model import Input
    >>> cases = draw_sample_cases([Input(name="x", shape=(None, 4))], (), (1, 3), seed=0)
    >>> [case["x"].shape for case in cases]
    [(1, 4), (3, 4)]
    """
    random = np.random.default_rng(seed)
    cases = [
        {
            item.name: _draw_input(random, item, _shape(item, input_size, batch, turn))
            for item in inputs
        }
        for turn, batch in enumerate(batch_sizes)
    ]
    for number, item in enumerate(inputs):
        if item.range is not None and is_whole_input(item):
            _spread(np.random.default_rng((seed, 2, number)), item, cases)
    return cases


def is_whole_input(item: Input) -> bool:
    """Tell whether an input is of whole numbers.

    >>> from paddledvc.models.model import Input
    >>> is_whole_input(Input(name="ids", shape=(None,), dtype="int64"))
    True
    """
    return np.dtype(item.dtype).kind in "iu"


def _spread(random: np.random.Generator, item: Input, cases: list[Case]) -> None:
    """Draw an input anew, each number of its range once before any comes twice."""
    low, high = map(int, item.range or (0, 2))
    total, count = sum(case[item.name].size for case in cases), max(high - low, 1)
    if total < 2 or count > SPREAD:  # noqa: PLR2004 - one value cannot be at both ends
        return
    rounds = [random.permutation(count) for _ in range(-(-total // count))]
    drawn = low + np.concatenate(rounds)[:total]
    if total < count:
        drawn[[0, -1]] = low, high - 1
    start = 0
    for case in cases:
        array = case[item.name]
        part = drawn[start : start + array.size]
        case[item.name] = part.reshape(array.shape).astype(array.dtype)
        start += array.size


def _shape(item: Input, input_size: Sequence[int], batch: int, turn: int) -> tuple[int, ...]:
    head, tail = item.shape[:1], item.shape[1:]
    free = tail.count(None)
    known = input_size if len(input_size) == free else [FREE_SIZES[turn % len(FREE_SIZES)]] * free
    sizes = iter(known)
    first = tuple(batch if size is None else size for size in head)
    return (*first, *(next(sizes) if size is None else size for size in tail))


def _draw_input(random: np.random.Generator, item: Input, shape: tuple[int, ...]) -> Array:
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
    # A range such as [0.2, 0.8] has no whole number to draw: what it begins with is taken, cut.
    return np.asarray(random.integers(int(low), max(int(high), int(low) + 1), shape)).astype(dtype)


def split_sample_arrays(
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
    >>> cases = split_sample_arrays({"x": x}, [Input(name="x", shape=(None, 4))], (1, 2))
    >>> [len(case["x"]) for case in cases]
    [1, 2, 2, 1]
    """
    count = _check(arrays, inputs)
    return [
        {item.name: arrays[item.name][start:stop] for item in inputs}
        for start, stop in list_sample_windows(count, inputs, batch_sizes)
    ]


def list_sample_windows(
    count: int, inputs: Sequence[Input], batch_sizes: Sequence[int]
) -> list[tuple[int, int]]:
    """List the samples of each call, from the first to before the last, of ``count`` samples.

    >>> list_sample_windows(5, [], (1, 2))
    [(0, 1), (0, 2), (2, 4), (4, 5)]
    """
    fixed = {item.shape[0] for item in inputs if item.shape and item.shape[0] is not None}
    if fixed:
        size = fixed.pop() or 1
        calls = [(start, start + size) for start in range(0, count - size + 1, size)]
        # The last call is full too, with some samples of the one before it.
        return [*calls, (count - size, count)] if count % size else calls
    sizes = sorted({min(size, count) for size in batch_sizes})
    step = sizes[-1]
    calls = [(0, size) for size in sizes[:-1]]
    return calls + [(start, min(start + step, count)) for start in range(0, count, step)]


def count_samples(case: Case) -> int:
    """Count the samples of a call.

    >>> count_samples({"x": np.zeros((3, 4))})
    3
    """
    first = next(iter(case.values()))
    return len(first) if first.ndim else 1


def pick_samples_to_repeat(batches: Sequence[int]) -> list[int]:
    """Choose the calls to run again: the first of each batch size.

    >>> pick_samples_to_repeat([1, 8, 8, 3])
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


def free_sample_dimensions(item: Input) -> tuple[int, ...]:
    """List the dynamic dimensions of an input beyond the batch, by number.

    >>> from paddledvc.models.model import Input
    >>> free_sample_dimensions(Input(name="x", shape=(None, 3, None, None)))
    (2, 3)
    """
    return tuple(n for n, size in enumerate(item.shape) if n > 0 and size is None)


def draw_resized_sample(cases: Sequence[Case], inputs: Sequence[Input], seed: int) -> Case | None:
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
    >>> draw_resized_sample([{"x": np.zeros((1, 3, 64, 64))}], [x], seed=0)["x"].shape
    (1, 3, 96, 128)
    """
    if not any(_is_narrow(cases, item) for item in inputs):
        return None
    smallest = min(cases, key=count_samples)
    ranks = {
        n: rank
        for rank, n in enumerate(
            sorted({n for one in inputs for n in free_sample_dimensions(one)}), 1
        )
    }
    # Other values than those of the usual calls, which are drawn from the seed alone.
    random = np.random.default_rng((seed, 1))
    return {
        item.name: _draw_input(
            random,
            item,
            tuple(
                cases[0][item.name].shape[n] + STEP * ranks[n]
                if n in free_sample_dimensions(item)
                else size
                for n, size in enumerate(smallest[item.name].shape)
            ),
        )
        for item in inputs
    }


def _is_narrow(cases: Sequence[Case], item: Input) -> bool:
    """Tell whether a dynamic dimension has one size only, or two always have the same."""
    seen = [case[item.name].shape for case in cases]
    return any(len({shape[n] for shape in seen}) == 1 for n in free_sample_dimensions(item)) or any(
        all(shape[one] == shape[other] for shape in seen)
        for one, other in combinations(free_sample_dimensions(item), 2)
    )


def describe_sample_shapes(case: Case) -> str:
    """Write the shapes of a call.

    >>> describe_sample_shapes({"x": np.zeros((1, 3)), "ids": np.zeros((1, 64))})
    'x [1, 3], ids [1, 64]'
    """
    return ", ".join(f"{name} {list(array.shape)}" for name, array in case.items())


def make_edge_samples(base: Case, inputs: Sequence[Input]) -> dict[str, Case]:
    """Make a call for each edge that an input has.

    A range that an input states is a promise: nothing beyond it is tried, no infinity and no NaN.
    Floats without one become all zeros, ones, the smallest normal number and 1e4, and get one
    infinity, one NaN; whatever has a range, and integers, which have one always, its two ends.

    Args:
        base: a usual call, which other elements and inputs without the edge are taken from.
        inputs: what the network takes.

    >>> from paddledvc.models.model import Input
    >>> x = Input(name="x", shape=(None, 2), range=(0, 2))
    >>> list(make_edge_samples({"x": np.zeros((1, 2), "float32")}, [x]))
    ['ones', 'tiny', 'low', 'high']
    """
    cases = {}
    for name in NAMES:
        at_edge = {item.name: _at(name, item, base[item.name]) for item in inputs}
        changed = {key: array for key, array in at_edge.items() if array is not None}
        if changed:
            cases[name] = {**base, **changed}
    return cases


def describe_sample_edge(edge: str) -> str:
    """Say where a usual call and one at an edge differ; nothing for a usual one.

    >>> describe_sample_edge("nan"), describe_sample_edge("")
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
