"""What two branches made of a file, merged model by model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from paddledvc.tools.git.merge.merge_driver import merge_lines_with_git
from paddledvc.yaml.blocks import END, cut_blocks, cut_entry_blocks, values_of_blocks
from paddledvc.yaml.conflicts import take_conflict_side
from paddledvc.yaml.merge import texts as merged_texts
from paddledvc.yaml.merge.rules import MERGE_FORMS, Form, No, Sides, complete_merge_sides
from paddledvc.yaml.merge.texts import Markers, Piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paddledvc.tools.git.merge.merge_driver import Lines
    from paddledvc.yaml.blocks import Block, Blocks, Key
    from paddledvc.yaml.conflicts import Side
    from paddledvc.yaml.merge.texts import Join


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedFile:
    """How merging a file went.

    Attributes:
        text: the merged file, with markers where people have to choose.
        clean: whether there is nothing to choose.
        conflicts: what both sides changed; empty where the file was merged line by line.
        took: the side that stands in the place of those; None where markers do.
    """

    text: str
    clean: bool
    conflicts: tuple[str, ...] = ()
    took: Side | None = None


def merge_texts(
    texts: Sides[str], name: str, markers: Markers, favour: Side | None = None
) -> MergedFile:
    """Merge what two branches made of a file.

    What one side alone has changed is taken from it, a model, a stage or a setting at a time. A
    file that cannot be cut into these is merged line by line, as git does. Either way, a result
    without conflicts says of each of them what one side says, or what both say together.

    Args:
        texts: the file that both branches started from, and what each made of it.
        name: the file's path.
        markers: how conflicts are marked.
        favour: the side to take where both changed the same; None leaves that to people.
    """
    file = PurePosixPath(name).name
    form = MERGE_FORMS.get(file)
    merging = None if form is None else _Merging(texts=texts, file=file, form=form)
    pieces = None if merging is None else merging.by_blocks()
    if pieces is None:
        lines = merge_lines_with_git(texts, markers.size, favour)
        if lines is not None and (merging is None or merging.trusts(lines)):
            return MergedFile(text=lines.text, clean=lines.clean, took=favour)
        pieces = (Piece(key=("the whole file",), sides=texts, text=None),)
    conflicts = tuple(piece.name for piece in pieces if piece.text is None)
    took = favour or ("ours" if conflicts and form is not None and form.built else None)
    text = (
        merged_texts.render_merged_text(pieces, markers)
        if took is None
        else "".join(piece.on(took) for piece in pieces)
    )
    clean = favour is not None or not conflicts
    return MergedFile(text=text, clean=clean, conflicts=conflicts, took=took)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Merging:
    """A file to merge.

    Attributes:
        texts: the file before and on either side.
        file: its name.
        form: what it consists of.
    """

    texts: Sides[str]
    file: str
    form: Form

    def by_blocks(self) -> tuple[Piece, ...] | None:
        """Merge block by block; None where the file cannot be cut, or the result is not right."""
        ours, theirs = self._cut(self.texts.ours), self._cut(self.texts.theirs)
        found = complete_merge_sides(Sides(base=self._cut_base(), ours=ours, theirs=theirs))
        if found is None:
            return None
        values = found.map(lambda side: {key: side[key].value for key in side if key != END})
        joins: tuple[Join, ...] = (self._join, lambda _key, _blocks: None)
        for join in joins if self.form.same_format(values) else ():
            pieces = merged_texts.merge_blocks(found, join, alphabetical=self.form.alphabetical)
            if self._is_right(pieces, values, "ours") and self._is_right(pieces, values, "theirs"):
                return pieces
        return None

    def trusts(self, lines: Lines) -> bool:
        """Tell whether what was merged line by line can be left to people, or to nobody."""
        found = self.texts.map(self._values)
        if found.ours is None or found.theirs is None:
            return not lines.clean or (
                self.form.written_by_people
                and values_of_blocks(lines.text, self.file, ()) is not None
            )
        if not lines.clean:
            # Whoever chooses between the lines of a lock can mix two pins.
            return self.form.written_by_people
        values = Sides(base=found.base or {}, ours=found.ours, theirs=found.theirs)
        wanted = self.form.merge_all(values)
        return self.form.same_format(values) and self._values(lines.text) == wanted

    def _values(self, text: str) -> dict[Key, Any] | None:
        return values_of_blocks(text, self.file, self.form.sections)

    def _cut(self, text: str) -> Blocks | None:
        return cut_blocks(text, self.file, self.form.sections)

    def _cut_base(self) -> Blocks | None:
        """Cut what both sides started from; a merge itself where they were merged before."""
        if (found := self._cut(self.texts.base)) is not None:
            return found
        ours = self._cut(take_conflict_side(self.texts.base, "ours"))
        theirs = self._cut(take_conflict_side(self.texts.base, "theirs"))
        return (
            None
            if ours is None or theirs is None
            else merged_texts.find_undecided_text(ours, theirs)
        )

    def _join(self, key: Key, sides: Sides[Block]) -> str | None:
        """Merge a block field by field, or else line by line, where what it says can be merged."""
        if key == END or self.form.merge(key, sides.map(_value)) is No.AGREEMENT:
            return None
        return self._join_fields(sides.map(_text))

    def _join_fields(self, texts: Sides[str]) -> str | None:
        fields = complete_merge_sides(texts.map(lambda text: cut_entry_blocks(text, self.file)))
        if fields is None:
            return _join_lines(texts)

        def join(_key: Key, both: Sides[Block]) -> str | None:
            within = both.map(_text)
            return _join_lines(within) if within == texts else self._join_fields(within)

        pieces = merged_texts.merge_blocks(fields, join)
        joined = [piece.text for piece in pieces if piece.text is not None]
        return "".join(joined) if len(joined) == len(pieces) else None

    def _is_right(
        self, pieces: Sequence[Piece], values: Sides[Mapping[Key, Any]], side: Side
    ) -> bool:
        """See that the text says what it should, with a side chosen in each conflict."""
        wanted = self.form.merge_all(values)
        for key in (piece.key for piece in pieces if piece.text is None and piece.key != END):
            wanted.pop(key, None)
            chosen = getattr(values, side)
            wanted |= {key: chosen[key]} if key in chosen else {}
        return self._values("".join(piece.on(side) for piece in pieces)) == wanted


def _value(block: Block) -> Any:
    return block.value


def _text(block: Block) -> str:
    return block.text


def _join_lines(texts: Sides[str]) -> str | None:
    lines = merge_lines_with_git(texts)
    return lines.text if lines is not None and lines.clean else None
