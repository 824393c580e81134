from __future__ import annotations

from importlib.resources import files as package_files

import pytest

from paddledvc.errors import InvalidFile, UnknownModel
from paddledvc.yaml.edit import lists

NEW = "name: n\nversion: v1\n"


def places(text):
    return lists.find_list(text, "models.yaml", "models")


def append(text, entry=NEW):
    return lists.append_list_item(places(text), entry)


def remove(text, name):
    return lists.remove_list_item(places(text), name)


def change(text, value, key="version", name="a"):
    return lists.set_list_scalar(places(text), name, key, value)


USERS = """\
# yaml-language-server: $schema=.paddledvc/models.schema.json
models:
  # the backbone;
  #   keep it at 3.3
  - name: "resnet50"
    version:   v3.3.0      # exact
    md5: 'd41d8cd98f00b204e9800998ecf8427e'  # of nothing
    tags: [ a,  b ]

  # ---- detection ----

  - {name: pp-yolo,  "version": '>=3.2,<4', source: zoo}   # small

  # of the last
  - version: v1
    # by its authors
    name: 'last'
    description: >-
      one
      two


# where they come from
catalogs:
    zoo: {kind: index, url: zoo.yaml}
"""


def test_an_item_is_added_after_the_last_one():
    assert append(USERS) == USERS.replace(
        "      two\n", "      two\n\n  - name: n\n    version: v1\n"
    )


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        pytest.param(
            "resnet50",
            "  # the backbone;\n"
            "  #   keep it at 3.3\n"
            '  - name: "resnet50"\n'
            "    version:   v3.3.0      # exact\n"
            "    md5: 'd41d8cd98f00b204e9800998ecf8427e'  # of nothing\n"
            "    tags: [ a,  b ]\n"
            "\n",
            id="first",
        ),
        pytest.param(
            "pp-yolo",
            "\n  - {name: pp-yolo,  \"version\": '>=3.2,<4', source: zoo}   # small\n",
            id="middle",
        ),
        pytest.param(
            "last",
            "\n"
            "  # of the last\n"
            "  - version: v1\n"
            "    # by its authors\n"
            "    name: 'last'\n"
            "    description: >-\n"
            "      one\n"
            "      two\n",
            id="last",
        ),
    ],
)
def test_an_item_goes_with_the_comments_above_it_and_a_blank_line(name, gone):
    assert remove(USERS, name) == USERS.replace(gone, "")


@pytest.mark.parametrize(
    ("name", "key", "value", "before", "after"),
    [
        pytest.param(
            "resnet50",
            "version",
            "v3.10.0",
            "    version:   v3.3.0      # exact\n",
            "    version:   v3.10.0     # exact\n",
            id="plain",
        ),
        pytest.param(
            "resnet50", "name", "r", '  - name: "resnet50"\n', '  - name: "r"\n', id="double quotes"
        ),
        pytest.param(
            "resnet50",
            "md5",
            "0",
            "    md5: 'd41d8cd98f00b204e9800998ecf8427e'  # of nothing\n",
            "    md5: '0'  # of nothing\n",
            id="single quotes",
        ),
        pytest.param(
            "pp-yolo", "version", "latest", "'>=3.2,<4', source", "'latest', source", id="braces"
        ),
        pytest.param(
            "pp-yolo", "source", "on", "source: zoo}", 'source: "on"}', id="braces, plain"
        ),
        pytest.param(
            "pp-yolo", "file", "a b", "pp-yolo,  ", "pp-yolo, file: a b,  ", id="braces, new"
        ),
        pytest.param("last", "version", "1.10", "version: v1\n", 'version: "1.10"\n', id="number"),
        pytest.param(
            "last",
            "source",
            "zoo",
            "    name: 'last'\n",
            "    name: 'last'\n    source: zoo\n",
            id="new",
        ),
    ],
)
def test_a_value_is_exchanged_in_its_place(name, key, value, before, after):
    assert change(USERS, value, key, name) == USERS.replace(before, after)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("models:\n", "models:\n  - name: n\n    version: v1\n", id="null"),
        pytest.param("models: []\n", "models:\n  - name: n\n    version: v1\n", id="brackets"),
        pytest.param(
            "models: []# none\n", "models: # none\n  - name: n\n    version: v1\n", id="comment"
        ),
        pytest.param("models: {}", "models:\n  - name: n\n    version: v1\n", id="braces"),
        pytest.param(
            '"models" : ~ # none\n', '"models" : # none\n  - name: n\n    version: v1\n', id="tilde"
        ),
        pytest.param(
            "models:\n  null\npolicy: {}\n",
            "models:\n  - name: n\n    version: v1\npolicy: {}\n",
            id="null on a line below",
        ),
        pytest.param(
            "models: [\n]\n\npolicy: {}\n",
            "models:\n  - name: n\n    version: v1\n\npolicy: {}\n",
            id="brackets on two lines",
        ),
        pytest.param(
            "\ufeffmodels: []\r\npolicy: {}\r\n",
            "\ufeffmodels:\r\n  - name: n\r\n    version: v1\r\npolicy: {}\r\n",
            id="mark and crlf",
        ),
        pytest.param(
            "models:\n# about policy\npolicy: {}\n",
            "models:\n  - name: n\n    version: v1\n# about policy\npolicy: {}\n",
            id="comment on what follows",
        ),
        pytest.param(
            "models:\n  # an example\n",
            "models:\n  - name: n\n    version: v1\n\n  # an example\n",
            id="comment inside",
        ),
        pytest.param(
            "  models:\n  policy: {}\n",
            "  models:\n    - name: n\n      version: v1\n  policy: {}\n",
            id="further in",
        ),
    ],
)
def test_a_list_grows_from_nothing(text, expected):
    assert append(text) == expected


def test_the_template_of_a_project_keeps_its_examples_below_the_models():
    template = (package_files("paddledvc.schemas") / "template.models.yaml").read_text("utf-8")
    head, examples = template.split("models:\n")
    one = append(template)
    two = append(one, "name: o\nversion: v2\n")

    assert one == f"{head}models:\n  - name: n\n    version: v1\n\n{examples}"
    assert two == (
        f"{head}models:\n  - name: n\n    version: v1\n\n  - name: o\n    version: v2\n\n{examples}"
    )
    assert remove(two, "o") == one
    assert remove(one, "n") == template.replace("models:\n", "models: []\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "models:\n- name: a\n- name: b\n",
            "models:\n- name: a\n- name: b\n- name: n\n  version: v1\n",
            id="no blank lines",
        ),
        pytest.param(
            "models:\n- name: a\n- name: b\n\n# of c\n- name: c\n",
            "models:\n- name: a\n- name: b\n\n# of c\n- name: c\n\n- name: n\n  version: v1\n",
            id="a blank line before the last",
        ),
        pytest.param(
            "models:\n- name: a\n\n- name: b\n- name: c\n",
            "models:\n- name: a\n\n- name: b\n- name: c\n- name: n\n  version: v1\n",
            id="a blank line, but not before the last",
        ),
        pytest.param(
            "models:\n- {name: a, version: v1}\npolicy: {}\n",
            "models:\n- {name: a, version: v1}\n- name: n\n  version: v1\npolicy: {}\n",
            id="one, in one line",
        ),
        pytest.param(
            "models:\n- name: a\n  version: v1\npolicy: {}\n",
            "models:\n- name: a\n  version: v1\n\n- name: n\n  version: v1\npolicy: {}\n",
            id="one, in two lines",
        ),
        pytest.param(
            "models:\n    -   name: a\n    -   name: b",
            "models:\n    -   name: a\n    -   name: b\n    -   name: n\n        version: v1\n",
            id="wide, no last newline",
        ),
        pytest.param(
            "models:\n - name: a\n -\n   name: b\n",
            "models:\n - name: a\n -\n   name: b\n - name: n\n   version: v1\n",
            id="one space",
        ),
        pytest.param(
            "models:\r\n  - name: a\r\n  - name: b\r\n",
            "models:\r\n  - name: a\r\n  - name: b\r\n  - name: n\r\n    version: v1\r\n",
            id="crlf",
        ),
        pytest.param(
            "models:\n- name: a\n# of policy\npolicy: {}\n",
            "models:\n- name: a\n- name: n\n  version: v1\n# of policy\npolicy: {}\n",
            id="comment on what follows",
        ),
        pytest.param(
            "models:\n- name: a\n  # of a\n\n# - name: b\n",
            "models:\n- name: a\n  # of a\n\n- name: n\n  version: v1\n\n# - name: b\n",
            id="comment on the last",
        ),
        pytest.param(
            "---\nmodels:\n- name: a\n...\n",
            "---\nmodels:\n- name: a\n- name: n\n  version: v1\n...\n",
            id="document marks",
        ),
        pytest.param(
            "models:\n- name: a\n  x: |+\n    y\n",
            "models:\n- name: a\n  x: |+\n    y\n- name: n\n  version: v1\n",
            id="text that keeps blank lines",
        ),
        pytest.param(
            "models:\n- name: a\n  x: |+\n\npolicy: {}\n",
            "models:\n- name: a\n  x: |+\n\n- name: n\n  version: v1\npolicy: {}\n",
            id="text of blank lines",
        ),
    ],
)
def test_an_item_is_added_as_the_file_writes_them(text, expected):
    assert append(text) == expected


def test_the_lines_of_an_entry_are_indented_and_its_blank_ones_stay_empty():
    entry = "name: n\nx:\n  - |\n    a\n\n    b\n"

    assert append("models: []\n", entry) == (
        "models:\n  - name: n\n    x:\n      - |\n        a\n\n        b\n"
    )


def test_a_text_that_a_newline_would_change_is_not_followed_by_an_item():
    text = "models:\n  - name: a\n  - name: b\n    x: |\n      y"
    with pytest.raises(InvalidFile) as caught:
        append(text)

    assert str(caught.value) == (
        "models.yaml:5:1: models[1]: the file ends inside of this text; "
        "add a newline to its end first"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("models:\n- name: a\n", "models: []\n", id="nothing else"),
        pytest.param("models:\n- name: a", "models: []\n", id="no last newline"),
        pytest.param("models:  # ours\n\n- name: a\n", "models: []  # ours\n", id="comment"),
        pytest.param(
            "'models' :\n  - name: a\n\npolicy: {}\n",
            "'models' : []\n\npolicy: {}\n",
            id="blank line before what follows",
        ),
        pytest.param(
            "\ufeffmodels:\r\n- name: a\r\npolicy: {}\r\n",
            "\ufeffmodels: []\r\npolicy: {}\r\n",
            id="mark and crlf",
        ),
        pytest.param(
            "models:\n  # of a\n  - name: a\n\n  # - name: example\n\npolicy: {}\n",
            "models: []\n  # - name: example\n\npolicy: {}\n",
            id="examples below",
        ),
        pytest.param(
            "models:\n  # - name: example\n\n  - name: a\n\n# end\n",
            "models: []\n  # - name: example\n\n# end\n",
            id="examples above",
        ),
        pytest.param(
            "models:\n- name: a\n\n# of policy\npolicy: {}\n",
            "models: []\n\n# of policy\npolicy: {}\n",
            id="comment on what follows",
        ),
    ],
)
def test_a_list_stays_when_its_only_item_goes(text, expected):
    assert remove(text, "a") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "models:\n- name: a\n- name: x\n- name: b\n",
            "models:\n- name: a\n- name: b\n",
            id="no blank lines",
        ),
        pytest.param(
            "models:\n- name: x\n\n# of b\n- name: b\n",
            "models:\n# of b\n- name: b\n",
            id="first",
        ),
        pytest.param(
            "models:\n\n- name: x\n\n- name: b\n", "models:\n\n- name: b\n", id="first, set apart"
        ),
        pytest.param(
            "models:\n\n- name: x\n- name: b\n",
            "models:\n\n- name: b\n",
            id="first, the list set apart",
        ),
        pytest.param(
            "models:\n- name: a\n\n- name: x\n- name: b\n",
            "models:\n- name: a\n\n- name: b\n",
            id="first of a group",
        ),
        pytest.param(
            "models:\n- name: a\n- name: x\n\n- name: b\n",
            "models:\n- name: a\n\n- name: b\n",
            id="last of a group",
        ),
        pytest.param(
            "models:\n- name: a\n# of x\n\n# of x\n# too\n- name: x\n# of b\n- name: b\n",
            "models:\n- name: a\n# of x\n\n# of b\n- name: b\n",
            id="comments",
        ),
        pytest.param(
            "models:\n- name: a\n\n\n- name: x\npolicy: {}\n",
            "models:\n- name: a\npolicy: {}\n",
            id="last",
        ),
        pytest.param("models:\n- name: a\n- name: x", "models:\n- name: a\n", id="no last newline"),
        pytest.param(
            "models:\n- name: a\n  y: |+\n    z\n- name: x\n\n- name: b\n",
            "models:\n- name: a\n  y: |+\n    z\n- name: b\n",
            id="after a text that would keep the blank line",
        ),
        pytest.param(
            "models:\n- {name: a}\n- {name: x,\n   v: 1} # of x\n   # of x\n...\n",
            "models:\n- {name: a}\n...\n",
            id="braces",
        ),
        pytest.param(
            "models:\n- &a {name: a}\n- <<: *a\n  name: x\n",
            "models:\n- &a {name: a}\n",
            id="a user of an anchor",
        ),
        pytest.param(
            "models:\n- name: a\n-\n  &unused\n  'name': \"x\"\n", "models:\n- name: a\n", id="dash"
        ),
    ],
)
def test_an_item_goes_and_what_belongs_to_others_stays(text, expected):
    assert remove(text, "x") == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        pytest.param(
            "models:\n  - name: a\n    inputs: &in [x]\n  - name: b\n    inputs: *in\n",
            "a",
            "models.yaml:2:3: models[0]: line 5 repeats a part of it; write that out there",
            id="needed",
        ),
        pytest.param(
            "models:\n  - name: a\n  - name: a\n",
            "a",
            "models.yaml:3:3: models[1]: the name 'a' is taken by the model in line 2",
            id="twice",
        ),
    ],
)
def test_an_item_that_cannot_go_is_refused(text, name, expected):
    with pytest.raises(InvalidFile) as caught:
        remove(text, name)

    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda: remove(USERS, "restnet50"), id="remove"),
        pytest.param(lambda: change(USERS, "v1", name="restnet50"), id="change"),
    ],
)
def test_a_name_that_no_item_has_is_refused_with_the_nearest(edit):
    with pytest.raises(UnknownModel) as caught:
        edit()

    assert str(caught.value) == ("models.yaml has no model 'restnet50'; did you mean 'resnet50'?")


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        pytest.param("v1", "v2", "v2", id="plain stays plain"),
        pytest.param("v1", "3.3.0", '"3.3.0"', id="digits"),
        pytest.param("v1", "1.10", '"1.10"', id="a number"),
        pytest.param("v1", ">=3,<4", '">=3,<4"', id="range"),
        pytest.param("v1", "~=3.3", '"~=3.3"', id="tilde"),
        pytest.param("v1", "^3.2", '"^3.2"', id="caret"),
        pytest.param("v1", "==3.*", '"==3.*"', id="star"),
        pytest.param("v1", "on", '"on"', id="word of YAML 1.1"),
        pytest.param("v1", "null", '"null"', id="null"),
        pytest.param("v1", "", '""', id="nothing"),
        pytest.param("v1", " a ", '" a "', id="spaces around"),
        pytest.param("v1", "a: b #c", '"a: b #c"', id="what YAML reads"),
        pytest.param("v1", 'it\'s "x\\y"', '"it\'s \\"x\\\\y\\""', id="quotes and backslash"),
        pytest.param("v1", "é模😀", '"é模😀"', id="characters"),
        pytest.param("v1", "a\nb\x85\u2028\x7f", '"a\\nb\\u0085\\u2028\\u007f"', id="line ends"),
        pytest.param("1.0", "v2", "v2", id="from a number to plain"),
        pytest.param('"v1"', "v2", '"v2"', id="double quotes stay"),
        pytest.param("'v1'", "v2", "'v2'", id="single quotes stay"),
        pytest.param("'v1'", "it's >=2", "'it''s >=2'", id="single quotes inside"),
        pytest.param("'v1'", "a\nb", '"a\\nb"', id="single quotes cannot hold a line end"),
        pytest.param("!!str 1.10", "v2", "v2", id="tag"),
        pytest.param("'one\n    two'", "v2", "'v2'", id="quotes over lines"),
        pytest.param("one\n      two", "v2", "v2", id="plain over lines"),
    ],
)
def test_a_value_keeps_its_quotes_where_they_can_hold_the_new_one(written, value, expected):
    text = "models:\n  - name: a\n    version: {}  # c\n  - {{name: b, v: {}, w: x}}\n"

    assert change(text.format(written, "1"), value) == text.format(expected, "1")
    assert change(text.format("1", written), value, "v", "b") == text.format("1", expected)


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        pytest.param("v1 # c", "v1.0", "v1.0 # c", id="one space"),
        pytest.param("v1.0  # c", "v1", "v1  # c", id="two spaces"),
        pytest.param("v1   # c", "v10", "v10  # c", id="a column"),
        pytest.param("v10     # c", "v1", "v1      # c", id="a column, shorter"),
        pytest.param("v1    # c", "v1.2.3.4", "v1.2.3.4  # c", id="a column too far left"),
        pytest.param("v1\t# c", "v1.2", "v1.2\t# c", id="tab"),
        pytest.param("v1     ", "v1.2", "v1.2     ", id="no comment"),
    ],
)
def test_a_comment_behind_a_value_keeps_its_column(before, value, after):
    text = "models:\n  - name: a\n    version: {}\n    x: 1     # d\n"

    assert change(text.format(before), value) == text.format(after)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "models:\n- name: a # c\n  # of x\n  x: 1\n",
            "models:\n- name: a # c\n  version: v2\n  # of x\n  x: 1\n",
            id="before comments",
        ),
        pytest.param(
            "models:\r\n-   x: 1\r\n    'name':\r\n        'a'\r\n    y: 2\r\n",
            "models:\r\n-   x: 1\r\n    'name':\r\n        'a'\r\n    version: v2\r\n    y: 2\r\n",
            id="crlf, name on a line below",
        ),
        pytest.param("models:\n- name: a", "models:\n- name: a\n  version: v2\n", id="no newline"),
        pytest.param(
            'models:\n- {"name":"a"}\n', 'models:\n- {"name":"a", version: v2}\n', id="braces"
        ),
        pytest.param(
            "models:\n- { x: 1, # c\n  name: a # d\n  }\n",
            "models:\n- { x: 1, # c\n  name: a, version: v2 # d\n  }\n",
            id="braces over lines",
        ),
        pytest.param(
            "o: &o {x: 1}\nmodels:\n- <<: *o\n  name: a\n",
            "o: &o {x: 1}\nmodels:\n- <<: *o\n  name: a\n  version: v2\n",
            id="a merge key that does not bring it",
        ),
        pytest.param(
            "models:\n- &a {name: a}\n- name: b\n",
            "models:\n- &a {name: a, version: v2}\n- name: b\n",
            id="an anchor that nobody uses",
        ),
    ],
)
def test_a_key_that_is_not_there_is_added_after_the_name(text, expected):
    assert change(text, "v2") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "o: &o v1\nmodels:\n- name: a\n  version: *o\n",
            "models.yaml:4:3: models[0].version: found an alias; write the value itself here first",
            id="alias",
        ),
        pytest.param(
            "models:\n- name: a\n  version:  &v v1\n",
            "models.yaml:3:13: models[0].version: found an anchor, by which other lines may "
            "repeat the value; take it out first",
            id="anchor",
        ),
        pytest.param(
            "o: &o {version: v1}\nmodels:\n- name: a\n  <<: *o\n",
            "models.yaml:4:3: models[0].version: found only a merge key that brings it; "
            "write it in the item itself first",
            id="merge key",
        ),
        pytest.param(
            "models:\n- &a\n  name: a\n  version: v1\n- <<: *a\n  name: b\n",
            "models.yaml:4:12: models[0].version: line 5 repeats a part of it; "
            "write that out there",
            id="an item that another line repeats",
        ),
        pytest.param(
            "models:\n- &a {name: a}\n- <<: *a\n  name: b\n",
            "models.yaml:2:13: models[0].name: line 3 repeats a part of it; write that out there",
            id="an item that another line repeats, new key",
        ),
        pytest.param(
            "o: &o {name: a}\nmodels:\n- <<: *o\n",
            "models.yaml:3:3: models[0].name: found only a merge key that brings it; "
            "write it in the item itself first",
            id="a name by a merge key",
        ),
        pytest.param(
            "o: &o {name: a}\nmodels:\n  - *o\n",
            "models.yaml:3:3: models[0]: found an alias; write the item itself here first",
            id="an item that is an alias",
        ),
        pytest.param(
            "models:\n- name: a\n  version: [v1]\n",
            "models.yaml:3:12: models[0].version: found a list or mapping, expected one value",
            id="list",
        ),
        pytest.param(
            "models:\n- name: a\n  version: |\n    v1\n",
            "models.yaml:3:12: models[0].version: found text below | or >; "
            "write it on one line first",
            id="text in lines",
        ),
        pytest.param(
            "models:\n- name: a\n  version:\n",
            "models.yaml:3:11: models[0].version: expected `key: value` on one line",
            id="nothing",
        ),
        pytest.param(
            "models:\n- ? name\n  : a\n",
            "models.yaml:3:5: models[0].name: expected `key: value` on one line",
            id="question mark",
        ),
        pytest.param(
            "models:\n- name: a\n- name: a\n",
            "models.yaml:3:1: models[1]: the name 'a' is taken by the model in line 2",
            id="twice",
        ),
    ],
)
def test_a_value_that_cannot_be_exchanged_is_refused(text, expected):
    with pytest.raises(InvalidFile) as caught:
        change(text, "v2")

    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("after", "meant"),
    [
        pytest.param({"a": 1}, {"a": 1.0}, id="number"),
        pytest.param({"a": 1}, {"a": True}, id="true"),
        pytest.param({"a": "1"}, {"a": 1}, id="text"),
        pytest.param({"a": [1, 2]}, {"a": [2, 1]}, id="order"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, id="missing item"),
        pytest.param({"a": 1}, {"a": 1, "b": None}, id="missing key"),
        pytest.param({"a": None}, {"a": []}, id="null"),
        pytest.param({"a": -0.0}, {"a": 0.0}, id="sign"),
    ],
)
def test_an_edit_that_says_something_else_is_not_written(after, meant):
    with pytest.raises(AssertionError) as caught:
        lists.require_meant_edit(after, meant, "models.yaml")

    assert str(caught.value) == (
        "the edited models.yaml does not say what was meant; nothing was written"
    )


def test_an_edit_that_says_what_was_meant_passes():
    nan = {"b": [float("nan"), {"x": None}], "a": "1"}

    after = {"a": "1", "b": [float("nan"), {"x": None}]}
    assert lists.require_meant_edit(after, nan, "models.yaml") is None
