"""JSON Schema as ``jsonschema`` checks it, with what we need otherwise.

Keywords about keys give one error a key, whose message is that key; whole numbers are those
written without a point; and patterns mean what they mean to editors and to ``jsonschema-rs``. The
import takes as long as a small command, so it waits until something is wrong.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema.protocols import Validator

_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
"""An escape or a set, in which ``$`` is a character; or the end of the text."""


@cache
def _compile_pattern(text: str) -> re.Pattern[str]:
    r"""Compile a pattern of a schema, which is ECMAScript's.

    Python's ``$`` also ends before a last newline, so a digest with one would pass.

    >>> bool(_compile_pattern("^a$").search("a")), bool(_compile_pattern("^a$").search("a\n"))
    (True, False)
    """
    end = _TOKEN.sub(lambda token: r"\Z" if token[0] == "$" else token[0], text)
    return re.compile(end, re.ASCII)


def _is_integer(_: object, value: object) -> bool:
    """Tell whether a value was written as a whole number: 4, and not 4.0."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(checker: object, value: object) -> bool:
    """Tell whether a value is a number of JSON, which has neither infinity nor NaN."""
    return _is_integer(checker, value) or (isinstance(value, float) and math.isfinite(value))


def _check_keys(
    validator: Validator, allowed: object, value: object, rule: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Name the keys that a closed mapping has and should not have."""
    if allowed is not False:
        usual = Draft202012Validator.VALIDATORS["additionalProperties"]
        yield from usual(validator, allowed, value, rule)
        return
    patterns = [_compile_pattern(text) for text in rule.get("patternProperties", ())]
    for key in _keys(value):
        if key not in rule.get("properties", ()) and not any(one.search(key) for one in patterns):
            yield ValidationError(key, path=[key])


def _check_matching(
    validator: Validator, patterns: Mapping[str, Any], value: Any, _: object
) -> Iterator[ValidationError]:
    """Check the values of the keys that match patterns."""
    for text, rule in patterns.items():
        for key in filter(_compile_pattern(text).search, _keys(value)):
            yield from validator.descend(value[key], rule, path=key, schema_path=text)


def _check_names(
    validator: Validator, names: Mapping[str, Any], value: object, _: object
) -> Iterator[ValidationError]:
    """Name the keys that are not as they should be."""
    for key in _keys(value):
        if not validator.evolve(schema=names).is_valid(key):
            yield ValidationError(key, path=[key], instance=key, schema=names)


def _check_required(
    _: Validator, required: Iterable[str], value: object, __: object
) -> Iterator[ValidationError]:
    """Name the keys that a mapping lacks."""
    if isinstance(value, dict):
        yield from (ValidationError(key) for key in required if key not in value)


def _check_dependents(
    validator: Validator, required: Mapping[str, Iterable[str]], value: object, rule: object
) -> Iterator[ValidationError]:
    """Name the keys that a mapping lacks because of others that it has."""
    for key in _keys(value):
        yield from _check_required(validator, required.get(key, ()), value, rule)


def _check_pattern(
    _: Validator, wanted: str, value: object, __: object
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _compile_pattern(wanted).search(value):
        yield ValidationError(f"not {wanted}")


def _keys(value: object) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


Explainer = extend(
    Draft202012Validator,
    {
        "additionalProperties": _check_keys,
        "dependentRequired": _check_dependents,
        "pattern": _check_pattern,
        "patternProperties": _check_matching,
        "propertyNames": _check_names,
        "required": _check_required,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)
"""Explains what breaks a schema (draft 2020-12)."""
