"""The samples that changed as one drawing, an SVG that needs no other file."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from paddledvc.display.escaping import escape_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CELL_WIDTH, CELL_HEIGHT, ACROSS = 120, 148, 6
"""Units that a picture takes with what stands below it, and pictures in a row."""
SIDE = 96
LETTERS = 18
"""Letters of a name that fit below a picture."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")

Changed = tuple[str, str, str, float, float]
"""A sample's id, the path, the metric, the network's outcome and that of the exported files."""


def draw_changed_svg(rows: Iterable[Changed], pictures: Mapping[str, Mapping[str, str]]) -> str:
    """Draw the samples that changed, each as its picture above what changed.

    Args:
        rows: what changed.
        pictures: JPEG in base64 by path and id, of the samples that are drawn.

    Returns:
        The text of the file; of one sentence where nothing changed.
    """
    cells = list(_cells(rows, pictures))
    height = CELL_HEIGHT * -(-len(cells) // ACROSS) or 24
    width = CELL_WIDTH * (min(len(cells), ACROSS) or 2)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11"',
        f'  viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    if not cells:
        lines.append('<text x="8" y="16">No sample changed.</text>')
    for number, (known, picture, what) in enumerate(cells):
        left, top = CELL_WIDTH * (number % ACROSS) + 12, CELL_HEIGHT * (number // ACROSS)
        lines.append(
            f'<g transform="translate({left} {top})"><title>{_text(known)}</title>'
            f'<image y="8" width="{SIDE}" height="{SIDE}" href="data:image/jpeg;base64,{picture}"/>'
            f'<text y="118">{_text(_shorten(known))}</text>'
            f'<text y="134" fill="#666">{_text(what)}</text></g>'
        )
    return "\n".join([*lines, "</svg>", ""])


def _cells(
    rows: Iterable[Changed], pictures: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the picture, and what changed of each sample on each path, once."""
    drawn = set()
    for known, path, _, before, now in rows:
        picture = pictures.get(path, {}).get(known)
        if picture is None or (known, path) in drawn or _BASE64.fullmatch(picture) is None:
            continue
        drawn.add((known, path))
        yield known, picture, f"{path}: {before:g} \N{RIGHTWARDS ARROW} {now:g}"


def _shorten(name: str) -> str:
    """Keep the end of a name, which tells files apart."""
    return name if len(name) <= LETTERS else f"…{name[1 - LETTERS :]}"


def _text(value: str) -> str:
    return escape(escape_text(value.replace("\n", " ")))
