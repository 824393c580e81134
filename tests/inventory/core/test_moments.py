from __future__ import annotations

import pytest

from paddledvc.errors import InvalidInput
from paddledvc.inventory.core.moments import parse_moment


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-30", "2026-11-30T00:00:00", "2026-11-30T23:59:59"),
        ("2026-11-30T15:04", "2026-11-30T15:04:00", "2026-11-30T15:04:59"),
        ("2026-11-30 15:04:05", "2026-11-30T15:04:05", "2026-11-30T15:04:05"),
        ("2026-11-30T15:04Z", "2026-11-30T15:04:00+00:00", "2026-11-30T15:04:59+00:00"),
        ("2026-11-30T15:04:05+0130", "2026-11-30T15:04:05+01:30", "2026-11-30T15:04:05+01:30"),
        ("2026-11-30T15:04-08:00", "2026-11-30T15:04:00-08:00", "2026-11-30T15:04:59-08:00"),
    ],
)
def test_a_day_or_time_is_its_first_or_its_last_second(text, first, last):
    assert parse_moment(text, end=False).isoformat() == first
    assert parse_moment(text, end=True).isoformat() == last


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "2026-11-30T25:00",
        "2026-11-30T15",
        "2026-11-30T15:04+99:00",
        "20261130",
        "2026-11-30\n",
        "\u0662026-11-30",
        "9999-12-31T23:59:59Z\x00",
    ],
)
def test_what_is_neither_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput, match="expected a day such as 2026-11-30, or a time"):
        parse_moment(text, end=True)
