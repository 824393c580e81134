"""Weights from files, without running what a file may carry.

``paddle.load`` unpickles whatever a file says, which can be any command. Here a pickle may name
only what the weights of Paddle 1.8 to 3.x are made of, and each of these names stands for a plain
record of ours, from which the array is made once the whole file is read: even numpy's own
unpickling trusts what a file says about memory. Formats are told by their first bytes: a pickle
under the name ``.safetensors`` is a pickle.
"""

from __future__ import annotations

import codecs
import pickle
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from paddledvc.errors import Finding, InvalidInput, MissingTool

if TYPE_CHECKING:
    from paddledvc.comparison.samples import Array

NOT_WEIGHTS = ("StructuredToParameterName@@", "UnpackBigParamInfor@@")
"""Keys of Paddle's own beside the weights in a state dict."""


class _Forbidden(pickle.UnpicklingError):
    """The file names something that weights are not made of."""


class _DType:
    """The type of numbers, as a pickle of numpy's describes it."""

    def __init__(self, code: str, *_: object) -> None:
        # No objects (O), each of which is a pickle of its own.
        if not re.fullmatch(r"[<>|=]?[biufc][0-9]{1,2}", code):
            raise _Forbidden(f"it holds an array of {code!r}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):  # the code itself comes without the order of bytes
            self.dtype = self.dtype.newbyteorder(state[1])


class _Record:
    """An array that is still to be made from its bytes."""

    def __init__(self, *_: object) -> None:
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype("uint8")
        self.order: str = "C"
        self.data = b""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, kind, fortran, self.data = state
        self.dtype, self.order = kind.dtype, "F" if fortran else "C"

    def array(self) -> Array:
        flat = np.frombuffer(self.data, self.dtype)
        native = flat.astype(self.dtype.newbyteorder("="), copy=False)
        return native.reshape(self.shape, order="F" if self.order == "F" else "C")


def _scalar(kind: _DType, data: bytes) -> Any:
    return np.frombuffer(data, kind.dtype)[0]


def _encode(text: str, encoding: str) -> bytes:
    # Pickle uses no other codec, and nobody else is to choose one.
    return codecs.encode(text, encoding) if encoding == "latin1" else b""


_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
ALLOWED: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _encode,  # how protocol 2 writes bytes
    ("numpy", "ndarray"): None,  # an argument of _reconstruct, which nothing may call
    ("numpy", "dtype"): _DType,
    ("builtins", "tuple"): tuple,
    ("__builtin__", "tuple"): tuple,  # as protocol 2 calls it, for Python 2
    **{(module, "_reconstruct"): _Record for module in _MULTIARRAY},
    **{(module, "scalar"): _scalar for module in _MULTIARRAY},
}
"""All that a pickle of weights may name, and what it gets for it."""


# Not Paddle's own (PaddlePaddle/Paddle#78085): it admits any class that brings no __reduce__, such
# as subprocess.Popen.
class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise _Forbidden(f"it names {module}.{name}")
        return ALLOWED[module, name]

    def persistent_load(self, _: Any) -> Any:
        raise _Forbidden("it refers to another file")


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise _Forbidden(f"it names {module}.{name}")

    def persistent_load(self, _: Any) -> Any:
        raise _Forbidden("it refers to another file")


def require_plain_state_dict(program: PurePath) -> None:
    """Refuse the third file of a program in Paddle 2's format if reading it may run code.

    Paddle unpickles it whenever it loads the program as a layer, whatever it says.

    Args:
        program: path of the exported files without their suffix.

    Raises:
        Finding: it holds more than names, numbers and lists of them.
    """
    file = Path(f"{program}.pdiparams.info")
    if not file.is_file():
        return
    try:
        with file.open("rb") as stream:
            _Plain(stream).load()
    except Exception as error:  # a torn pickle fails in any way
        raise Finding(
            f"{file.name} is no description of variables ({error}), and Paddle would run what it "
            "says; export the model again"
        ) from error


def read_state_dict(path: PurePath) -> dict[str, Array]:
    """Read a state dict: an array for each parameter and buffer, by its structured name.

    bfloat16 arrives as the uint16 of its bits, as Paddle saves it.

    Raises:
        InvalidInput: the file is not a state dict, or holds what weights do not hold.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(9)
            # safetensors: the length of the header, then the header as JSON.
            if head[8:] == b"{" and int.from_bytes(head[:8], "little") + 8 <= size:
                return _safetensors(file)
            stream.seek(0)
            return _state_dict(_unpickle(stream), file)
    except OSError as error:
        raise InvalidInput(f"cannot read the weights {file}: {error.strerror}") from error


def _unpickle(stream: IO[bytes]) -> Any:
    try:
        # latin1 keeps every byte that Python 2 wrote as text.
        return _Unpickler(stream, encoding="latin1").load()
    except _Forbidden as error:
        raise InvalidInput(
            f"{stream.name} was not loaded: {error}, which weights have no use for; "
            "it may run a program when loaded. Ask its author for a plain state dict"
        ) from error
    except Exception as error:
        why = str(error) or type(error).__name__
        raise InvalidInput(f"{stream.name} is not a weights file: {why}") from error


def _state_dict(value: Any, file: Path) -> dict[str, Array]:
    if not isinstance(value, Mapping):
        kind = "ndarray" if isinstance(value, _Record) else type(value).__name__
        raise InvalidInput(f"{file} holds a {kind}, expected a state dict")
    state: dict[str, Array] = {}
    try:
        merged = _join_slices({key: _array(item) for key, item in value.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(f"{file} is not a weights file: {error}") from error
    for key, item in merged.items():
        if key in NOT_WEIGHTS:
            continue
        if not isinstance(item, np.ndarray | np.generic):
            raise InvalidInput(
                f"{file}: {key!r} is a {type(item).__name__}, expected an array; "
                "save layer.state_dict() by itself"
            )
        state[str(key)] = np.asarray(item)
    return state


def _array(item: Any) -> Any:
    """Make the array of a record; Paddle also saves a tensor as the pair of its name and array."""
    value = item[1] if isinstance(item, tuple) and len(item) == 2 else item  # noqa: PLR2004
    return value.array() if isinstance(value, _Record) else value


def _join_slices(state: dict[str, Any]) -> dict[str, Any]:
    """Put arrays together that Paddle split, as it does above 4 GB under old pickle protocols."""
    for key, how in dict(state.get("UnpackBigParamInfor@@", {})).items():
        slices = [state.pop(part) for part in how["slices"]]
        state[key] = np.concatenate(slices).reshape(how["OriginShape"])
    return state


def _safetensors(file: Path) -> dict[str, Array]:
    try:
        from safetensors import SafetensorError
        from safetensors.paddle import load_file  # safetensors.numpy knows no bfloat16
    except ModuleNotFoundError as error:  # Paddle 3 brings it, Paddle 2 does not
        raise MissingTool(f"{file} needs safetensors; run `pip install safetensors`") from error
    try:
        tensors = load_file(str(file))
    except (SafetensorError, ValueError, TypeError) as error:
        raise InvalidInput(f"{file} is not a safetensors file: {error}") from error
    return {name: tensor.numpy() for name, tensor in tensors.items()}
