"""Cards in pages that people write too."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml as pyyaml

from paddledvc.cards.core.card import Card
from paddledvc.cards.core.card_page import drop_generated, find_stale_card, write_card_page
from paddledvc.yaml.reader import parse_yaml

CARD = Card(name="det", slug="det", version="v1.0.0", stated={"license": "MIT"})
BARE = replace(CARD, stated={})
FILE = "docs/models/det.md"
EDITED = "its generated part or its header was edited by hand"


def page_of(card=CARD, page=None):
    return write_card_page(page, card, FILE)


def header_of(page):
    return pyyaml.safe_load(page.split("---\n")[1])


def test_a_key_by_hand_of_which_nothing_is_known_stays():
    mine = "---\nlicense: other\ndatasets: [coco]\n---\n# det\n"

    assert header_of(page_of(BARE, mine))["datasets"] == ["coco"]
    assert header_of(page_of(BARE, mine))["license"] == "other"
    assert header_of(page_of(BARE, page_of(BARE, mine)))["license"] == "other"
    assert header_of(page_of(CARD, mine))["license"] == "mit"


def test_a_key_that_was_written_goes_once_nothing_is_known_of_it():
    assert header_of(page_of())["license"] == "mit"
    assert "license" not in header_of(page_of(BARE, page_of()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("license: mit", "license: apache-2.0"),
        ("license: mit\n", ""),
        ("| `v1.0.0` |", "| `v1.0.1` |"),
        ("begin of=", "begin "),
        ("; write your own text outside of these lines", ""),
    ],
)
def test_what_was_edited_by_hand_is_stale_and_written_again_in_its_place(old, new):
    page = page_of()
    assert old in page
    edited = page.replace(old, new, 1)

    assert find_stale_card(page, CARD) == ""
    assert find_stale_card(edited, CARD) == EDITED
    assert page_of(CARD, edited) == page


def test_own_keys_and_another_way_to_write_the_same_are_no_edit():
    page = page_of().replace("license: mit", 'license:   "mit"')
    page = page.replace("\n---\n#", "\nmy: 1\n---\n#")

    assert find_stale_card(page, CARD) == ""


def test_the_ends_of_lines_stay_as_they_are():
    page = page_of(CARD, "# det\r\n\r\nBy hand.\r\n")

    assert page.count("\n") == page.count("\r\n")
    assert page_of(CARD, page) == page
    assert find_stale_card(page, CARD) == ""


def test_a_byte_order_mark_hides_no_header():
    page = page_of(CARD, "\ufeff---\nmine: 1\n---\n# det\n")

    assert header_of(page)["mine"] == 1
    assert page.count("---\n") == 2


def test_what_people_wrote_is_told_apart_from_what_was_generated():
    page = page_of(CARD, "---\nmine: 1\n---\n# det\n\n- det v1.0.0: the first\n")

    assert drop_generated(page).split() == ["#", "det", "-", "det", "v1.0.0:", "the", "first"]
    assert drop_generated("---\na: 1\n---\n# det\n") == "---\na: 1\n---\n# det\n"


def test_readers_of_both_versions_of_yaml_read_the_same_header():
    words = ("no", "on", "12:30", "1e3", "2020-01-01", "~", "0x1f", "=", "<<", "1_000", "0o7", "é")
    card = replace(CARD, tags=words, datasets=tuple((one, "a", "b") for one in words))
    text = page_of(card).split("---\n")[1]

    assert pyyaml.safe_load(text) == parse_yaml(text, FILE).value
    assert pyyaml.safe_load(text)["tags"] == ["paddledvc", *words]
