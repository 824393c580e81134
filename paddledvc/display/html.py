"""The parts of a page of HTML that needs no other file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell: TypeAlias = str | float | None
"""What a cell of a table holds."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --dim: #5d6b7a; --paper: #fff; --rule: #d9dfe6;
  --bad: #c0392b; --good: #1e7e4f; --c0: #2f6fd0; --c1: #d07c1f; --c2: #2a9168; --c3: #8457c9;
  --c4: #6b7785; --c5: #c2477f; --c6: #8a7a18; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #98a5b3; --paper: #14181d;
  --rule: #323a44; --bad: #ff7a6b; --good: #5fd39b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.verdict { font-weight: 700; } .pass { color: var(--good); } .fail { color: var(--bad); }
.dim, figcaption { color: var(--dim); } figure { margin: 0; overflow-x: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--rule); }
td.number, th.number { text-align: right; } code { font-size: .85em; overflow-wrap: anywhere; }
svg { width: 100%; min-width: 34rem; height: auto; font: 11px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .tick { fill: var(--dim); }
svg .grid { stroke: var(--rule); } svg .axis { stroke: var(--dim); }
svg .tolerance { stroke: var(--bad); stroke-dasharray: 5 4; }
svg text.tolerance { stroke: none; fill: var(--bad); }
svg .median { stroke: var(--paper); stroke-width: 2; }
.c0 { fill: var(--c0); stroke: var(--c0); } .c1 { fill: var(--c1); stroke: var(--c1); }
.c2 { fill: var(--c2); stroke: var(--c2); } .c3 { fill: var(--c3); stroke: var(--c3); }
.c4 { fill: var(--c4); stroke: var(--c4); } .c5 { fill: var(--c5); stroke: var(--c5); }
.c6 { fill: var(--c6); stroke: var(--c6); } svg circle { fill-opacity: .6; stroke: none; }
svg circle.bad { fill-opacity: 1; stroke: var(--bad); stroke-width: 2; }
i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .3em; }
i.c0 { background: var(--c0); } i.c1 { background: var(--c1); } i.c2 { background: var(--c2); }
i.c3 { background: var(--c3); } i.c4 { background: var(--c4); } i.c5 { background: var(--c5); }
i.c6 { background: var(--c6); }
"""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table."""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><tr>{names}</tr>{body}</table></div>'


def _cell(value: Cell) -> str:
    if isinstance(value, Html):
        return f"<td>{value}</td>"
    if isinstance(value, float):
        return f"<td>{value:.3g}</td>"
    return f"<td>{'' if value is None else escape(str(value))}</td>"


def number(value: object) -> Cell:
    """Give what a report says as a number or text, for a cell."""
    return value if isinstance(value, float) else None if value is None else str(value)


def verdict(verdict: str) -> str:
    """Write a verdict in its colour."""
    kind = {"pass": "pass", "skipped": "dim"}.get(verdict, "fail")
    return f'<span class="verdict {kind}">{escape(verdict)}</span>'


def document(title: str, body: str) -> str:
    """Write a page around its body."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )
