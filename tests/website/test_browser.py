"""A site as a person uses it, in a real browser."""

from __future__ import annotations

import pytest

import paddledvc
from tests.website.browser import CHROMIUM, chromium

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture
def folder(released, tmp_path):
    """A site of two models."""
    return paddledvc.write_site(paddledvc.Project(released.folder.root), tmp_path / "site").folder


def test_a_person_searches_follows_links_and_asks_for_a_day(folder, tmp_path):
    with chromium(tmp_path / "profile", "--window-size=1200,900") as tab:
        tab.open((folder / "index.html").as_uri())
        assert [row[0] for row in tab.shown()] == ["det", "rec"]
        tab.enter("search", "FAST finds")
        assert [row[0] for row in tab.shown()] == ["det"], "a tag, and a word of its description"
        assert tab.run("document.getElementById('found').textContent") == "1 of 2"
        tab.open(tab.run("document.querySelector('td a').href"))
        assert tab.run("document.querySelectorAll('svg circle').length") == 2
        tab.open(tab.run("document.querySelector('nav a:last-child').href"))
        assert len(tab.shown()) == 5

        tab.enter("day", "2026-09-21")
        assert tab.shown() == [
            ["det", "stage prod", "v1.0.0"],
            ["det", "branch main", "v1.0.0"],
            ["rec", "branch main", "v1.0.0"],
        ]
        tab.enter("day", "2026-09-22")
        assert [row[2] for row in tab.shown()] == ["v1.1.0", "v1.1.0", "v1.0.0"]
        tab.enter("day", "2026-09-20")
        assert tab.shown() == []
        assert tab.said == [], "nothing was refused by the policy of a page"


def test_pages_fit_narrow_and_wide_screens_light_and_dark(folder, tmp_path):
    seen = set()
    with chromium(tmp_path / "profile") as tab:
        for width in (400, 1200):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            tab.call("Emulation.setDeviceMetricsOverride", **size)
            for scheme in ("light", "dark"):
                feature = {"name": "prefers-color-scheme", "value": scheme}
                tab.call("Emulation.setEmulatedMedia", features=[feature])
                for page in ("index", "production", "models/det"):
                    tab.open((folder / f"{page}.html").as_uri())
                    assert tab.run("document.documentElement.scrollWidth") <= width, page
                    seen.add((scheme, tab.run("getComputedStyle(document.body).backgroundColor")))
    assert seen == {("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")}


def test_without_script_all_rows_are_there_and_no_field_is(folder, tmp_path):
    with chromium(tmp_path / "profile") as tab:
        tab.call("Emulation.setScriptExecutionDisabled", value=True)
        tab.open((folder / "production.html").as_uri())
        assert len(tab.shown()) == 5
        assert tab.run("document.getElementById('day').offsetParent") is None
