"""Values that functions return, as a terminal or a notebook shows them."""

from __future__ import annotations

from dataclasses import dataclass

from paddledvc.display.results import Displayed, Table


@dataclass(frozen=True, repr=False)
class Row(Displayed):
    name: str


def test_a_value_shows_no_more_than_is_safe_to_see_in_a_terminal():
    assert repr(Row("a\x1b[2J\u202e")) == r"<Row name a\x1b[2J\u202e>"
    assert repr(Table([Row("a\x1b[2J")])) == r"<Table of 1: a\x1b[2J>"
