"""Weights from files, without running what a file may carry.

``paddle.load`` unpickles whatever a file says, which can be any command. Here a pickle may name
only what the weights of Paddle 1.8 to 3.x are made of. Formats are told by their first bytes: a
pickle under the name ``.safetensors`` is a pickle.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from paddledvc.errors import InvalidInput

if TYPE_CHECKING:
    from paddledvc.core.samples import Array

_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
ALLOWED = {
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("builtins", "tuple"),
    ("__builtin__", "tuple"),
    *((module, name) for module in _MULTIARRAY for name in ("_reconstruct", "scalar")),
}
NOT_WEIGHTS = ("StructuredToParameterName@@", "UnpackBigParamInfor@@")
"""Keys of Paddle's own beside the weights in a state dict."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        if module in _MULTIARRAY:  # numpy 2 renamed the module; either name means the installed one
            module = np.array(0).__reduce__()[0].__module__
        return super().find_class(module, name)


def read(path: PurePath) -> dict[str, Array]:
    """Read a state dict: an array for each parameter and buffer, by its structured name.

    bfloat16 arrives as the uint16 of its bits, as Paddle saves it.

    Raises:
        InvalidInput: the file is not a state dict, or holds what weights do not hold.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            head = stream.read(9)
            stream.seek(0)
            # safetensors: the length of the header, then the header as JSON; a pickle starts 0x80.
            if head[8:] == b"{" and head[:1] != b"\x80":
                return _safetensors(file)
            return _state_dict(_unpickle(stream), file)
    except OSError as error:
        raise InvalidInput(f"cannot read the weights {file}: {error.strerror}") from error


def _unpickle(stream: IO[bytes]) -> Any:
    try:
        return _Unpickler(stream, encoding="latin1").load()
    except pickle.UnpicklingError as error:
        raise InvalidInput(
            f"{stream.name} was not loaded: {error}, which weights have no use for; "
            "it may run a program when loaded. Ask its author for a plain state dict"
        ) from error
    except Exception as error:  # a broken pickle may raise anything
        raise InvalidInput(f"{stream.name} is not a weights file: {error}") from error


def _state_dict(value: Any, file: Path) -> dict[str, Array]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{file} holds a {type(value).__name__}, expected a state dict")
    merged = _join_slices(OrderedDict(value))
    state: dict[str, Array] = {}
    for key, item in merged.items():
        if key in NOT_WEIGHTS:
            continue
        array = item[1] if isinstance(item, tuple) and len(item) == 2 else item  # noqa: PLR2004
        if not isinstance(array, np.ndarray | np.generic):
            raise InvalidInput(
                f"{file}: {key!r} is a {type(item).__name__}, expected an array; "
                "save layer.state_dict() by itself"
            )
        state[str(key)] = np.asarray(array)
    return state


def _join_slices(state: dict[str, Any]) -> dict[str, Any]:
    """Put arrays together that Paddle split, as it does above 4 GB under old pickle protocols."""
    for key, how in dict(state.get("UnpackBigParamInfor@@", {})).items():
        slices = [state.pop(part) for part in how["slices"]]
        state[key] = np.concatenate(slices).reshape(how["OriginShape"])
    return state


def _safetensors(file: Path) -> dict[str, Array]:
    from safetensors import SafetensorError
    from safetensors.paddle import load_file

    try:
        tensors = load_file(str(file))
    except (SafetensorError, ValueError, TypeError) as error:
        raise InvalidInput(f"{file} is not a safetensors file: {error}") from error
    return {name: tensor.numpy() for name, tensor in tensors.items()}
