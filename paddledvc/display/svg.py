"""Elements of SVG whose texts are text, whatever they hold."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from paddledvc.display.escaping import escape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 860
"""What a drawing is wide, before the page scales it."""


def draw_svg(title: str, height: float, parts: Sequence[str]) -> str:
    """Put elements into a drawing."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{_escaped(title)}">'
        f"{''.join(parts)}</svg>"
    )


def draw_element(tag: str, kind: str, title: str = "", **numbers: float) -> str:
    """Draw an element of a style.

    >>> draw_element("circle", "c0", "a < b", r=3)
    '<circle class="c0" r="3"><title>a &lt; b</title></circle>'
    """
    values = "".join(f' {key}="{value:.6g}"' for key, value in numbers.items())
    inside = f"<title>{_escaped(title)}</title>" if title else ""
    return f'<{tag} class="{kind}"{values}>{inside}</{tag}>'


def draw_label(x: float, y: float, label: str, anchor: str = "middle", kind: str = "tick") -> str:
    """Write a text at a place."""
    place = f'x="{x:.6g}" y="{y:.6g}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{_escaped(label)}</text>'


def _escaped(text: str) -> str:
    return escape(escape_text(text))
