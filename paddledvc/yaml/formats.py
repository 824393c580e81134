"""The numbers of file formats: what is refused of a newer paddledvc, and how.

A number moves only when an older paddledvc would take what a file says for something else. New
keys move none: an older one refuses those, for it cannot know what they ask of it.
"""

from __future__ import annotations

UPGRADE = "upgrade paddledvc"
UNKNOWN = f"if a newer paddledvc wrote this file, {UPGRADE}"
"""What helps where a file that only we write has a key that is not known."""


class NewerFormat(ValueError):
    """A newer paddledvc wrote the file; the message is the end of a sentence about it."""


def find_newer_format(value: object, newest: int) -> str | None:
    """Say that what a file has as its version is newer than what is read; None if it is not.

    >>> find_newer_format({"version": 2}, 1)
    'format 2, this paddledvc reads up to 1; upgrade paddledvc'
    """
    found = value.get("version") if isinstance(value, dict) else None
    if not isinstance(found, int) or found <= newest:
        return None
    return f"format {str(found)[:9]}, this paddledvc reads up to {newest}; {UPGRADE}"


def require_known_format(value: object, newest: int) -> None:
    """Refuse a part of a report that a newer paddledvc wrote.

    Raises:
        NewerFormat: a newer one did.
    """
    if newer := find_newer_format(value, newest):
        raise NewerFormat(f"has the {newer}")
