"""JSON Schema errors as sentences that say where, what was found and what is expected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from paddledvc.core.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.core.document import Document, Path
    from paddledvc.errors import Problem

TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "text",
}
SHOWN = 120
"""Characters of a value that a message repeats."""
EXPECTED = "x-expected"
"""Our keyword: what a part of the schema expects, in words that end the sentence "expected …"."""


class Schema:
    """A JSON Schema (draft 2020-12) that explains what breaks it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))

    def problems(self, document: Document, at: Path = ()) -> list[Problem]:
        """List everything in the document that breaks the schema, one problem a value.

        Args:
            document: the file.
            at: path of the part of the document that the schema describes.
        """
        checked = _without_whole_floats(_at(document.value, at))
        problems: dict[tuple[Path, str], Problem] = {}
        for error in self._validator.iter_errors(checked):
            for path, message, about_key in self._explain(error, document, at):
                problem = document.problem(path, message, at_key=about_key)
                several = about_key or error.kind.name == "required"
                problems.setdefault((path, message if several else ""), problem)
        return list(problems.values())

    def _explain(
        self, error: jsonschema_rs.ValidationError, document: Document, at: Path
    ) -> list[tuple[Path, str, bool]]:
        """Turn one error into (path, message, is it about the key?)."""
        path = (*at, *error.instance_path)
        rule = self._rule(error.schema_path[:-1])
        match error.kind.as_dict():
            case {"unexpected": unexpected}:
                known = sorted(rule.get("properties", ()))
                return [((*path, key), _unknown(key, known), True) for key in unexpected]
            case {"property": missing}:
                return [(path, f"{missing!r} is missing", False)]
        # The validator turns infinity and NaN into null, so the value is looked up.
        value, written = _at(document.value, path), document.written(path)
        wanted = _wanted(error.kind, rule, value, written)
        return [(path, _found(value, written) + wanted, False)]

    def _rule(self, schema_path: list[str | int]) -> Mapping[str, Any]:
        rule: Any = self._schema
        for step in schema_path:
            rule = rule[step]
        return rule if isinstance(rule, dict) else {}


def _unknown(key: str, known: list[str]) -> str:
    return f"unknown key {key!r}" + (
        did_you_mean(key, known) or f"; expected one of {', '.join(known)}"
    )


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _without_whole_floats(value: Any) -> Any:
    """Replace 4.0 by 4.5, because JSON Schema takes the one, but not the other, for an integer.

    The schema has no bound between the two that this could break.
    """
    if isinstance(value, dict):
        return {key: _without_whole_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_whole_floats(item) for item in value]
    return value + 0.5 if isinstance(value, float) and value.is_integer() else value


_SECRET = re.compile(r"(?<=://)[^/@\s]*@")
"""A user and password in a URL, which must not reach the logs of CI."""


def _short(text: str) -> str:
    text = _SECRET.sub("***@", text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _found(value: Any, written: str) -> str:
    """Say what stands in the file."""
    match value:
        case dict():
            return "found a mapping"
        case list():
            return "found a list" if value else "found an empty list"
        case None:
            return "found nothing"
        case str():
            return f"found {_short(value)!r}"
        case bool():
            return f"found {written}, which YAML reads as true or false"
    kind = "integer" if isinstance(value, int) else "number"
    written = _short(written)
    meant = "" if str(value)[:SHOWN] == written[:SHOWN] else f" ({value})"
    return f"found {written}, which YAML reads as {TYPE_NAMES[kind]}{meant}"


def _wanted(
    broken: jsonschema_rs.ValidationErrorKind, rule: Mapping[str, Any], value: Any, written: str
) -> str:
    """Say what is expected instead, and what was probably meant."""
    kind = broken.as_dict()
    expected = f" expected {_expected(rule, broken.name, kind)}"
    if not isinstance(value, int | float):
        options = [str(option) for option in kind.get("options", ())]
        return f",{expected}{did_you_mean(str(value), options)}"
    in_quotes = f', in quotes: "{written}"' if kind.get("types") == ["string"] else ""
    return f";{expected}{in_quotes}"


def _expected(rule: Mapping[str, Any], name: str, kind: Mapping[str, Any]) -> str:
    if EXPECTED in rule:
        return str(rule[EXPECTED])
    match kind:
        case {"types": types}:
            return " or ".join(TYPE_NAMES[name] for name in types)
        case {"options": options}:
            return "one of " + ", ".join(str(option) for option in options)
        case {"limit": limit}:
            entry = " entry" if name.endswith("Items") else ""
            return f"{'at most' if name.startswith('max') else 'at least'} {limit}{entry}"
    return f"a value that satisfies {name}"
