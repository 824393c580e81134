from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from paddledvc.models.lockfile import Lock, LockedModel, compare_lockfiles
from paddledvc.models.versions import (
    Requirement,
    is_version,
    newest_version,
    same_version,
    suggest_version,
)
from paddledvc.names import slug, suggest_name


@pytest.mark.parametrize(
    "text", ["v3.3.0", "3.3", "1.10", "V1", "1!2.0", "3.3.0rc1", "1.0.post1", "1.0+cu118", "2024"]
)
def test_exact_versions(text):
    assert Requirement.parse(text) == Requirement(text=text, version=text)


@pytest.mark.parametrize(
    "text", [">=3.2,<4", "~=3.2", "==3.*", "!=1", "^3.2", "^v3.2", "latest", "latest-pre"]
)
def test_ranges(text):
    assert Requirement.parse(text) == Requirement(text=text, version=None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "newest",
        "v",
        "1.0/../x",
        "3.2 ",
        "\n1.0",
        "^",
        "^>=1",
        ">=",
        "1 2",
        "===1",
        "~1.2rc1",
        ">= <2",
        ">=1 ===2",
        "resnet50",
        "3f2a9c1d",
        "dev4_x",
        ">=1,===1",
        pytest.param("9" * 5000, id="a number that Python does not read"),
        pytest.param(">=1." + "9" * 5000, id="a range with one"),
        pytest.param("^" + "9" * 5000, id="a caret with one"),
    ],
)
def test_what_is_no_version_is_refused(text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        Requirement.parse(text)

    assert str(caught.value) == (
        f"{text!r} is not a version; expected one such as v3.3.0, a range such as "
        ">=3.2,<4, ~=3.3.0, ==3.* or ^3.2, latest or latest-pre"
    )


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        pytest.param("v3.3.0", "3.3", True, id="spelling"),
        pytest.param("1.0rc1", "1.0.RC-1", True, id="pre-release"),
        pytest.param("1.10", "1.1", False, id="ten is not one"),
        pytest.param("1.0", "1.0+cpu", False, id="local"),
    ],
)
def test_versions_are_compared_by_pep_440(left, right, same):
    assert same_version(left, right) is same


@pytest.mark.parametrize(
    ("text", "version", "allowed"),
    [
        pytest.param("==1.0", "1.0+cpu", True, id="== takes every build"),
        pytest.param("== v1.0", "v1.0.0+cpu", True, id="== of any spelling"),
        pytest.param("1.0", "1.0+cpu", False, id="a version alone is that version alone"),
        pytest.param("==1.0+cpu", "1.0+cpu", True, id="== of a build"),
        pytest.param("==1.0+cpu", "1.0", False, id="== of a build takes no other"),
        pytest.param("==1.0+cpu", "1.0+cu118", False, id="nor one for another device"),
        pytest.param("==1.0", "1.0.post1+cpu", False, id="nor does == take what comes later"),
        pytest.param("!=1.0", "1.0+cpu", False, id="!= refuses every build"),
        pytest.param("!=1.0+cpu", "1.0", True, id="!= of a build"),
        pytest.param(">=1.0", "1.0+cpu", True, id="a range"),
        pytest.param(">1.0", "1.0+cpu", False, id="a build is not later"),
        pytest.param("^1.0", "1.0+cpu", True, id="a caret"),
        pytest.param("==1.0rc1", "1.0rc1+cpu", True, id="of a pre-release"),
    ],
)
def test_a_requirement_admits_the_builds_that_pep_440_says(text, version, allowed):
    assert Requirement.parse(text).allows(version) is allowed


@given(
    operator=st.sampled_from(("==", "!=", ">=", "<=", ">", "<", "~=")),
    asked=st.sampled_from(("1.0", "1.0.0", "1.1", "1.0.post1", "1.0rc1", "2.0")),
    found=st.sampled_from(("1.0", "1.0+cpu", "1.0.post1+cpu", "1.1", "1.0rc1+cpu", "0.9")),
)
def test_a_requirement_with_an_operator_answers_as_packaging_does(operator, asked, found):
    expected = SpecifierSet(operator + asked).contains(found, prereleases=True)

    assert Requirement.parse(operator + asked).allows(found, prereleases=True) is expected


@pytest.mark.parametrize("text", ["^1.0+cpu", ">=1.0+cpu", "<2,>=1.0+cpu", "~=1.0+cpu"])
def test_a_range_that_starts_at_a_build_is_refused_with_what_works(text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        Requirement.parse(text)

    assert str(caught.value) == (
        f"{text!r} is a range, which takes no local part '+cpu'; "
        "leave it out, or name one build as 1.0+cpu"
    )


@pytest.mark.parametrize(
    ("listed", "newest"),
    [
        pytest.param(["1.0+cpu", "1.0"], "1.0", id="the build without a local part"),
        pytest.param(["1.0", "1.0+cpu", "1.0+z"], "1.0", id="in any order"),
        pytest.param(["1.0", "1.1+cpu"], "1.1+cpu", id="but the newest version first"),
        pytest.param(["1.0+cpu", "1.0+cu118"], "1.0+cu118", id="else by PEP 440"),
    ],
)
def test_the_newest_version_is_the_build_without_a_local_part(listed, newest):
    assert newest_version(listed) == newest


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("v1.2_20250405", "1.2-20250405"),
        ("v1.2_20250405", "1.2.post20250405"),
        ("1.2.0_202504051030", "1.2-202504051030"),
        ("1.2rc.1_20250405", "1.2rc1-20250405"),
    ],
)
def test_a_date_behind_a_version_is_a_later_build(text, same):
    assert is_version(text)
    assert same_version(text, same)
    assert newest_version(["v1.2", text, "v1.3"]) == "v1.3"


@pytest.mark.parametrize(
    "text", [">=v1.2_20250405", "==v1.2_20250405", "^1.2_20250405", ">=1.2_20250405 ,<2"]
)
def test_a_date_behind_a_version_may_be_in_a_requirement(text):
    requirement = Requirement.parse(text)

    assert requirement.allows("v1.2_20250405")
    assert not requirement.allows("v1.2_20250404")


@pytest.mark.parametrize(
    ("text", "works"),
    [
        pytest.param("ch_v4", "v4+ch", id="a label before"),
        pytest.param("v2.0_mobile", "v2.0+mobile", id="a label behind"),
        pytest.param("PP-OCRv4_server-det", "v4+PP.OCR.server.det", id="labels on both sides"),
        pytest.param("r2.6", "2.6+r", id="a letter before"),
        pytest.param("1.0.0-SNAPSHOT", "1.0.0+SNAPSHOT", id="a build of Maven"),
        pytest.param("v2_20250405", "v2-20250405", id="a date behind one number"),
        pytest.param("v1.2_3", "v1.2.3", id="no date"),
        pytest.param("v1_2", "v1.2", id="another separator"),
        pytest.param("2025-04-05", "2025.04.05", id="a date with dashes"),
        pytest.param("v1.2_20250405_1030", "v1.2.20250405.1030", id="a date and a time"),
        pytest.param("v3.x", "==v3.*", id="a wildcard of npm"),
        pytest.param("3.*", "==3.*", id="a wildcard"),
        pytest.param("==ch_v4", "==v4+ch", id="behind =="),
        pytest.param("=1.2", "==1.2", id="one equals sign, as in Cargo and conda"),
        pytest.param("~1.2.3", "~=1.2.3", id="a tilde of Cargo"),
        pytest.param("~v1.2", "==v1.2.*", id="a tilde of Cargo with two numbers"),
        pytest.param(">=1.2 <2", ">=1.2,<2", id="blanks between, as in npm"),
    ],
)
def test_what_is_nearly_a_version_is_refused_with_what_works(text, works):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        Requirement.parse(text)

    assert str(caught.value) == f"{text!r} is not a version; write {works!r}"
    assert Requirement.parse(works)


@given(st.text(alphabet="v_.-+xa01249=~<> ", max_size=20))
def test_what_is_suggested_is_understood(text):
    suggested = suggest_version(text)

    assert not suggested or Requirement.parse(suggested)


def test_a_version_has_no_blanks_around():
    assert not is_version(" 1.0")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("resnet50_imagenet", "resnet50_imagenet", id="as it is"),
        pytest.param("PP-OCRv4.1", "PP-OCRv4-1", id="dot"),
        pytest.param("PP-YOLOE+_L", "PP-YOLOEplus_L", id="plus"),
        pytest.param("a b/c", "a-b-c", id="others"),
    ],
)
def test_a_slug_is_what_dvc_and_gto_allow(name, expected):
    assert slug(name) == expected


def test_the_nearest_word_is_suggested():
    assert suggest_name("weight_url", ["hub_url", "weights_url"]) == (
        "; did you mean 'weights_url'?"
    )


def test_nothing_is_suggested_for_what_resembles_nothing():
    assert suggest_name("zzz", ["name"]) == suggest_name("a", []) == ""


def lock(**versions):
    return Lock(models=tuple(LockedModel(name=n, version=v) for n, v in versions.items()))


def test_what_moved_between_two_locks_is_told_a_line_a_model_sorted():
    changed = LockedModel(name="d", version="v1", md5="0" * 32)
    before = Lock(models=(*lock(b="v1", c="v1", d="v1", e="v1").models,))
    after = Lock(models=(*lock(a="v1", b="v2", e="v1").models, changed))

    assert tuple(map(str, compare_lockfiles(before, after))) == (
        "Add a v1",
        "Update b v1 -> v2",
        "Remove c v1",
        "Change d v1 (md5)",
    )


def test_nothing_moved_is_nothing_told():
    assert compare_lockfiles(lock(a="v1"), lock(a="v1")) == ()
