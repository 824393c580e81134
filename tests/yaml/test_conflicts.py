from __future__ import annotations

import pytest

from paddledvc.yaml.conflicts import find_conflict, take_conflict_side

ONE = "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> other\n"
BLOCK = "keep one of the blocks between the markers"
LINES = "keep what is wanted of the lines between the markers"


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        pytest.param(
            "models.lock",
            "run `paddledvc lock --resolve ours` or `theirs` to take a side in each, "
            f"or {BLOCK} and run `paddledvc lock`",
            id="lock",
        ),
        pytest.param("models.yaml", f"{LINES}, then run `paddledvc lock`", id="registry"),
        pytest.param(
            "dvc.yaml",
            "run `paddledvc generate --resolve ours` or `theirs` to take a side in each, "
            f"or {BLOCK} and run `paddledvc generate`",
            id="stages",
        ),
        pytest.param(
            "sub/dvc.lock",
            "run `paddledvc generate --resolve ours` or `theirs` to take a side in each, "
            f"or {BLOCK}, then run `dvc repro`",
            id="what was built",
        ),
        pytest.param("params.yaml", LINES, id="other"),
    ],
)
def test_a_conflict_names_its_lines_and_what_mends_it(file, advice):
    assert str(find_conflict(ONE, file)) == (
        f"{file}:2:1: found a merge conflict in lines 2-6; {advice}"
    )


@pytest.mark.parametrize(
    ("count", "where"),
    [
        pytest.param(2, "2 merge conflicts, in lines 2-6 and 8-12", id="two"),
        pytest.param(3, "3 merge conflicts, in lines 2-6, 8-12 and 14-18", id="three"),
        pytest.param(4, "4 merge conflicts, in lines 2-6, 8-12, 14-18 and 1 more", id="four"),
    ],
)
def test_several_conflicts_are_told_at_once(count, where):
    assert str(find_conflict(ONE * count, "x")) == f"x:2:1: found {where}; {LINES}"


def test_a_conflict_that_is_half_mended_is_one_still():
    assert str(find_conflict("a: 1\n=======\nb: 3\n>>>>>>> other\n", "x")) == (
        f"x:2:1: found a merge conflict; {LINES}"
    )


def test_a_conflict_with_windows_line_ends_is_found():
    text = ONE.replace("\n", "\r\n")

    assert str(find_conflict(text, "x")) == f"x:2:1: found a merge conflict in lines 2-6; {LINES}"


def test_lines_that_only_resemble_markers_are_none():
    assert find_conflict("a: <<<<<<< b\n# =======\n======= title\n", "x") is None


@pytest.mark.parametrize(("side", "expected"), [("ours", "b: 2\n"), ("theirs", "b: 3\n")])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ONE, id="plain"),
        pytest.param(ONE.replace("=======", "||||||| base\nb: 1\n======="), id="with base"),
        pytest.param(
            ONE.replace("<<<<<<<", "<" * 9).replace("=======", "=" * 9).replace(">>>>>>>", ">" * 9),
            id="wide markers",
        ),
    ],
)
def test_a_side_can_be_taken(text, side, expected):
    assert take_conflict_side(text, side) == f"a: 1\n{expected}"


def test_a_side_that_has_nothing_can_be_taken():
    assert (
        take_conflict_side("<<<<<<< ours\n=======\nb: 3\n>>>>>>> theirs\nc: 1\n" * 2, "ours")
        == "c: 1\n" * 2
    )


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        pytest.param(
            "<<<<<<< o\na\n||||||| b\nx\n=======\nb\n>>>>>>> t\n", "a\n", "b\n", id="diff3"
        ),
        pytest.param(
            "<<<<<<< o\na\n||||||| b\n<<<<<<<<< i\nx\n=========\ny\n>>>>>>>>> j\n=======\nb\n"
            ">>>>>>> t\n",
            "a\n",
            "b\n",
            id="a conflict in the base",
        ),
        pytest.param(
            "1\n<<<<<<< o\r\na\r\n=======\r\n>>>>>>> t\r\n2\n<<<<<<< o\n=======\nb\n>>>>>>> t\n",
            "1\na\r\n2\n",
            "1\n2\nb\n",
            id="two",
        ),
        pytest.param("a: 1\n", "a: 1\n", "a: 1\n", id="none"),
    ],
)
def test_a_side_is_taken_of_every_conflict(text, ours, theirs):
    assert (take_conflict_side(text, "ours"), take_conflict_side(text, "theirs")) == (ours, theirs)
