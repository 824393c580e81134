"""The merge of what two sides made of a text, block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, TypeAlias

from paddledvc.yaml.blocks import END, Block, Key
from paddledvc.yaml.merge.rules import No, Sides, choose_merge_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paddledvc.yaml.blocks import Blocks
    from paddledvc.yaml.conflicts import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A block of a merged text.

    Attributes:
        key: what it holds.
        sides: its text before and on either side; empty where it is not there.
        text: what the merge gave; None where people have to choose.
    """

    key: Key
    sides: Sides[str]
    text: str | None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.key[-1] if self.key else "the end of the file"

    def on(self, side: Side) -> str:
        """Give its text for whoever chooses a side."""
        chosen: str = getattr(self.sides, side) if self.text is None else self.text
        return chosen


Join: TypeAlias = Callable[[Key, Sides[Block]], str | None]
"""Merges a block that both sides changed; gives None where people have to choose."""


def merge_blocks(
    blocks: Sides[Blocks], join: Join, *, alphabetical: bool = False
) -> tuple[Piece, ...]:
    """Merge block by block.

    Args:
        blocks: the blocks of the three texts, in their order.
        join: asked for a block that both sides changed.
        alphabetical: whether entries stand in the order of their names. Otherwise our order stays,
            and what only they have follows what it follows there.
    """
    pieces = [
        _piece(key, blocks, join)
        for key in _order(list(blocks.ours), list(blocks.theirs), alphabetical=alphabetical)
    ]
    return tuple(_without_repeated_notes(pieces, list(blocks.base.values())))


def _piece(key: Key, blocks: Sides[Blocks], join: Join) -> Piece:
    texts = blocks.map(lambda side: side[key].text if key in side else "")
    text = choose_merge_side(texts)
    if text is No.AGREEMENT:
        everywhere = all(key in side for side in (blocks.base, blocks.ours, blocks.theirs))
        text = join(key, blocks.map(lambda side: side[key])) if everywhere else None
    return Piece(key=key, sides=texts, text=text)


def _order(ours: Sequence[Key], theirs: Sequence[Key], *, alphabetical: bool) -> Iterator[Key]:
    sections = _interleave(*([key for key in side if len(key) == 1] for side in (ours, theirs)))
    for section in sections:
        yield section
        entries = _interleave(
            *(
                [key for key in side if len(key) > 1 and key[:1] == section]
                for side in (ours, theirs)
            )
        )
        yield from sorted(entries) if alphabetical else entries
    yield END


def _interleave(ours: Sequence[Key], theirs: Sequence[Key]) -> list[Key]:
    """Keep our order, and put what only they have behind what it follows there."""
    merged, before = list(ours), -1
    for key in theirs:
        if key in ours:
            before = merged.index(key)
            continue
        # What only we have was put there first.
        before += 1 + sum(1 for _ in takewhile(lambda one: one not in theirs, merged[before + 1 :]))
        merged.insert(before, key)
    return merged


def _without_repeated_notes(pieces: Sequence[Piece], base: Sequence[Block]) -> Iterator[Piece]:
    """Write comments once below which both sides have added something.

    Comments belong to what follows them, so such ones have come to belong to both additions.
    """
    below = {block.key: _notes(following.text) for block, following in pairwise(base)}
    notes, seen = "", False
    for piece in pieces:
        if piece.sides.base:
            notes, seen = below.get(piece.key, ""), False
        elif notes and piece.text and piece.text.startswith(notes):
            if seen:
                yield replace(piece, text=piece.text.removeprefix(notes))
                continue
            seen = True
        yield piece


def _notes(text: str) -> str:
    """Give the comments above a block, with the blank lines between them."""
    lines = takewhile(lambda line: line.lstrip()[:1] in ("", "#"), text.splitlines(keepends=True))
    notes = "".join(lines)
    return notes[: notes.rfind("\n", 0, len(notes.rstrip()) + 1) + 1]


def find_undecided_text(ours: Blocks, theirs: Blocks) -> Blocks:
    """Tell what two sides agree upon from what nobody can have kept as it was.

    Where branches have been merged into each other, the text that both started from is a merge
    too, perhaps with conflicts.
    """
    found: dict[Key, Block] = {}
    for key in _order(list(ours), list(theirs), alphabetical=False):
        texts = [side[key].text if key in side else "" for side in (ours, theirs)]
        agreed = ours.get(key) if texts[0] == texts[1] else None
        found[key] = agreed or Block(key=key, body="=======\n".join(texts), value=No.AGREEMENT)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Markers:
    """How conflicts are marked.

    Attributes:
        size: characters of a marker.
        base: whether what was there before is shown too.
    """

    size: int = 7
    base: bool = False


def render_merged_text(pieces: Sequence[Piece], markers: Markers) -> str:
    r"""Write a merged text, each conflict between markers as git writes them.

    >>> sides = Sides(base="a: 1\n", ours="a: 2\n", theirs="")
    >>> render_merged_text([Piece(key=("a",), sides=sides, text=None)], Markers()).splitlines()
    ['<<<<<<< ours', 'a: 2', '=======', '>>>>>>> theirs']
    """
    newline = "\r\n" if any("\r\n" in piece.sides.ours for piece in pieces) else "\n"
    return "".join(
        _marked(piece.sides, markers, newline) if piece.text is None else piece.text
        for piece in pieces
    )


def _marked(sides: Sides[str], markers: Markers, newline: str) -> str:
    parts = [("<", " ours", sides.ours), ("|", " base", sides.base), ("=", "", sides.theirs)]
    text = ""
    for sign, label, part in parts:
        if sign != "|" or markers.base:
            text += f"{sign * markers.size}{label}{newline}{part}"
            text += "" if text.endswith("\n") else newline
    return f"{text}{'>' * markers.size} theirs{newline}"
