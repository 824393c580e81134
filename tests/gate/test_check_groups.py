"""Groups of models that move together, at the gate; real git."""

from __future__ import annotations

import pytest

import paddledvc
from tests.gated import FACTS

OCR = f"""\
groups:
  ocr: [det, rec]
models:
  - name: det
    version: v1.0.0
{FACTS}  - name: rec
    version: v1.0.0
{FACTS}  - name: other
    version: v1.0.0
{FACTS}"""


@pytest.fixture
def ocr(gated):
    gated.models(OCR, build=False)
    gated.commit("a group")
    return gated


def moved(text, *names):
    for name in names:
        text = text.replace(f"{name}\n    version: v1.0.0", f"{name}\n    version: v1.1.0")
    return text


def test_a_group_that_moves_in_part_is_refused_on_production(ocr):
    ocr.branch("feature/x")
    ocr.models(moved(OCR, "det"), build=False)
    ocr.commit()

    assert [one for one in ocr.lines(base="main") if "[docs-stale]" not in one] == [
        (
            "models.yaml:2:3: error[group-split]: the group ocr moved in part: det from v1.0.0 to "
            "v1.1.0, but rec at v1.0.0 stayed; give every model of the group a new version in the "
            "same change"
        )
    ]
    assert ocr.lines(base="main", branch="develop") == []


@pytest.mark.parametrize("names", [("det", "rec"), ("other",)])
def test_a_group_that_moves_whole_or_not_at_all_is_fine(ocr, names):
    ocr.branch("feature/x")
    ocr.models(moved(OCR, *names), build=False)
    ocr.commit()

    assert not any("group-split" in one for one in ocr.lines(base="main"))


def test_a_model_that_joins_a_group_moves_nothing(ocr):
    ocr.branch("feature/x")
    ocr.models(
        OCR.replace("[det, rec]", "[det, rec, cls]") + "  - {name: cls, version: v1.0.0}\n",
        build=False,
    )
    ocr.commit()

    assert not any("group-split" in one for one in ocr.lines(base="main"))


def test_what_shows_a_model_names_its_groups(ocr, cli):
    ocr.branch("feature/x")
    ocr.models(moved(OCR, "det", "other"), build=False)
    ocr.commit()
    changes = {one.name: one for one in paddledvc.diff(ocr.project, "main").models}

    assert (changes["det"].groups, changes["other"].groups) == (("ocr",), ())
    assert paddledvc.show(ocr.project, "det").groups == ("ocr",)
    affected = "What does it affect?   yes: det: it moves with the group ocr\n"
    assert affected in cli("diff", "main").stdout
    assert "  in the group    ocr\n" in cli("show", "det").stdout
