"""JSON Schema errors as sentences that say where, what was found and what is expected."""

from __future__ import annotations

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
        value = document.value
        for step in at:
            value = value[step]  # type: ignore[index]
        problems: dict[tuple[Path, str], Problem] = {}
        for error in self._validator.iter_errors(value):
            for problem_path, message, at_key in self._explain(error, document, at):
                problem = document.problem(problem_path, message, at_key=at_key)
                problems.setdefault((problem_path, message if at_key else ""), problem)
        return list(problems.values())

    def _explain(
        self, error: jsonschema_rs.ValidationError, document: Document, at: Path
    ) -> list[tuple[Path, str, bool]]:
        """Turn one error into (path, message, is it about the key?)."""
        path = (*at, *error.instance_path)
        rule = self._rule(error.schema_path[:-1])
        kind = error.kind.as_dict()
        match error.kind.name:
            case "additionalProperties":
                known = sorted(rule.get("properties", ()))
                return [((*path, key), _unknown(key, known), True) for key in kind["unexpected"]]
            case "required":
                return [(path, f"{kind['property']!r} is missing", False)]
            case "propertyNames":
                expected = rule["propertyNames"][EXPECTED]
                return [(path, f"a key here is not allowed; expected {expected}", False)]
        return [(path, _found(error, document.written(path), _expected(rule, kind)), False)]

    def _rule(self, schema_path: list[str | int]) -> Mapping[str, Any]:
        rule: Any = self._schema
        for step in schema_path:
            rule = rule[step]
        return rule if isinstance(rule, dict) else {}


def _unknown(key: str, known: list[str]) -> str:
    return f"unknown key {key!r}" + (
        did_you_mean(key, known) or f"; expected one of {', '.join(known)}"
    )


def _expected(rule: Mapping[str, Any], kind: Mapping[str, Any]) -> str:
    if EXPECTED in rule:
        return str(rule[EXPECTED])
    match kind:
        case {"types": types}:
            return " or ".join(TYPE_NAMES[name] for name in types)
        case {"options": options}:
            return "one of " + ", ".join(str(option) for option in options)
        case {"limit": limit}:
            return f"{'at most' if str(kind['name']).startswith('max') else 'at least'} {limit}"
    return f"a value that satisfies {kind['name']}"


def _found(error: jsonschema_rs.ValidationError, written: str, expected: str) -> str:
    value = error.instance
    if isinstance(value, dict | list) or value is None:
        kind = (
            "a mapping" if isinstance(value, dict) else "a list" if value is not None else "nothing"
        )
        return f"found {kind}, expected {expected}"
    if isinstance(value, str):
        near = error.kind.as_dict().get("options", ())
        return f"found {value!r}, expected {expected}{did_you_mean(value, map(str, near))}"
    message = f"found {written}, which YAML reads as {TYPE_NAMES[_type_of(value)]}"
    if str(value) != written and not isinstance(value, bool):
        message += f" ({value})"
    if error.kind.name == "type" and "string" in error.kind.as_dict()["types"]:
        return f'{message}; expected {expected}, in quotes: "{written}"'
    return f"{message}; expected {expected}"


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "number"
