from __future__ import annotations

import json
import re
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from paddledvc.errors import InvalidFile
from paddledvc.yaml.edit import lists


def models(text):
    return lists.EditableList(text, "models.yaml", "models")


class Style(NamedTuple):
    """How one file writes its items: spaces before dashes, what is behind them, blank lines."""

    indent: int
    dash: str
    gap: str


class Piece(NamedTuple):
    """A part of a file: an item with the comments above it, or what belongs to nobody."""

    name: str | None
    above: str
    text: str


VERSIONS = [
    "v1",
    "1.10.0",
    "'>=3,<4'",
    '"^3.2"',
    "v1   # exact",
    "'v1'  # c",
    "v1    ",
    "é",
    "!!str 1",
]
EXTRAS = [
    "",
    "# inside\n",
    "tags: [a,\n  b]\n",
    "description: plain over\n  two lines # c\n",
    'description: "quoted # no comment\n\n  over lines"\n',
    "description: 'it''s: 模型 😀\u2028'\n",
    "description: |\n  # no comment\n  - name: no item\n\n",
    "description: >-\n\n  folded\n\n  text\n",
    "description: |+\n  kept\n\n\n",
    "description: |2-\n    deep\n",
    "metrics: {top1: 1.0, top5: true,\n# far left\nx: .nan}\n",
    "inputs:\n- {name: x}\n-   name: y\n",
    "base: *base\n",
    "<<: *shared\n",
    "owner:\n",
]
HEADS = [
    "",
    "---\n",
    "# head\n\n",
    "%YAML 1.1\n---\n# head\n",
    "policy: |\n  models:\n  - name: no item\n",
]
ANCHORS = "anchors: {shared: &shared {task: t}, base: &base {name: b}}\n"
KEYS = ["models:\n", "models: # all\n", '"models" :\n', "models:\n\n", "models:\n  # loose\n\n"]
TAILS = [
    "",
    "\n",
    "# tail\n",
    "\n# about catalogs\ncatalogs:\n- name: no model\n",
    "catalogs: {}\n\n\n",
    "\n...\n",
    "...\n# after the end\n",
]


@st.composite
def block_items(draw, name, style):
    """Draw an item in lines of its own."""
    lines = [f"name: {draw(st.sampled_from([name, repr(name)]))}\n"]
    lines.append(f"{draw(st.sampled_from(['version', repr('version')]))}: ")
    lines[-1] += f"{draw(st.sampled_from(VERSIONS))}\n"
    if draw(st.booleans()):
        lines.reverse()
    lines.insert(draw(st.integers(0, 2)), draw(st.sampled_from(EXTRAS)))
    inner = " " * (style.indent + len(style.dash))
    body = "".join(lines)
    first_is_key = not body.startswith(("#", "<<"))
    text = "".join(
        inner + line if line.strip() and not line.startswith("# far") else line
        for line in body.splitlines(keepends=True)
    )
    if first_is_key and draw(st.integers(0, 3)):
        return " " * style.indent + style.dash + text[len(inner) :]
    return " " * style.indent + "-\n" + text


@st.composite
def flow_items(draw, name, style):
    """Draw an item in braces."""
    version = draw(st.sampled_from(["v1", "'>=3'", '"v1"']))
    form = draw(
        st.sampled_from(
            [
                "{{name: {0}, version: {1}}}",
                "{{ name: {0} , version: {1} , x: [1, {{}}] }}  # beside",
                '{{"version":{1},"name":"{0}"}}',
                "{{name: {0}, # inside\n    version: {1},\n# far left\n  }}",
            ]
        )
    )
    return " " * style.indent + style.dash + form.format(name, version) + "\n"


@st.composite
def registries(draw, least=0):
    """Draw a models.yaml in pieces: what comes before, the key, the items, and the rest."""
    style = draw(
        st.builds(
            Style,
            indent=st.sampled_from([0, 2, 4]),
            dash=st.sampled_from(["- ", "-   "]),
            gap=st.sampled_from(["", "\n", "\n\n"]),
        )
    )
    head = draw(st.sampled_from(["", "\ufeff"])) + draw(st.sampled_from(HEADS)) + ANCHORS
    pieces = [Piece(None, "", head), Piece(None, "", draw(st.sampled_from(KEYS)))]
    for number in range(draw(st.integers(least, 4))):
        margin = " " * draw(st.integers(0, style.indent))
        if number:
            loose = draw(st.sampled_from(["", "", f"{margin}# loose\n\n"]))
            pieces.append(Piece(None, "", style.gap + loose))
        above = draw(st.sampled_from(["", f"{margin}# above\n", f"{margin}#a\n{margin}# b\n"]))
        name = f"m{number}"
        text = draw(st.one_of(block_items(name, style), flow_items(name, style)))
        pieces.append(Piece(name, above, text))
    tail = draw(st.sampled_from(TAILS))
    if not tail and draw(st.booleans()):
        pieces[-1] = pieces[-1]._replace(text=pieces[-1].text[:-1])
    pieces.append(Piece(None, "", tail))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return [Piece(p.name, *(part.replace("\n", newline) for part in p[1:])) for p in pieces]


def text_of(pieces):
    return "".join(piece.above + piece.text for piece in pieces)


def names_of(pieces):
    return [piece.name for piece in pieces if piece.name]


def lines_of(text):
    """List the lines that are not blank, with all their bytes."""
    return [line.rstrip("\r\n") for line in text.splitlines() if line.strip()]


def blank_lines(text):
    return len(text.splitlines()) - len(lines_of(text))


def emptied(pieces):
    """Say of the key that its list is empty."""
    return [pieces[0], pieces[1]._replace(text=pieces[1].text.replace(":", ": []", 1)), *pieces[2:]]


def meaning(text):
    """Read a file with another reader than the edits use."""
    value = YAML(typ="safe").load(text.removeprefix("\ufeff"))
    value["models"] = value["models"] or []
    return value


def canonical(value):
    """Write a value so that 1, 1.0 and true are three, and nan is itself."""
    return json.dumps(value, sort_keys=True)


ENTRY = {"name": "new", "version": ">=3,<4", "source": "zoo", "tags": ["on", "x"]}


@given(registries())
def test_a_new_item_says_what_was_meant_and_no_line_moves(pieces):
    text = text_of(pieces)
    assume(not lists.is_open_list(lists.find_list(text, "models.yaml", "models")))
    edited = models(text).append(ENTRY)
    expected = meaning(text)
    expected["models"].append(ENTRY)
    before, after = lines_of(text), lines_of(edited)
    (start,) = (number for number, line in enumerate(after) if line.endswith("name: new"))
    entry = [line.lstrip(" -") for line in after[start : start + 6]]

    assert canonical(meaning(edited)) == canonical(expected)
    assert entry == ["name: new", 'version: ">=3,<4"', "source: zoo", "tags:", '"on"', "x"]
    assert after[:start] + after[start + 6 :] == before
    assert not re.search(r"(?<!\r)\n" if "\r\n" in text else r"\r", edited)


@given(registries())
def test_the_parts_of_a_list_are_the_file(pieces):
    text = text_of(pieces)
    found = lists.find_list(text, "models.yaml", "models")
    blocks = [block.text for block in found.blocks]
    parts = (found.mark, found.before, found.head, found.empty, found.rest, *blocks, found.after)

    assert "".join(parts) == text
    assert [block.key[-1] for block in found.blocks] == names_of(pieces)


@given(registries())
def test_adding_an_item_and_taking_it_out_gives_the_file_back(pieces):
    text = text_of(pieces)
    assume(not lists.is_open_list(lists.find_list(text, "models.yaml", "models")))
    back = models(models(text).append(ENTRY)).remove("new")
    expected = text if names_of(pieces) else text_of(emptied(pieces))
    newline = "\r\n" if "\r\n" in text else "\n"

    assert back == expected + newline * (not text.endswith(("\n", "\r\n")))


@given(registries(least=1), st.data())
def test_an_item_goes_with_its_comments_and_no_other_line_does(pieces, data):
    name = data.draw(st.sampled_from(names_of(pieces)))
    rest = [piece for piece in pieces if piece.name != name]
    edited = models(text_of(pieces)).remove(name)
    expected = meaning(text_of(pieces))
    expected["models"] = [item for item in expected["models"] if item["name"] != name]

    assert canonical(meaning(edited)) == canonical(expected)
    kept = rest if names_of(rest) else emptied(rest)
    assert lines_of(edited) == lines_of(text_of(kept))
    assert blank_lines(edited) <= blank_lines(text_of(pieces))


VALUES = ["v2", "3.10", ">=3.2,<4", "^3", "latest", "on", "it's", 'a "b"', " ", "é: # x", "~", "\n"]


@given(registries(least=1), st.sampled_from(VALUES), st.data())
def test_a_new_value_stands_in_its_place_and_no_other_line_changes(pieces, value, data):
    name = data.draw(st.sampled_from(names_of(pieces)))
    number = next(number for number, piece in enumerate(pieces) if piece.name == name)
    before, after = text_of(pieces[:number]) + pieces[number].above, text_of(pieces[number + 1 :])
    edited = models(text_of(pieces)).set_scalar(name, "version", value)
    expected = meaning(text_of(pieces))
    next(item for item in expected["models"] if item["name"] == name)["version"] = value

    assert canonical(meaning(edited)) == canonical(expected)
    assert (edited[: len(before)], edited[len(edited) - len(after) :]) == (before, after)
    old = pieces[number].text.splitlines(keepends=True)
    new = edited[len(before) : len(edited) - len(after)].splitlines(keepends=True)
    assert len(old) == len(new)
    assert all("version" in line for line, now in zip(old, new, strict=True) if line != now)


@given(registries(least=1), st.sampled_from(VALUES), st.data())
def test_a_new_key_stands_behind_the_name_and_no_other_line_changes(pieces, value, data):
    name = data.draw(st.sampled_from(names_of(pieces)))
    number = next(number for number, piece in enumerate(pieces) if piece.name == name)
    before, after = text_of(pieces[:number]) + pieces[number].above, text_of(pieces[number + 1 :])
    edited = models(text_of(pieces)).set_scalar(name, "file", value)
    expected = meaning(text_of(pieces))
    next(item for item in expected["models"] if item["name"] == name)["file"] = value

    assert canonical(meaning(edited)) == canonical(expected)
    assert (edited[: len(before)], edited[len(edited) - len(after) :]) == (before, after)
    found = lists.find_list(edited, "models.yaml", "models")
    index = lists.index_in_list(found, name)
    place, column = (
        lists.values_in_list(found, index)["file"],
        lists.column_in_list(found, index),
    )
    pair = f"file: {found.text[place.start : place.end]}"
    new = edited[len(before) : len(edited) - len(after)]
    if column is None:
        assert new.replace(f", {pair}", "", 1) == pieces[number].text
    else:
        rest = [line for line in new.splitlines() if line != " " * column + pair]
        assert rest == pieces[number].text.splitlines()


def test_an_edit_of_a_file_without_the_list_is_refused():
    with pytest.raises(InvalidFile) as caught:
        models("policy: {}\n").append(ENTRY)

    assert str(caught.value) == "models.yaml:1:1: expected a key `models:`"


@pytest.mark.parametrize(
    ("edit", "done_by", "wrong"),
    [
        pytest.param("append", "append_list_item", "models:\n- name: x\n", id="append"),
        pytest.param("remove", "remove_list_item", "models:\n- name: a\n", id="remove"),
        pytest.param(
            "set_scalar", "set_list_scalar", "models:\n- name: a\n  version: 2.0\n", id="set"
        ),
    ],
)
def test_an_edit_that_would_say_something_else_is_not_given_out(edit, done_by, wrong, monkeypatch):
    monkeypatch.setattr(lists, done_by, lambda *_: wrong)
    arguments = {"append": (ENTRY,), "remove": ("a",), "set_scalar": ("a", "version", "2.0")}
    with pytest.raises(AssertionError) as caught:
        getattr(models("models:\n- name: a\n"), edit)(*arguments[edit])

    assert str(caught.value) == (
        "the edited models.yaml does not say what was meant; nothing was written"
    )
