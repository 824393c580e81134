"""What an exported program says of itself, read without Paddle, beside what people state.

Paddle 3 writes programs as JSON, Paddle 2 as a message of protobuf (``framework.proto``); of both
only the few parts are looked at that tell the outputs and the parameters.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from paddledvc.models.model import Output
from paddledvc.tools.paddle.core.protobuf import (
    decode_text,
    list_messages,
    list_numbers,
    to_signed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FETCH = "fetch"
"""The operation that gives an output."""
SCALED = "save_infer_model/scale_"
"""What the names begin with of the scaled copies that ``jit.save`` fetches in Paddle 2's format."""
PARAMETER = "p"
"""What stands for a parameter among the operations in JSON."""
_OF_JSON = {
    "bool": "bool",
    "ui8": "uint8",
    "f16": "float16",
    "bf16": "bfloat16",
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"f{bits}": f"float{bits}" for bits in (32, 64)},
}
"""Types of elements in JSON, after ``t_``."""
_OF_PROTOBUF = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    4: "float16",
    5: "float32",
    6: "float64",
    20: "uint8",
    21: "int8",
    22: "bfloat16",
}
"""Types of elements in protobuf, by their number in ``VarType.Type``."""
_COMPLEX = {23: "complex64", 24: "complex128"}
"""Types that only parameters may have here."""
_TENSOR = 7
"""The number of a tensor in ``VarType.Type``; feeds and fetches are persistable too."""
_NO_JSON = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)
"""What is raised where JSON is no program."""


def outputs_of_json(text: str | bytes) -> tuple[Output, ...]:
    """Read the outputs of a program as Paddle 3 writes it; their names are their numbers.

    Raises:
        ValueError: it is no such program.
    """
    # "#" is a kind, N a name, D data; A are attributes, O results, AT and TT their types.
    try:
        found = sorted(
            (_number(one), one["O"][0]["TT"]["D"])
            for one in _operations(text)
            if str(one["#"]).endswith(f".{FETCH}")
        )
        return tuple(
            Output(
                name=str(number),
                shape=_shape(parts[1]),
                dtype=_OF_JSON.get(parts[0]["#"].partition(".t_")[2]),
            )
            for number, parts in found
        )
    except _NO_JSON as error:
        raise ValueError("no program of Paddle 3") from error


def parameters_of_json(text: str | bytes) -> tuple[str, ...]:
    """Read the names of the parameters that a program as Paddle 3 writes it loads from its file.

    Raises:
        ValueError: it is no such program.
    """
    try:
        # Of a parameter A are four values, of which the last is the name, and OA begins with
        # whether it is in the file: the state of an LSTM's dropout is not.
        return tuple(
            str(one["A"][3])
            for one in _operations(text)
            if one["#"] == PARAMETER and one["OA"][0] == 1
        )
    except _NO_JSON as error:
        raise ValueError("no program of Paddle 3") from error


def _operations(text: str | bytes) -> list[Any]:
    found: list[Any] = json.loads(text)["program"]["regions"][0]["blocks"][0]["ops"]
    return found


def _number(operation: Any) -> int:
    columns = [one["AT"]["D"] for one in operation["A"] if one["N"] == "col"]
    return int(columns[0])  # `next` would end the loop that asks


def _shape(sizes: Sequence[int]) -> tuple[int | None, ...]:
    return tuple(None if size < 0 else int(size) for size in sizes)


def outputs_of_protobuf(data: bytes) -> tuple[Output, ...]:
    """Read the outputs of a program as Paddle 2 writes it; their names are their numbers.

    Raises:
        ValueError: it is no such program.
    """
    # ProgramDesc.blocks is 1; BlockDesc.vars 3, .ops 4; OpDesc.type 3, .inputs 1, .attrs 4.
    try:
        block = list_messages(data, 1)[0]
        variables = {decode_text(one, 1): one for one in list_messages(block, 3)}
        fetched = [one for one in list_messages(block, 4) if decode_text(one, 3) == FETCH]
        found = sorted((_column(one), decode_text(list_messages(one, 1)[0], 2)) for one in fetched)
        return tuple(_variable(str(number), variables[name]) for number, name in found)
    except (IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("no program of Paddle 2") from error


def parameters_of_protobuf(data: bytes) -> tuple[str, ...]:
    """Read the names of the parameters that a program as Paddle 2 writes it loads from its file.

    Raises:
        ValueError: it is no such program.
    """
    # VarDesc.name is 1, .type 2, .persistable 3; VarType.type 1.
    try:
        variables = list_messages(list_messages(data, 1)[0], 3)
        return tuple(
            decode_text(one, 1)
            for one in variables
            if any(list_numbers(one, 3)) and list_numbers(list_messages(one, 2)[0], 1)[0] == _TENSOR
        )
    except (IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("no program of Paddle 2") from error


def explain_layer_order(data: bytes) -> str | None:
    """Say where ``jit.load`` returns outputs of a program of Paddle 2 in another order than it has.

    It goes by the scales that Paddle 2 puts before the fetches, and only then takes the outputs
    that have none, such as booleans.

    Raises:
        ValueError: it is no such program.
    """
    # OpDesc.inputs is 1, .outputs 2, .type 3.
    try:
        operations = list_messages(list_messages(data, 1)[0], 4)
        fetched = {
            decode_text(list_messages(one, 1)[0], 2): _column(one)
            for one in operations
            if decode_text(one, 3) == FETCH
        }
        scaled = [
            decode_text(list_messages(one, 2)[0], 2)
            for one in operations
            if decode_text(one, 3) == "scale"
        ]
    except (IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("no program of Paddle 2") from error
    first = [name for name in scaled if name.startswith(SCALED) and name in fetched]
    last = [name for name in fetched if not name.startswith(SCALED)]
    order = [fetched[name] for name in (*first, *last)]
    if order == sorted(order):
        return None
    places = ", ".join(str(number + 1) for number in order)
    return (
        f"paddle.jit.load returns the outputs of this .pdmodel in the order {places}, because it "
        f"puts those last that Paddle 2 did not scale, such as booleans; run it by a predictor, "
        f"return what is boolean last, or export it with Paddle 3"
    )


def _variable(number: str, variable: bytes) -> Output:
    # VarDesc.type.dense_tensor.tensor
    tensor = list_messages(list_messages(list_messages(variable, 2)[0], 3)[0], 1)[0]
    sizes = [to_signed(size) for size in list_numbers(tensor, 2)]
    return Output(
        name=number, shape=_shape(sizes), dtype=_OF_PROTOBUF.get(list_numbers(tensor, 1)[0])
    )


def describe_protobuf_tensor(data: bytes) -> tuple[str, tuple[int, ...]]:
    """Read the type and the sizes of a tensor, which stand before its bytes in a file of them.

    Raises:
        LookupError: they are of no type that is known, or end too early.
        TypeError: they are no such thing.
        ValueError: a size is below zero.

    >>> describe_protobuf_tensor(bytes([8, 5, 16, 2, 16, 3]))
    ('float32', (2, 3))
    """
    sizes = tuple(to_signed(size) for size in list_numbers(data, 2))
    if any(size < 0 for size in sizes):
        raise ValueError(sizes)
    return (_OF_PROTOBUF | _COMPLEX)[list_numbers(data, 1)[0]], sizes


def _column(operation: bytes) -> int:
    columns = [one for one in list_messages(operation, 4) if decode_text(one, 1) == "col"]
    return list_numbers(columns[0], 3)[0]


class Difference(NamedTuple):
    """Something that a program has otherwise than people state it.

    Attributes:
        number: of the output, from 0; 0 where their number is another one.
        found: what the program gives.
        stated: what people state.
    """

    number: int
    found: str
    stated: str


def list_output_mismatches(
    stated: Sequence[Output], found: Sequence[Output]
) -> Iterator[Difference]:
    """Compare what people state of the outputs with what a program has, by position.

    >>> stated = [Output(name="boxes", shape=(None, 6), dtype="float32")]
    >>> found = [Output(name="0", shape=(None, 10), dtype="float32")]
    >>> next(list_output_mismatches(stated, found))
    Difference(number=0, found='output 1 as float32[?,10]', stated='boxes: float32[?,6]')
    """
    if len(stated) != len(found):
        outputs = "output" if len(found) == 1 else "outputs"
        yield Difference(
            0,
            f"{len(found)} {outputs}: {', '.join(map(describe_output, found))}",
            f"{len(stated)}: {', '.join(one.name for one in stated)}",
        )
        return
    for number, (wants, has) in enumerate(zip(stated, found, strict=True)):
        if not _fits(wants, has):
            yield Difference(
                number,
                f"output {number + 1} as {describe_output(has)}",
                f"{wants.name}: {describe_output(wants)}",
            )


def _fits(stated: Output, found: Output) -> bool:
    if stated.dtype is not None and found.dtype is not None and stated.dtype != found.dtype:
        return False
    if stated.shape is None or found.shape is None:
        return True
    return len(stated.shape) == len(found.shape) and all(
        wants is None or wants == has for wants, has in zip(stated.shape, found.shape, strict=True)
    )


def describe_output(output: Output) -> str:
    """Write type and shape of an output, as far as they are known.

    >>> describe_output(Output(name="x", shape=(None, 3), dtype="int64"))
    'int64[?,3]'
    >>> describe_output(Output(name="y"))
    'anything'
    """
    if output.dtype is None and output.shape is None:
        return "anything"
    sizes = ("?" if size is None else str(size) for size in output.shape or ())
    shape = "" if output.shape is None else f"[{','.join(sizes)}]"
    return f"{output.dtype or ''}{shape}"
