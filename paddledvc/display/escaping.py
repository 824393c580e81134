"""What a terminal or a CI log would obey, written so that people read it instead.

Names, descriptions and what servers say come from others, and a branch is data: no byte of theirs
may move the cursor or turn the text around, and no line of theirs may command a runner.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_UNUSUAL = re.compile(r"[^\x20-\x7e\n\t]")
_COMMAND = re.compile(r"(?m)^(\s*):(?=:)|#(?=#\w*\[)")
"""How ``::error::`` and ``##vso[`` begin: the one counts where a line starts, the other anywhere.

Runners trim spaces of every kind before they look.
"""
_OLD_COMMAND = re.compile(r"()#(?=#\w*\[)")


def escape_text(text: str) -> str:
    r"""Write text for people: what cannot be looked at as its escape, commands to CI broken.

    Line feeds and tabs stay, and so do the letters of all scripts.

    >>> escape_text("\x1b[2J \u202e 甲"), escape_text(" ::error::x"), escape_text("##[group]")
    ('\\x1b[2J \\u202e 甲', ' \\x3a:error::x', '\\x23#[group]')
    """
    return _rewrite(text, _as_in_python, _COMMAND)


def escape_annotations(text: str) -> str:
    r"""Write lines for a CI log, some of which are commands of ours to it: ``::notice::a``.

    >>> escape_annotations("::notice::a\x9bb ##[group]")
    '::notice::a\\x9bb \\x23#[group]'
    """
    return _rewrite(text, _as_in_python, _OLD_COMMAND)


def escape_json(text: str) -> str:
    r"""Write the text of a JSON document so that it holds the same, and nobody obeys it.

    >>> escape_json('["\x9b", "##[x]"]')
    '["\\u009b", "\\u0023#[x]"]'
    """
    return _rewrite(text, _as_in_json, _COMMAND)


def escape_xml(text: str) -> str:
    r"""Write the text of an XML document so that it holds the same, and nobody obeys it.

    >>> escape_xml("<a>\x9b ##[x]</a>")
    '<a>&#155; &#35;#[x]</a>'
    """
    return _rewrite(text, lambda one: f"&#{ord(one)};", _COMMAND)


def _rewrite(text: str, escape: Callable[[str], str], command: re.Pattern[str]) -> str:
    shown = _UNUSUAL.sub(lambda found: found[0] if _is_shown(found[0]) else escape(found[0]), text)
    return command.sub(lambda found: f"{found[1] or ''}{escape(found[0][-1])}", shown)


def _is_shown(one: str) -> bool:
    # Python takes the wide spaces of Chinese and French, which move nothing, for unprintable too.
    space = one > "\x9f" and one.isspace() and one not in "\u2028\u2029"
    return one.isprintable() or space


def _as_in_python(one: str) -> str:
    short = one.encode("unicode_escape").decode("ascii")
    return short if short != one else f"\\x{ord(one):02x}"


def _as_in_json(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
