"""A card as a part of a page that people write too: their lines and keys stay."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from paddledvc.cards.core.render_card import make_card_header, render_card
from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.blocks import cut_blocks
from paddledvc.yaml.writer import dump_yaml

if TYPE_CHECKING:
    from paddledvc.cards.core.card import Card

_BEGIN = (
    "<!-- paddledvc: begin of={of} text={text} header={header}; write your own text outside of "
    "these lines -->"
)
_END = "<!-- paddledvc: end -->"
_PART = re.compile(
    r"^<!-- paddledvc: begin of=(?P<of>[0-9a-f]+) text=(?P<text>[0-9a-f]+)"
    r"(?: header=(?P<header>[0-9a-f]+))?;[^\n]*-->\r?\n"
    r"(?P<inside>.*?)^<!-- paddledvc: end -->[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_FIRST_LINE = re.compile(r"^<!-- paddledvc: begin of=", re.MULTILINE)
_HEADER = re.compile(r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*\r?\n", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^# [^\n]*\n", re.MULTILINE)


def find_stale_card(page: str, card: Card) -> str:
    """Say why a page's generated part is not what the card says; empty where it is, or has none.

    What counts is what the part was made of, so that another way to write it is not stale.

    Args:
        page: the text of the page.
        card: what is known now.
    """
    found = _PART.search(page)
    if found is None and _FIRST_LINE.search(page) is None:
        return ""
    if found is None or found["text"] != _digest(found["inside"]):
        return "its generated part was edited by hand"
    if found["header"] not in (None, _digest(_find_own_keys(_split(page)[0], card))):
        return "its header was edited by hand"
    return "" if found["of"] == card.digest else "it says what was so before"


def write_card_page(page: str | None, card: Card, file: str) -> str:
    """Write a card into its page; what people wrote there stays.

    Args:
        page: the text of the page; None where there is none yet.
        card: what is known now.
        file: its file, for messages.

    Raises:
        InvalidFile: its header cannot be read, or its generated part has no end.
    """
    if page is not None and _PART.search(page) is None and (lost := _FIRST_LINE.search(page)):
        message = (
            f"found the first line of the generated part, and no last line `{_END}`; add it below "
            "the part, or remove the part"
        )
        line = page.count("\n", 0, lost.start()) + 1
        raise InvalidFile([Problem(file=file, line=line, column=1, path="", message=message)])
    header, body = _split(page if page is not None else f"# {card.name}\n")
    ours = _dump_header(card)
    inside = f"\n{render_card(card)}\n\n"
    begin = _BEGIN.format(of=card.digest, text=_digest(inside), header=_digest(ours))
    body = _place(body, f"{begin}\n{inside}{_END}")
    return f"---\n{ours}{_find_other_keys(header, card, file)}---\n{body}"


def _split(page: str) -> tuple[str, str]:
    found = _HEADER.match(page)
    return ("", page) if found is None else (found["yaml"], page[found.end() :])


def _place(body: str, part: str) -> str:
    """Put the generated part where it was; else below the first heading, or at the end."""
    if (found := _PART.search(body)) is not None:
        return body[: found.start()] + part + body[found.end() :]
    if body and not body.endswith("\n"):
        body += "\n"
    heading = _HEADING.search(body)
    at = len(body) if heading is None else heading.end()
    gap = "\n" if body[:at].strip() else ""
    rest = body[at:]
    return f"{body[:at]}{gap}{part}\n{rest}"


def _dump_header(card: Card) -> str:
    """Write our keys of a header."""
    ours = make_card_header(card)
    return dump_yaml({key: value for key, value in ours.items() if value is not None})


def _find_own_keys(header: str, card: Card) -> str:
    """Take our keys out of a header, as they stand there; nothing where it cannot be read."""
    try:
        blocks = cut_blocks(header, "", ()) or {}
    except InvalidFile:
        return ""
    ours = make_card_header(card)
    return "".join(block.body for key, block in blocks.items() if {*key} & {*ours})


def _find_other_keys(header: str, card: Card, file: str) -> str:
    """Take the keys of people out of a header, as they are written."""
    if not header.strip():
        return ""
    blocks = cut_blocks(header, file, ())
    if blocks is None:
        message = (
            "found a header that is no mapping of keys on lines of their own; fix or remove it"
        )
        raise InvalidFile([Problem(file=file, line=1, column=1, path="", message=message)])
    ours = make_card_header(card)
    return "".join(block.text for key, block in blocks.items() if not {*key} & {*ours})


def _digest(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
