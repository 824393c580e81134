"""Pickles, read by a machine that makes plain values, and calls nothing.

Python's unpickler can be told which names to refuse, but not what to take: nine bytes make it ask
for 2 GB, a key of nested pairs is hashed for hours, and whatever follows the end goes unseen. Here
``pickletools`` takes a pickle apart, and each call that it asks for becomes a ``Call``, a value
that says what would have been called. What numpy would have made of it is for the caller to read.
"""

from __future__ import annotations

import pickletools
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

STEPS = 1_000_000
"""Steps that reading may take. Arrays take 25 each, so that it is enough for 40,000 of them."""
LINE = 2**16
"""Bytes of a line that is no text, such as a number or a name."""
LARGEST = 2**63
"""What a whole number as a key is below: greater ones can be made to collide."""
NEWEST = 5
"""The last protocol of pickles that there is."""
SHOWN = 100
"""Characters of a file that a message repeats."""


class ForbiddenName(ValueError):
    """A pickle names something that it may not name."""


class Name(NamedTuple):
    """A class or function that a pickle names; nobody has looked for it."""

    module: str
    name: str


@dataclass(kw_only=True, slots=True, eq=False)
class Call:
    """A call that a pickle asks for, and that nobody made.

    Attributes:
        name: what would be called.
        arguments: what it would be given.
        state: what would be put into its result; None for nothing.
    """

    name: Name
    arguments: tuple[Any, ...]
    state: Any = None


def read_inert_pickle(stream: IO[bytes], *, size: int, allowed: Collection[Name]) -> Any:
    r"""Read a pickle that fills a whole file.

    Args:
        stream: the file, at its start.
        size: its bytes.
        allowed: what it may name.

    Returns:
        Numbers, texts, bytes, lists, tuples and dictionaries, ordered ones too; a ``Call`` for
        everything else.

    Raises:
        ForbiddenName: it names something else.
        ValueError: it is no pickle, or none that can be read so.

    >>> import io
    >>> read_inert_pickle(io.BytesIO(b"]K\x01a."), size=5, allowed=())
    [1]
    >>> read_inert_pickle(io.BytesIO(b"cos\nsystem\n."), size=12, allowed=())
    Traceback (most recent call last):
    paddledvc.tools.paddle.building.inert_pickle.ForbiddenName: it names os.system
    """
    machine = _Machine(allowed)
    source: Any = _Source(stream, size)
    try:
        for opcode, argument, _ in pickletools.genops(source):
            machine.step(opcode.name, argument)
        value = machine.pop()
    except IndexError as error:
        raise ValueError("it takes a value that is missing") from error
    if source.left:
        raise ValueError(f"its end is followed by {source.left} bytes more")
    return value


def shorten_text(text: str) -> str:
    """Cut a text of a file for a message.

    >>> shorten_text("a" * 1000)[-10:]
    'aaaaaaa...'
    """
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


class _Source:
    """A file that is never asked for more than it has, which Python makes room for at once."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._size = self.left = size
        self._last = b""

    def read(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise ValueError("it ends too early")
        self._last = data = self._stream.read(count)
        self.left -= len(data)
        return data

    def tell(self) -> int:
        return self._size - self.left

    def readline(self) -> bytes:
        # Only texts may be long: in the oldest protocols the bytes of an array are one.
        long = self._last in (b"V", b"S")
        line = self._stream.readline(-1 if long else LINE)
        self.left -= len(line)
        return line


_VALUE = re.compile(r"(SHORT_|BIN)*(INT|LONG|FLOAT|STRING|BYTES|UNICODE)[1248]?|BYTEARRAY8")
_VALUES = frozenset(one.name for one in pickletools.opcodes if _VALUE.fullmatch(one.name))
_MAKES = "it makes a dictionary of"
_NOTHING = frozenset({"FRAME", "STOP"})
_EMPTY: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": list,  # nobody needs to know which are equal
}


class _Machine:
    def __init__(self, allowed: Collection[Name]) -> None:
        self._allowed = allowed
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._steps = 0

    def step(self, opcode: str, argument: Any) -> None:
        self._spend(1)
        if opcode in _VALUES:
            self._stack.append(argument)
        elif opcode in _EMPTY:
            self._stack.append(_EMPTY[opcode]())
        elif opcode in self._STEPS:
            self._STEPS[opcode](self, argument)
        elif opcode not in _NOTHING:
            raise ValueError(f"it has an instruction {opcode}, which weights do not need")

    def pop(self) -> Any:
        return self._stack.pop()

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > STEPS:
            raise ValueError(f"it takes more than {STEPS:,} steps to read")

    def _protocol(self, number: int) -> None:
        if number > NEWEST:
            raise ValueError(f"it is written in protocol {number}, expected {NEWEST} at most")

    def _mark(self, _: Any) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _items(self) -> list[Any]:
        """Take everything from above the last mark."""
        items, self._stack = self._stack, self._below.pop()
        return items

    def _collect(self, kind: Callable[[list[Any]], Any]) -> None:
        items = self._items()
        self._stack.append(kind(items))

    def _drop(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._items()

    def _drop_items(self, _: Any) -> None:
        self._items()

    def _put(self, number: int | None) -> None:
        at = len(self._memo) if number is None else number
        # Pickles number what they remember from 0; Python makes room for as many.
        if not 0 <= at <= self._steps:
            raise ValueError(f"it remembers something under the number {at}")
        self._memo[at] = self._stack[-1]

    def _get(self, number: int) -> None:
        if number not in self._memo:
            raise ValueError("it takes a value that is missing")
        self._stack.append(self._memo[number])

    def _tuple(self, count: int) -> None:
        items = [self._stack.pop() for _ in range(count)]
        self._stack.append(tuple(reversed(items)))

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        _expect(isinstance(target, list), "it appends to", target)
        target.extend(items)

    def _add(self, items: list[Any]) -> None:
        target = self._stack[-1]
        _expect(isinstance(target, dict), "it puts keys into", target)
        target.update(_pairs(items[::2], items[1::2]))

    def _add_one(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._add([key, value])

    def _name(self, name: Name) -> None:
        if name not in self._allowed:
            module, attribute = (shorten_text(str(part)) for part in name)
            raise ForbiddenName(f"it names {module}.{attribute}")
        self._stack.append(name)

    def _global(self, argument: str) -> None:
        self._name(Name(*argument.split(" ", 1)))

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        _expect(isinstance(name, str), "it names", name)
        _expect(isinstance(module, str), "it names", module)
        self._name(Name(module, name))

    def _call(self, arguments: Any) -> None:
        name = self._stack.pop()
        _expect(isinstance(name, Name), "it calls", name)
        _expect(isinstance(arguments, tuple), "it gives a call", arguments)
        self._stack.append(self._result(name, arguments))

    def _result(self, name: Name, arguments: tuple[Any, ...]) -> Any:
        of = arguments[0] if arguments else ()
        if name.name == "OrderedDict":
            _expect(isinstance(of, list | tuple), _MAKES, of)
            self._spend(len(of))
            for pair in of:
                is_pair = isinstance(pair, list | tuple) and len(pair) == 2  # noqa: PLR2004
                _expect(is_pair, _MAKES, pair)
            return _pairs([key for key, _ in of], [value for _, value in of])
        if name.name == "tuple" and isinstance(of, list | tuple):
            self._spend(len(of))
            return tuple(of)
        return Call(name=name, arguments=arguments)

    def _call_by_mark(self, _: Any) -> None:
        name, *arguments = self._items()
        self._stack.append(name)
        self._call(tuple(arguments))

    def _call_with_keywords(self, _: Any) -> None:
        keywords, arguments = self._stack.pop(), self._stack.pop()
        if keywords:
            raise ValueError("it calls something with keywords")
        self._call(arguments)

    def _instance(self, argument: str) -> None:
        arguments = tuple(self._items())
        self._global(argument)
        self._call(arguments)

    def _build(self, _: Any) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        # An ordered dictionary may have attributes, which nobody needs.
        _expect(isinstance(target, Call | dict), "it changes", target)
        if isinstance(target, Call):
            target.state = state

    def _dict(self, _: Any) -> None:
        items = self._items()
        self._stack.append({})
        self._add(items)

    _STEPS: ClassVar[dict[str, Callable[[_Machine, Any], None]]] = {
        "PROTO": _protocol,
        "MARK": _mark,
        "POP": _drop,
        "POP_MARK": _drop_items,
        "DUP": lambda self, _: self._stack.append(self._stack[-1]),
        **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _put),
        **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
        "TUPLE1": lambda self, _: self._tuple(1),
        "TUPLE2": lambda self, _: self._tuple(2),
        "TUPLE3": lambda self, _: self._tuple(3),
        "TUPLE": lambda self, _: self._collect(tuple),
        "LIST": lambda self, _: self._collect(list),
        "FROZENSET": lambda self, _: self._collect(list),
        "DICT": _dict,
        "APPEND": lambda self, _: self._append([self._stack.pop()]),
        "APPENDS": lambda self, _: self._append(self._items()),
        "ADDITEMS": lambda self, _: self._append(self._items()),
        "SETITEM": _add_one,
        "SETITEMS": lambda self, _: self._add(self._items()),
        "GLOBAL": _global,
        "STACK_GLOBAL": _stack_global,
        "REDUCE": lambda self, _: self._call(self._stack.pop()),
        "NEWOBJ": lambda self, _: self._call(self._stack.pop()),
        "NEWOBJ_EX": _call_with_keywords,
        "OBJ": _call_by_mark,
        "INST": _instance,
        "BUILD": _build,
    }


def _pairs(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    for key in keys:
        # All else may take for ever to hash, or to compare.
        plain = isinstance(key, str) or (isinstance(key, int) and abs(key) < LARGEST)
        _expect(plain, "it has as a key", key)
    return dict(zip(keys, values, strict=True))


def _expect(fits: object, what: str, value: Any) -> None:
    if not fits:  # not the value itself, which may be of any size
        raise ValueError(f"{what} a {type(value).__name__}")
