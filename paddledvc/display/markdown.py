"""Texts of others in Markdown: shown to the letter, without markup, links or mentions of people.

GitHub and GitLab look for mentions and references once the Markdown is read, so a backslash stops
none of them: a code span does, and elsewhere a space without width.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#!~$^]")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ]")
_REFERENCE = re.compile(r"([@#!$%&~^:])(?=[\w\"'/])|(?i:(www)(?=\.))")
"""What begins a mention, an issue, a merge request, a snippet, a label, an emoji or a link."""
_BREAK = "&#8203;"
"""A space without width, as an entity."""
LONGEST_CELL = 120
"""Characters of a cell that a table shows."""


def escape_markdown(text: str) -> str:
    r"""Write a sentence that Markdown shows as it is.

    >>> escape_markdown("*by* @team, see #1 & <b>")
    '\\*by\\* @&#8203;team, see \\#&#8203;1 &amp; \\<b\\>'
    """
    pieces, end = [], 0
    line = " ".join(text.split())
    for found in _REFERENCE.finditer(line):
        pieces += [_escape(line[end : found.end()]), _BREAK]
        end = found.end()
    return "".join((*pieces, _escape(line[end:])))


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text.replace("&", "&amp;")).replace("|", "&#124;")


def code_span(text: str) -> str:
    """Write a name or value as code, in which nothing is looked for.

    >>> code_span("a`b"), code_span("@team"), code_span("")
    ('``a`b``', '`@team`', '')
    """
    line = " ".join(text.split())
    if not line:
        return ""
    if "|" in line:  # which ends the cell of a table in code, too
        return f"<code>{_NOT_PLAIN.sub(lambda one: f'&#{ord(one[0])};', line)}</code>"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    edge = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{edge}{line}{edge}{fence}"


def cut_cell(text: str, most: int = LONGEST_CELL) -> str:
    """Cut what is too long for a table.

    >>> cut_cell("a" * 500, 10)
    'aaaaaaa...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def list_table_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a table of cells that are Markdown already.

    >>> list_table_lines(["a", "b"], [[code_span("x|y"), ""]])
    ['| a | b |', '|---|---|', '| <code>x&#124;y</code> |  |']
    """
    lines = [_row(head), f"|{'---|' * len(head)}"]
    return [*lines, *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
