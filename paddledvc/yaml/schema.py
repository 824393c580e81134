"""JSON Schema errors as sentences that say where, what was found and what is expected.

``jsonschema`` explains what is wrong. It needs a third of a second for a thousand models, so
where ``jsonschema-rs`` is installed, that answers first whether there is anything to explain.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from paddledvc.names import suggest_name
from paddledvc.urls import hide_query_secrets
from paddledvc.yaml.formats import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jsonschema.exceptions import ValidationError

    from paddledvc.errors import Problem
    from paddledvc.yaml.document import Document, Path

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
OURS = "x-written-by"
"""Our keyword: which program alone writes the files of a schema."""
EXPECTED = "x-expected"
"""Our keyword: what a part of the schema expects, in words that end the sentence "expected …"."""


_SPACE = "\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What ``\\s`` stands for in a pattern of JSON Schema, which is ECMAScript's."""
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
"""An escape, or a set of characters with the escapes in it."""


def _spelled_out(rule: Any) -> Any:
    """Spell out the shorthands for spaces in all patterns of a schema.

    Each reader of patterns has a set of its own for them; jsonschema-rs even has two.
    """
    if isinstance(rule, list):
        return [_spelled_out(part) for part in rule]
    if not isinstance(rule, dict):
        return rule
    spelled = {key: _spelled_out(part) for key, part in rule.items()}
    if isinstance(pattern := rule.get("pattern"), str):
        spelled["pattern"] = _TOKEN.sub(_spell_out, pattern)
    return spelled


def _spell_out(token: re.Match[str]) -> str:
    text = token[0]
    if text[0] == "[":
        return text.replace(r"\s", _SPACE)
    return {r"\s": f"[{_SPACE}]", r"\S": f"[^{_SPACE}]"}.get(text, text)


def _accelerator(schema: dict[str, Any]) -> Callable[[object], bool] | None:
    try:
        import jsonschema_rs  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return jsonschema_rs.Draft202012Validator(schema).is_valid


def _without_whole_floats(value: Any) -> Any:
    """Replace 4.0 by 4.5, because JSON Schema takes the one, but not the other, for an integer.

    The schema has no bound between the two that this could break.

    Raises:
        ValueError: a number is infinite or none, which JSON does not have.
    """
    if isinstance(value, dict):
        return {key: _without_whole_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_whole_floats(item) for item in value]
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ValueError(value)
    return value + 0.5 if value.is_integer() else value


class Schema:
    """A JSON Schema (draft 2020-12) that explains what breaks it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = _spelled_out(dict(schema))
        self._is_valid = _accelerator(self._schema)
        self._is_ours = OURS in schema

    def problems(self, document: Document, at: Path = ()) -> list[Problem]:
        """List everything in the document that breaks the schema, one problem a value.

        Args:
            document: the file.
            at: path of the part of the document that the schema describes.
        """
        checked = _at(document.value, at)
        if self._is_fine(checked):
            return []
        from paddledvc.yaml.dialect import Explainer  # noqa: PLC0415 - only for what is wrong

        problems: dict[tuple[Path, str], Problem] = {}
        for error in Explainer(self._schema).iter_errors(checked):
            path = (*at, *error.absolute_path)
            message = _explain(error, document.written(path))
            about_key = error.validator in ("additionalProperties", "propertyNames")
            if self._is_ours and error.validator == "additionalProperties":
                message = f"unknown key {error.message!r}; {UNKNOWN}"
            problem = document.problem(path, message, at_key=about_key)
            several = about_key or error.validator in ("required", "dependentRequired")
            problems.setdefault((path, message if several else ""), problem)
        return list(problems.values())

    def _is_fine(self, value: object) -> bool:
        """Ask the accelerator, which may not know: of infinity, or of integers beyond 64 bits."""
        try:
            return self._is_valid is not None and self._is_valid(_without_whole_floats(value))
        except ValueError:
            return False


def _explain(error: ValidationError, written: str) -> str:
    """Say what one error is about; ours say no more than the key."""
    match error.validator:
        case "additionalProperties":
            return _unknown(error.message, sorted(error.schema.get("properties", ())))
        case "required" | "dependentRequired":
            return f"{error.message!r} is missing"
    value = error.instance
    return _found(value, written) + _wanted(error, value, written)


def _unknown(key: str, known: list[str]) -> str:
    return f"unknown key {key!r}" + (
        suggest_name(key, known) or f"; expected one of {', '.join(known)}"
    )


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


_SECRET = re.compile(r"(?<=://)[^/@\s]*@")
"""A user and password in a URL, which must not reach the logs of CI."""


def _short(text: str) -> str:
    text = hide_query_secrets(_SECRET.sub("***@", text))
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


def _wanted(error: ValidationError, value: Any, written: str) -> str:
    """Say what is expected instead, and what was probably meant."""
    expected = f" expected {_expected(error)}"
    if not isinstance(value, int | float):
        options = map(str, error.validator_value) if error.validator == "enum" else ()
        return f",{expected}{suggest_name(str(value), options)}"
    text = error.validator == "type" and error.validator_value == "string"
    in_quotes = f', in quotes: "{written}"' if text else ""
    return f";{expected}{in_quotes}"


def _expected(error: ValidationError) -> str:
    rule, name, wanted = error.schema, str(error.validator), error.validator_value
    if EXPECTED in rule:
        return str(rule[EXPECTED])
    if name == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        return " or ".join(TYPE_NAMES[kind] for kind in types)
    if name == "enum":
        return "one of " + ", ".join(map(str, wanted))
    if name.startswith(("min", "max")):
        entry = " entry" if name.endswith("Items") else ""
        return f"{'at most' if name.startswith('max') else 'at least'} {wanted}{entry}"
    return f"a value that satisfies {name}"
