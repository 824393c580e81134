"""The bars of transfers, drawn by what a terminal makes of them."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager, redirect_stderr

import pytest

from paddledvc.cli.printer import progress_bar

MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)


@contextmanager
def drawn():
    """Give what draws, and the terminal that it draws on."""
    with redirect_stderr(Terminal()) as terminal, progress_bar() as show:
        yield show, terminal


def last(terminal):
    """List the lines that are left: what the last frame says."""
    frame = terminal.getvalue().rpartition("\x1b[2K")[2]
    return [" ".join(line.split()) for line in MOVES.sub("", frame).split("\n") if line.strip()]


def test_one_file_is_shown_by_its_name():
    with drawn() as (show, terminal):
        show("resnet50", 0, 2000)
        show("resnet50", 2000, 2000)

    (line,) = last(terminal)
    assert line.startswith("resnet50 ━")
    assert " 100% 2.0/2.0 kB " in line


def test_of_many_files_those_on_their_way_are_shown_below_all_of_them():
    with drawn() as (show, terminal):
        for name in ("a", "b", "c"):
            show(name, 1000, 2000)
        show("a", 2000, 2000)
        show("b", 2000, 2000)
        show("b", 0, 2000)  # it broke off, and begins anew
        show("empty", 0, 0)
        show("empty", 0, 0)

    every, *files = last(terminal)
    assert every.startswith("2 of 4 files ━")
    assert " 50% 3.0/6.0 kB " in every
    assert [line.split()[0] for line in files] == ["c", "b"]


def test_a_first_file_that_is_there_makes_room_for_the_bar_of_all():
    with drawn() as (show, terminal):
        show("a", 2000, 2000)
        show("b", 2000, 2000)

    (line,) = last(terminal)
    assert line.startswith("2 of 2 files ━")


def test_a_size_that_nobody_knows_makes_no_percentage():
    with drawn() as (show, terminal):
        show("a", 1000, None)
        show("b", 1000, 2000)

    every, one, _ = last(terminal)
    assert "%" not in every + one
    assert "2.0/? kB" in every


def test_a_line_is_printed_above_the_bars(capsys):
    from paddledvc.cli.printer import echo  # noqa: PLC0415

    with drawn() as (show, terminal):
        show("a", 1000, 2000)
        echo("kept " + "x" * 200, err=True)
        echo("done")
        show("a", 2000, 2000)

    assert f"kept {'x' * 200}\n" in terminal.getvalue()
    assert " 100% " in last(terminal)[0]
    assert capsys.readouterr().out == "done\n"


def test_the_name_of_a_file_is_no_markup_and_moves_no_cursor():
    with drawn() as (show, terminal):
        show("[red]a\x1b[2Jb\nc", 1, 2)

    assert r"[red]a\x1b[2Jb\nc" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()


def test_colours_are_left_out_where_nobody_wants_them(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    with drawn() as (show, terminal):
        show("a", 1, 2)

    assert "a ━" in terminal.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.getvalue())


def test_nothing_is_shown_on_a_terminal_that_cannot_draw(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with drawn() as (show, terminal):
        show("a", 1, 2)

    assert terminal.getvalue() == ""


def test_nothing_is_shown_in_a_pipe(capsys):
    with progress_bar() as show:
        show("a", 1, 2)

    assert capsys.readouterr() == ("", "")
