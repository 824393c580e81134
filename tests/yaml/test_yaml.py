from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys

import pytest
import yaml as pyyaml
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from paddledvc.errors import InvalidFile
from paddledvc.yaml import nodes, reader, writer
from paddledvc.yaml.document import Position
from paddledvc.yaml.edit import sections


def by_dvc(text):
    """Read YAML as DVC does."""
    return YAML(typ="safe").load(text)


def value(text):
    return reader.parse_yaml(text, "x.yaml").value


def complaint(text, file="x.yaml"):
    with pytest.raises(InvalidFile) as caught:
        reader.parse_yaml(text, file)
    return str(caught.value)


NASTY = """
    on off On OFF yes no Yes NO y n true True TRUE tRUE false False FALSE null Null NULL nULL ~
    None 1:30 190:20:30 1:30.5 1e3 1E3 1e+3 1e-3 1e 1.e3 1.5e3 .5e3 .5e+3 -1.5E-7 1_000 1_0.5_0
    1__0 _1 1_ 0o17 0O17 0o8 017 08 0_7 -017 +12 -12 0x1F 0X1F 0x1f 0x_1 0xfg -0x1F 0b101 0B101
    0b2 -0b1 +0b1 .5 1. -1. +.5 -.5 . .. ... .1.2 1.2.3 1.10 3.3.0 v3.3.0 .inf -.inf +.inf .Inf
    .INF .iNF inf -inf .nan .NaN .NAN .nAN NaN nan -.nan +.nan d41d8cd98f00b204e9800998ecf8427e
    12345678901234567890123456789012 01234567890123456789012345678901
    1234567890123e56789012345678901 12345678901234567890123456789e12
    0e12345678901234567890123456789 1234567e789 00000000000000000000000000000000 1e400 -1e400 - +
    -- +- 1- 1+1 0 -0 +0 00 0.0 -0.0 0. 1,000 1;2 50% a%b
""".split()  # noqa: SIM905 - a hundred quotes say no more


@pytest.mark.parametrize("scalar", NASTY)
def test_a_plain_scalar_means_what_dvc_reads(scalar):
    text = f"- {scalar}\n"

    assert repr(value(text)) == repr(by_dvc(text))


@given(st.text(alphabet="0123456789_.eExXoObB+-:~fFiInNaAtTrRuUsSyYlL", min_size=1, max_size=12))
def test_any_plain_scalar_means_what_dvc_reads(scalar):
    text = f"- {scalar}\n- end\n"
    try:
        expected = by_dvc(text)
    except (YAMLError, ValueError, AttributeError):
        assume(False)
    assume(not any(isinstance(item, dt.date) for item in expected))
    assume(all(isinstance(item, str | int | float | None) for item in expected))

    assert repr(value(text)) == repr(expected)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2024-01-01", id="date"),
        pytest.param("2024-01-01T10:00:00Z", id="moment"),
        pytest.param("2001-12-14 21:59:43.10 -5", id="moment with spaces"),
    ],
)
def test_a_date_stays_text(text):
    assert value(f"a: {text}\n") == {"a": text}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\n\n", id="blank lines"),
        pytest.param("# nothing but a comment\n", id="comment"),
        pytest.param("---\n", id="document start"),
        pytest.param("null\n", id="null"),
        pytest.param("~", id="tilde"),
        pytest.param("just text\n", id="text"),
        pytest.param("a: {b: [1, two, {c: null}], d: ''}\n", id="flow"),
        pytest.param("a:\n  - 1\n  - - 2\n    - 3\nb: |\n  two\n  lines\n", id="block"),
        pytest.param("a: >-\n  folded\n  text\n\n  more\n", id="folded"),
        pytest.param("a: \"\\u00e9 \\n \\x41\"\nb: 'it''s'\n", id="quotes"),
        pytest.param("a: 'on'\nb: \"1e3\"\nc: '~'\nd: \"\"\n", id="quoted words"),
        pytest.param("a:\nb: \nc: ~\n", id="absent values"),
        pytest.param("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n", id="aliases"),
        pytest.param("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n", id="merge"),
        pytest.param("a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y], n: 4}\n", id="merge two"),
        pytest.param("a: &x {k: 1}\nb: &y {<<: *x, l: 2}\nc: {<<: *y}\n", id="merge of a merge"),
        pytest.param("'<<': 1\n", id="quoted merge key"),
        pytest.param("a: b # comment\nc: d#e\nf: 'g # h'\n", id="comments"),
        pytest.param("a: 1\r\nb:\r\n  - x\r\n", id="crlf"),
        pytest.param("a: 1\rb: 2\r", id="cr"),
        pytest.param("a: naïve 模型 😀\n模型: 1\n", id="unicode"),
        pytest.param("? a\n: 1\n? b\n", id="explicit keys"),
        pytest.param("a: http://host/a:b?c=d#e\n", id="url"),
        pytest.param("a: plain over\n  two lines\n", id="plain over lines"),
        pytest.param("a: \t1\n", id="tab after colon"),
        pytest.param("%YAML 1.2\n---\na: on\n", id="directive 1.2"),
        pytest.param("a: !!str 1.10\n", id="tagged text"),
        pytest.param("a: !!str on\nb: !!str\n", id="tagged words"),
        pytest.param("a: !!int '3'\n", id="tagged number"),
        pytest.param("a: !!float 3\n", id="tagged float"),
        pytest.param("a: ! 12\n", id="not resolved"),
    ],
)
def test_a_document_means_what_dvc_reads(text):
    assert repr(value(text)) == repr(by_dvc(text))


def test_keys_are_always_text():
    assert value("1: a\n1.10: b\ntrue: c\n~: d\n") == {"1": "a", "1.10": "b", "true": "c", "~": "d"}


def test_a_byte_order_mark_in_the_text_is_no_part_of_the_first_key():
    assert value("\ufeffa: 1\n") == {"a": 1}


def test_a_tag_that_means_nothing_here_is_refused():
    assert complaint("a: 1\nb: !python/object:os.system [x]\n").startswith("x.yaml:2:4: ")


TREE = """\
models:
  - name: a
    sizes: [1, 22,  333]
  - {name: b, deep: {er: "x"}}
"模型": &anchor
  k: 1
merged:
  <<: *anchor
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        pytest.param((), 1, 1, id="all"),
        pytest.param(("models",), 2, 3, id="list"),
        pytest.param(("models", 0), 2, 5, id="item"),
        pytest.param(("models", 0, "name"), 2, 11, id="value"),
        pytest.param(("models", 0, "sizes"), 3, 12, id="flow list"),
        pytest.param(("models", 0, "sizes", 1), 3, 16, id="flow item"),
        pytest.param(("models", 0, "sizes", 2), 3, 21, id="flow item after two spaces"),
        pytest.param(("models", 1, "deep", "er"), 4, 26, id="nested flow"),
        pytest.param(("模型", "k"), 6, 6, id="below an anchor"),
        pytest.param(("models", 0, "absent"), 2, 5, id="absent key: the mapping"),
        pytest.param(("models", 7), 2, 3, id="absent item: the list"),
        pytest.param(("models", 0, "name", "deeper"), 2, 11, id="below a scalar: the scalar"),
        pytest.param(("merged", "k"), 8, 3, id="merged key: the mapping"),
    ],
)
def test_a_value_knows_its_place(path, line, column):
    document = reader.parse_yaml(TREE, "x.yaml")

    assert document.position(path, False) == Position(line=line, column=column)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        pytest.param(("models",), 1, 1, id="top"),
        pytest.param(("models", 0, "name"), 2, 5, id="in an item"),
        pytest.param(("models", 0, "sizes"), 3, 5, id="second"),
        pytest.param(("models", 1, "deep", "er"), 4, 22, id="nested flow"),
        pytest.param(("模型",), 5, 1, id="unicode"),
    ],
)
def test_a_key_knows_its_place(path, line, column):
    document = reader.parse_yaml(TREE, "x.yaml")

    assert document.position(path, True) == Position(line=line, column=column)


def test_a_place_counts_characters_not_bytes():
    document = reader.parse_yaml("{模型: é, b: x}\n", "x.yaml")

    assert document.position(("b",), False) == Position(line=1, column=12)


def test_a_place_counts_lines_that_end_in_crlf_once():
    document = reader.parse_yaml("a: 1\r\n\r\nb: 2\r\n", "x.yaml")

    assert document.position(("b",), False) == Position(line=3, column=4)


def test_a_scalar_can_be_had_as_it_was_written():
    document = reader.parse_yaml("a: 1_000\nb: '2'\nc: [x]\n", "x.yaml")

    assert [document.written((key,)) for key in "abc"] == ["1_000", "2", ""]


def test_a_key_that_stands_twice_is_refused_where_it_stands_again():
    assert (
        complaint("a:\n  k: 1\n  l: 2\n  k: 3\n")
        == "x.yaml:4:3: a.k: the key stands in line 2 already"
    )


def test_every_key_that_stands_twice_is_named():
    assert complaint("a: 1\na: 2\nb: {c: 1, c: 2}\n").splitlines() == [
        "x.yaml:2:1: a: the key stands in line 1 already",
        "x.yaml:3:11: b.c: the key stands in line 3 already",
    ]


def test_a_key_beside_the_merged_one_of_the_same_name_is_no_repetition():
    assert value("a: &x {k: 1}\nb:\n  k: 2\n  <<: *x\n")["b"] == {"k": 2}


def test_a_list_as_a_key_is_refused():
    assert complaint("? [a, b]\n: 1\n") == (
        "x.yaml:1:3: found a list or mapping as a key, expected text"
    )


def test_a_merge_of_something_else_is_refused():
    assert complaint("a:\n  <<: 3\n") == (
        "x.yaml:2:7: a.<<: expected a mapping, or a list of mappings, to merge"
    )


LAUGHS = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


def test_a_billion_laughs_are_refused():
    assert complaint(LAUGHS).endswith("aliases repeat more than 10,000 values; write them out")


def test_a_billion_merges_are_refused():
    text = "a0: &a0 {k: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 10)
    )

    assert complaint(text).endswith("aliases repeat more than 10,000 values; write them out")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: &x [1, *x]\n", "x.yaml:1:4: a[1]", id="list"),
        pytest.param("a: &x {b: *x}\n", "x.yaml:1:4: a.b", id="mapping"),
        pytest.param("a: {b: &y [*y]}\n", "x.yaml:1:8: a.b[0]", id="inner"),
        pytest.param("a: &x\n  <<: *x\n", "x.yaml:1:4: a.<<", id="merge"),
    ],
)
def test_an_alias_that_contains_itself_is_refused(text, expected):
    assert complaint(text) == f"{expected}: an alias that contains itself has no end"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "a: *x\n",
            "x.yaml:1:4: not YAML: found undefined alias; "
            "a value that starts like this must be in quotes",
            id="undefined alias",
        ),
        pytest.param(
            "a:\n  - 1\n b: 2\n",
            "x.yaml:3:2: not YAML: did not find expected key",
            id="indentation",
        ),
        pytest.param(
            'a: "open\nb: 2\n',
            "x.yaml:3:1: not YAML: found unexpected end of stream",
            id="open double quote",
        ),
        pytest.param(
            "a: 'open\n",
            "x.yaml:2:1: not YAML: found unexpected end of stream",
            id="open single quote",
        ),
        pytest.param(
            "a: [1, 2\nb: 3\n",
            "x.yaml:2:2: not YAML: did not find expected ',' or ']'",
            id="open bracket",
        ),
        pytest.param(
            "a: b: c\n",
            "x.yaml:1:5: not YAML: mapping values are not allowed in this context",
            id="two colons",
        ),
        pytest.param(
            "a:\n\tb: 1\n",
            "x.yaml:2:1: not YAML: found character that cannot start any token; "
            "indent with spaces, not with tabs",
            id="tab",
        ),
        pytest.param(
            "version: >=3.2\n",
            "x.yaml:1:11: not YAML: did not find expected comment or line break; "
            "a value that starts like this must be in quotes",
            id="greater",
        ),
        pytest.param(
            "a: 1\nversion: >=3.2,<4\nb: 2\n",
            "x.yaml:2:11: not YAML: did not find expected comment or line break; "
            "a value that starts like this must be in quotes",
            id="range",
        ),
        pytest.param(
            "version: *\n",
            "x.yaml:1:11: not YAML: did not find expected alphabetic or numeric character; "
            "a value that starts like this must be in quotes",
            id="star",
        ),
        pytest.param(
            "version: %1\n",
            "x.yaml:1:10: not YAML: found character that cannot start any token; "
            "a value that starts like this must be in quotes",
            id="percent",
        ),
        pytest.param(
            "a: @x\n",
            "x.yaml:1:4: not YAML: found character that cannot start any token; "
            "a value that starts like this must be in quotes",
            id="at",
        ),
        pytest.param(
            "a: `x`\n",
            "x.yaml:1:4: not YAML: found character that cannot start any token; "
            "a value that starts like this must be in quotes",
            id="backtick",
        ),
        pytest.param(
            "a: 1\n---\nb: 2\n",
            "x.yaml:2:1: not YAML: found a second document after ---; expected one",
            id="two documents",
        ),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(text, expected):
    assert complaint(text) == expected


def test_a_control_character_is_refused_in_one_line():
    found = complaint("a: 1\nb: x\x07y\n")

    assert found.startswith("x.yaml:2:")
    assert len(found.splitlines()) == 1


def test_merge_conflicts_are_named_with_the_line():
    text = "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> other\n"

    assert complaint(text) == (
        "x.yaml:2:1: found a merge conflict in lines 2-6; "
        "keep what is wanted of the lines between the markers"
    )


def test_merge_conflicts_in_a_lock_name_the_way_out():
    text = "a: 1\r\n<<<<<<< HEAD\r\nb: 2\r\n=======\r\nb: 3\r\n>>>>>>> other\r\n"

    assert complaint(text, "models.lock") == (
        "models.lock:2:1: found a merge conflict in lines 2-6; "
        "run `paddledvc lock --resolve ours` or `theirs` to take a side in each, "
        "or keep one of the blocks between the markers and run `paddledvc lock`"
    )


DEEP = """
import sys
from paddledvc.errors import InvalidFile
from paddledvc.yaml import reader
text = sys.argv[1] * int(sys.argv[3]) + sys.argv[2] * int(sys.argv[3])
try:
    reader.parse_yaml(text, "x.yaml")
    print("read")
except InvalidFile as error:
    print(str(error))
"""


@pytest.mark.parametrize(
    ("opening", "closing", "depth"),
    [
        pytest.param("[", "]", 1_000, id="lists"),
        pytest.param("[", "]", 100_000, id="very many lists"),
        pytest.param("{a: ", "}", 100_000, id="mappings"),
        pytest.param("- ", "", 60_000, id="block lists"),
    ],
)
def test_deep_nesting_is_refused_and_does_not_crash(opening, closing, depth):
    done = subprocess.run(
        [sys.executable, "-c", DEEP, opening, closing, str(depth)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert re.fullmatch(r"x\.yaml:1:\d+: values are nested too deeply\n", done.stdout), done.stdout[
        :200
    ]


def test_nesting_that_people_write_is_read():
    assert value("[" * 50 + "]" * 50) is not None


def test_many_values_without_any_alias_are_read():
    assert len(value("- x\n" * 12_000)) == 12_000


# What JSON-like files hold. Lone surrogates are no text; YAML has no form for some control
# characters outside double quotes, which is what they are written in.
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet="0123456789eE._+-xob:~", max_size=8),
    st.sampled_from(["on", "yes", "1:30", "=", "<<", "", " a", "a ", "a: b", "- a", "#", "a #b"]),
    st.sampled_from(["\x85", "\u2028", "\ufeff", "\x00", "\x7f", "a\nb\n", "\t", "'\"", "\\"]),
)
keys = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(trees)
def test_what_is_written_is_read_back_alike_by_every_reader(tree):
    text = writer.dump_yaml(tree)

    assert value(text) == tree
    assert by_dvc(text) == tree
    assert pyyaml.safe_load(text) == tree


@given(st.floats(allow_nan=False))
def test_a_number_is_read_back_alike_by_every_reader(number):
    text = writer.dump_yaml({"a": number})

    assert value(text) == {"a": number}
    assert by_dvc(text) == {"a": number}
    assert pyyaml.safe_load(text) == {"a": number}


def test_what_is_written_repeats_instead_of_aliasing():
    shared = {"k": [1]}

    assert writer.dump_yaml({"a": shared, "b": shared}) == "a:\n  k:\n    - 1\nb:\n  k:\n    - 1\n"


def test_what_is_written_keeps_the_order_of_keys_and_breaks_no_line():
    long = "x" * 300

    assert writer.dump_yaml({"b": long, "a": f"{long} {long}"}) == f"b: {long}\na: {long} {long}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("vars: []\n", None, id="no section"),
        pytest.param("", None, id="no file"),
        pytest.param("stages:\n  a:\n    cmd: x\n", (0, 3, 2, [("a", 1, 3)]), id="one"),
        pytest.param(
            "stages:\n    a: {cmd: x}\n\n    # of b\n    b:\n        cmd: y\n\n# end\nvars: []\n",
            (0, 6, 4, [("a", 1, 2), ("b", 4, 6)]),
            id="four spaces, comments",
        ),
        pytest.param("stages: {}\n", (0, 1, 2, []), id="braces"),
        pytest.param("stages:\n\nvars: []\n", (0, 1, 2, []), id="null"),
        pytest.param("stages: ~ # none\n", (0, 1, 2, []), id="tilde"),
    ],
)
def test_an_outline_tells_the_lines_of_a_section(text, expected):
    section = sections.read_section(text, "dvc.yaml", "stages")
    found = section and (
        section.key.start_mark.line,
        len(text.removesuffix(section.after).splitlines()),
        section.indent,
        [
            (block.key[-1], block.line - 1, block.line - 1 + len(block.body.splitlines()))
            for block in section.blocks
        ],
    )

    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("vars: []\nstages: {a: {cmd: x}}\n", id="braces"),
        pytest.param("vars: []\nstages: [a]\n", id="list"),
        pytest.param("vars: []\nstages: text\n", id="text"),
        pytest.param("vars: []\nstages: true\n", id="true"),
        pytest.param("vars: []\nstages: ''\n", id="quotes"),
    ],
)
def test_a_section_that_cannot_be_edited_by_line_is_refused(text):
    with pytest.raises(InvalidFile) as caught:
        sections.read_section(text, "dvc.yaml", "stages")

    assert str(caught.value) == (
        "dvc.yaml:2:1: stages: expected entries on lines of their own, not in braces or a list"
    )


def test_the_parser_of_libyaml_is_the_one_in_use():
    assert "yaml.cyaml" in sys.modules
    assert nodes._Parser.__module__.startswith("yaml._yaml")
