from __future__ import annotations

import pytest

from paddledvc.comparison.untaken_branches import Branch, Span, write_branch_condition

SOURCE = """\
def forward(x, y):
    assert x.all()
    if x > 0:
        pass
    elif not (y > 0):
        pass
    while y < 3:
        pass
    if x > 1 and \\
       y > 1:
        pass
    z = x > 2 and y > 2
    é = x if "é" and y > 4 else y
    return cond(x > 5, lambda: x, lambda: y)
"""


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        pytest.param(Span(2, 2, 4, 18), None, id="assert"),
        pytest.param(Span(2, 2, 11, 18), None, id="inside of assert"),
        pytest.param(Span(3, 3, 7, 12), "if x > 0:", id="if"),
        pytest.param(Span(5, 5, 14, 19), "y > 0", id="what is under a not"),
        pytest.param(Span(7, 7, 10, 15), "while y < 3:", id="while"),
        pytest.param(Span(9, 9, 7, 12), "x > 1", id="left of and"),
        pytest.param(Span(10, 10, 7, 12), "y > 1", id="right of and"),
        pytest.param(Span(12, 12, 8, 23), "x > 2", id="and as a value"),
        pytest.param(Span(13, 13, 23, 28), "y > 4", id="columns count bytes"),
        pytest.param(
            Span(14, 14, 11, 44), "cond(x > 5, lambda: x, lambda: y)", id="a call that asks"
        ),
        pytest.param(Span(14, 14, 1, 2), "return cond(x > 5, lambda: x, lambda: y)", id="no part"),
        pytest.param(Span(99, 99, 1, 2), "a condition", id="past the end"),
    ],
)
def test_what_was_asked_is_written_as_it_stands_in_the_code(span, expected):
    assert write_branch_condition(SOURCE, span) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(2, None, id="assert"),
        pytest.param(3, "if x > 0:", id="if"),
        pytest.param(5, "part of: elif not (y > 0):", id="not"),
        pytest.param(7, "while y < 3:", id="while"),
        pytest.param(12, "part of: z = x > 2 and y > 2", id="and"),
    ],
)
def test_without_columns_only_whole_conditions_are_told(line, expected):
    assert write_branch_condition(SOURCE, Span(line, line)) == expected


def test_code_that_is_no_python_is_shown_by_its_line():
    assert write_branch_condition("x ==\n", Span(1, 1, 0, 1)) == "x =="


def test_a_long_condition_is_cut():
    text = write_branch_condition(f"if {'x + ' * 40}y:\n    pass", Span(1, 1, 3, 164))

    assert text is not None
    assert (len(text), text[-1]) == (70, "…")


@pytest.mark.parametrize(
    ("code", "outcome", "expected"),
    [
        ("if x > 0:", True, "`if x > 0:` was never false with these samples, so that branch of "),
        ("while x > 0:", False, "`while x > 0:` was never true with these samples, so the body of"),
        ("while x > 0:", True, "`while x > 0:` was never false with these samples, so that branch"),
    ],
)
def test_a_side_that_no_sample_took_is_told(code, outcome, expected):
    said = str(Branch(file="a.py", line=3, code=code, outcomes=(outcome,)))

    assert said.startswith(f"a.py:3: {expected}")


def test_nothing_is_told_where_both_sides_were_taken():
    assert str(Branch(file="a.py", line=3, code="if x:", outcomes=(False, True))) == ""
