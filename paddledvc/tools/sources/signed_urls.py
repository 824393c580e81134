"""Until when signed URLs hold, as those who sign them write it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, unquote, urlsplit

_COMPACT = "%Y%m%dT%H%M%SZ"
_BOS = re.compile(r"bce-auth-v[0-9]+/[^/]*/(?P<start>[^/]+)/(?P<seconds>[0-9]{1,9})/")
_SECONDS = re.compile(r"[0-9]{1,9}")
_EPOCH = re.compile(r"[0-9]{10}")


def expiry_of_url(url: str) -> datetime | None:
    """Say until when a signed URL holds; None for one that does not say.

    S3 and Google state the beginning and the seconds, BOS both in its ``authorization``, OSS,
    CloudFront and the older forms of both the end in seconds since 1970, Azure the end as a date.

    >>> str(expiry_of_url("https://h/a?X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600"))
    '2024-01-01 01:00:00+00:00'
    >>> expiry_of_url("https://h/a?Expires=soon")
    """
    query = {key.lower(): value for key, value in parse_qsl(urlsplit(url).query)}
    for who in ("x-amz", "x-goog"):
        if f"{who}-date" in query and _SECONDS.fullmatch(query.get(f"{who}-expires", "")):
            return _after(query[f"{who}-date"], _COMPACT, query[f"{who}-expires"])
    if found := _BOS.match(unquote(query.get("authorization", ""))):
        return _after(found["start"], "%Y-%m-%dT%H:%M:%SZ", found["seconds"])
    if _EPOCH.fullmatch(query.get("expires", "")):
        return datetime.fromtimestamp(int(query["expires"]), tz=timezone.utc)
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"):
        if (end := _after(query.get("se", ""), form, "0")) is not None:
            return end
    return None


def _after(start: str, form: str, seconds: str) -> datetime | None:
    try:
        # strptime knows no zone of a literal Z.
        begin = datetime.strptime(start, form).replace(tzinfo=timezone.utc)
        return begin + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
