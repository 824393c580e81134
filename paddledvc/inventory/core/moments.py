"""Days and times as people write them on the command line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from paddledvc.errors import InvalidInput

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<minute>\d\d:\d\d)(?P<second>:\d\d)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_SECOND = timedelta(seconds=1)


def parse_moment(text: str, *, end: bool) -> datetime:
    """Read a day or a time; without a zone it is meant in the zone of whoever reads it.

    Args:
        text: for example ``2026-11-30`` or ``2026-11-30T15:04+01:00``.
        end: whether the last second of that day or minute is meant, or the first one.

    Raises:
        InvalidInput: it is neither.

    >>> parse_moment("2026-11-30", end=True)
    datetime.datetime(2026, 11, 30, 23, 59, 59)
    >>> parse_moment("2026-11-30T15:04Z", end=False).isoformat()
    '2026-11-30T15:04:00+00:00'
    """
    try:
        start, span = _first_second(text)
        return start + span - _SECOND if end else start
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"found {text!r}, expected a day such as 2026-11-30, or a time such as "
            "2026-11-30T15:04 or 2026-11-30T15:04+01:00"
        ) from error


def _first_second(text: str) -> tuple[datetime, timedelta]:
    """Give the first second of a day, minute or second, and how long that lasts."""
    if _DAY.fullmatch(text):
        return datetime.fromisoformat(text), timedelta(days=1)
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    # As Python 3.10 reads it.
    zone = re.sub(r"(\d\d):?(\d\d)", r"\1:\2", (found["zone"] or "").replace("Z", "+00:00"))
    moment = f"{found['day']}T{found['minute']}{found['second'] or ':00'}{zone}"
    return datetime.fromisoformat(moment), _SECOND if found["second"] else timedelta(minutes=1)
