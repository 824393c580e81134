from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.yaml.blocks import END, Block
from paddledvc.yaml.merge.rules import Sides
from paddledvc.yaml.merge.texts import (
    Markers,
    Piece,
    find_undecided_text,
    merge_blocks,
    render_merged_text,
)


def blocks(text, end=""):
    """Make a section ``s``, of whose entries the first letter is the name: ``a1 b2``."""
    entries = {("s", word[0]): f"- {word}\n" for word in text.split()}
    texts = {("s",): "s:\n", **entries, END: end}
    return {key: Block(key=key, body=text, value=text) for key, text in texts.items()}


def refuse(key, sides):
    return None


def merged(base, ours, theirs, join=refuse, **options):
    sides = Sides(base=blocks(base), ours=blocks(ours), theirs=blocks(theirs))
    text = render_merged_text(merge_blocks(sides, join, **options), Markers())
    return text.removeprefix("s:\n").replace("- ", "").replace("\n", " ").rstrip()


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param("a1 b1", "a1 b1", "a1 b1", "a1 b1", id="nothing changed"),
        pytest.param("a1 b1", "a2 b1", "a1 b2", "a2 b2", id="different ones changed"),
        pytest.param("a1 b1", "a2 b1", "a2 b1", "a2 b1", id="changed alike"),
        pytest.param("a1 b1", "b1", "a1 b2", "b2", id="removed by us"),
        pytest.param("a1 b1", "a2 b1", "a1", "a2", id="removed by them"),
        pytest.param("a1 b1", "a1", "a1", "a1", id="removed by both"),
        pytest.param("z1", "z1 a1", "z1 b1", "z1 a1 b1", id="both added at the end"),
        pytest.param("z1", "a1 z1", "b1 z1", "a1 b1 z1", id="both added at the start"),
        pytest.param("z1", "z1 a1", "z1 a1", "z1 a1", id="added alike"),
        pytest.param("", "a1", "b1", "a1 b1", id="both added the first"),
        pytest.param("x1 z1", "x1 a1 z1", "x1 b1 c1 z1", "x1 a1 b1 c1 z1", id="both in between"),
        pytest.param("x1 z1", "z1", "x1 b1 z1", "b1 z1", id="added behind what we removed"),
        pytest.param("x1 z1", "z1 x1", "x1 b1 z1", "z1 x1 b1", id="our order stays"),
        pytest.param("x1 z1", "x1 z1 a1", "z1 x1 b1", "x1 b1 z1 a1", id="our order stays, again"),
        pytest.param(
            "a1 b1", "a2 b1", "a3 b1", "<<<<<<< ours a2 ======= a3 >>>>>>> theirs b1", id="conflict"
        ),
        pytest.param(
            "a1 b1", "b1", "a3 b1", "<<<<<<< ours ======= a3 >>>>>>> theirs b1", id="gone, changed"
        ),
        pytest.param(
            "a1 b1", "a3 b1", "b1", "<<<<<<< ours a3 ======= >>>>>>> theirs b1", id="changed, gone"
        ),
        pytest.param(
            "b1", "b1 a2", "b1 a3", "b1 <<<<<<< ours a2 ======= a3 >>>>>>> theirs", id="both added"
        ),
    ],
)
def test_blocks_are_merged_one_by_one(base, ours, theirs, expected):
    assert merged(base, ours, theirs) == expected


def test_entries_that_are_sorted_stay_so():
    assert merged("b1 z1", "b1 m1 z1", "a1 b1 c1 z1", alphabetical=True) == "a1 b1 c1 m1 z1"


def test_a_block_that_both_changed_can_be_joined():
    found = []

    def join(key, sides):
        found.append((key, sides.map(lambda block: block.text)))
        return "- a5\n"

    assert merged("a1 b1", "a2 b1", "a3 b1", join) == "a5 b1"
    assert found == [(("s", "a"), Sides(base="- a1\n", ours="- a2\n", theirs="- a3\n"))]


def test_a_block_that_both_added_or_one_removed_is_not_joined():
    def join(key, sides):
        raise AssertionError(key)

    assert "=======" in merged("", "a1", "a2", join)
    assert "=======" in merged("a1", "", "a2", join)


def test_a_section_of_theirs_comes_behind_the_one_that_it_follows_there():
    def of(*names):
        return {(name,): Block(key=(name,), body=f"{name}\n", value=None) for name in (*names,)}

    sides = Sides(base=of("a", "c"), ours=of("c", "a", "d"), theirs=of("a", "b", "c"))

    assert [piece.text for piece in merge_blocks(sides, refuse)] == ["c\n", "a\n", "d\n", "b\n", ""]


NOTES = "# how to write models\n\n#   more\n"


def test_comments_below_which_both_added_something_are_written_once():
    def of(text):
        return Block(key=("s", text[-2]), body=text, value=None)

    ours, theirs = of(f"{NOTES}\n- a\n"), of(f"{NOTES}- b\n")
    sides = Sides(
        base=blocks("", end=NOTES),
        ours={**blocks(""), ours.key: ours},
        theirs={**blocks(""), theirs.key: theirs},
    )

    assert render_merged_text(merge_blocks(sides, refuse), Markers()) == f"s:\n{NOTES}\n- a\n- b\n"


def test_comments_that_both_wrote_above_an_addition_stay():
    def of(text):
        return Block(key=("s", text[-2]), body=text, value=None)

    ours, theirs = of("# new\n- a\n"), of("# new\n- b\n")
    sides = Sides(
        base=blocks(""),
        ours={**blocks(""), ours.key: ours},
        theirs={**blocks(""), theirs.key: theirs},
    )

    assert (
        render_merged_text(merge_blocks(sides, refuse), Markers()) == "s:\n# new\n- a\n# new\n- b\n"
    )


def a_conflict(**texts):
    return Piece(key=("a",), sides=Sides(**texts), text=None)


def test_a_conflict_can_show_what_was_there_before():
    piece = a_conflict(base="a: 1\n", ours="a: 2\n", theirs="a: 3\n")

    assert render_merged_text([piece], Markers(base=True, size=3)) == (
        "<<< ours\na: 2\n||| base\na: 1\n===\na: 3\n>>> theirs\n"
    )


def test_a_conflict_has_the_line_ends_of_the_file():
    piece = a_conflict(base="", ours="a: 2\r\n", theirs="a: 3\r\n")

    assert render_merged_text([piece], Markers()) == (
        "<<<<<<< ours\r\na: 2\r\n=======\r\na: 3\r\n>>>>>>> theirs\r\n"
    )


def test_each_marker_stands_on_a_line_of_its_own():
    piece = a_conflict(base="", ours="a: 2", theirs="a: 3")

    assert (
        render_merged_text([piece], Markers())
        == "<<<<<<< ours\na: 2\n=======\na: 3\n>>>>>>> theirs\n"
    )


@pytest.mark.parametrize(("ours", "theirs"), [*permutations(["a1", "a2", "a3"], 2), ("a1", "")])
def test_what_was_never_decided_is_not_what_either_side_kept(ours, theirs):
    base = find_undecided_text(blocks("a1 b1"), blocks("a2 b1"))
    sides = Sides(base=base, ours=blocks(f"{ours} b1"), theirs=blocks(f"{theirs} b2"))
    text = render_merged_text(merge_blocks(sides, refuse), Markers())

    assert "=======\n" in text
    assert text.endswith("- b2\n")


letters = st.lists(st.sampled_from("abcdef"), unique=True)
sides_of_a_list = letters.flatmap(
    lambda names: st.tuples(*[st.sampled_from("1123").map(name.__add__) for name in names])
).map(" ".join)


@given(sides_of_a_list, sides_of_a_list)
def test_a_side_that_changed_nothing_leaves_the_other_as_it_is(base, changed):
    assert merged(base, changed, base) == changed


@given(sides_of_a_list, sides_of_a_list)
def test_what_both_did_alike_is_taken(base, changed):
    assert merged(base, changed, changed) == changed


@given(sides_of_a_list, sides_of_a_list, sides_of_a_list)
def test_whose_branch_is_merged_into_the_other_only_matters_for_the_order(base, ours, theirs):
    def content(text):
        return sorted(text.replace("<<<<<<< ours ", "").split())

    there, back = merged(base, ours, theirs), merged(base, theirs, ours)

    assert content(there) == content(back)
