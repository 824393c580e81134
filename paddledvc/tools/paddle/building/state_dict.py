"""Weights from files, without running what a file may carry.

``paddle.load`` unpickles whatever a file says, which can be any command. Here a pickle may name
only what the weights of Paddle 1.8 to 3.x are made of, and not even that is called. Formats are
told by their first bytes: a pickle under the name ``.safetensors`` is a pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from paddledvc.errors import Finding, InvalidInput, MissingTool
from paddledvc.tools.paddle.building.inert_pickle import (
    Call,
    ForbiddenName,
    read_inert_pickle,
    shorten_text,
)
from paddledvc.tools.paddle.building.pickled_arrays import (
    ALLOWED,
    is_pickled_array,
    read_pickled_arrays,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paddledvc.comparison.samples import Array

HEADER = 2**24
"""Bytes that the description in a safetensors file may have; 10,000 arrays take 1 MB."""
LONGEST = 1000
"""Characters that the name of a weight may have."""
MANY = 5
"""Names that a message lists."""


def require_plain_state_dict(program: PurePath) -> None:
    """Refuse the third file of a program in Paddle 2's format if reading it may run code.

    Paddle unpickles it whenever it loads the program as a layer, whatever it says.

    Args:
        program: path of the exported files without their suffix.

    Raises:
        Finding: it holds more than names, numbers and lists of them.
    """
    file = Path(f"{program}.pdiparams.info")
    if not file.exists():
        return
    try:
        with file.open("rb") as stream:
            read_inert_pickle(stream, size=file.stat().st_size, allowed=())
    except (ValueError, OSError) as error:
        does = "would run" if isinstance(error, ForbiddenName) else "obeys"
        raise Finding(
            f"{file.name} is no description of variables ({error}), and Paddle {does} what it "
            "says; export the model again"
        ) from error


def read_state_dict(path: PurePath, key: str | None = None) -> dict[str, Array]:
    """Read a state dict: an array for each parameter and buffer, by its structured name.

    bfloat16 arrives as the uint16 of its bits, as Paddle saves it. Numbers, texts and dictionaries
    beside the arrays, as in the state of an optimizer, are left out.

    Args:
        path: the file.
        key: the entry that is the state dict, where the file holds several.

    Raises:
        InvalidInput: the file is not a state dict, or holds what weights do not hold.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(9)
            # safetensors: the length of the header, then the header as JSON.
            header = int.from_bytes(head[:8], "little")
            if head[8:] == b"{" and header + 8 <= size:
                return _safetensors(file, header, key)
            stream.seek(0)
            value = read_inert_pickle(stream, size=size, allowed=ALLOWED)
        state = read_pickled_arrays(_pick(value, key, file), size)
    except OSError as error:
        raise InvalidInput(f"cannot read the weights {file}: {error.strerror}") from error
    except ForbiddenName as error:
        raise InvalidInput(
            f"{file} was not loaded: {error}, which weights do not need; "
            "it may run a program when loaded. Ask its author for a plain state dict"
        ) from error
    except ValueError as error:
        raise InvalidInput(f"{file} is not a weights file: {shorten_text(str(error))}") from error
    if any(len(name) > LONGEST for name in state):
        raise InvalidInput(f"{file} is not a weights file: a name has over {LONGEST:,} characters")
    return state


def _pick(value: Any, key: str | None, file: Path) -> Mapping[Any, Any]:
    """Pick the state dict that is meant."""
    if not isinstance(value, Mapping):
        kind = "ndarray" if isinstance(value, Call) else type(value).__name__
        raise InvalidInput(f"{file} holds a {kind}, expected a state dict")
    inner = {str(name): item for name, item in value.items() if isinstance(item, Mapping)}
    if key is not None:
        if key not in inner:
            raise InvalidInput(
                f"{file} has no state dict {shorten_text(key)}; it has {_list_names(inner)}"
            )
        return inner[key]
    if not _holds_arrays(value) and (
        holders := [one for one in inner if _holds_arrays(inner[one])]
    ):
        raise InvalidInput(
            f"{file} holds its weights one level down, in {_list_names(holders)}; say which is "
            "meant, by `key:` in models.yaml or by --key"
        )
    return value


def _holds_arrays(state: Mapping[Any, Any]) -> bool:
    return any(map(is_pickled_array, state.values()))


def _list_names(names: Iterable[str]) -> str:
    shown = [shorten_text(name) for name in names]
    more = [f"{len(shown) - MANY} more"] if len(shown) > MANY else []
    return ", ".join(shown[:MANY] + more) or "none"


def _safetensors(file: Path, header: int, key: str | None) -> dict[str, Array]:
    if key is not None:
        raise InvalidInput(f"{file} is one state dict, as safetensors files are; leave the key out")
    if header > HEADER:
        raise InvalidInput(
            f"{file} is not a safetensors file: its description has {header:,} bytes, expected "
            f"{HEADER:,} at most"
        )
    try:
        from safetensors import SafetensorError
        from safetensors.paddle import load_file  # safetensors.numpy knows no bfloat16
    except ModuleNotFoundError as error:  # Paddle 3 brings it, Paddle 2 does not
        raise MissingTool(f"{file} needs safetensors; run `pip install safetensors`") from error
    try:
        tensors = load_file(str(file))
    except (SafetensorError, ValueError, TypeError) as error:
        why = shorten_text(str(error))
        raise InvalidInput(f"{file} is not a safetensors file: {why}") from error
    return {name: tensor.numpy() for name, tensor in tensors.items()}
