"""Every character, in whatever locale: on the standard streams and in the names of files."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

SHOWN = 30
"""Characters around one that cannot be written that are shown."""
_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
"""Every stream, in the order of their numbers."""


def prepare_process() -> None:
    """Prepare this process, which is ours alone, before it does anything.

    Names of files are UTF-8 in git, models.yaml and dvc.yaml. Where the locale has Python name
    them otherwise, it starts again in its UTF-8 mode; what it prints stays in the encoding of the
    locale.
    """
    if sys.getfilesystemencoding() != "utf-8" and sys.executable:
        shown = getattr(sys.stdout, "encoding", None) or "utf-8"
        command = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        os.execve(sys.executable, command, {"PYTHONIOENCODING": shown, **os.environ})  # noqa: S606
    prepare_streams()
    # Warnings, tracebacks and libraries print what they like.
    sys.stdout, sys.stderr = Escaping(sys.stdout), Escaping(sys.stderr)


class Escaping:
    """A standard stream for whoever does not print by ``write_lines``.

    Args:
        stream: the stream; for texts that are escaped by the rules of their form.
    """

    def __init__(self, stream: TextIO) -> None:
        self.unescaped = stream

    def write(self, text: str) -> int:
        """Write a text, with nothing in it that a terminal or a CI log would obey."""
        from paddledvc.display.escaping import escape_text  # noqa: PLC0415 - most hooks say nothing

        self.unescaped.write(escape_text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts."""
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # a way around
            raise AttributeError(name)
        return getattr(self.unescaped, name)


def unescaped_stream(stream: TextIO) -> TextIO:
    """Give the stream that takes a text as it is."""
    return stream.unescaped if isinstance(stream, Escaping) else stream


def prepare_streams() -> None:
    r"""Let no character and no closed stream end this process.

    A character that the terminal or pipe cannot show comes out as ``\u2192``; a missing stream is
    the null device, or the next file that is opened would be written to by every child. What git
    hands to a hook is UTF-8 wherever the user is.
    """
    for name, mode in _MODES.items():
        if getattr(sys, name) is None:
            # The lowest free number is its own.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    # An isolated Python does not look at it.
    told = os.environ.get("PYTHONIOENCODING", "") if sys.flags.ignore_environment else ""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(LookupError):  # then it stays as it is
                stream.reconfigure(encoding=told.partition(":")[0] or None)
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")


def write_lines(text: str, *, err: bool = False) -> None:
    """Write lines for people, with nothing in them that a terminal or a CI log would obey.

    Args:
        text: the lines; other programs, servers and files of a branch may have had a hand in them.
        err: whether to write to standard error.
    """
    from paddledvc.display.escaping import escape_text  # noqa: PLC0415 - most hooks say nothing

    write_document_to_stream(escape_text(text), err=err)


def is_drawn_on(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that can be drawn on."""
    return stream.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def draw_waiting_line(text: str) -> None:
    """Draw a line over the one that was drawn last, on a terminal; elsewhere nothing.

    Args:
        text: the line; empty to take it away.
    """
    stream = unescaped_stream(sys.stderr)
    if is_drawn_on(stream):
        from paddledvc.display.escaping import escape_text  # noqa: PLC0415 - as above

        stream.write(f"\r{escape_text(text)}\x1b[K")
        stream.flush()


def write_document_to_stream(text: str, *, err: bool = False) -> None:
    """Write a text that is escaped by the rules of its form already."""
    stream = unescaped_stream(sys.stderr if err else sys.stdout)
    stream.write(f"{text}\n")
    stream.flush()


def stream_takes_every_character() -> bool:
    """Tell whether standard output takes every character as it is."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def abandon_output_stream() -> None:
    """Let go of what cannot be written to standard output any more, so that no later try fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explain_stream_encoding(error: UnicodeEncodeError) -> str:
    """Say which part of a name or text cannot be written, and in which encoding."""
    around = error.object[max(0, error.start - SHOWN) : error.end + SHOWN]
    return f"{around!a} cannot be written in {error.encoding}; names and texts have to be UTF-8"
