"""What operators a program has, and which of them do more than compute.

A program that somebody else exported is run to compare it. It can open files and call back: of the
1,200 operators of Paddle 2.6.2 and of 3.3.1 those of ``OUTSIDE`` did so, or are made for it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from paddledvc.tools.paddle.core.protobuf import list_messages

if TYPE_CHECKING:
    from collections.abc import Iterable

OUTSIDE = {
    "save": "writes a file",
    "save_combine": "writes a file",
    "load": "reads a file",
    "load_combine": "reads a file",
    "read_file": "reads a file",
    "check_numerics": "writes files",
    "py_func": "calls a function of Python",
    "print": "writes to the terminal",
}
"""What operators do that was seen to do more than compute, by their names."""
REMOTE = re.compile(
    r"(heter_)?listen_and_serv|send(_and_recv|_barrier)?|recv|fetch_barrier|prefetch"
    r"|checkpoint_notify|recv_save|distributed_(lookup_table|push_sparse)"
    r"|(push|pull)_\w+|c_comm_init\w*|comm_init_all|(c_)?gen_\w+_id"
)
"""Operators that are made to talk to other processes and machines."""
ENGINE = re.compile(r"\w+_engine")
"""Operators that run a compiled program that is in the file."""


def operators_of_json(data: bytes) -> frozenset[str]:
    """Name the operators of a program as Paddle 3 writes it, those of blocks in blocks too.

    Raises:
        ValueError: it is no such program.

    >>> sorted(operators_of_json(b'{"program": {"ops": [{"#": "1.print", "A": []}]}}'))
    ['print']
    """
    try:
        program = json.loads(data, object_pairs_hook=_unique)["program"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError("no program of Paddle 3") from error
    names: set[str] = set()
    waiting = [program]
    # Whatever has a kind counts, wherever it is: kinds of types and attributes have other names.
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            names.add(str(one.get("#", "")).rpartition(".")[2])
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return frozenset(names - {""})


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what is said twice: of two values one reader takes the first, another one the last."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


def operators_of_protobuf(data: bytes) -> frozenset[str]:
    """Name the operators of a program as Paddle 2 writes it, those of all its blocks.

    Raises:
        ValueError: it is no such program.
    """
    # ProgramDesc.blocks is 1; BlockDesc.ops 4; OpDesc.type 3.
    try:
        return frozenset(
            name.decode()
            for block in list_messages(data, 1)
            for operator in list_messages(block, 4)
            for name in list_messages(operator, 3)
        )
    except (IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("no program of Paddle 2") from error


def list_outside_operators(operators: Iterable[str]) -> list[str]:
    """List which operators do more than compute, and what they do.

    >>> list_outside_operators(["matmul", "save", "c_comm_init"])
    ['c_comm_init talks to other processes', 'save writes a file']
    """
    return [f"{name} {does}" for name in sorted(operators) if (does := _does(name))]


def _does(operator: str) -> str:
    # Of an operator in place Paddle 3 writes the name with a dash.
    name = operator.removesuffix("_")
    if REMOTE.fullmatch(name):
        return "talks to other processes"
    if ENGINE.fullmatch(name):
        return "runs a compiled program"
    return OUTSIDE.get(name, "")
