from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.yaml import reader
from paddledvc.yaml.edit.sections import Changes, splice_section

NOTHING = Changes(replace={}, remove=frozenset(), append=())


def edit(text, *, replace=None, remove=(), append=(), key="stages"):
    changes = Changes(replace=replace or {}, remove=frozenset(remove), append=append)
    return splice_section(text, "dvc.yaml", key, changes)


USERS = """\
# Our pipeline
vars:
    - params.yaml   # kept

stages:
  # the user's own
  prepare:   {cmd: "python prepare.py",  deps: [ a, b ]}

  # of ours
  ours:
    cmd: old
    meta: {x: 1}

  # the user's last
  last:
    cmd: >-
      echo one
      two


    # inside last
    deps:
    - 'x'

# about plots
plots:
- a.csv
"""


def test_nothing_to_do_keeps_the_text():
    assert splice_section(USERS, "dvc.yaml", "stages", NOTHING) == USERS


def test_an_entry_is_replaced_in_its_place():
    assert edit(USERS, replace={"ours": "ours:\n  cmd: new\n"}) == USERS.replace(
        "  ours:\n    cmd: old\n    meta: {x: 1}\n", "  ours:\n    cmd: new\n"
    )


def test_an_entry_is_removed_and_nothing_else():
    assert edit(USERS, remove=["ours"]) == USERS.replace(
        "  ours:\n    cmd: old\n    meta: {x: 1}\n", ""
    )


def test_an_entry_is_added_after_the_last_one():
    assert edit(USERS, append=["new:\n  cmd: n\n"]) == USERS.replace(
        "    - 'x'\n", "    - 'x'\n  new:\n    cmd: n\n"
    )


@pytest.mark.parametrize("head", ["stages:\n", "stages: !!map\n", "? stages\n:\n"])
def test_an_entry_is_removed_behind_one_whose_name_is_an_alias(head):
    text = f"vars: &v word\n{head}  *v : {{cmd: a}}\n  ours: {{cmd: b}}\n# end\n"

    assert edit(text, remove=["ours"]) == text.replace("  ours: {cmd: b}\n", "")


def test_entries_are_added_in_order():
    assert edit("stages:\n  a: {cmd: x}\n", append=["c:\n  cmd: c\n", "b:\n  cmd: b\n"]) == (
        "stages:\n  a: {cmd: x}\n  c:\n    cmd: c\n  b:\n    cmd: b\n"
    )


def test_all_kinds_of_changes_at_once():
    text = "stages:\n  a:\n    cmd: a\n  b:\n    cmd: b\n  c:\n    cmd: c\n"

    assert edit(text, replace={"a": "a:\n  cmd: A\n"}, remove=["c"], append=["d:\n  cmd: d\n"]) == (
        "stages:\n  a:\n    cmd: A\n  b:\n    cmd: b\n  d:\n    cmd: d\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "stages:\n  n:\n    cmd: n\n", id="empty file"),
        pytest.param("stages: {}\n", "stages:\n  n:\n    cmd: n\n", id="braces"),
        pytest.param("stages:\n", "stages:\n  n:\n    cmd: n\n", id="null"),
        pytest.param("stages: null\n", "stages:\n  n:\n    cmd: n\n", id="null word"),
        pytest.param("stages: ~\nvars: []\n", "stages:\n  n:\n    cmd: n\nvars: []\n", id="tilde"),
        pytest.param(
            "stages: {} # none yet\n", "stages: # none yet\n  n:\n    cmd: n\n", id="comment"
        ),
        pytest.param(
            "stages:\n  # none yet\n\nvars: []\n",
            "stages:\n  n:\n    cmd: n\n  # none yet\n\nvars: []\n",
            id="comment inside",
        ),
        pytest.param("stages:\n  {}\n", "stages:\n  n:\n    cmd: n\n", id="braces on a line below"),
        pytest.param(
            "stages: {\n}\nvars: []\n", "stages:\n  n:\n    cmd: n\nvars: []\n", id="braces on two"
        ),
        pytest.param(
            "stages: { # none yet\n} # end\n",
            "stages: # none yet # end\n  n:\n    cmd: n\n",
            id="comment in braces",
        ),
        pytest.param(
            "stages: {}# none yet\n",
            "stages: # none yet\n  n:\n    cmd: n\n",
            id="comment directly behind braces",
        ),
        pytest.param(
            "stages: # none yet\n  {}\n",
            "stages: # none yet\n  n:\n    cmd: n\n",
            id="comment before braces",
        ),
        pytest.param(
            "stages:\n  null\nvars: []\n",
            "stages:\n  n:\n    cmd: n\nvars: []\n",
            id="null on a line below",
        ),
        pytest.param(
            "\ufeffstages: {}\r\nvars: []\r\n",
            "\ufeffstages:\r\n  n:\r\n    cmd: n\r\nvars: []\r\n",
            id="mark and crlf",
        ),
        pytest.param(
            "vars: &v\nstages: *v # none yet\n",
            "vars: &v\nstages: # none yet\n  n:\n    cmd: n\n",
            id="alias of nothing",
        ),
        pytest.param(
            "stages: &s # all\n  a: {cmd: a}\n",
            "stages: &s # all\n  a: {cmd: a}\n  n:\n    cmd: n\n",
            id="anchor",
        ),
        pytest.param(
            "? stages\n: # all\n  a: {cmd: a}\n",
            "? stages\n: # all\n  a: {cmd: a}\n  n:\n    cmd: n\n",
            id="question mark",
        ),
        pytest.param('"stages": {}\n', "stages:\n  n:\n    cmd: n\n", id="quoted key"),
        pytest.param("vars: []\n", "vars: []\n\nstages:\n  n:\n    cmd: n\n", id="no section"),
        pytest.param("vars: []", "vars: []\n\nstages:\n  n:\n    cmd: n\n", id="no last newline"),
        pytest.param(
            "# only words\n", "# only words\n\nstages:\n  n:\n    cmd: n\n", id="comment only"
        ),
        pytest.param(
            "stages:\n    a:\n        cmd: a",
            "stages:\n    a:\n        cmd: a\n    n:\n      cmd: n\n",
            id="four spaces, no last newline",
        ),
        pytest.param(
            "stages:\n a: {cmd: a}\n", "stages:\n a: {cmd: a}\n n:\n   cmd: n\n", id="one space"
        ),
        pytest.param(
            "stages:\r\n  a: {cmd: a}\r\n",
            "stages:\r\n  a: {cmd: a}\r\n  n:\r\n    cmd: n\r\n",
            id="crlf",
        ),
        pytest.param(
            "vars: []\r\n",
            "vars: []\r\n\r\nstages:\r\n  n:\r\n    cmd: n\r\n",
            id="crlf new section",
        ),
    ],
)
def test_a_section_grows_from_any_start(text, expected):
    assert edit(text, append=["n:\n  cmd: n\n"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("stages:\n  o: {cmd: o}\n", "", id="the only one of the file"),
        pytest.param("vars: []\n\nstages:\n  o: {cmd: o}\n", "vars: []\n", id="at the end"),
        pytest.param("stages:\n  o: {cmd: o}\n\nvars: []\n", "\nvars: []\n", id="at the start"),
        pytest.param(
            "stages:\n  o: {cmd: o}\nvars: []\n\n\n",
            "vars: []\n\n\n",
            id="blank lines of the user's",
        ),
        pytest.param(
            "stages:\n  # a note\n  o: {cmd: o}\n", "stages: {}\n  # a note\n", id="a note inside"
        ),
        pytest.param(
            "stages: # ours\n  # a note\n  o: {cmd: o}\n",
            "stages: {} # ours\n  # a note\n",
            id="a note inside and one beside the key",
        ),
        pytest.param(
            "stages:\r\n  # a note\r\n  o: {cmd: o}\r\nvars: []\r\n",
            "stages: {}\r\n  # a note\r\nvars: []\r\n",
            id="a note inside, crlf",
        ),
    ],
)
def test_a_section_goes_with_its_last_entry_unless_people_wrote_into_it(text, expected):
    assert edit(text, remove=["o"]) == expected


def test_a_section_below_a_question_mark_is_written_out_where_nothing_but_a_note_stays():
    text = "? stages\n: # all\n  # a note\n  o: {cmd: o}\n"

    assert edit(text, remove=["o"]) == "stages: {} # all\n  # a note\n"


def test_a_file_that_ends_without_a_newline_still_does_where_its_end_is_not_touched():
    text = "stages:\n  ours: {cmd: old}\nvars: []"

    assert edit(text, replace={"ours": "ours:\n  cmd: new\n"}) == (
        "stages:\n  ours:\n    cmd: new\nvars: []"
    )


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_odd_line_ends_inside_a_users_text_do_not_shift_the_edit(separator):
    text = f"vars: []\nstages:\n  u:\n    desc: 'a{separator}b'\n  ours: {{cmd: old}}\n# end\n"

    assert edit(text, replace={"ours": "ours:\n  cmd: new\n"}) == text.replace(
        "  ours: {cmd: old}\n", "  ours:\n    cmd: new\n"
    )


def test_blank_lines_that_a_users_text_ends_with_stay_in_it():
    text = "stages:\n  u:\n    cmd: |+\n      a\n\n\n"
    edited = edit(text, append=["n:\n  cmd: n\n"])

    assert reader.parse_yaml(edited, "x").value["stages"]["u"] == {"cmd": "a\n\n\n"}


comments = st.sampled_from(["", "\n", "  # a note\n", "# far left\n", "\n\n  # two\n"])
entries = st.sampled_from(
    [
        "{name}: {{cmd: x}}",
        "{name}:\n    cmd: x",
        "{name}:\n    cmd: |\n      # no comment\n      y\n    deps: [a]",
        "{name}:   # beside\n    # inside\n    cmd: 'a: b'\n    deps:\n    - é",
        "'{name}':\n    cmd: >\n\n      folded\n\n      text",
    ]
)


@st.composite
def files(draw):
    """Draw a dvc.yaml: pieces of text, each the user's or an entry of ours."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    pieces = [("user", draw(st.sampled_from(["", "vars: []\n", "# head\n\nvars: [a]\n"])))]
    pieces.append(("user", draw(st.sampled_from(["stages:\n", "stages: # all\n"]))))
    pieces.append(("user", "  first: {cmd: x}\n"))
    for number in range(draw(st.integers(0, 4))):
        pieces.append(("user", draw(comments)))
        mine = draw(st.booleans())
        name = f"{'ours' if mine else 'user'}{number}"
        pieces.append((name if mine else "user", f"  {draw(entries).format(name=name)}\n"))
    pieces.append(("user", draw(st.sampled_from(["", "\n", "# tail\n", "\nplots:\n- a.csv\n"]))))
    return [(owner, text.replace("\n", newline)) for owner, text in pieces], newline


@given(files(), st.data())
def test_every_byte_outside_our_entries_survives(drawn, data):
    pieces, newline = drawn
    text = "".join(piece for _, piece in pieces)
    ours = [owner for owner, _ in pieces if owner != "user"]
    fates = {name: data.draw(st.sampled_from(["keep", "replace", "remove"])) for name in ours}
    result = edit(
        text,
        replace={n: f"{n}:\n  cmd: new\n" for n, fate in fates.items() if fate == "replace"},
        remove=[n for n, fate in fates.items() if fate == "remove"],
    )
    new = {"replace": "  {}:\n    cmd: new\n", "remove": ""}
    expected = "".join(
        piece
        if fates.get(owner, "keep") == "keep"
        else new[fates[owner]].format(owner).replace("\n", newline)
        for owner, piece in pieces
    )

    assert result == expected
