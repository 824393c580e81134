"""Arrays, made of what a pickle says of them.

Even numpy's own unpickling trusts what a file says about memory. Here the bytes of an array must be
those that its shape has, and all arrays together take little more memory than the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.tools.paddle.building.inert_pickle import LARGEST, Call, Name

if TYPE_CHECKING:
    from paddledvc.comparison.samples import Array

_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_BUILTINS = ("builtins", "__builtin__")
_PLAIN = ("tuple", "set", "frozenset", "complex", "bytes", "bytearray")
_ARRAYS = frozenset(
    {
        *(Name(module, "_reconstruct") for module in _MULTIARRAY),
        *(Name(module, "scalar") for module in _MULTIARRAY),
        *(Name(module, "_frombuffer") for module in _NUMERIC),  # protocol 5
    }
)
"""How numpy has its arrays made."""
ALLOWED = frozenset(
    {
        Name("collections", "OrderedDict"),
        Name("_codecs", "encode"),  # how protocol 2 writes bytes
        Name("numpy", "ndarray"),  # an argument of _reconstruct
        Name("numpy", "dtype"),
        # Values beside weights; protocol 2 calls their module by its name in Python 2.
        *(Name(module, name) for module in _BUILTINS for name in _PLAIN),
        *_ARRAYS,
    }
)
"""All that a pickle of weights may name."""
NUMBERS = re.compile(r"[<>|=]?[biufc][0-9]{1,2}")
"""How numpy writes the types of numbers: no objects (O), each of which is a pickle of its own."""
DIMENSIONS = 32
"""Axes that an array may have in every version of numpy."""
COPIES = 4
"""Times that the bytes of a file may be copied while its arrays are made."""
SPLIT = "UnpackBigParamInfor@@"
"""The key under which Paddle says which arrays it split."""


def read_pickled_arrays(state: Mapping[Any, Any], size: int) -> dict[str, Array]:
    """Make the arrays of a state dict; what is no array of numbers is left out.

    Args:
        state: what ``read_inert_pickle`` gave.
        size: bytes of the file.

    Raises:
        ValueError: an array is not what it says.
    """
    maker = _Maker(size)
    found = {str(key): maker.make(item) for key, item in state.items()}
    arrays = {key: array for key, array in found.items() if array is not None}
    maker.join_slices(arrays, state.get(SPLIT))
    return arrays


def is_pickled_array(item: Any) -> bool:
    """Tell whether a value of a pickle is an array."""
    call = _without_name(item)
    return isinstance(call, Call) and call.name in _ARRAYS


def _without_name(item: Any) -> Any:
    """Give the array of a pair: Paddle also saves a tensor as the pair of its name and array."""
    return item[1] if isinstance(item, tuple) and len(item) == 2 else item  # noqa: PLR2004


class _Maker:
    def __init__(self, size: int) -> None:
        self._room = COPIES * size + 2**20
        self._made: dict[Call, Array | None] = {}

    def make(self, item: Any) -> Array | None:
        """Make an array; None of what is none."""
        call = _without_name(item)
        if not isinstance(call, Call):
            return None
        if call not in self._made:  # weights that are tied are one array
            self._made[call] = self._called(call)
        return self._made[call]

    def _called(self, call: Call) -> Array | None:
        match call.name.name, call.arguments, call.state:
            case "_reconstruct", _, (_, shape, kind, fortran, data):
                return self._array(data, kind, shape, "F" if fortran else "C")
            case "_frombuffer", (data, kind, shape, order), _:
                return self._array(data, kind, shape, "F" if order == "F" else "C")
            case "scalar", (kind, data), _:
                return self._array(data, kind, (), "C")
        return None

    def _array(self, data: Any, kind: Any, shape: Any, order: str) -> Array | None:
        dtype = _dtype(kind)
        if dtype is None:
            return None
        sizes = shape if isinstance(shape, tuple) else (shape,)
        fits = len(sizes) <= DIMENSIONS and all(
            isinstance(one, int) and 0 <= one < LARGEST for one in sizes
        )
        raw = self._bytes(data)
        if not fits or len(raw) != math.prod(sizes) * dtype.itemsize:
            raise ValueError(f"an array has {len(raw):,} bytes, and another shape")
        flat = np.frombuffer(raw, dtype)
        native = dtype.newbyteorder("=")
        if native != dtype:
            self._take(len(raw))
        native_order = flat.astype(native, copy=False)
        return native_order.reshape(sizes, order="F" if order == "F" else "C")

    def _bytes(self, data: Any) -> bytes | bytearray:
        match data:
            case bytes() | bytearray():
                return data
            case Call(name=Name(name="bytes"), arguments=()):  # as protocol 2 writes none
                return b""
            case str(text):  # as Python 2 wrote them
                pass
            case Call(name=Name(name="encode"), arguments=(str(text), "latin1")):
                pass
            case _:
                raise ValueError("an array has no bytes")
        self._take(len(text))
        return text.encode("latin1")

    def join_slices(self, arrays: dict[str, Array], how: Any) -> None:
        """Put arrays together that Paddle split, as it does above 4 GB under old protocols."""
        for key, one in how.items() if isinstance(how, Mapping) else ():
            match one:
                case {"slices": [*parts], "OriginShape": [*shape]}:
                    known = [part for part in parts if isinstance(part, str) and part in arrays]
                case _:
                    parts, known, shape = [None], [], []
            if not parts or len({*known}) != len(parts):
                raise ValueError("slices of an array are missing")
            slices = [arrays.pop(part) for part in known]
            self._take(sum(one.nbytes for one in slices))
            arrays[str(key)] = np.concatenate(slices).reshape(shape)

    def _take(self, count: int) -> None:
        self._room -= count
        if self._room < 0:
            raise ValueError(f"its arrays take more than {COPIES} times the memory of the file")


def _dtype(kind: Any) -> np.dtype[Any] | None:
    """Read the type of numbers; None of what is no number."""
    match kind:
        case Call(name=Name("numpy", "dtype"), arguments=(str(code), *_), state=state):
            if not NUMBERS.fullmatch(code):
                return None
            dtype = np.dtype(code)
            # The code itself comes without the order of bytes.
            order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
            return dtype.newbyteorder(order) if order in ("<", ">") else dtype
    return None
