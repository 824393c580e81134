"""Every line, table and bar that the command line shows.

A pipe gets plain text, byte for byte the same on every machine. A terminal gets colours and bars
from rich, which takes as long to import as a short command runs, and is imported where it draws.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
import threading
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TextIO

import click

from paddledvc.display import escaping
from paddledvc.tools.system import streams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from paddledvc.models.lockfile import Change
    from paddledvc.project import Project
    from paddledvc.tools.system.progress import NamedProgress
    from paddledvc.yaml.conflicts import Side

ANSWERED = "paddledvc.answered"
"""Where the context of a command notes that a document was printed; there is no second one."""
MANY = 100
"""Lines of one kind that people read."""
LONGEST = 32
"""Columns of a name beside a bar."""
MORE_THAN_TITLE = 2
"""Columns that are at least as much wider than their titles, in a pipe."""
STYLES = {
    **dict.fromkeys(("ok", "pass", "live", "present"), "green"),
    **dict.fromkeys(("warning", "skipped", "stale", "missing"), "yellow"),
    **dict.fromkeys(("PROBLEM", "FAIL", "ERROR", "corrupt", "truncated"), "bold red"),
}
"""How a cell is drawn that says this, or begins with it and a comma."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def echo(text: object, *, err: bool = False) -> None:
    """Print a line, or several; what a terminal or a CI log would obey comes out as an escape."""
    streams.write_lines(str(text), err=err)


def echo_error(error: object) -> None:
    """Print an error, marked as one; the mark is red on a terminal."""
    stream = sys.stderr
    if not streams.is_drawn_on(stream):
        echo(f"Error: {error}", err=True)
        return
    from rich.text import Text  # noqa: PLC0415 - only where it draws

    mark = ("Error: ", "bold red")
    _open_console(stream).print(Text.assemble(mark, escaping.escape_text(str(error))))


def echo_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines; of very many only the first, and how many more there are."""
    every = list(lines)
    shown = every if len(every) <= MANY else every[: MANY // 2]
    for line in shown:
        echo(line, err=err)
    if len(shown) < len(every):
        more = len(every) - len(shown)
        echo(f"... and {more:,} more, which --format json lists", err=err)


def echo_changes(changes: Iterable[Change], trusted: Iterable[str] = ()) -> None:
    """Print what moved in models.lock, and whose bytes nobody had hashed before."""
    for change in changes:
        echo(change)
    for name in trusted:
        why = "its source publishes no digest, so the bytes downloaded now are locked and trusted"
        echo(f"Trust {name}: {why}; compare them with what its author publishes", err=True)


def echo_resolved(side: Side | None, resolved: Iterable[str], left: Sequence[str]) -> None:
    """Tell in which conflicts of a merge a side was taken, and which are left."""
    echo_lines(f"Take {side} in {name}" for name in resolved)
    if left:
        echo(f"Left in conflict: {', '.join(left)}; resolve by hand, then `git add`", err=True)


def echo_first_use(project: Project) -> None:
    """Say once which Paddle runs, where that is not the one that people expect."""
    from paddledvc.tools.paddle import device  # noqa: PLC0415 - only for what runs Paddle

    if (line := device.advise_on_device_once(project.root)) is not None:
        echo(line, err=True)


def echo_json(value: Any) -> None:
    """Print a value of ours as JSON."""
    echo_document(json.dumps(value, default=_plain, indent=2, ensure_ascii=False), "json")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def echo_document(text: str, form: str) -> None:
    """Print a text that programs read, in ASCII where the stream does not take every character.

    Args:
        text: the text.
        form: its form, such as ``json``; the escapes are those of the form.
    """
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta[ANSWERED] = True
    ascii_only = not streams.stream_takes_every_character()
    streams.write_document_to_stream(escape_document(text, form, ascii_only=ascii_only))


def escape_document(text: str, form: str, *, ascii_only: bool = False) -> str:
    """Write a text that programs read so that terminals and CI logs obey nothing of it.

    Args:
        text: the text.
        form: its form, such as ``json``; the escapes are those of the form.
        ascii_only: whether to escape all that is not ASCII, as far as the form has escapes.
    """
    if form in ("json", "sarif", "gitlab"):
        text = escaping.escape_json(text)
        if ascii_only:
            text = _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
        return text
    if form == "junit":
        text = escaping.escape_xml(text)
        if ascii_only:
            text = text.encode("ascii", "xmlcharrefreplace").decode()
        return text
    return escaping.escape_annotations(text) if form == "github" else escaping.escape_text(text)


def echo_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table whose columns are as wide as their widest cell, in a pipe too."""
    cells = [[_cell(value) for value in row] for row in rows]
    if streams.is_drawn_on(sys.stdout):
        _draw_table(_open_console(sys.stdout), headers, cells)
    else:
        streams.write_document_to_stream(align_columns(headers, cells))


def _cell(value: object) -> str:
    return "" if value is None else escaping.escape_text(str(value)).strip()


def align_columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Write a table in plain text.

    >>> print(align_columns(["name", "size"], [["a", "1"], ["甲\nbase", "20"]]))
    name    size
    a       1
    甲      20
    base
    """
    cells = [[cell.split("\n") for cell in row] for row in (headers, *rows)]
    titles = [_width(title) + MORE_THAN_TITLE for title in headers]
    widths = [
        max(title, *(_width(line) for row in cells for line in row[column]))
        for column, title in enumerate(titles)
    ]
    lines = (line for row in cells for line in zip_longest(*row, fillvalue=""))
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Count the columns that a text takes on a screen; a Chinese character takes two."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # noqa: PLC0415 - few texts need it

    wide = sum(east_asian_width(one) in ("W", "F") for one in text)
    return len(text) + wide - sum(category(one) in ("Mn", "Me") for one in text)


def _open_console(stream: TextIO) -> Console:
    """Open a terminal for rich, which shall take no text for markup, and cut and wrap none."""
    from rich.console import Console  # noqa: PLC0415 - only where it draws

    return Console(
        file=streams.unescaped_stream(stream),
        force_terminal=True,
        force_jupyter=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
    )


def _draw_table(console: Console, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.measure import Measurement  # noqa: PLC0415 - only where it draws
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in headers:
        table.add_column(Text(title), no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell.split(", ")[0], "")) for cell in row))
    # As wide as it needs: the terminal wraps what is too long, and a path stays whole.
    endless = console.options.update(max_width=sys.maxsize)
    width = Measurement.get(console, endless, table).maximum
    for line in console.render_lines(table, console.options.update(width=width)):
        drawn = Text.assemble(*((part.text, part.style or "") for part in line))
        drawn.rstrip()
        console.print(drawn)


@contextmanager
def progress_bar() -> Iterator[NamedProgress]:
    """Draw a bar for each transfer on a terminal, and one for all; stay quiet in a pipe."""
    bars = _Bars()
    try:
        yield bars.show if streams.is_drawn_on(sys.stderr) else _show_nothing
    finally:
        bars.close()


def _show_nothing(name: str, done: int, total: int | None) -> None:
    pass


class _Bars:
    """What is on its way: a bar for all, and one a file, which goes when the file is there.

    Of one file alone the bar stays: those of very many would scroll off the screen.
    """

    def __init__(self) -> None:
        self._drawing = threading.Lock()
        self._files: dict[str, tuple[int, int | None]] = {}
        self._finished: set[str] = set()
        self._done = self._total = self._unknown = 0
        self._progress: Progress | None = None
        self._all: TaskID | None = None
        self._bars: dict[str, TaskID] = {}

    def show(self, name: str, done: int, total: int | None) -> None:
        """Show that so many bytes of a file are there."""
        with self._drawing:
            self._count(name, done, total)
            if self._progress is None:
                self._progress = _open_progress()
                self._progress.start()
            self._draw_all(self._progress)
            self._draw(self._progress, name)

    def _count(self, name: str, done: int, total: int | None) -> None:
        before = self._files.get(name, (0, 0))
        self._files[name] = (done, total)
        self._done += done - before[0]
        self._total += (total or 0) - (before[1] or 0)
        self._unknown += (total is None) - (before[1] is None)
        (self._finished.add if done == total else self._finished.discard)(name)

    def _draw_all(self, progress: Progress) -> None:
        if self._all is None:
            self._all = progress.add_task("", total=None, visible=False)
        elif len(self._files) > 1:
            progress.update(
                self._all,
                description=f"{len(self._finished)} of {len(self._files)} files",
                completed=self._done,
                total=None if self._unknown else self._total,
                visible=True,
            )

    def _draw(self, progress: Progress, name: str) -> None:
        if len(self._files) > 1:
            for one in self._finished & self._bars.keys():
                progress.remove_task(self._bars.pop(one))
            if name in self._finished:
                return
        done, total = self._files[name]
        if name not in self._bars:
            title = escaping.escape_text(name).replace("\n", "\\n")
            self._bars[name] = progress.add_task(title, total=total)
        progress.update(self._bars[name], completed=done, total=total)

    def close(self) -> None:
        """Leave the bars as they are."""
        if self._progress is not None:
            self._progress.stop()


def _open_progress() -> Progress:
    from rich import progress  # noqa: PLC0415 - not where no bytes move
    from rich.table import Column  # noqa: PLC0415 - the same

    name = Column(no_wrap=True, overflow="ellipsis", max_width=LONGEST)
    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False, table_column=name),
        progress.BarColumn(bar_width=None),  # as wide as the rest of the line
        progress.TaskProgressColumn(table_column=Column(no_wrap=True)),
        progress.DownloadColumn(table_column=Column(no_wrap=True)),
        progress.TransferSpeedColumn(table_column=Column(no_wrap=True)),
        progress.TimeRemainingColumn(table_column=Column(no_wrap=True)),
        console=_open_console(sys.stderr),
        expand=True,
        redirect_stdout=False,  # it would go to standard error, though it may be a pipe
    )
