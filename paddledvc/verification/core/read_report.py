"""Reports read as data of a branch: bounded, and held to their published schema.

What breaks the schema is said with the line and the key.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from paddledvc.errors import InvalidFile
from paddledvc.schemas import read_schema
from paddledvc.verification.core.json_values import parse_json
from paddledvc.yaml.document import Document
from paddledvc.yaml.formats import require_known_format
from paddledvc.yaml.reader import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
_LARGEST = 16 << 20
"""Characters of the largest report that is read."""
_MOST_VALUES = 300_000
"""Values that a report may have: text is cheap, and lists and mappings are not."""
_SCHEMAS = {"verify": "report", "evaluate": "evaluate"}
"""The schema of what each command writes."""


def read_report(
    text: str,
    command: str,
    version: int,
    decode: Callable[[Mapping[str, Any], Mapping[str, Any]], T],
) -> T:
    """Read a report, of which DVC shows what is outside of the list ``evidence``.

    Args:
        text: the report.
        command: the command that writes such a one.
        version: the newest format of it that is read.
        decode: makes a value of all of it and of what is inside of the list.

    Raises:
        ValueError: it is none; the message says why, as the end of a sentence about it.
    """
    if len(text) > _LARGEST or sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise ValueError(
            f"is too large: it has {len(text):,} characters, expected {_LARGEST:,} and "
            f"{_MOST_VALUES:,} values at most"
        )
    no_report = f"is no report of `paddledvc {command}`"
    value = parse_json(text)
    try:
        details = value["evidence"][0]
        written = details["version"]
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError(no_report) from error
    require_known_format(details, version)
    if written != version:
        raise ValueError(f"has the format {str(written)[:9]}, this paddledvc reads {version}")
    try:
        _require_schema(_SCHEMAS[command], text, value)
        return decode(value, details)
    except RecursionError as error:
        raise ValueError("is JSON of too many lists in lists") from error
    # OverflowError, for JSON may have integers that no float holds.
    except (ArithmeticError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(no_report) from error


def _require_schema(name: str, text: str, value: Any) -> None:
    """Refuse what breaks the published schema, with the first place where it does.

    Args:
        name: the schema.
        text: the report, as JSON.
        value: what that holds.

    Raises:
        ValueError: it does; the message is the end of a sentence about it.
    """
    # JSON is YAML, of which every value knows its line.
    parsed = cache(lambda: parse_yaml(text, ""))
    document = Document(
        file="",
        text=text,
        value=value,
        position=lambda path, at_key: parsed().position(path, at_key),
        written=lambda path: parsed().written(path),
    )
    try:
        problems = read_schema(name).problems(document)
    except InvalidFile as error:  # such as a key that stands twice
        raise ValueError(f"breaks its schema: {error.problems[0].message}") from error
    if problems:
        first = problems[0]
        what = first.message.replace("which YAML reads as", "which is")
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ValueError(f"breaks its schema in line {first.line}, {first.path}: {what}{more}")
