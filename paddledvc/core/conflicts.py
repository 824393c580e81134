"""Conflicts that a merge has left in a file, and how to mend them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from paddledvc.core import layout
from paddledvc.errors import Problem

if TYPE_CHECKING:
    from paddledvc.core.threeway import Side

_MARKER = re.compile(r"^(<{7}|>{7}|={7}\r?$)", re.MULTILINE)
_CONFLICT = re.compile(
    r"^<{7,}.*\n(?P<ours>(?s:.*?))"
    r"(?:^\|{7,}.*\n(?s:.*?))?"
    r"^={7,}\r?\n(?P<theirs>(?s:.*?))^>{7,}.*\n",
    re.MULTILINE,
)
_SHOWN = 3
"""Conflicts whose lines are told; they all have to be mended anyway."""
_BLOCK = "keep one of the blocks between the markers"
_LINES = "keep what is wanted of the lines between the markers"
_ADVICE = {
    layout.LOCK: (
        "run `paddledvc lock --resolve ours` or `theirs` to take a side in each, or "
        f"{_BLOCK} and run `paddledvc lock`"
    ),
    layout.REGISTRY: f"{_LINES}, then run `paddledvc lock`",
    layout.STAGES: f"{_BLOCK}, then run `paddledvc generate`",
    "dvc.lock": f"{_BLOCK}, then run `dvc repro`",
}


def conflict(text: str, file: str) -> Problem | None:
    r"""Find what a merge has left for people to choose; None if there is nothing.

    >>> text = "a: 1\n<<<<<<< ours\n=======\nb: 1\n>>>>>>> theirs\n"
    >>> print(conflict(text, "params.yaml").message)
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


def take(text: str, side: Side) -> str:
    r"""Take a side in every conflict.

    >>> take("a: 1\n<<<<<<< ours\n=======\nb: 1\n>>>>>>> theirs\n", "theirs")
    'a: 1\nb: 1\n'
    """
    return _CONFLICT.sub(lambda match: match[side], text)
