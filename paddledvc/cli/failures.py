"""What people, and programs that asked for JSON, are told of a command that failed."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from paddledvc.display.escaping import escape_text
from paddledvc.tools.system import streams

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from typing import Any

    import click

    from paddledvc.errors import PaddleDVCError, Problem

ASKED = "paddledvc.asked-json"
"""Where the context notes whether a failure is to be answered in JSON."""


def asks_json(words: Sequence[str]) -> bool:
    """Tell whether JSON is asked for, also where what stands beside that is wrong.

    >>> asks_json(["lock", "--format", "json"]), asks_json(["lock", "--", "--format=json"])
    (True, False)
    """
    asked, last = False, ""
    for word in words:
        if word == "--":
            break
        if last == "--format" or word.startswith("--format="):
            asked = word.removeprefix("--format=") == "json"
        last = word
    return asked


def answer_failure(
    meta: MutableMapping[str, Any],
    kind: str,
    code: object,
    message: str,
    problems: Sequence[Problem] = (),
) -> None:
    """Answer in JSON that a command failed, if that was asked for and it has not answered.

    Args:
        meta: the notes of its context.
        kind: name of the error.
        code: the exit code.
        message: what people are told.
        problems: what is wrong in a file, one by one.
    """
    from paddledvc.cli import printer  # noqa: PLC0415 - not for --help

    if not meta.get(ASKED) or meta.get(printer.ANSWERED):
        return
    error = {"kind": kind, "exit_code": code, "message": message, "problems": problems}
    with suppress(OSError):  # nobody reads it any more
        printer.echo_json({"error": error})


def tell_error(meta: MutableMapping[str, Any], error: PaddleDVCError) -> None:
    """Tell of an error that was meant."""
    from paddledvc.cli import printer  # noqa: PLC0415 - not for --help
    from paddledvc.errors import InvalidFile  # noqa: PLC0415

    problems = error.problems if isinstance(error, InvalidFile) else ()
    answer_failure(meta, type(error).__name__, error.exit_code, str(error), problems)
    if isinstance(error, InvalidFile):
        # Its problems stand at the start of their lines, where editors and CI look for them.
        printer.echo(error, err=True)
    else:
        printer.echo_error(error)


def tell_usage(meta: MutableMapping[str, Any], error: click.ClickException) -> None:
    """Answer wrong usage; click prints the rest, with nothing in it that was typed as it is."""
    answer_failure(meta, type(error).__name__, error.exit_code, error.format_message())
    # Final for type checkers only; a new error would lose the hints of its kind.
    error.message = escape_text(error.message)  # type: ignore[misc]


def flush_output() -> None:
    """Write what is left; a disk that is full has been told of."""
    try:
        sys.stdout.flush()
    except OSError:
        streams.abandon_output_stream()
