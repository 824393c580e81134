"""A card as a part of a page that people write too: their lines and keys stay."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from paddledvc.cards.core.render_card import make_card_header, render_card
from paddledvc.errors import InvalidFile, Problem
from paddledvc.yaml.blocks import cut_blocks, newline_of_blocks
from paddledvc.yaml.reader import parse_yaml
from paddledvc.yaml.writer import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Collection

    from paddledvc.cards.core.card import Card

_NOTE = "write your own text outside of these lines"
_END = "<!-- paddledvc: end -->"
_PART = re.compile(
    r"^<!-- paddledvc: begin(?P<says>[^\n]*)-->[ \t]*\n"
    r"(?P<inside>.*?)^<!-- paddledvc: end -->[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_FIRST_LINE = re.compile(r"^<!-- paddledvc: begin of=", re.MULTILINE)
_SAYS = re.compile(rf" of=([0-9a-f]+) text=([0-9a-f]+) keys=([a-z_,-]*); {_NOTE} ")
_HEADER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^---[ \t]*\n", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^# [^\n]*\n", re.MULTILINE)


def find_stale_card(page: str, card: Card) -> str:
    """Say why a page's generated part is not what the card says; empty where it is, or has none.

    What counts is what the part was made of, so that another way to write it is not stale.

    Args:
        page: the text of the page.
        card: what is known now.
    """
    header, body = _split(page)
    found = _PART.search(body)
    if found is None:
        return "its generated part has no last line" if _FIRST_LINE.search(body) else ""
    of, text, keys = _read_note(found)
    if text != _digest(found["inside"], header, keys):
        return "its generated part or its header was edited by hand"
    return "" if of == card.digest else "it says what was so before"


def write_card_page(page: str | None, card: Card, file: str) -> str:
    """Write a card into its page; what people wrote there stays.

    Args:
        page: the text of the page; None where there is none yet.
        card: what is known now.
        file: its file, for messages.

    Raises:
        InvalidFile: its header cannot be read, or its generated part has no end.
    """
    header, body = _split(page if page is not None else f"# {card.name}\n")
    found = _PART.search(body)
    if found is None and (lost := _FIRST_LINE.search(page or "")):
        message = (
            f"found the first line of the generated part, and no last line `{_END}`; add it below "
            "the part, or remove the part"
        )
        line = (page or "").count("\n", 0, lost.start()) + 1
        raise InvalidFile([Problem(file=file, line=line, column=1, path="", message=message)])
    before = _read_note(found)[2] if found is not None else ()
    ours = {key: value for key, value in make_card_header(card).items() if value is not None}
    header = _merge_header(header, ours, {*before, *ours}, file)
    inside = f"\n{render_card(card)}\n\n"
    says = f"of={card.digest} text={_digest(inside, header, ours)} keys={','.join(ours)}"
    part = f"<!-- paddledvc: begin {says}; {_NOTE} -->\n{inside}{_END}"
    text = f"---\n{header}---\n{_place(body, part)}"
    return text.replace("\n", newline_of_blocks(page or ""))


def drop_generated(page: str) -> str:
    r"""Give what people wrote of a page: without the generated part and the header of a card.

    >>> drop_generated("# det\n\nBy hand.\n")
    '# det\n\nBy hand.\n'
    """
    body = _split(page)[1]
    found = _PART.search(body)
    return page if found is None else body[: found.start()] + body[found.end() :]


def _split(page: str) -> tuple[str, str]:
    """Split a page into the YAML of its header and the rest, with line feeds alone."""
    text = page.removeprefix("\ufeff").replace("\r\n", "\n")
    found = _HEADER.match(text)
    return ("", text) if found is None else (found["yaml"], text[found.end() :])


def _read_note(part: re.Match[str]) -> tuple[str, str, tuple[str, ...]]:
    """Read what the generated part was made of, its digest, and its keys of the header."""
    found = _SAYS.fullmatch(part["says"])
    return (found[1], found[2], tuple(found[3].split(","))) if found is not None else ("", "", ())


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


def _merge_header(header: str, ours: dict[str, Any], dropped: Collection[str], file: str) -> str:
    """Put our keys first; those of others, and ours of which nothing is known, stay as written."""
    text = dump_yaml(ours)
    if not header.strip():
        return text
    blocks = cut_blocks(header, file, ())
    if blocks is None:
        message = (
            "found a header that is no mapping of keys on lines of their own; fix or remove it"
        )
        raise InvalidFile([Problem(file=file, line=1, column=1, path="", message=message)])
    return text + "".join(one.text for key, one in blocks.items() if not {*key} & {*dropped})


def _digest(inside: str, header: str, keys: Collection[str]) -> str:
    """Hash the generated part, and what the header says by some keys."""
    try:
        value: Any = parse_yaml(header, "").value
    except InvalidFile:
        value = None
    says = value if isinstance(value, dict) else {}
    said = json.dumps({key: says[key] for key in sorted(keys) if key in says}, default=str)
    lines = "\n".join((*(line.rstrip() for line in inside.splitlines()), said))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
