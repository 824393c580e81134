"""What git keeps, as one process of git reads it that is asked as long as somebody wants more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from paddledvc.errors import InvalidInput, ToolFailed
from paddledvc.tools.git.command import answering_git, exchange_git, git_command_line
from paddledvc.tools.system.beneath import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from paddledvc.tools.system.shell import AnsweringProgram

_READING = ("cat-file", "--batch")
# What is asked at a time must fit into a pipe: git answers before it reads on.
_AT_ONCE = 32


class KeptObject(NamedTuple):
    """What git says of an object before its bytes."""

    name: str
    kind: str
    size: int


class ObjectReader:
    """Reads objects of a repository; it ends when it is closed, or forgotten.

    Args:
        root: a folder of the repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._git: AnsweringProgram | None = None

    def find(self, name: str) -> KeptObject | None:
        """Ask for an object, whose bytes are to be received next; None where there is none.

        Raises:
            ToolFailed: git ended.
        """
        return self._answer(name, self._start().ask(_question(name)))

    def receive(self, found: KeptObject) -> bytes:
        """Receive the bytes of what was found.

        Raises:
            ToolFailed: git ended.
            InvalidInput: there are more than any file of a project may have.
        """
        if found.size > TEXT:
            self.close()  # sooner than to take all of it
            raise InvalidInput(
                f"git's object {found.name} has {found.size:,} bytes, expected {TEXT:,} at most"
            )
        data = self._start().read(found.size + 1)
        if len(data) <= found.size:
            raise self._failure(found.name)
        return data[:-1]

    def read_each(self, names: Sequence[str]) -> Iterator[tuple[KeptObject | None, bytes]]:
        """Read what is called so, in this order: what it is, and its bytes; None where nothing is.

        Raises:
            ToolFailed: git ended.
        """
        for start in range(0, len(names), _AT_ONCE):
            # All of them before the first is given: nobody has to take the others.
            yield from [*self._read_some(names[start : start + _AT_ONCE])]

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read objects, each once, by their names.

        Raises:
            ToolFailed: the repository lacks one of them.
        """
        asked = list(dict.fromkeys(names))
        for name, (found, data) in zip(asked, self.read_each(asked), strict=True):
            if found is None:
                raise missing_object(name)
            yield name, data

    def close(self) -> None:
        """End the process; another one starts when something is asked."""
        if self._git is not None:
            self._git.close()
            self._git = None

    def _start(self) -> AnsweringProgram:
        if self._git is None:
            self._git = answering_git(self._root, *_READING)
        return self._git

    def _read_some(self, names: Sequence[str]) -> Iterator[tuple[KeptObject | None, bytes]]:
        git = self._start()
        line = git.ask(b"\n".join(map(_question, names)))
        for number, name in enumerate(names):
            found = self._answer(name, git.read_line() if number else line)
            yield found, b"" if found is None else self.receive(found)

    def _answer(self, name: str, line: bytes) -> KeptObject | None:
        if not line:
            raise self._failure(name)
        match line.decode(errors="replace").split():
            case [full, kind, size] if size.isdigit():
                return KeptObject(name=full, kind=kind, size=int(size))
        return None  # what git says instead ends with "missing"

    def _failure(self, name: str) -> ToolFailed:
        """Say why git ended, which it says itself where it is asked once more."""
        self.close()
        exchange_git(self._root, *_READING, sent=_question(name) + b"\n")
        return ToolFailed(git_command_line(*_READING), 1, f"it did not answer for {name}")


def _question(name: str) -> bytes:
    # Of two lines git would take each for a name; nothing has an empty one.
    return b"" if "\n" in name else name.encode(errors="surrogateescape")


def missing_object(name: str) -> ToolFailed:
    """Say that the repository lacks an object."""
    why = f"the repository lacks {name}; `git fsck` shows more"
    return ToolFailed(git_command_line(*_READING), 1, why)
