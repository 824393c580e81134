from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from paddledvc.evaluation.core.pictures import ACROSS, draw_changed_svg

SVG = "{http://www.w3.org/2000/svg}"


def rows(*names, path="deployed"):
    return [(name, path, "accuracy", 1.0, 0.0) for name in names]


def texts(drawn):
    return [one.text for one in ET.fromstring(drawn).iter(f"{SVG}text")]


def test_each_sample_stands_once_with_its_picture_and_what_changed():
    found = rows("a.png", "b.png", "b.png") + rows("a.png", path="jit")
    drawn = draw_changed_svg(found, {"deployed": {"a.png": "QQ==", "b.png": "Qg=="}})

    assert re.findall('base64,([^"]*)', drawn) == ["QQ==", "Qg=="]
    assert texts(drawn) == ["a.png", "deployed: 1 → 0", "b.png", "deployed: 1 → 0"]


def test_where_nothing_changed_the_drawing_says_so():
    assert texts(draw_changed_svg([], {})) == ["No sample changed."]


def test_what_a_sample_is_called_is_text_and_its_end_is_kept():
    name = "a folder/<script>&\u202e.png"
    drawn = draw_changed_svg(rows(name), {"deployed": {name: "QQ=="}})

    assert "<script>" not in drawn
    assert "\u202e" not in drawn
    assert texts(drawn)[0] == "…er/<script>&\\u202e.png"


def test_what_is_no_base64_is_not_drawn():
    assert texts(draw_changed_svg(rows("a"), {"deployed": {"a": '"/><script>'}})) == [
        "No sample changed."
    ]


def test_many_stand_in_rows():
    names = [str(number) for number in range(ACROSS + 1)]
    drawn = draw_changed_svg(rows(*names), {"deployed": dict.fromkeys(names, "QQ==")})
    places = re.findall(r"translate\((\d+) (\d+)\)", drawn)

    assert len(set(places)) == len(names)
    assert len({top for _, top in places}) == 2
