"""What a terminal or a CI log would obey."""

from __future__ import annotations

import json
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddledvc.display.escaping import escape_annotations, escape_json, escape_text, escape_xml

ANY = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\x1b\x9b\u202e\n\r:#[ v")))
"""Every character, lone surrogates too, and often those that matter."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[2J", r"\x1b[2J", id="clears the screen"),
        pytest.param("\x1b]0;t\x07", r"\x1b]0;t\x07", id="sets the title"),
        pytest.param("\x9b2J", r"\x9b2J", id="the same in one character"),
        pytest.param("ok\rno", r"ok\rno", id="overwrites its line"),
        pytest.param("a\x08\x7f", r"a\x08\x7f", id="deletes"),
        pytest.param("\u202ebin\u2066.\u200f", r"\u202ebin\u2066.\u200f", id="turns text around"),
        pytest.param("a\u200bb\ufeff\u00ad", r"a\u200bb\ufeff\xad", id="has no width"),
        pytest.param("a\u2028b\x85c\x0bd", r"a\u2028b\x85c\x0bd", id="ends a line"),
        pytest.param("\udcff\U000e0041", r"\udcff\U000e0041", id="is no character"),
        pytest.param("a\n::error::b", "a\n\\x3a:error::b", id="command of GitHub"),
        pytest.param("\u3000 ::add-mask::b", "\u3000 \\x3a:add-mask::b", id="after spaces"),
        pytest.param("a ##[error]b", r"a \x23#[error]b", id="old command of GitHub"),
        pytest.param("a ##vso[task.x]b", r"a \x23#vso[task.x]b", id="command of Azure"),
        pytest.param("###[error]b", r"#\x23#[error]b", id="behind another sign"),
        pytest.param("section_start:1:a\r\x1b[0K", r"section_start:1:a\r\x1b[0K", id="of GitLab"),
    ],
)
def test_what_would_be_obeyed_is_shown(text, shown):
    assert escape_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "PP-YOLOE+_L v3.3.0: checkpoints/a b.pdparams (98 MB, s3://w/x::y)",
        "模型 甲\u3000乙, modèle\u00a0: e\u0301 \u05d0\u05d1 \u0627\u0644 \U0001f600",
        "line 1\n\tline 2\n  std::vector",
        "# a\n## b [c]",
    ],
)
def test_what_people_write_stays(text):
    assert escape_text(text) == text


@given(ANY)
def test_text_that_is_escaped_is_obeyed_by_nobody_and_escaped_once(text):
    shown = escape_text(text)

    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert {unicodedata.category(one) for one in shown if one not in "\n\t"} & bad == set()
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())
    assert "##[" not in shown
    assert escape_text(shown) == shown


@given(st.lists(ANY))
def test_json_that_is_escaped_holds_the_same(texts):
    document = escape_json(json.dumps(texts, indent=2, ensure_ascii=False))

    assert json.loads(document) == texts
    assert escape_text(document) == document


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_xml_that_is_escaped_holds_the_same(text):
    node = ET.Element("a", {"b": text})
    node.text = text
    document = escape_xml(ET.tostring(node, encoding="unicode"))

    read = ET.fromstring(document)
    assert (read.text or "", read.get("b")) == (text, text)
    assert escape_text(document) == document


def test_our_own_annotations_reach_the_log():
    assert escape_annotations("::error file=a::b\x1b[m") == r"::error file=a::b\x1b[m"
