from __future__ import annotations

from pathlib import Path

import pytest

import paddledvc
from paddledvc.yaml.blocks import END, cut_blocks, cut_entry_blocks, values_of_blocks

FILE = "models.yaml"
TEXT = """\
# the header

models:
  # of a
  - name: a
    version: v1   # first
    # deeper, of a

  - {name: b, version: v1}

  # of c

  -
    version: v1
    name: c
    notes: |
      text

      # text too

  # of the policy
policy: {}
catalogs:
    zoo:
        kind: index
    # of team
    team: {kind: git}
# the end
"""


def texts(text, *sections):
    found = cut_blocks(text, FILE, sections)
    return found and {key: block.text for key, block in found.items()}


def test_a_file_is_cut_into_keys_and_entries_with_the_comments_above_them():
    assert texts(TEXT, "models", "catalogs") == {
        ("models",): "# the header\n\nmodels:\n",
        ("models", "a"): ("  # of a\n  - name: a\n    version: v1   # first\n    # deeper, of a\n"),
        ("models", "b"): "\n  - {name: b, version: v1}\n",
        ("models", "c"): (
            "\n  # of c\n\n  -\n    version: v1\n    name: c\n"
            "    notes: |\n      text\n\n      # text too\n"
        ),
        ("policy",): "\n  # of the policy\npolicy: {}\n",
        ("catalogs",): "catalogs:\n",
        ("catalogs", "zoo"): "    zoo:\n        kind: index\n",
        ("catalogs", "team"): "    # of team\n    team: {kind: git}\n",
        END: "# the end\n",
    }


def test_a_block_knows_what_it_says():
    found = cut_blocks(TEXT, FILE, ("models", "catalogs"))

    assert {key: block.value for key, block in found.items()} == {
        ("models",): [],
        ("models", "a"): {"name": "a", "version": "v1"},
        ("models", "b"): {"name": "b", "version": "v1"},
        ("models", "c"): {"version": "v1", "name": "c", "notes": "text\n\n# text too\n"},
        ("policy",): {},
        ("catalogs",): {},
        ("catalogs", "zoo"): {"kind": "index"},
        ("catalogs", "team"): {"kind": "git"},
        END: None,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [""], id="nothing"),
        pytest.param("# only words\n", ["# only words\n"], id="comments"),
        pytest.param("models: []\n", ["models: []\n", ""], id="empty list"),
        pytest.param("models:\n  # none\n", ["models:\n", "  # none\n"], id="comments below a key"),
        pytest.param("---\nmodels:\n- name: a\n", ["---\nmodels:\n", "- name: a\n", ""], id="---"),
        pytest.param("models:\n- name: a", ["models:\n", "- name: a\n", ""], id="open end"),
        pytest.param(
            "models:\r\n- name: a\r\n# x\r\n",
            ["models:\r\n", "- name: a\r\n", "# x\r\n"],
            id="windows",
        ),
        pytest.param(
            'models:\n- name: a\n  x: "b\n\n# c"\n- name: b\n',
            ["models:\n", '- name: a\n  x: "b\n\n# c"\n', "- name: b\n", ""],
            id="what looks like a comment",
        ),
        pytest.param(
            "models:\n- name: a\n  x: |+\n    b\n\n\n- name: b\n",
            ["models:\n", "- name: a\n  x: |+\n    b\n\n\n", "- name: b\n", ""],
            id="blank lines that count",
        ),
        pytest.param(
            "d: &d {x: 1}\nmodels:\n- <<: *d\n  name: a\n- name: b\n  x: *d\n\n# c\n- name: c\n",
            [
                "d: &d {x: 1}\n",
                "models:\n",
                "- <<: *d\n  name: a\n",
                "- name: b\n  x: *d\n",
                "\n# c\n- name: c\n",
                "",
            ],
            id="aliases",
        ),
        pytest.param(
            "o: &o {name: b}\nmodels: &m # all\n# of b\n  - <<: *o\n",
            ["o: &o {name: b}\n", "models: &m # all\n", "# of b\n  - <<: *o\n", ""],
            id="an anchor before the entries, a name by a merge key",
        ),
        pytest.param(
            "models:\n- name: a\n\n...\n# after it\n",
            ["models:\n", "- name: a\n", "\n...\n# after it\n"],
            id="the end of the document",
        ),
        pytest.param(
            "models:\r\n- name: a",
            ["models:\r\n", "- name: a\r\n", ""],
            id="windows, open end",
        ),
        pytest.param(
            "? o\nmodels:\n- name: a\n",
            ["? o\n", "models:\n", "- name: a\n", ""],
            id="question mark without a value",
        ),
        pytest.param(
            "? models\n:\n# of a\n- name: a\n",
            ["? models\n:\n", "# of a\n- name: a\n", ""],
            id="question mark",
        ),
    ],
)
def test_every_line_belongs_to_a_block(text, expected):
    assert list(texts(text, "models").values()) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("models: [{name: a}]\n", id="brackets"),
        pytest.param("{models: [], policy: {}}\n", id="braces"),
        pytest.param("models: [\n  {name: a},\n  {name: b}\n]\n", id="brackets over lines"),
        pytest.param("models:\n- name: a\n- name: a\n", id="a name twice"),
        pytest.param("models:\n- version: v1\n", id="no name"),
        pytest.param("models:\n- name: 1\n", id="a number for a name"),
        pytest.param("models:\n- a\n", id="text"),
        pytest.param("models: a\n", id="text for a list"),
        pytest.param("models:\n- &a {name: a}\n- *a\n", id="an alias of an entry"),
        pytest.param("d: &d {name: a}\nmodels:\n- *d\n- name: b\n", id="an alias of a setting"),
        pytest.param("- name: a\n", id="a list"),
        pytest.param("models:\n\t- name: a\n", id="no YAML"),
        pytest.param("<<<<<<< ours\na: 1\n=======\n>>>>>>> theirs\n", id="a conflict"),
        pytest.param("a: \udcff\n", id="no UTF-8"),
        pytest.param("a: 1\na: 2\n", id="a key twice"),
    ],
)
def test_what_cannot_be_cut_is_left_alone(text):
    assert cut_blocks(text, FILE, ("models",)) is None


def test_what_a_file_says_can_be_had_however_it_is_written():
    assert values_of_blocks("models: [{name: a}]\npolicy: 1\n", FILE, ("models",)) == {
        ("models",): [],
        ("models", "a"): {"name": "a"},
        ("policy",): 1,
    }


@pytest.mark.parametrize("name", ["models.yaml", "dvc.yaml", "params.yaml"])
def test_the_files_of_this_repository_can_be_cut(name):
    text = (Path(paddledvc.__file__).parent.parent / name).read_text(encoding="utf-8")
    found = cut_blocks(text, name, ("models", "stages", "artifacts"))

    assert "".join(block.text for block in found.values()) == text
    assert len(found) > 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "# of a\n- name: a\n  # of x\n  x: [1,\n    2]\n  # end\n",
            ["# of a\n- name: a\n", "  # of x\n  x: [1,\n    2]\n", "  # end\n"],
            id="item",
        ),
        pytest.param(
            "  a:\n    cmd: x\n    deps:\n    - y\n",
            ["  a:\n", "    cmd: x\n", "    deps:\n    - y\n", ""],
            id="entry",
        ),
        pytest.param("  -\n    name: a\n", ["  -\n    name: a\n", ""], id="a lonely dash"),
    ],
)
def test_an_entry_is_cut_into_its_fields(text, expected):
    assert [block.text for block in cut_entry_blocks(text, FILE).values()] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- {name: a, x: 1}\n", id="braces"),
        pytest.param("- <<: *d\n  name: a\n", id="an anchor elsewhere"),
        pytest.param("- a\n", id="text"),
        pytest.param("a\n", id="no entry"),
    ],
)
def test_an_entry_that_cannot_be_cut_is_left_alone(text):
    assert cut_entry_blocks(text, FILE) is None
