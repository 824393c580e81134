"""Answers of a hub, taken apart with suspicion."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any, TypeVar

from paddledvc.tools.system.network.errors import Unreadable

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
# datetime.fromisoformat of Python 3.10 reads no Z.
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")
_Value = TypeVar("_Value")


def parse_hub_json(data: bytes) -> Any:
    """Read JSON.

    Raises:
        Unreadable: it is none.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("its answer is not JSON") from error
    if value is None:
        raise Unreadable("its answer is empty")
    return value


def _unusable(key: str) -> Unreadable:
    return Unreadable(f"its answer has no usable {key!r}")


def read_field(entry: object, key: str, kind: type[_Value]) -> _Value:
    """Take a value out of what should be a mapping.

    Raises:
        Unreadable: it is not there, or not of its kind.

    >>> read_field({"size": 3}, "size", int)
    3
    """
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):  # Python calls True an int
        raise _unusable(key)
    return value


def read_list_field(entry: object, key: str) -> list[Any]:
    """Take a list out of what should be a mapping; an empty one may be null.

    Raises:
        Unreadable: it is not there.

    >>> read_list_field({"tags": None}, "tags")
    []
    """
    if isinstance(entry, dict) and entry.get(key, ...) is None:
        return []
    return read_field(entry, key, list)


def read_size_field(entry: object, key: str) -> int:
    """Take a number of bytes out of what should be a mapping.

    Raises:
        Unreadable: there is none.
    """
    number = read_field(entry, key, int)
    if number < 0:
        raise _unusable(key)
    return number


def read_commit_field(entry: object, key: str) -> str:
    """Take the full name of a commit out of what should be a mapping.

    Raises:
        Unreadable: there is none.
    """
    name = read_field(entry, key, str)
    if not _COMMIT.fullmatch(name):
        raise _unusable(key)
    return name


def read_date_field(entry: object, key: str) -> datetime:
    """Take a date, in seconds or in ISO's form, out of what should be a mapping.

    Raises:
        Unreadable: there is none.

    >>> read_date_field({"date": "2025-11-03T14:25:30.000Z"}, "date").isoformat()
    '2025-11-03T14:25:30+00:00'
    """
    value = read_field(entry, key, object)
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value, timezone.utc)
        if isinstance(value, str) and (form := _DATE.fullmatch(value)):
            return datetime.fromisoformat(f"{form[1]}T{form[2]}+00:00")
    except (ValueError, OverflowError, OSError) as error:
        raise _unusable(key) from error
    raise _unusable(key)


def read_digest_field(entry: object, key: str) -> str:
    """Take a SHA-256 digest out of what should be a mapping.

    Raises:
        Unreadable: there is none.
    """
    text = read_field(entry, key, str)
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise _unusable(key)
    return text
