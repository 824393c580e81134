"""Cards as Markdown."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from paddledvc.cards.core.card import Card, ComparedPath
from paddledvc.cards.core.render_card import make_card_header, render_card

HOSTILE = "x\n\n# heading\n| <script> [a](b) @team `c` \u202e \x1b[2J"


def card(**fields):
    return Card(name="det", slug="det", version="v1.0.0", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"metrics": {HOSTILE: {HOSTILE: 1.0}}},
        {"published": {HOSTILE: 1.0}},
        {"standing": "pass", "compared": (ComparedPath(path=HOSTILE, result="pass", ran=HOSTILE),)},
        {"standing": "pass", "caveats": (HOSTILE,)},
        {"datasets": ((HOSTILE, HOSTILE, HOSTILE),)},
        {"params": {HOSTILE: HOSTILE}},
        {"lineage": (HOSTILE,)},
        {"inputs": (HOSTILE,)},
        {"release": HOSTILE},
        {"stated": {"description": HOSTILE, "docs": f"docs/{HOSTILE}.md"}},
    ],
    ids="-".join,
)
def test_texts_of_a_branch_stay_in_their_place(fields):
    text = render_card(card(**fields))
    html = MarkdownIt("commonmark").enable("table").render(text)

    assert not {"\u202e", "\x1b"} & {*text, *html}
    assert not {"h1", "script", "img"} & {*re.findall(r"<(\w+)", html)}
    assert [one for one in re.findall(r"<a [^>]*>", html) if "../../docs/" not in one] == []
    assert not re.search(r"@(?=team)", re.sub(r"<code>.*?</code>", "", html))
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        assert len({row.count("<td") for row in table.split("<tr>")[2:]}) == 1


def test_the_documentation_is_linked_from_where_the_card_lies():
    text = render_card(card(stated={"docs": "docs/my models/det (1).md"}))

    link = "[`docs/my models/det (1).md`](../../docs/my%20models/det%20%281%29.md)"
    assert f"| documentation | {link} |" in text
    assert "documentation" not in render_card(card(stated={"docs": "docs/models/./det.md"}))


def test_the_header_names_what_it_starts_from():
    assert make_card_header(card(base="PaddlePaddle/det"))["base_model"] == "PaddlePaddle/det"
    assert make_card_header(card())["base_model"] is None


def test_the_tag_of_a_release_is_named_once_there_is_one():
    assert "| release | `det@v1.0.0` |" in render_card(card(release="det@v1.0.0"))
    assert "release" not in render_card(card())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"standing": "pass", "compared_samples": 64}, "agree with the network on 64 samples."),
        (
            {"standing": "pass", "caveats": ("ids above 9 were not tried", "one was not found")},
            "agree with the network, but ids above 9 were not tried; one was not found.",
        ),
        ({"standing": "shows nothing", "caveats": ("all is zero",)}, "network, but all is zero."),
        ({"standing": "fail", "caveats": ("all is zero",)}, "do not agree with the network.**"),
    ],
    ids=["pass", "caveats", "shows-nothing", "fail"],
)
def test_an_agreement_is_told_with_what_it_is_worth(fields, said):
    assert render_card(card(**fields)).endswith(said)
