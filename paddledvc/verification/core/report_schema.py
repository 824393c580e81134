"""Whether a report keeps to its published schema, said with the line and the key."""

from __future__ import annotations

from functools import cache
from typing import Any

from paddledvc.errors import InvalidFile
from paddledvc.schemas import read_schema
from paddledvc.yaml.document import Document
from paddledvc.yaml.reader import parse_yaml


def require_report_schema(name: str, text: str, value: Any) -> None:
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
