"""Conflicts that a merge has left in a file, and how to mend them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from paddledvc import names
from paddledvc.errors import Problem

_MARKER = re.compile(r"^(<{7}|>{7}|={7}\r?$)", re.MULTILINE)
_SHOWN = 3
"""Conflicts whose lines are told; they all have to be mended anyway."""
_BLOCK = "keep one of the blocks between the markers"
_LINES = "keep what is wanted of the lines between the markers"
_ADVICE = {
    names.LOCK: (
        "run `paddledvc lock --resolve ours` or `theirs` to take a side in each, or "
        f"{_BLOCK} and run `paddledvc lock`"
    ),
    names.REGISTRY: f"{_LINES}, then run `paddledvc lock`",
    names.STAGES: (
        "run `paddledvc generate --resolve ours` or `theirs` to take a side in each, or "
        f"{_BLOCK} and run `paddledvc generate`"
    ),
    "dvc.lock": (
        "run `paddledvc generate --resolve ours` or `theirs` to take a side in each, or "
        f"{_BLOCK}, then run `dvc repro`"
    ),
}
Side = Literal["ours", "theirs"]


def find_conflict(text: str, file: str) -> Problem | None:
    r"""Find what a merge has left for people to choose; None if there is nothing.

    >>> text = "a: 1\n<<<<<<< ours\n=======\nb: 1\n>>>>>>> theirs\n"
    >>> print(find_conflict(text, "params.yaml").message)
    found a merge conflict in lines 2-5; keep what is wanted of the lines between the markers
    """
    markers = [
        (match[0][0], text.count("\n", 0, match.start()) + 1) for match in _MARKER.finditer(text)
    ]
    if not markers:
        return None
    edges = [marker for marker in markers if marker[0] != "="]
    places = [
        f"{start}-{end}"
        for (opening, start), (closing, end) in pairwise(edges)
        if (opening, closing) == ("<", ">")
    ]
    advice = _ADVICE.get(file.rpartition("/")[2], _LINES)
    return Problem(
        file=file,
        line=markers[0][1],
        column=1,
        path="",
        message=f"found {_many(places)}; {advice}",
    )


def _many(places: list[str]) -> str:
    if len(places) <= 1:
        return f"a merge conflict{''.join(f' in lines {place}' for place in places)}"
    shown, more = places[:_SHOWN], len(places) - _SHOWN
    if more > 0:
        shown = [*shown, f"{more} more"]
    return f"{len(places)} merge conflicts, in lines {', '.join(shown[:-1])} and {shown[-1]}"


def take_conflict_side(text: str, side: Side) -> str:
    r"""Take a side in every conflict.

    The markers of one conflict are of one length; shorter or longer ones inside of it are text.

    >>> take_conflict_side("a: 1\n<<<<<<< ours\n=======\nb: 1\n>>>>>>> theirs\n", "theirs")
    'a: 1\nb: 1\n'
    """
    kept: list[str] = []
    length, part = 0, ""
    for line in text.splitlines(keepends=True):
        marker = _LINE.match(line)
        sign, size = (marker[1][0], len(marker[1])) if marker else ("", 0)
        if not length and sign == "<":
            length, part = size, "ours"
        elif length and size == length and sign in _NEXT[part]:
            part = _NEXT[part][sign]
            length = length if part else 0
        elif not length or part == side:
            kept.append(line)
    return "".join(kept)


_LINE = re.compile(r"(<{7,}|\|{7,}|={7,}|>{7,})(?=[ \r\n]|$)")
_NEXT = {
    "ours": {"|": "base", "=": "theirs"},
    "base": {"=": "theirs"},
    "theirs": {">": ""},
}
"""The part of a conflict that comes after a marker in each part; none after the last."""
