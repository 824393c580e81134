"""Other sizes of dynamic dimensions than those of the usual calls."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from paddledvc.core.samples import batch_of, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddledvc.core.model import Input
    from paddledvc.core.samples import Case

STEP = 32
"""Many networks take only multiples of it, or of a divisor of it."""


def free(item: Input) -> tuple[int, ...]:
    """List the dynamic dimensions of an input beyond the batch, by number.

    >>> from paddledvc.core.model import Input
    >>> free(Input(name="x", shape=(None, 3, None, None)))
    (2, 3)
    """
    return tuple(n for n, size in enumerate(item.shape) if n > 0 and size is None)


def resized(cases: Sequence[Case], inputs: Sequence[Input], seed: int) -> Case | None:
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

    >>> from paddledvc.core.model import Input
    >>> x = Input(name="x", shape=(None, 3, None, None))
    >>> resized([{"x": np.zeros((1, 3, 64, 64))}], [x], seed=0)["x"].shape
    (1, 3, 96, 128)
    """
    if not any(_is_narrow(cases, item) for item in inputs):
        return None
    smallest = min(cases, key=batch_of)
    ranks = {n: rank for rank, n in enumerate(sorted({n for one in inputs for n in free(one)}), 1)}
    random = np.random.default_rng((seed, 1))
    return {
        item.name: draw(
            random,
            item,
            tuple(
                cases[0][item.name].shape[n] + STEP * ranks[n] if n in free(item) else size
                for n, size in enumerate(smallest[item.name].shape)
            ),
        )
        for item in inputs
    }


def _is_narrow(cases: Sequence[Case], item: Input) -> bool:
    """Tell whether a dynamic dimension has one size only, or two always have the same."""
    seen = [case[item.name].shape for case in cases]
    return any(len({shape[n] for shape in seen}) == 1 for n in free(item)) or any(
        all(shape[one] == shape[other] for shape in seen)
        for one, other in combinations(free(item), 2)
    )


def written(case: Case) -> str:
    """Write the shapes of a call.

    >>> written({"x": np.zeros((1, 3)), "ids": np.zeros((1, 64))})
    'x [1, 3], ids [1, 64]'
    """
    return ", ".join(f"{name} {list(array.shape)}" for name, array in case.items())
