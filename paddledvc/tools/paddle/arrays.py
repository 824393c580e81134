"""Samples and outputs on their way between processes, as .npz files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePath

    from paddledvc.comparison.samples import Array


def save_arrays(path: PurePath, calls: Sequence[Mapping[str, Array]]) -> None:
    """Write the arrays of each call; their names come back in the same order."""
    arrays: dict[str, Any] = {
        f"{call:06}.{name}": array
        for call, named in enumerate(calls)
        for name, array in named.items()
    }
    with open(path, "wb") as file:  # noqa: PTH123 - np.savez would add a suffix to a path
        # Their number, for a call without arrays leaves no other key.
        np.savez(file, calls=np.array(len(calls)), **arrays)


def load_arrays(path: PurePath) -> list[dict[str, Array]]:
    """Read what ``save_arrays`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        calls: list[dict[str, Array]] = [{} for _ in range(int(file["calls"]))]
        for key in file.files:
            number, dot, name = key.partition(".")
            if dot:
                calls[int(number)][name] = file[key]
    return calls


def digest_arrays(calls: Sequence[Mapping[str, Array]]) -> str:
    """Hash the values, shapes and types of the arrays of all calls, with SHA-256."""
    sha256 = hashlib.sha256()
    for named in calls:
        for name, array in named.items():
            sha256.update(f"{name} {array.dtype.str} {array.shape};".encode())
            sha256.update(np.ascontiguousarray(array).tobytes())
    return sha256.hexdigest()
