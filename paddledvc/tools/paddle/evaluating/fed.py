"""What a model was fed with: a digest of all samples that no order and no batches change."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.errors import UserCodeFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paddledvc.comparison.samples import Array

_MODULUS = 1 << 256


class Fed:
    """Counts calls and samples, and adds the SHA-256 of each sample.

    >>> import numpy as np
    >>> one, two = Fed(), Fed()
    >>> one.add([np.arange(6).reshape(3, 2)])
    >>> for row in (2, 0, 1):
    ...     two.add([np.arange(6).reshape(3, 2)[row : row + 1]])
    >>> one.sha256 == two.sha256, one.samples, two.calls
    (True, 3, 3)
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.calls = 0
        self.samples = 0
        self._sum = 0

    @property
    def sha256(self) -> str:
        """The digest."""
        return f"{self._sum:064x}"

    def add(self, arrays: Sequence[Array]) -> None:
        """Add a call; the samples are along the first axis of arrays that share its length."""
        self.calls += 1
        count = len(arrays[0]) if arrays and arrays[0].ndim else 1
        self.samples += count
        divided = [array.ndim > 0 and len(array) == count for array in arrays]
        heads = [
            f"{array.dtype.str} {array.shape[1:] if split else array.shape};".encode()
            for array, split in zip(arrays, divided, strict=True)
        ]
        whole = [np.ascontiguousarray(array) for array in arrays]
        for at in range(count):
            sha256 = hashlib.sha256()
            for array, head, split in zip(whole, heads, divided, strict=True):
                sha256.update(head)
                sha256.update((array[at] if split else array).tobytes())
            self._sum = (self._sum + int.from_bytes(sha256.digest(), "big")) % _MODULUS


def order_arguments(
    parameters: Sequence[str], given: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Put the arguments of a call in the order of the parameters, whatever way they were given.

    Raises:
        UserCodeFailed: there are too many, or one is given twice.

    >>> order_arguments(["x", "mask"], [1], {"mask": 2})
    {'x': 1, 'mask': 2}
    """
    more = [f"*{number}" for number in range(len(parameters), len(given))]
    found = dict(zip([*parameters, *more], given, strict=False))
    if twice := found.keys() & named.keys():
        raise UserCodeFailed(f"the model was called with {min(twice)!r} twice")
    order = [*(name for name in parameters if name in named), *sorted(named.keys() - {*parameters})]
    return {**found, **{name: named[name] for name in order}}


def flatten_call(arguments: Iterable[Any]) -> list[Array]:
    """List the arrays among the arguments of a call, those of a dict by its keys."""
    found: list[Array] = []
    for one in arguments:
        _collect(one, found)
    return found


def _collect(value: Any, found: list[Array]) -> None:
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            _collect(value[key], found)
    elif isinstance(value, list | tuple):
        for one in value:
            _collect(one, found)
    elif hasattr(value, "numpy"):
        found.append(np.asarray(value.numpy()))
    elif isinstance(value, np.ndarray | np.generic | int | float | bool):
        found.append(np.asarray(value))
