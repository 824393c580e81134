from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.errors import InvalidFile
from paddledvc.yaml import fast_reader, reader

pieces = st.sampled_from(
    [
        *("a", "b: ", "- ", "\n", "\n  ", "\n    ", ": ", "? ", "[", "]", "{", "}", ", ", "'", '"'),
        *(
            "1",
            "0o17",
            "1e3",
            "on",
            "~",
            "null",
            ".inf",
            "#c\n",
            "|\n  x\n",
            ">-\n  x\n\n",
            "---\n",
        ),
        *(
            "...\n",
            "&x ",
            "*x",
            "<<: ",
            "!!str ",
            "! ",
            "\ufeff",
            "\t",
            "\r\n",
            "é",
            "a: 1\n",
            "b: 2\n",
        ),
    ]
)


def by_nodes(text):
    try:
        return reader._parse_nodes(text, "x.yaml").value
    except InvalidFile:
        return "invalid"


@given(st.lists(pieces, max_size=14).map("".join))
def test_what_the_fast_reader_reads_is_what_the_careful_one_reads(text):
    try:
        fast = fast_reader.read_plain_fast(text)
    except fast_reader.NotPlain:
        return

    assert repr(fast) == repr(by_nodes(text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &x 1\nb: *x\n", id="alias"),
        pytest.param("a: &x 1\n", id="anchor"),
        pytest.param("a: !!str 1\n", id="tag"),
        pytest.param("a: ! 1\n", id="non-specific tag"),
        pytest.param("<<: {a: 1}\n", id="merge key"),
        pytest.param("a: 1\na: 2\n", id="key twice"),
        pytest.param("[a]: 1\n", id="list as key"),
        pytest.param("a: [1\n", id="not YAML"),
        pytest.param("a: 1\n---\nb: 2\n", id="two documents"),
        pytest.param("[" * 150 + "]" * 150, id="too deep"),
        pytest.param("<<<<<<< ours\na: 1\n", id="conflict"),
        pytest.param("a: \x00\n", id="no character of YAML"),
    ],
)
def test_what_is_not_plain_is_left_to_the_careful_reader(text):
    with pytest.raises(fast_reader.NotPlain):
        fast_reader.read_plain_fast(text)


def test_a_plain_file_still_knows_its_lines():
    document = reader.parse_yaml("a: 1\nb:\n  - x\n  - 1.10\n", "x.yaml")

    assert str(document.problem(("b", 1), "found")) == "x.yaml:4:5: b[1]: found"
    assert document.written(("b", 1)) == "1.10"
