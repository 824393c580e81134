from __future__ import annotations

import io
from contextlib import contextmanager, redirect_stderr

from paddledvc.cli.options import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def drawn():
    """Give what draws, and the terminal that it draws on."""
    with redirect_stderr(Terminal()) as terminal, progress_bar() as show:
        yield show, terminal


def last(terminal):
    return terminal.getvalue().rstrip("\n").rpartition("\r")[2]


def test_one_file_is_shown_by_its_name():
    with drawn() as (show, terminal):
        show("resnet50", 0, 2000)
        show("resnet50", 2000, 2000)

    assert last(terminal).startswith("resnet50: 100%")
    assert "2.00k/2.00k" in last(terminal)


def test_many_files_are_shown_in_one_line():
    with drawn() as (show, terminal):
        for name in ("a", "b", "c"):
            show(name, 1000, 2000)
        show("a", 2000, 2000)
        show("b", 2000, 2000)
        show("b", 0, 2000)  # it broke off, and begins anew
        show("empty", 0, 0)
        show("empty", 0, 0)

    assert last(terminal).startswith("2 of 4 files:  50%")
    assert "3.00k/6.00k" in last(terminal)
    assert terminal.getvalue().count("\n") == 1


def test_a_size_that_nobody_knows_makes_no_percentage():
    with drawn() as (show, terminal):
        show("a", 1000, None)
        show("b", 1000, 2000)

    assert "%" not in last(terminal)
    assert "2.00kB" in last(terminal)


def test_nothing_is_shown_in_a_pipe(capsys):
    with progress_bar() as show:
        show("a", 1, 2)

    assert capsys.readouterr() == ("", "")
