from __future__ import annotations

import json
import subprocess
import sys

import pytest

from paddledvc.errors import InvalidFile
from paddledvc.yaml.edit import item_values, lists, sections


def places(text):
    """List the items of ``models``: name, first comment above, dash, line after."""
    found = lists.find_list(text, "models.yaml", "models")
    return [place(block) for block in found.blocks]


def place(block):
    start = block.line - 1
    above = len(block.above.splitlines()) - len(lists.without_list_notes(block.above).splitlines())
    return (block.key[-1] or None, start - above, start, start + len(block.body.splitlines()))


def list_of(text):
    """Tell where the list is: key, end, spaces before dashes, from a dash to its key."""
    found = lists.find_list(text, "models.yaml", "models")
    end = places(text)[-1][-1] if found.blocks else found.key.start_mark.line + 1
    return found.key.start_mark.line, end, found.indent, lists.offset_in_list(found)


def complaint(text):
    with pytest.raises(InvalidFile) as caught:
        lists.find_list(text, "models.yaml", "models")
    return str(caught.value)


PLACES = [
    pytest.param("models:\n- name: a\n- name: b\n", [("a", 1, 1, 2), ("b", 2, 2, 3)], id="two"),
    pytest.param(
        "models:\n  - name: a\n    version: v1\n\n  - name: b\n\npolicy: {}\n",
        [("a", 1, 1, 3), ("b", 4, 4, 5)],
        id="blank lines belong to nobody",
    ),
    pytest.param(
        "models:\n  # of a\n  # too\n  - name: a\n\n  # of nobody\n\n# of b\n  - name: b\n",
        [("a", 1, 3, 4), ("b", 7, 8, 9)],
        id="comments directly above",
    ),
    pytest.param(
        "models:\n  - name: a\n    # inside a\n\n    # inside a, too\n  # of b\n  - name: b\n",
        [("a", 1, 1, 5), ("b", 5, 6, 7)],
        id="comments further in stay with the item before",
    ),
    pytest.param(
        "models:\n  - name: a\n  # after a\n\n# of policy\npolicy: {}\n",
        [("a", 1, 1, 2)],
        id="comments after the last",
    ),
    pytest.param(
        "models:\n  - {name: a, version: v1}\n  - {name: b,\n     version: v2}\n",
        [("a", 1, 1, 2), ("b", 2, 2, 4)],
        id="braces",
    ),
    pytest.param(
        "models:\n  -\n    name: a\n  - # beside\n\n    # inside\n    name: b\n",
        [("a", 1, 1, 3), ("b", 3, 3, 7)],
        id="dashes alone",
    ),
    pytest.param(
        "models:\n- \"name\": 'a'\n- version: v1\n  name: b\n- 'name' : c\n",
        [("a", 1, 1, 2), ("b", 2, 2, 4), ("c", 4, 4, 5)],
        id="quoted keys and names",
    ),
    pytest.param(
        "models:\n- name: 1.10\n- version: v1\n-\n- word\n- [a]\n- name: [a]\n",
        [
            ("1.10", 1, 1, 2),
            (None, 2, 2, 3),
            (None, 3, 3, 4),
            (None, 4, 4, 5),
            (None, 5, 5, 6),
            (None, 6, 6, 7),
        ],
        id="names as they are written, and none",
    ),
    pytest.param(
        "models:\n- name: a\n  text: |\n    # no comment\n    - name: x\n\n# of b\n- name: b\n",
        [("a", 1, 1, 5), ("b", 6, 7, 8)],
        id="text in lines",
    ),
    pytest.param(
        "models:\n- name: a\n  text: |+\n    x\n\n\n- name: b\n",
        [("a", 1, 1, 6), ("b", 6, 6, 7)],
        id="blank lines that a text keeps",
    ),
    pytest.param(
        'models:\n- name: a\n  text: "x\n# no comment\n- name: no item\n# end"\n- name: b\n',
        [("a", 1, 1, 6), ("b", 6, 6, 7)],
        id="quoted text at the far left",
    ),
    pytest.param(
        'models:\n- text: "x\n- name: no item"\n  name: a\n  more: |\n    y\n- name: b\n',
        [("a", 1, 1, 6), ("b", 6, 6, 7)],
        id="quoted text before text in lines",
    ),
    pytest.param(
        "---\nmodels:\n- name: a\n\n# the end\n...\n# after it\n",
        [("a", 2, 2, 3)],
        id="document marks",
    ),
    pytest.param("models:\n- name: a", [("a", 1, 1, 2)], id="no last newline"),
    pytest.param(
        "models:\n- name: a\n  text: |\n    x", [("a", 1, 1, 4)], id="text without a last newline"
    ),
    pytest.param("\ufeffmodels:\r\n- name: a\r\n", [("a", 1, 1, 2)], id="mark and crlf"),
    pytest.param(
        "models:\n- &a {name: a}\n- <<: *a\n  x: v1\n- <<: [{x: 1}, *a]\n- *a\n- name: b\n",
        [("a", 1, 1, 2), ("a", 2, 2, 4), ("a", 4, 4, 5), ("a", 5, 5, 6), ("b", 6, 6, 7)],
        id="aliases and merge keys",
    ),
    pytest.param(
        "o: &o 1\nmodels:\n- name: a\n  v: *o\n- v: *o\n# of b\n- v:\n    *o\n  name: b\n",
        [("a", 2, 2, 4), (None, 4, 4, 5), ("b", 5, 6, 9)],
        id="an alias at the end",
    ),
    pytest.param(
        "models:\n- text: 'a\x85b\u2028c'\n  name: a\n- name: b\n",
        [("a", 1, 1, 5), ("b", 5, 5, 6)],
        id="odd line ends",
    ),
    pytest.param(
        "models:\n - name: a\n#- name: no item\n - name: b\n",
        [("a", 1, 1, 2), ("b", 2, 3, 4)],
        id="a comment that looks like a dash",
    ),
    pytest.param(
        "a: &a {name: a}\nb: &b {<<: *a}\nc: &c {name: c}\n"
        "models:\n- <<: [*b, *c]\n- <<: [*c, *b]\n- <<: *b\n  name: d\n",
        [("a", 4, 4, 5), ("c", 5, 5, 6), ("d", 6, 6, 8)],
        id="the first merge key wins",
    ),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_an_item_knows_its_lines(text, expected):
    assert places(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("models:\n- name: a\n", (0, 2, 0, 2), id="at the left"),
        pytest.param("a: 1\nmodels:\n    -   name: a\n", (1, 3, 4, 4), id="wide"),
        pytest.param("models:\n  -   name: a\n  -\n    name: b\n", (0, 4, 2, 4), id="dash alone"),
        pytest.param("models:\n  -\n      name: a\n", (0, 3, 2, 2), id="only a dash alone"),
        pytest.param("models:\n-   {name: a}\n", (0, 2, 0, 4), id="braces"),
        pytest.param("  models:\n    - name: a\n", (0, 2, 4, 2), id="all of it further in"),
        pytest.param("  models: []\n", (0, 1, 4, 2), id="all of it further in, none"),
        pytest.param("models: []\n", (0, 1, 2, 2), id="none"),
        pytest.param("models: {}\n", (0, 1, 2, 2), id="braces of nothing"),
        pytest.param("models: null\n", (0, 1, 2, 2), id="null"),
        pytest.param("models:\n  # - name: a\n", (0, 1, 2, 2), id="only comments"),
    ],
)
def test_a_list_knows_its_lines_and_its_style(text, expected):
    assert list_of(text) == expected


@pytest.mark.parametrize("text", ["", "# nothing\n", "policy: {}\n", "- models\n", "models\n"])
def test_a_file_without_the_key_has_no_such_list(text):
    assert lists.find_list(text, "models.yaml", "models") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "policy: {}\nmodels: [{name: a}]\n",
            "models.yaml:2:1: models: found a list in brackets; "
            "write the models on lines of their own, each after a dash",
            id="brackets",
        ),
        pytest.param(
            "models: [\n  {name: a},\n]\n",
            "models.yaml:1:1: models: found a list in brackets; "
            "write the models on lines of their own, each after a dash",
            id="brackets over lines",
        ),
        pytest.param(
            '{\n  "models": [\n  ]\n}\n',
            "models.yaml:2:3: models: expected `models:` on a line of its own",
            id="json",
        ),
        pytest.param(
            "? models\n: - name: a\n",
            "models.yaml:1:3: models: expected `models:` on a line of its own",
            id="question mark",
        ),
        pytest.param(
            "models:\n  a: 1\n",
            "models.yaml:1:1: models: expected a list, each item on lines of its own after a dash",
            id="mapping",
        ),
        pytest.param(
            "models: ''\n",
            "models.yaml:1:1: models: expected a list, each item on lines of its own after a dash",
            id="text",
        ),
        pytest.param(
            "a: &a [x]\nmodels: *a\n",
            "models.yaml:2:1: models: found an alias, an anchor or a tag; "
            "write the list without them",
            id="alias",
        ),
        pytest.param(
            "models: &a\n- name: a\n",
            "models.yaml:1:1: models: found an alias, an anchor or a tag; "
            "write the list without them",
            id="anchor",
        ),
        pytest.param(
            "\ufeffmodels: &a []\n",
            "models.yaml:1:1: models: found an alias, an anchor or a tag; "
            "write the list without them",
            id="anchor and mark",
        ),
        pytest.param(
            "models: !!seq []\n",
            "models.yaml:1:1: models: found an alias, an anchor or a tag; "
            "write the list without them",
            id="tag",
        ),
        pytest.param(
            "models: [ # none\n]\n",
            "models.yaml:1:1: models: found a comment before the value; write `models: []`",
            id="comment in brackets",
        ),
        pytest.param(
            "models:\n- a: 1\n b: 1\n",
            "models.yaml:3:2: not YAML: did not find expected key",
            id="not yaml",
        ),
    ],
)
def test_a_list_that_cannot_be_edited_by_line_is_refused(text, expected):
    assert complaint(text) == expected


def values_of(text, number=0):
    return lists.values_in_list(lists.find_list(text, "models.yaml", "models"), number)


def values(text, number=0):
    found = values_of(text, number)
    text = text.removeprefix("\ufeff")
    return {key: text[value.start : value.end] for key, value in sorted(found.items())}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "models:\n- name: a\n  version:   'v1'  # note\n  x: plain over\n    lines\n",
            {"name": "a", "version": "'v1'", "x": "plain over\n    lines"},
            id="block",
        ),
        pytest.param(
            'models:\n- { name: a , "version": ">=1", x: b c}\n',
            {"name": "a", "version": '">=1"', "x": "b c"},
            id="braces",
        ),
        pytest.param(
            "\ufeffmodels:\r\n- name: 模型😀\r\n  'version' : \"v1\"\r\n",
            {"name": "模型😀", "version": '"v1"'},
            id="characters, mark and crlf",
        ),
        pytest.param("models:\n- name: !!str 12\n", {"name": "!!str 12"}, id="tag"),
        pytest.param("models:\n- '<<': {x: 1}\n", {"<<": "{x: 1}"}, id="no merge key"),
        pytest.param("a: &a {name: a}\nmodels:\n- *a\n", {}, id="alias"),
        pytest.param("models:\n- name\n", {}, id="no mapping"),
    ],
)
def test_a_value_knows_its_characters(text, expected):
    assert values(text) == expected


def obstacles(text, number=0):
    found = values_of(text, number)
    return {key: value.obstacle for key, value in sorted(found.items()) if value.obstacle}


ALIAS = "found an alias; write the value itself here first"
ANCHOR = "found an anchor, by which other lines may repeat the value; take it out first"
MERGED = "found only a merge key that brings it; write it in the item itself first"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("models:\n- name: a\n  v: 'x'\n", {}, id="none"),
        pytest.param("o: &o x\nmodels:\n- v: *o\n", {"v": ALIAS}, id="alias"),
        pytest.param("models:\n- v: &x 1\n  w: *x\n", {"v": ANCHOR, "w": ALIAS}, id="anchor"),
        pytest.param("models:\n- v: !!str &x 1\n", {"v": ANCHOR}, id="anchor after a tag"),
        pytest.param("models:\n- &x v: *x\n", {"v": ALIAS}, id="alias of the key"),
        pytest.param(
            "o: &o {v: 1, w: 2}\nmodels:\n- <<: *o\n  w: 3\n", {"v": MERGED}, id="merge key"
        ),
        pytest.param(
            "o: &o {v: 1}\np: &p {<<: *o, w: 2}\nmodels:\n- <<: [*p, *o]\n",
            {"v": MERGED, "w": MERGED},
            id="merge key of a merge key",
        ),
        pytest.param(
            "models:\n- v: [a]\n  w: {a: b}\n",
            dict.fromkeys("vw", "found a list or mapping, expected one value"),
            id="collections",
        ),
        pytest.param(
            "models:\n- v: |\n    x\n  w: >-\n    x\n",
            dict.fromkeys("vw", "found text below | or >; write it on one line first"),
            id="text in lines",
        ),
        pytest.param(
            "models:\n- v:\n  w: ''\n", {"v": "expected `key: value` on one line"}, id="nothing"
        ),
        pytest.param(
            "models:\n- ? v\n  : x\n", {"v": "expected `key: value` on one line"}, id="question"
        ),
    ],
)
def test_a_value_tells_what_is_in_the_way_of_another(text, expected):
    assert obstacles(text) == expected


def test_all_values_of_an_item_tell_that_another_line_repeats_the_item():
    text = "models:\n- &a\n  name: a\n  v: 1\n- <<: *a\n  name: b\n"

    assert obstacles(text) == dict.fromkeys(
        ("name", "v"), "line 5 repeats a part of it; write that out there"
    )
    assert obstacles(text, 1) == {"v": MERGED}


def test_all_values_tell_of_a_later_line_that_repeats_the_item_too():
    text = "models:\n- &a\n  name: a\n  x: &x 1\n- x: *x\n- <<: *a\n"

    assert obstacles(text) == dict.fromkeys(
        ("name", "x"), "line 5 repeats a part of it; write that out there"
    )


def test_a_value_can_be_exchanged_although_another_line_repeats_the_one_beside_it():
    assert obstacles("models:\n- name: a\n  x: &x [1]\n- x: *x\n") == {"x": ANCHOR}


@pytest.mark.parametrize(
    ("item", "indent"),
    [
        pytest.param("  -   name: a\n", 6, id="block"),
        pytest.param("  -\n    name: a\n", 4, id="dash alone"),
        pytest.param("  - &a\n     name: a\n", 5, id="anchor"),
        pytest.param("  - {name: a}\n", None, id="braces"),
        pytest.param("  - {}\n", None, id="empty"),
        pytest.param("  - [a]\n", None, id="list"),
        pytest.param("  - *o\n", None, id="alias"),
    ],
)
def test_an_item_knows_where_its_keys_begin(item, indent):
    text = f"o: &o\n  name: a\nmodels:\n{item}"

    assert lists.column_in_list(lists.find_list(text, "models.yaml", "models"), 0) == indent


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("models:\n- {name: a, x: &x [1]}\n- {name: b, x: *x}\n", 3, id="next item"),
        pytest.param("models:\n- name: a\n  x: &x [1]\n\n-\n  *x\n", 5, id="an item"),
        pytest.param("models:\n- &x name: a\npolicy:\n  p:\n    - q\n    - *x\n", 5, id="outside"),
        pytest.param("models:\n- &x\n  name: a\n- x: 1\n- <<: *x\n", 5, id="merge key"),
        pytest.param(
            "models:\n- x: &x [&y b]\n- {a: *y}\n- {a: *x}\n", 3, id="the first of two lines"
        ),
    ],
)
def test_an_item_tells_which_line_needs_it(text, line):
    found = lists.find_list(text, "models.yaml", "models")
    uses = [item_values.find_item_value_use(found, index) for index in range(len(found.blocks))]

    assert uses[0].line == line
    assert uses[1:] == [None] * len(uses[1:])


def test_an_item_that_repeats_only_itself_is_needed_by_nobody():
    text = "o: &o 1\nmodels:\n- name: a\n  x: &x [1, *o]\n  y: *x\n"

    assert (
        item_values.find_item_value_use(lists.find_list(text, "models.yaml", "models"), 0) is None
    )


@pytest.mark.parametrize(
    ("written", "keeps"),
    [
        pytest.param("|", False, id="clip"),
        pytest.param(">-", False, id="strip"),
        pytest.param("|+", True, id="keep"),
        pytest.param(">2+ # - +", True, id="keep, with a number and a comment"),
        pytest.param("!!str &x |+", True, id="keep, with a tag and an anchor"),
        pytest.param("|-2", False, id="strip before a number"),
    ],
)
def test_an_item_tells_whether_its_text_keeps_blank_lines(written, keeps):
    text = f"models:\n- name: a\n  text: {written}\n    x\n- name: b\n"

    found = lists.find_list(text, "models.yaml", "models")
    assert [lists.chomping_in_list(found, index) == "+" for index in (0, 1)] == [keeps, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("models:\n- text: |\n    x", True, id="clip"),
        pytest.param("models:\n- text: >+\n    x", True, id="keep"),
        pytest.param("models:\n- text: |-\n    x", False, id="strip"),
        pytest.param("models:\n- text: |\n    x\n", False, id="newline"),
        pytest.param("models:\n- text: |\n    x\r", False, id="another newline"),
        pytest.param("models:\n- text: |\n    x\n# end", False, id="comment below"),
        pytest.param("models:\n- text: |\n    x\na: 1", False, id="key below"),
        pytest.param("models:\n- text: x", False, id="plain"),
        pytest.param("models: []", False, id="none"),
    ],
)
def test_a_list_tells_whether_the_file_ends_inside_of_its_text(text, expected):
    assert lists.is_open_list(lists.find_list(text, "models.yaml", "models")) == expected


def test_aliases_without_end_do_not_hang():
    text = "models:\n- &x\n  - a\n  - *x\n- &y\n  <<: *y\n  name: b\n- name: c\n"

    assert places(text) == [(None, 1, 1, 4), ("b", 4, 4, 7), ("c", 7, 7, 8)]


def test_a_billion_merges_do_not_hang():
    text = "a0: &a0 {k: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 20)
    )

    assert obstacles(f"{text}models:\n- <<: *a19\n") == {"k": MERGED}


WITHOUT = """
import json, sys
sys.modules["yaml.cyaml"] = None
from paddledvc.yaml.edit.lists import find_list
for text in json.load(sys.stdin):
    found = find_list(text, "models.yaml", "models")
    print(json.dumps([[block.above, block.body] for block in found.blocks]))
"""


def test_an_item_has_the_same_lines_without_libyaml():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        input=json.dumps([param.values[0] for param in PLACES]),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    found = [lists.find_list(param.values[0], "models.yaml", "models") for param in PLACES]
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        [[block.above, block.body] for block in section.blocks] for section in found
    ]


def test_a_section_ends_before_the_end_of_the_document():
    section = sections.find_section(
        "stages:\n  a: {cmd: x}\n...\n# after it\n", "dvc.yaml", "stages"
    )

    assert (section.blocks[0].body, section.after) == ("  a: {cmd: x}\n", "...\n# after it\n")
